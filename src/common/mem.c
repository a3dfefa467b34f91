/*
 * Memory that cannot fail, and memory that is wiped when freed.
 */
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mem.h"

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		fatal("%zu times %zu bytes", n, size);
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		fatal("%zu times %zu bytes", n, size);
	return p;
}

char *
xstrdup(const char *s)
{
	return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = xcalloc(1, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	/* vasprintf grows its text by realloc and leaves pieces behind */
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatal("format a text");
	s = xcalloc(1, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
xfree_secret(char *s)
{
	wipe_free(s);
}

/* All the bytes of an allocation. A compiler that knows the size asked for
 * takes the rest for an overflow (_FORTIFY_SOURCE=3 with LTO), so it must not
 * know where the pointer comes from. */
static size_t
whole(void **p)
{
	__asm__("" : "+r" (*p));
	return malloc_usable_size(*p);
}

/* Libraries do not check all results, so running out of memory is fatal here,
 * too. */
void *
wipe_malloc(size_t n)
{
	void *p = malloc(n != 0 ? n : 1);

	if (p == NULL)
		fatal("%zu bytes", n);
	return p;
}

void *
wipe_calloc(size_t n, size_t size)
{
	return xcalloc(n, size);
}

void *
wipe_realloc(void *old, size_t n)
{
	size_t had;
	void *p;

	p = wipe_malloc(n);
	if (old == NULL)
		return p;
	had = whole(&old);
	memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

char *
wipe_strdup(const char *s)
{
	return xstrdup(s);
}

void
wipe_free(void *p)
{
	int saved = errno;
	size_t size;

	if (p == NULL)
		return;
	size = whole(&p);
	explicit_bzero(p, size);
	free(p);
	errno = saved;
}
