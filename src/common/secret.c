/*
 * Secrets in guarded memory: no access except between open and close.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "secret.h"
#include "sys.h"

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
	s = secret_new(text, len);
	xfree_secret(text);
	return s;
}
