/*
 * Secrets in guarded memory: no access except between open and close.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "log.h"
#include "mem.h"
#include "secret.h"
#include "sys.h"
#include "utf8.h"

#define MASK_MIN	4	/* bytes; shorter texts occur everywhere */
#define MASK_CUT	8	/* bytes of a secret's start at the end of a
				   text */

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
	if (sodium_mprotect_noaccess(s->bytes) != 0)
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
	/* counting looks does not change the value */
	struct secret *own = (struct secret *)(uintptr_t)s;

	assert(own->opened < UINT_MAX);
	if (own->opened++ == 0 && sodium_mprotect_readonly(own->bytes) != 0)
		fatal("open a secret");
	return own->bytes;
}

void
secret_close(const struct secret *s)
{
	struct secret *own = (struct secret *)(uintptr_t)s;

	assert(own->opened > 0);
	if (--own->opened == 0 && sodium_mprotect_noaccess(own->bytes) != 0)
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

/* Value of two or four hex digits, -1 if there are others. */
static long
hex(const char *s, size_t digits)
{
	unsigned char bytes[2];

	if (sodium_hex2bin(bytes, sizeof(bytes), s, digits, NULL, NULL,
	    NULL) != 0)
		return -1;
	return digits == 2 ? bytes[0] : bytes[0] << 8 | bytes[1];
}

/* The escapes of JSON. This and the next ones: length of the escape at t, 0 if
 * there is none; what it stands for goes to c, its length to *n. */
static size_t
json_escape(const char *t, char c[4], size_t *n)
{
	static const char from[] = "btnfr\"\\/'", to[] = "\b\t\n\f\r\"\\/'";
	const char *short_form;
	long code, low;

	if (t[0] != '\\' || t[1] == '\0')
		return 0;
	if ((short_form = strchr(from, t[1])) != NULL) {
		c[0] = to[short_form - from];
		*n = 1;
		return 2;
	}
	if (t[1] != 'u' || (code = hex(t + 2, 4)) == -1)
		return 0;
	if (code >= 0xd800 && code < 0xdc00 && t[6] == '\\' && t[7] == 'u' &&
	    (low = hex(t + 8, 4)) >= 0xdc00 && low < 0xe000) {
		*n = utf8_put(c, 0x10000 + (code - 0xd800) * 0x400 +
		    (low - 0xdc00));
		return 12;
	}
	*n = utf8_put(c, code);
	return *n > 0 ? 6 : 0;
}

static size_t
url_escape(const char *t, char c[4], size_t *n)
{
	long code = *t == '%' ? hex(t + 1, 2) : -1;

	*n = 1;
	if (*t == '+') {
		c[0] = ' ';
		return 1;
	}
	c[0] = (char)code;
	return code > 0 ? 3 : 0;
}

/* Length of the escape at t if it stands for what is at s, else 0. *used:
 * bytes of s. */
static size_t
escape_of(const char *t, const char *s, size_t *used)
{
	char c[4];
	size_t len;

	if ((len = url_escape(t, c, used)) == 0 &&
	    (len = json_escape(t, c, used)) == 0)
		len = html_entity(t, c, used);
	return len > 0 && strncmp(s, c, *used) == 0 ? len : 0;
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

/* The base64 digit of the secret's six bits from this bit on. */
static char
base64_digit(const char *s, size_t bit)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned two = (unsigned)(unsigned char)s[bit / 8] << 8 |
	    (unsigned char)s[bit / 8 + 1];	/* the NUL, at the end */

	return digits[two >> (10 - bit % 8) & 0x3f];
}

/* The same for its base64, in either alphabet and broken into lines, from this
 * bit of the secret on: neighbouring bytes change the digits at both ends. */
static size_t
base64_at(const char *t, const char *s, size_t len, size_t bit)
{
	const char *from = t;
	size_t done, n, used;
	char c;

	for (done = 0; bit + 6 <= 8 * len; bit += 6, done++) {
		while (done > 0 && (*t == '\n' || *t == '\r'))
			t++;
		c = base64_digit(s, bit);
		if (*t == c || (*t == '-' && c == '+') ||
		    (*t == '_' && c == '/'))
			n = 1;
		else if ((n = escape_of(t, &c, &used)) == 0 || used != 1)
			break;
		t += n;
	}
	if (bit + 6 > 8 * len || (*t == '\0' && done >= MASK_CUT))
		return (size_t)(t - from);
	return 0;
}

/* Length of the secret at t in any of its forms. */
static size_t
form_at(const char *t, const char *s, size_t len)
{
	size_t bit, n;

	if ((n = secret_at(t, s, len, false)) > 0 ||
	    (n = secret_at(t, s, len, true)) > 0)
		return n;
	for (bit = 0; bit < 6; bit += 2)	/* behind 0, 2, 1 bytes */
		if ((n = base64_at(t, s, len, bit)) > 0)
			return n;
	return 0;
}

/* Bytes that a form of the secret can begin with, to skip most others. */
static void
first_bytes(bool first[256], const char *s)
{
	size_t bit;

	memset(first, 0, 256 * sizeof(*first));
	first[(unsigned char)s[0]] = true;
	first['%'] = first['\\'] = first['&'] = first['+'] = true;
	first['-'] = first['_'] = true;
	for (bit = 0; bit < 6; bit += 2)
		first[(unsigned char)base64_digit(s, bit)] = true;
}

void
secret_mask(char *text, const struct secret *s)
{
	const char *bytes, *from = text;
	bool first[256];
	char *to = text;
	size_t n;

	if (s == NULL || s->len < MASK_MIN)
		return;
	bytes = secret_open(s);
	first_bytes(first, bytes);
	while (*from != '\0') {
		n = first[(unsigned char)*from] ?
		    form_at(from, bytes, s->len) : 0;
		if (n >= 3) {
			memset(to, '*', 3);
			to += 3;
			from += n;
		} else
			*to++ = *from++;
	}
	explicit_bzero(first, sizeof(first));
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
secret_read(const char *path, struct fail *fail)
{
	struct secret *s;
	size_t len, from = 0;
	char *text;

	text = sys_read_file(path, SECRET_MAX, &len);
	if (text == NULL) {
		(void)fail_set(fail, FAIL_CONFIG, "%s: %s", path,
		    sys_read_error(errno, SECRET_MAX));
		return NULL;
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r' && text[len] == '\n')
		len--;
	/* some editors begin a file with a byte order mark */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		from = 3;
	if (len == from) {
		xfree_secret(text);
		(void)fail_set(fail, FAIL_CONFIG, "%s: the file is empty",
		    path);
		return NULL;
	}
	if (!utf8_valid(text)) {
		xfree_secret(text);
		(void)fail_set(fail, FAIL_CONFIG, "%s: the file is not UTF-8: "
		    "save it in that encoding", path);
		return NULL;
	}
	s = secret_new(text + from, len - from);
	xfree_secret(text);
	return s;
}
