/*
 * Growing bytes with a maximum, wiped when they are moved or freed.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"

#define BUF_FIRST	256	/* bytes of the first allocation */

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

/* Make room for n more bytes and a NUL. */
static int
buf_grow(struct buf *b, size_t n)
{
	size_t need, size;
	char *data;

	if (n > b->max - b->len || b->max == SIZE_MAX)
		return -1;
	need = b->len + n + 1;
	if (need <= b->size)
		return 0;
	size = b->size < BUF_FIRST ? BUF_FIRST : b->size;
	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	if (size > b->max + 1)
		size = b->max + 1;
	data = xcalloc(1, size);
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	freezero(b->data, b->size);
	b->data = data;
	b->size = size;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t n)
{
	if (buf_grow(b, n) != 0)
		return -1;
	if (n > 0)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

static int
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || buf_grow(b, (size_t)n) != 0)
		return -1;
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rv;

	va_start(ap, fmt);
	rv = buf_vaddf(b, fmt, ap);
	va_end(ap);
	return rv;
}

const char *
full_stop(const char *text)
{
	size_t len = strlen(text);

	return len == 0 || strchr(".!?", text[len - 1]) != NULL ? "" : ".";
}

int
buf_sentence(struct buf *b, const char *fmt, ...)
{
	size_t was = b->len;
	va_list ap;
	int rv = 0;

	if (was > 0)
		rv = buf_addf(b, "%s ", full_stop(b->data));
	va_start(ap, fmt);
	if (rv == 0)
		rv = buf_vaddf(b, fmt, ap);
	va_end(ap);
	if (rv != 0 && was > 0) {
		b->len = was;
		b->data[was] = '\0';
	}
	return rv;
}

static bool
is_plain(unsigned char c, const char *keep)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	return strchr(plain, c) != NULL ||
	    (keep != NULL && strchr(keep, c) != NULL);
}

int
buf_add_encoded(struct buf *b, const char *text, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;
	char *out;

	for (const char *p = text; *p != '\0'; p++) {
		size_t width = is_plain((unsigned char)*p, keep) ? 1 : 3;

		if (n > SIZE_MAX - width)
			return -1;
		n += width;
	}
	if (buf_grow(b, n) != 0)
		return -1;
	out = b->data + b->len;
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (is_plain(c, keep)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	*out = '\0';
	b->len += n;
	assert(out == b->data + b->len);
	return 0;
}

const char *
buf_text(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	explicit_bzero(b->data + b->len - n, n);
	b->len -= n;
}

void
buf_clear(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	b->len = 0;
}

void
buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	freezero(b->data, b->size);
	b->data = NULL;
	b->len = b->size = 0;
}
