/*
 * Small things for all parts of quali-sim: memory, buffers, shared bytes,
 * a hash table, clocks, random values that follow from the seed.
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state.h"

static uint64_t random_state;

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		err(1, "calloc");
	return p;
}

void *
xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (p == NULL)
		err(1, "realloc");
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p = xcalloc(1, n + 1);

	memcpy(p, s, n);
	return p;
}

/* The data always ends in a NUL that does not count. */
void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (b->len + len + 1 > b->cap) {
		b->cap = b->cap < 512 ? 1024 : b->cap * 2;
		if (b->cap < b->len + len + 1)
			b->cap = b->len + len + 1;
		b->data = xrealloc(b->data, b->cap);
	}
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	char *s;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		err(1, "vasprintf");
	buf_add(b, s, (size_t)n);
	free(s);
}

void
buf_base64(struct buf *b, const void *data, size_t len)
{
	size_t need = sodium_base64_encoded_len(len,
	    sodium_base64_VARIANT_ORIGINAL);
	char *s = xcalloc(1, need);

	sodium_bin2base64(s, need, data, len, sodium_base64_VARIANT_ORIGINAL);
	buf_str(b, s);
	free(s);
}

void
buf_xml(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '<')
			buf_str(b, "&lt;");
		else if (*s == '>')
			buf_str(b, "&gt;");
		else if (*s == '&')
			buf_str(b, "&amp;");
		else if (*s == '"')
			buf_str(b, "&quot;");
		else
			buf_add(b, s, 1);
	}
}

void
buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

struct blob *
blob_take(struct buf *b)
{
	struct blob *blob = xcalloc(1, sizeof(*blob));

	blob->refs = 1;
	blob->data = b->data;
	blob->len = b->len;
	memset(b, 0, sizeof(*b));
	return blob;
}

struct blob *
blob_copy(const void *data, size_t len)
{
	struct buf b = { NULL, 0, 0 };

	buf_add(&b, data, len);
	return blob_take(&b);
}

struct blob *
blob_ref(struct blob *blob)
{
	__atomic_add_fetch(&blob->refs, 1, __ATOMIC_RELAXED);
	return blob;
}

void
blob_free(struct blob *blob)
{
	if (blob == NULL)
		return;
	if (__atomic_sub_fetch(&blob->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free(blob->data);
	free(blob);
}

static uint64_t
hash_text(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	return h ^ (h >> 29);
}

static void
table_grow(struct table *t)
{
	struct entry **slots, *e, *next;
	size_t i, cap = t->cap == 0 ? 256 : t->cap * 2;

	slots = xcalloc(cap, sizeof(*slots));
	for (i = 0; i < t->cap; i++)
		for (e = t->slots[i]; e != NULL; e = next) {
			next = e->next;
			e->next = slots[e->hash & (cap - 1)];
			slots[e->hash & (cap - 1)] = e;
		}
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
}

static struct entry **
table_slot(struct table *t, const char *key)
{
	uint64_t hash = hash_text(key);
	struct entry **p = &t->slots[hash & (t->cap - 1)];

	while (*p != NULL && strcmp((*p)->key, key) != 0)
		p = &(*p)->next;
	return p;
}

void *
table_get(struct table *t, const char *key)
{
	struct entry *e = t->cap == 0 ? NULL : *table_slot(t, key);

	return e == NULL ? NULL : e->value;
}

void
table_put(struct table *t, const char *key, void *value)
{
	struct entry **p, *e;
	size_t len = strlen(key) + 1;

	if (t->n >= t->cap)
		table_grow(t);
	p = table_slot(t, key);
	if (*p != NULL) {
		(*p)->value = value;
		return;
	}
	e = xcalloc(1, sizeof(*e) + len);
	memcpy(e->key, key, len);
	e->hash = hash_text(key);
	e->value = value;
	*p = e;
	t->n++;
}

void
table_del(struct table *t, const char *key)
{
	struct entry **p, *e;

	if (t->cap == 0 || (e = *(p = table_slot(t, key))) == NULL)
		return;
	*p = e->next;
	free(e);
	t->n--;
}

void
table_clear(struct table *t)
{
	struct entry *e, *next;
	size_t i;

	for (i = 0; i < t->cap; i++)
		for (e = t->slots[i]; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

double
now_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* As AWS writes a time; text has TIME_MAX bytes. */
void
time_text(char *text, time_t t)
{
	struct tm tm;

	strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
}

void
random_seed(uint64_t seed)
{
	random_state = seed;
}

/* splitmix64: for test data; it protects no secret. */
uint64_t
random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void
random_bytes(void *p, size_t n)
{
	unsigned char *c = p;

	while (n-- > 0)
		*c++ = (unsigned char)(random_next() >> 56);
}

/* Fill all of text, n bytes with the NUL, from the letters of set. */
void
random_text(char *text, size_t n, const char *set)
{
	size_t i, len = strlen(set);

	for (i = 0; i + 1 < n; i++)
		text[i] = set[(random_next() >> 32) % len];
	text[n - 1] = '\0';
}

void
random_guid(char *id, bool upper)
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(id, ID_MAX, upper ?
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-"
	    "%02X%02X%02X%02X%02X%02X" :
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
	    b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/*
 * Undo percent-encoding once. False if a byte stands there unencoded that
 * is not unreserved, or a '%' is not followed by two hex digits.
 */
bool
percent_decode(struct buf *out, const char *s, size_t len)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	unsigned v;
	size_t i;
	char c;

	buf_add(out, "", 0);
	for (i = 0; i < len; i++) {
		c = s[i];
		if (c == '%') {
			if (i + 2 >= len || strspn(s + i + 1,
			    "0123456789abcdefABCDEF") < 2)
				return false;
			sscanf(s + i + 1, "%2x", &v);
			c = (char)v;
			i += 2;
		} else if (c == '\0' || strchr(plain, c) == NULL)
			return false;
		buf_add(out, &c, 1);
	}
	return true;
}

int64_t
jint(json_t *o, const char *key, int64_t other)
{
	json_t *v = json_object_get(o, key);
	double d = json_number_value(v);

	if (!json_is_number(v) || d < -1e15 || d > 1e15)
		return other;
	return (int64_t)d;
}

const char *
jstr(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

bool
jtrue(json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}
