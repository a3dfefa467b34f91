/*
 * Verifies Signature Version 4 in its header form. Deliberately written apart
 * from the worker's signer, so that a mistake is not made twice.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "state.h"

#define SKEW_MAX_S	300
#define SIGNED_MAX	64
#define QUERY_MAX	64
#define OPTIONAL_TOKEN	"sim-worker-token"	/* while none is set */

/* The parts of the Authorization header. */
struct claim {
	char id[129], date[9], region[64], service[32];
	char signature[65];
	char *names[SIGNED_MAX];
	int n;
	char *text;		/* what names point into */
};

static enum sig
bad(struct req *r, enum sig sig, const char *text, const char *why)
{
	snprintf(r->sig_text, sizeof(r->sig_text), "%s", text);
	req_why(r, "signature: %s", why);
	return sig;
}

/* The value after "name=" in "Name=value, Name=value"; to be freed. */
static char *
claim_field(const char *s, const char *name)
{
	size_t n = strlen(name), len;

	while (*s != '\0') {
		s += strspn(s, ", ");
		len = strcspn(s, ", ");
		if (len > n && strncmp(s, name, n) == 0 && s[n] == '=')
			return xstrndup(s + n + 1, len - n - 1);
		s += len;
	}
	return NULL;
}

static bool
claim_names(struct claim *c)
{
	char *p = c->text, *name;

	while ((name = strsep(&p, ";")) != NULL) {
		if (c->n == SIGNED_MAX || *name == '\0')
			return false;
		if (c->n > 0 && strcmp(c->names[c->n - 1], name) >= 0)
			return false;
		c->names[c->n++] = name;
	}
	return true;
}

static bool
claim_parse(struct claim *c, const char *authorization)
{
	static const char algorithm[] = "AWS4-HMAC-SHA256 ";
	char *credential, *signature, end[16];
	bool ok = false;

	if (strncmp(authorization, algorithm, sizeof(algorithm) - 1) != 0)
		return false;
	authorization += sizeof(algorithm) - 1;
	credential = claim_field(authorization, "Credential");
	signature = claim_field(authorization, "Signature");
	c->text = claim_field(authorization, "SignedHeaders");
	if (credential != NULL && signature != NULL && c->text != NULL &&
	    strlen(signature) == 64 &&
	    strspn(signature, "0123456789abcdef") == 64 &&
	    sscanf(credential, "%128[^/]/%8[0-9]/%63[^/]/%31[^/]/%15s", c->id,
	    c->date, c->region, c->service, end) == 5 &&
	    strcmp(end, "aws4_request") == 0) {
		memcpy(c->signature, signature, 65);
		ok = claim_names(c);
	}
	free(credential);
	free(signature);
	return ok;
}

static bool
claim_signs(const struct claim *c, const char *name)
{
	int i;

	for (i = 0; i < c->n; i++)
		if (strcasecmp(c->names[i], name) == 0)
			return true;
	return false;
}

/* The header that should be signed and is not; NULL if none. */
static const char *
header_unsigned(const struct req *r, const struct claim *c)
{
	int i;

	if (!claim_signs(c, "host"))
		return "host";
	for (i = 0; i < r->nheaders; i++) {
		const char *name = r->headers[i].name;

		if ((strncasecmp(name, "x-amz-", 6) == 0 ||
		    strcasecmp(name, "content-type") == 0) &&
		    !claim_signs(c, name))
			return name;
	}
	for (i = 0; i < c->n; i++)
		if (req_header(r, c->names[i]) == NULL)
			return c->names[i];
	return NULL;
}

/* Trims the value and turns inner runs of blanks into one. */
static void
canonical_value(struct buf *b, const char *s)
{
	bool blank = false, any = false;

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '\t') {
			blank = any;
			continue;
		}
		if (blank)
			buf_str(b, " ");
		blank = false;
		any = true;
		buf_add(b, s, 1);
	}
}

static void
canonical_headers(struct buf *b, const struct req *r, const struct claim *c)
{
	int i, k;
	bool first;

	for (i = 0; i < c->n; i++) {
		buf_fmt(b, "%s:", c->names[i]);
		first = true;
		for (k = 0; k < r->nheaders; k++) {
			if (strcasecmp(r->headers[k].name, c->names[i]) != 0)
				continue;
			if (!first)
				buf_str(b, ",");
			first = false;
			canonical_value(b, r->headers[k].value);
		}
		buf_str(b, "\n");
	}
	buf_str(b, "\n");
	for (i = 0; i < c->n; i++)
		buf_fmt(b, "%s%s", i > 0 ? ";" : "", c->names[i]);
	buf_str(b, "\n");
}

/* Name, '\0' in place of the first '=', value. */
static int
pair_compare(const void *pa, const void *pb)
{
	const char *a = *(char *const *)pa, *b = *(char *const *)pb;
	int c = strcmp(a, b);

	return c != 0 ? c :
	    strcmp(a + strlen(a) + 1, b + strlen(b) + 1);
}

/* The wire must already carry the encoded form; only the order may differ. */
static void
canonical_query(struct buf *b, const char *query)
{
	char *pairs[QUERY_MAX], *copy, *p, *part, *eq;
	int i, n = 0;

	if (query == NULL || *query == '\0') {
		buf_str(b, "\n");
		return;
	}
	p = copy = xstrdup(query);
	while ((part = strsep(&p, "&")) != NULL && n < QUERY_MAX) {
		pairs[n] = xcalloc(1, strlen(part) + 2);
		memcpy(pairs[n], part, strlen(part));
		if ((eq = strchr(pairs[n], '=')) != NULL)
			*eq = '\0';
		n++;
	}
	qsort(pairs, (size_t)n, sizeof(pairs[0]), pair_compare);
	for (i = 0; i < n; i++) {
		buf_fmt(b, "%s%s=%s", i > 0 ? "&" : "", pairs[i],
		    pairs[i] + strlen(pairs[i]) + 1);
		free(pairs[i]);
	}
	buf_str(b, "\n");
	free(copy);
}

static void
hmac(unsigned char *out, const void *key, size_t keylen, const char *text,
    size_t len)
{
	crypto_auth_hmacsha256_state s;

	crypto_auth_hmacsha256_init(&s, key, keylen);
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)text, len);
	crypto_auth_hmacsha256_final(&s, out);
}

static void
signature_make(char *hex, const struct claim *c, const char *secret,
    const char *date, const struct buf *canonical)
{
	unsigned char k[32], digest[32];
	char text[512], digest_hex[65], key[256];
	int n;

	crypto_hash_sha256(digest, (unsigned char *)canonical->data,
	    canonical->len);
	sodium_bin2hex(digest_hex, sizeof(digest_hex), digest, 32);
	snprintf(text, sizeof(text),
	    "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", date, c->date,
	    c->region, c->service, digest_hex);
	n = snprintf(key, sizeof(key), "AWS4%s", secret);
	if (n >= (int)sizeof(key))
		n = sizeof(key) - 1;
	hmac(k, key, (size_t)n, c->date, strlen(c->date));
	hmac(k, k, 32, c->region, strlen(c->region));
	hmac(k, k, 32, c->service, strlen(c->service));
	hmac(k, k, 32, "aws4_request", 12);
	hmac(k, k, 32, text, strlen(text));
	sodium_bin2hex(hex, 65, k, 32);
}

/* Reports skew in the words that the SDKs know. */
static enum sig
check_date(struct req *r, const struct claim *c, const char *date)
{
	struct tm tm = { 0 };
	char now_text[20], text[WHY_MAX], limit[20];
	time_t now, at, edge;
	const char *end;

	if (date == NULL || strlen(date) != 16 ||
	    (end = strptime(date, "%Y%m%dT%H%M%SZ", &tm)) == NULL ||
	    *end != '\0')
		return bad(r, SIG_FORMAT, "X-Amz-Date is missing or bad.",
		    "x-amz-date missing or malformed");
	if (strncmp(date, c->date, 8) != 0)
		return bad(r, SIG_SCOPE, "Date in Credential scope does not "
		    "match YYYYMMDD from ISO-8601 version of date from HTTP",
		    "scope date differs from x-amz-date");
	at = timegm(&tm);
	now = time(NULL) + (time_t)set_int(r->service->name, "clock_offset_s");
	if (at >= now - SKEW_MAX_S && at <= now + SKEW_MAX_S)
		return SIG_OK;
	edge = at < now ? now - SKEW_MAX_S : now + SKEW_MAX_S;
	strftime(now_text, sizeof(now_text), "%Y%m%dT%H%M%SZ",
	    gmtime_r(&now, &tm));
	strftime(limit, sizeof(limit), "%Y%m%dT%H%M%SZ", gmtime_r(&edge, &tm));
	snprintf(text, sizeof(text), at < now ?
	    "Signature expired: %s is now earlier than %s (%s - 5 min.)" :
	    "Signature not yet current: %s is still later than %s "
	    "(%s + 5 min.)", date, limit, now_text);
	return bad(r, SIG_SKEW, text, "x-amz-date over 5 minutes off");
}

static enum sig
check_key(struct req *r, const struct claim *c, const char **secret)
{
	const char *token = NULL, *sent = req_header(r, "x-amz-security-token");

	if ((r->cred = cred_find(c->id)) != NULL) {
		*secret = r->cred->secret;
		token = r->cred->token;
	} else if (!worker_secret(c->id, secret, &token))
		return bad(r, SIG_KEY, "The security token included in the "
		    "request is invalid.", "unknown access key id");
	if (token != NULL && *token == '\0' && sent != NULL)
		token = OPTIONAL_TOKEN;
	if (sent == NULL && (token == NULL || *token == '\0'))
		return SIG_OK;
	if (token == NULL)
		return bad(r, SIG_TOKEN, "The security token included in the "
		    "request is invalid.",
		    "session token sent where there is none");
	if (sent == NULL || strcmp(sent, token) != 0)
		return bad(r, SIG_TOKEN, "The security token included in the "
		    "request is invalid.", "session token missing or wrong");
	return SIG_OK;
}

static enum sig
check_hash(struct req *r, char *hash)
{
	const char *sent = req_header(r, "x-amz-content-sha256");
	bool s3 = r->service == &s3_service;

	sodium_bin2hex(hash, 65, r->hash, sizeof(r->hash));
	if (sent == NULL)
		return s3 ? bad(r, SIG_FORMAT, "Missing required header for "
		    "this request: x-amz-content-sha256",
		    "x-amz-content-sha256 missing") : SIG_OK;
	if (s3 && r->tls && strcmp(sent, "UNSIGNED-PAYLOAD") == 0) {
		snprintf(hash, 65, "%s", sent);
		return SIG_OK;
	}
	if (strcmp(sent, hash) != 0)
		return bad(r, SIG_HASH, "The provided 'x-amz-content-sha256' "
		    "header does not match what was computed.",
		    "payload hash differs from the body");
	return SIG_OK;
}

static enum sig
check_signature(struct req *r, const struct claim *c, const char *secret,
    const char *hash)
{
	struct buf b = { NULL, 0, 0 };
	char hex[65];

	buf_fmt(&b, "%s\n%s\n", r->method, r->path);
	canonical_query(&b, r->query);
	canonical_headers(&b, r, c);
	buf_str(&b, hash);
	signature_make(hex, c, secret, req_header(r, "x-amz-date"), &b);
	buf_free(&b);
	if (sodium_memcmp(hex, c->signature, 64) != 0)
		return bad(r, SIG_MISMATCH, "The request signature we "
		    "calculated does not match the signature you provided. "
		    "Check your AWS Secret Access Key and signing method.",
		    "does not match");
	return SIG_OK;
}

static enum sig
check_claim(struct req *r, struct claim *c, const char *authorization,
    const char *service)
{
	const char *secret = NULL, *name;
	char hash[65], text[WHY_MAX];
	enum sig sig;

	if (!claim_parse(c, authorization))
		return bad(r, SIG_FORMAT, "Authorization header is malformed.",
		    "Authorization header malformed");
	memcpy(r->sig_region, c->region, sizeof(r->sig_region));
	memcpy(r->sig_key, c->id, sizeof(r->sig_key));
	if ((sig = check_key(r, c, &secret)) != SIG_OK)
		return sig;
	if (strcmp(c->service, service) != 0)
		return bad(r, SIG_SCOPE, "Credential should be scoped to "
		    "correct service.", "wrong service in scope");
	if ((name = header_unsigned(r, c)) != NULL) {
		snprintf(text, sizeof(text), "header %s not signed, or signed "
		    "and not sent", name);
		return bad(r, SIG_HEADER, "There were headers present in the "
		    "request which were not signed", text);
	}
	if ((sig = check_date(r, c, req_header(r, "x-amz-date"))) != SIG_OK ||
	    (sig = check_hash(r, hash)) != SIG_OK ||
	    (sig = check_signature(r, c, secret, hash)) != SIG_OK)
		return sig;
	if (r->cred != NULL && cred_expired(r->cred))
		return bad(r, SIG_EXPIRED, "The provided token has expired.",
		    "these credentials have expired");
	return SIG_OK;
}

void
sigv4_check(struct req *r, const char *service)
{
	const char *authorization = req_header(r, "Authorization");
	struct claim c = { .n = 0 };

	if (authorization == NULL) {
		r->sig = bad(r, SIG_NONE, "Missing Authentication Token",
		    "no Authorization header");
		return;
	}
	r->sig = check_claim(r, &c, authorization, service);
	free(c.text);
}
