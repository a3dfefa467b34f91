/*
 * Secrets in guarded memory: no access except between open and close.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "sys.h"

#define MASK_MIN	4	/* bytes: what is shorter stands everywhere */
#define MASK_CUT	8	/* of a secret's start at the end of a text */

/* The struct is ordinary memory; only the bytes are guarded. */
struct secret {
	char		*bytes;		/* len and a NUL */
	size_t		 len;
	unsigned	 opened;	/* how many looks are under way */
};

struct secret *
secret_new(const void *data, size_t len)
{
	struct secret *s;

	assert(len <= SECRET_MAX);
	if (sodium_init() == -1)
		fatalx("libsodium cannot be used on this system");
	s = xcalloc(1, sizeof(*s));
	/* a refused mlock (RLIMIT_MEMLOCK) is no error of sodium_malloc */
	s->bytes = sodium_malloc(len + 1);
	if (s->bytes == NULL)
		fatal("guarded memory for a secret");
	if (len > 0)
		memcpy(s->bytes, data, len);
	s->bytes[len] = '\0';
	s->len = len;
	if (sodium_mprotect_noaccess(s->bytes) == -1)
		fatal("protect a secret");
	return s;
}

struct secret *
secret_text(const char *text)
{
	return text == NULL ? NULL : secret_new(text, strlen(text));
}

struct secret *
secret_dup(const struct secret *s)
{
	struct secret *copy;

	if (s == NULL)
		return NULL;
	copy = secret_new(secret_open(s), s->len);
	secret_close(s);
	return copy;
}

const char *
secret_open(const struct secret *s)
{
	/* the count of looks is no part of the value */
	struct secret *own = (struct secret *)(uintptr_t)s;

	assert(own->opened < UINT_MAX);
	if (own->opened++ == 0 && sodium_mprotect_readonly(own->bytes) == -1)
		fatal("open a secret");
	return own->bytes;
}

void
secret_close(const struct secret *s)
{
	struct secret *own = (struct secret *)(uintptr_t)s;

	assert(own->opened > 0);
	if (--own->opened == 0 && sodium_mprotect_noaccess(own->bytes) == -1)
		fatal("close a secret");
}

size_t
secret_len(const struct secret *s)
{
	return s->len;
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
	bool equal;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->len != b->len)
		return false;
	equal = sodium_memcmp(secret_open(a), secret_open(b), a->len) == 0;
	secret_close(b);
	secret_close(a);
	return equal;
}

/* --- masking --- */

static int
hex(const char *s, size_t digits)
{
	int value = 0;

	for (; digits > 0; digits--, s++) {
		if (!isxdigit((unsigned char)*s))
			return -1;
		value = value * 16 + (isdigit((unsigned char)*s) ? *s - '0' :
		    tolower((unsigned char)*s) - 'a' + 10);
	}
	return value;
}

/* Length of the escape at t if it stands for what is at s, else 0. *used:
 * bytes of s. */
static size_t
escape_of(const char *t, const char *s, size_t *used)
{
	char c[4];
	int code;

	*used = 1;
	if (*t == '%' && hex(t + 1, 2) == (unsigned char)*s)
		return 3;
	if (*t == '+' && *s == ' ')
		return 1;
	if (*t != '\\')
		return 0;
	if (t[1] == *s && *s != 'u')
		return 2;
	if (t[1] != 'u' || (code = hex(t + 2, 4)) == -1)
		return 0;
	if (code < 0x80) {
		c[0] = (char)code;
	} else if (code < 0x800) {
		*used = 2;
		c[0] = (char)(0xc0 | code >> 6);
		c[1] = (char)(0x80 | (code & 0x3f));
	} else {
		*used = 3;
		c[0] = (char)(0xe0 | code >> 12);
		c[1] = (char)(0x80 | (code >> 6 & 0x3f));
		c[2] = (char)(0x80 | (code & 0x3f));
	}
	return strncmp(s, c, *used) == 0 ? 6 : 0;
}

/* Length of the secret at t, 0 if it is not there. */
static size_t
secret_at(const char *t, const char *s, size_t len, bool escapes)
{
	const char *from = t;
	size_t done = 0, n, used;

	while (done < len && *t != '\0') {
		used = 1;
		n = escapes ? escape_of(t, s + done, &used) : 0;
		if (n == 0 && *t == s[done])
			n = used = 1;
		if (n == 0)
			break;
		t += n;
		done += used;
	}
	if (done == len || (*t == '\0' && done >= MASK_CUT))
		return (size_t)(t - from);
	return 0;
}

void
secret_mask(char *text, const struct secret *s)
{
	const char *bytes, *from = text;
	char *to = text;
	size_t n;

	if (s == NULL || s->len < MASK_MIN)
		return;
	bytes = secret_open(s);
	while (*from != '\0') {
		if ((n = secret_at(from, bytes, s->len, false)) == 0)
			n = secret_at(from, bytes, s->len, true);
		if (n >= 3) {
			memset(to, '*', 3);
			to += 3;
			from += n;
		} else
			*to++ = *from++;
	}
	secret_close(s);
	explicit_bzero(to, (size_t)(from - to));
	*to = '\0';
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	sodium_free(s->bytes);
	freezero(s, sizeof(*s));
}

struct secret *
secret_read(const char *path, struct fail *f)
{
	struct secret *s;
	const char *why;
	size_t len;
	char *text;

	text = sys_read_file(path, SECRET_MAX, &len);
	if (text == NULL) {
		why = errno == EFBIG ? "larger than 64 KiB" :
		    errno == EINVAL ? "holds a NUL byte" : strerror(errno);
		(void)fail_set(f, FAIL_CONFIG, "%s: %s", path, why);
		return NULL;
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r' && text[len] == '\n')
		len--;
	if (len == 0) {
		xfree_secret(text);
		(void)fail_set(f, FAIL_CONFIG, "%s: is empty", path);
		return NULL;
	}
	if (!utf8_valid(text)) {
		xfree_secret(text);
		(void)fail_set(f, FAIL_CONFIG, "%s: is not UTF-8: save it in "
		    "that encoding", path);
		return NULL;
	}
	s = secret_new(text, len);
	xfree_secret(text);
	return s;
}
