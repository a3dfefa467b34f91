/*
 * AWS Signature Version 4, header form, as a pure function: time, credentials
 * and everything signed are arguments. Every program that signs links it.
 */
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "sigv4.h"

#define ALGORITHM	"AWS4-HMAC-SHA256"
#define CANONICAL_MAX	(256 * 1024)	/* bytes; a token may be 64 KB */
#define SCOPE_PART_MAX	64		/* bytes of region and of service */

/* A header or a query parameter on its way into the canonical request. */
struct pair {
	char		*name;		/* lower case, or encoded */
	char		*value;		/* encoded; NULL of a header */
	const char	*raw;		/* value of a header */
	size_t		 order;		/* as given */
};

static void
pairs_free(struct pair *pairs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
	free(pairs);
}

/* By name alone: a sort over "name:value" would put a name before its own
 * prefix, since '-' < ':'. */
static int
header_compare(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;
	int c;

	if ((c = strcmp(a->name, b->name)) != 0)
		return c;
	return (a->order > b->order) - (a->order < b->order);
}

static int
param_compare(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;
	int c;

	if ((c = strcmp(a->name, b->name)) != 0)
		return c;
	return strcmp(a->value, b->value);
}

static struct pair *
headers_sort(const struct sigv4_input *in)
{
	struct pair *pairs;
	char *p;
	size_t i;

	pairs = xcalloc(in->nheaders + 1, sizeof(*pairs));
	for (i = 0; i < in->nheaders; i++) {
		pairs[i].name = xstrdup(in->headers[i].name);
		pairs[i].raw = in->headers[i].value;
		pairs[i].order = i;
		for (p = pairs[i].name; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
	}
	qsort(pairs, in->nheaders, sizeof(*pairs), header_compare);
	return pairs;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Trims both ends; runs of blanks (also line folds) become one. */
static int
add_value(struct buf *out, const char *value)
{
	size_t n;
	bool first = true;

	for (;;) {
		while (blank(*value))
			value++;
		if (*value == '\0')
			return 0;
		for (n = 0; value[n] != '\0' && !blank(value[n]); n++)
			continue;
		if (!first && buf_add(out, " ", 1) != 0)
			return -1;
		if (buf_add(out, value, n) != 0)
			return -1;
		first = false;
		value += n;
	}
}

static int
add_headers(struct buf *out, const struct pair *pairs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(pairs[i].name, pairs[i - 1].name) == 0) {
			if (buf_adds(out, ",") != 0)
				return -1;
		} else if (buf_addf(out, "%s%s:", i > 0 ? "\n" : "",
		    pairs[i].name) != 0)
			return -1;
		if (add_value(out, pairs[i].raw) != 0)
			return -1;
	}
	return n > 0 ? buf_adds(out, "\n") : 0;
}

static int
add_names(struct buf *out, const struct pair *pairs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(pairs[i].name, pairs[i - 1].name) == 0)
			continue;
		if (buf_addf(out, "%s%s", i > 0 ? ";" : "",
		    pairs[i].name) != 0)
			return -1;
	}
	return 0;
}

/* One name or value of the query in its only encoded form: keeps what is
 * encoded and encodes the rest. */
static char *
param_encode(const char *text, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c;
	char *out, *p;
	size_t i;

	p = out = xcalloc(len + 1, 3);
	for (i = 0; i < len; i++) {
		c = (unsigned char)text[i];
		if (c == '%' && i + 2 < len && sodium_hex2bin(&c, 1,
		    text + i + 1, 2, NULL, NULL, NULL) == 0)
			i += 2;
		if (c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL) &&
		    c != '\0') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '%';
		*p++ = digits[c >> 4];
		*p++ = digits[c & 15];
	}
	*p = '\0';
	return out;
}

static int
add_query(struct buf *out, const char *query)
{
	struct pair *pairs = NULL;
	size_t i, len, namelen, n = 0;
	int rc = -1;

	while (*query != '\0') {
		len = strcspn(query, "&");
		if (len > 0) {
			if (n == SIGV4_PARAMS_MAX)
				goto out;
			pairs = xreallocarray(pairs, n + 1, sizeof(*pairs));
			memset(&pairs[n], 0, sizeof(*pairs));
			namelen = strcspn(query, "=&");
			pairs[n].name = param_encode(query, namelen);
			pairs[n].value = namelen == len ? xstrdup("") :
			    param_encode(query + namelen + 1,
			    len - namelen - 1);
			n++;
		}
		query += len;
		if (*query == '&')
			query++;
	}
	if (n > 0)
		qsort(pairs, n, sizeof(*pairs), param_compare);
	for (i = 0; i < n; i++)
		if (buf_addf(out, "%s%s=%s", i > 0 ? "&" : "", pairs[i].name,
		    pairs[i].value) != 0)
			goto out;
	rc = 0;
out:
	pairs_free(pairs, n);
	return rc;
}

static int
add_path(struct buf *out, const struct sigv4_input *in)
{
	const char *path = in->path[0] == '\0' ? "/" : in->path;

	return in->double_encode ? buf_add_encoded(out, path, "/") :
	    buf_adds(out, path);
}

/* A wrong date or scope would otherwise show as a signature that AWS refuses
 * without a reason. */
static int
input_check(const struct sigv4_input *in, struct fail *fail)
{
	if (strlen(in->date) != 16 || in->date[8] != 'T')
		return fail_set(fail, FAIL_SYSTEM, "signature: the date is not "
		    "of the form YYYYMMDDTHHMMSSZ");
	if (in->region[0] == '\0' || strlen(in->region) > SCOPE_PART_MAX ||
	    in->service[0] == '\0' || strlen(in->service) > SCOPE_PART_MAX)
		return fail_set(fail, FAIL_SYSTEM,
		    "signature: region or service is missing or too long");
	if (in->nheaders > SIGV4_HEADERS_MAX)
		return fail_set(fail, FAIL_SYSTEM,
		    "signature: more than %d headers", SIGV4_HEADERS_MAX);
	return 0;
}

int
sigv4_canonical(const struct sigv4_input *in, struct buf *out,
    struct fail *fail)
{
	struct pair *pairs;
	int rc = -1;

	if (input_check(in, fail) != 0)
		return -1;
	pairs = headers_sort(in);
	if (buf_addf(out, "%s\n", in->method) == 0 &&
	    add_path(out, in) == 0 && buf_adds(out, "\n") == 0 &&
	    add_query(out, in->query) == 0 && buf_adds(out, "\n") == 0 &&
	    add_headers(out, pairs, in->nheaders) == 0 &&
	    buf_adds(out, "\n") == 0 &&
	    add_names(out, pairs, in->nheaders) == 0 &&
	    buf_addf(out, "\n%s", in->payload_hash) == 0)
		rc = 0;
	pairs_free(pairs, in->nheaders);
	if (rc != 0)
		fail_set(fail, FAIL_SYSTEM, "signature: the request is too "
		    "long");
	return rc;
}

int
sigv4_string_to_sign(const struct sigv4_input *in, struct buf *out,
    struct fail *fail)
{
	struct buf canonical;
	char hex[65];
	int rc = -1;

	buf_init(&canonical, CANONICAL_MAX);
	if (sigv4_canonical(in, &canonical, fail) != 0)
		goto out;
	sigv4_sha256_hex(canonical.data, canonical.len, hex);
	rc = buf_addf(out, ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s",
	    in->date, in->date, in->region, in->service, hex);
	if (rc != 0)
		fail_set(fail, FAIL_SYSTEM, "signature: string to sign is too "
		    "long");
out:
	buf_free(&canonical);
	return rc;
}

static void
hmac(unsigned char out[crypto_auth_hmacsha256_BYTES], const void *key,
    size_t keylen, const void *data, size_t len)
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, keylen);
	crypto_auth_hmacsha256_update(&st, data, len);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

/* The signing key: four steps, each the key of the next. */
static int
key_derive(const struct sigv4_input *in, const struct credentials *creds,
    unsigned char key[crypto_auth_hmacsha256_BYTES], struct fail *fail)
{
	static const char last[] = "aws4_request";
	unsigned char next[crypto_auth_hmacsha256_BYTES];
	char first[4 + AWS_SECRET_KEY_MAX];
	size_t len;

	if (creds == NULL || creds->access_key_id == NULL ||
	    creds->secret_key == NULL)
		return fail_set(fail, FAIL_AUTH, "there are no AWS "
		    "credentials");
	if ((len = secret_len(creds->secret_key)) > AWS_SECRET_KEY_MAX)
		return fail_set(fail, FAIL_AUTH, "the AWS secret access key is "
		    "longer than %d bytes", AWS_SECRET_KEY_MAX);
	memcpy(first, "AWS4", 4);
	memcpy(first + 4, secret_open(creds->secret_key), len);
	secret_close(creds->secret_key);
	hmac(key, first, 4 + len, in->date, 8);
	hmac(next, key, sizeof(next), in->region, strlen(in->region));
	hmac(key, next, sizeof(next), in->service, strlen(in->service));
	hmac(next, key, sizeof(next), last, sizeof(last) - 1);
	memcpy(key, next, sizeof(next));
	sodium_memzero(first, sizeof(first));
	sodium_memzero(next, sizeof(next));
	return 0;
}

int
sigv4_signature(const struct sigv4_input *in, const struct credentials *creds,
    char hex[65], struct fail *fail)
{
	unsigned char key[crypto_auth_hmacsha256_BYTES], mac[sizeof(key)];
	struct buf text;
	int rc = -1;

	buf_init(&text, CANONICAL_MAX);
	if (sigv4_string_to_sign(in, &text, fail) != 0 ||
	    key_derive(in, creds, key, fail) != 0)
		goto out;
	hmac(mac, key, sizeof(key), text.data, text.len);
	sodium_bin2hex(hex, 65, mac, sizeof(mac));
	rc = 0;
out:
	sodium_memzero(key, sizeof(key));
	buf_free(&text);
	return rc;
}

static bool
key_id_valid(const char *id)
{
	size_t i;

	for (i = 0; i <= AWS_KEY_ID_MAX && id[i] != '\0'; i++)
		if (id[i] <= ' ' || id[i] > '~')
			return false;
	return i > 0 && i <= AWS_KEY_ID_MAX;
}

int
sigv4_authorization(const struct sigv4_input *in,
    const struct credentials *creds, struct buf *out, struct fail *fail)
{
	struct pair *pairs;
	struct buf names;
	char hex[65];
	int rc;

	if (sigv4_signature(in, creds, hex, fail) != 0)
		return -1;
	if (!key_id_valid(creds->access_key_id))
		return fail_set(fail, FAIL_AUTH, "the AWS access key id must "
		    "be 1 to %d printable characters", AWS_KEY_ID_MAX);
	buf_init(&names, CANONICAL_MAX);
	pairs = headers_sort(in);
	rc = add_names(&names, pairs, in->nheaders);
	if (rc == 0)
		rc = buf_addf(out, ALGORITHM " Credential=%s/%.8s/%s/%s/"
		    "aws4_request, SignedHeaders=%s, Signature=%s",
		    creds->access_key_id, in->date, in->region, in->service,
		    buf_text(&names), hex);
	pairs_free(pairs, in->nheaders);
	buf_free(&names);
	if (rc != 0)
		fail_set(fail, FAIL_SYSTEM, "signature: header is too long");
	return rc;
}

void
sigv4_sha256_hex(const void *data, size_t len, char hex[65])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, data, len);
	sodium_bin2hex(hex, 65, hash, sizeof(hash));
}

void
sigv4_date(int64_t wall, char out[17])
{
	struct tm tm;
	time_t t = (time_t)wall;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm) != 16)
		out[0] = '\0';
}
