/*
 * The signature against the vectors in tests/data/sigv4: canonical request,
 * string to sign, signature and Authorization header of every case that
 * applies, and the limits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "sigv4.h"

#define FILE_MAX	65536
#define CASE_HEADERS	32

/* 38 official cases less the 6 that normalise paths, which no caller does. */
#define OFFICIAL	32
#define S3_DOCS		4
#define WORKER		21

/* One case; everything points into text or belongs to it. */
struct vector {
	char			*text;
	size_t			 len;
	char			*method, *path, *query, *body;
	size_t			 bodylen;
	char			*values[CASE_HEADERS];
	struct sigv4_header	 headers[CASE_HEADERS];
	size_t			 n;
	json_t			*context;
	char			 hash[65], date[32];
};

static char *
slurp(const char *dir, const char *name, size_t *len)
{
	char *path = xasprintf("%s/%s", dir, name);
	char *text = xcalloc(1, FILE_MAX);
	FILE *fp = fopen(path, "re");

	if (fp == NULL)
		fail_msg("%s", path);
	*len = fread(text, 1, FILE_MAX - 1, fp);
	assert_true(feof(fp));
	fclose(fp);
	free(path);
	return text;
}

static void
header_add(struct vector *v, const char *name, char *value)
{
	assert_true(v->n < CASE_HEADERS);
	v->headers[v->n].name = name;
	v->headers[v->n].value = value;
	v->values[v->n++] = value;
}

/* Cut the next line off; NULL at the empty line or the end. */
static char *
line_next(char **p)
{
	char *line = *p, *end;

	if (*line == '\0')
		return NULL;
	end = line + strcspn(line, "\n");
	*p = *end == '\0' ? end : end + 1;
	*end = '\0';
	return *line == '\0' ? NULL : line;
}

static void
request_read(struct vector *v)
{
	char *p = v->text, *line, *sep, *more;

	line = line_next(&p);
	assert_non_null(line);
	v->method = line;
	v->path = strchr(line, ' ');
	*v->path++ = '\0';
	sep = strrchr(v->path, ' ');
	assert_string_equal(sep, " HTTP/1.1");
	*sep = '\0';
	v->query = v->path + strcspn(v->path, "?");
	if (*v->query == '?')
		*v->query++ = '\0';
	while ((line = line_next(&p)) != NULL) {
		if (line[0] == ' ') {
			more = xasprintf("%s\n%s", v->values[v->n - 1], line);
			free(v->values[v->n - 1]);
			v->values[v->n - 1] = more;
			v->headers[v->n - 1].value = more;
			continue;
		}
		sep = strchr(line, ':');
		*sep = '\0';
		header_add(v, line, xstrdup(sep + 1));
	}
	v->body = p;
	v->bodylen = v->len - (size_t)(p - v->text);
}

static void
vector_read(const char *dir, struct vector *v)
{
	const char *stamp, *token, *payload;
	const json_t *creds;
	char *text, *out;
	size_t len;
	bool official;

	memset(v, 0, sizeof(*v));
	text = slurp(dir, "context.json", &len);
	v->context = json_parse(text, len, NULL);
	assert_non_null(v->context);
	free(text);
	v->text = slurp(dir, "request.txt", &v->len);
	request_read(v);
	out = v->date;
	for (stamp = json_text(v->context, "timestamp"); *stamp != '\0';
	    stamp++)
		if (*stamp != '-' && *stamp != ':')
			*out++ = *stamp;
	assert_int_equal(out - v->date, 16);
	header_add(v, "X-Amz-Date", xstrdup(v->date));
	creds = json_object_get(v->context, "credentials");
	token = json_text(creds, "token");
	if (token != NULL && !json_flag(v->context, "omit_session_token",
	    false))
		header_add(v, "X-Amz-Security-Token", xstrdup(token));
	payload = json_text(v->context, "payload");
	official = payload == NULL;
	sigv4_sha256_hex(v->body, v->bodylen, v->hash);
	if (!official && strcmp(payload, "unsigned") == 0)
		strlcpy(v->hash, "UNSIGNED-PAYLOAD", sizeof(v->hash));
	if (json_flag(v->context, official ? "sign_body" :
	    "content_sha256_header", false))
		header_add(v, "x-amz-content-sha256", xstrdup(v->hash));
}

static void
vector_free(struct vector *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		free(v->values[i]);
	free(v->text);
	json_decref(v->context);
}

static void
vector_input(const struct vector *v, struct sigv4_input *in)
{
	memset(in, 0, sizeof(*in));
	in->method = v->method;
	in->path = v->path;
	in->query = v->query;
	in->double_encode = json_flag(v->context, "double_encode", true);
	in->headers = v->headers;
	in->nheaders = v->n;
	in->payload_hash = v->hash;
	in->date = v->date;
	in->region = json_text(v->context, "region");
	in->service = json_text(v->context, "service");
}

static void
expect_text(const char *dir, const char *name, const char *got)
{
	size_t len;
	char *want = slurp(dir, name, &len);

	if (strcmp(want, got) != 0)
		fail_msg("%s/%s:\n%s\n--- got:\n%s", dir, name, want, got);
	free(want);
}

static void
expect_authorization(const char *dir, const char *got)
{
	size_t len;
	char *all = slurp(dir, "header-signed-request.txt", &len);
	char *p = strstr(all, "\nAuthorization:");

	assert_non_null(p);
	p += strlen("\nAuthorization:");
	p[strcspn(p, "\n")] = '\0';
	if (strcmp(p + strspn(p, " "), got) != 0)
		fail_msg("%s:\n%s\n--- got:\n%s", dir, p, got);
	free(all);
}

static void
vector_run(const char *dir)
{
	struct sigv4_input in;
	struct credentials creds;
	struct vector v;
	struct buf out;
	struct fail fail;
	const json_t *c;
	char hex[65];

	vector_read(dir, &v);
	vector_input(&v, &in);
	c = json_object_get(v.context, "credentials");
	memset(&creds, 0, sizeof(creds));
	creds.access_key_id = xstrdup(json_text(c, "access_key_id"));
	creds.secret_key = secret_text(json_text(c, "secret_access_key"));
	buf_init(&out, FILE_MAX);
	assert_int_equal(sigv4_canonical(&in, &out, &fail), 0);
	expect_text(dir, "header-canonical-request.txt", buf_text(&out));
	buf_clear(&out);
	assert_int_equal(sigv4_string_to_sign(&in, &out, &fail), 0);
	expect_text(dir, "header-string-to-sign.txt", buf_text(&out));
	assert_int_equal(sigv4_signature(&in, &creds, hex, &fail), 0);
	expect_text(dir, "header-signature.txt", hex);
	buf_clear(&out);
	assert_int_equal(sigv4_authorization(&in, &creds, &out, &fail), 0);
	expect_authorization(dir, buf_text(&out));
	buf_free(&out);
	free(creds.access_key_id);
	secret_free(creds.secret_key);
	vector_free(&v);
}

static bool
normalises(const char *name)
{
	size_t len = strlen(name);

	return len > 11 && strcmp(name + len - 11, "-normalized") == 0 &&
	    strcmp(name, "get-space-normalized") != 0;
}

static int
folder_run(const char *set)
{
	const char *top = getenv("SRCDIR");
	struct dirent *e;
	char *dir, *path;
	DIR *d;
	int ran = 0;

	assert_non_null(top);
	dir = xasprintf("%s/tests/data/sigv4/%s", top, set);
	d = opendir(dir);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || strchr(e->d_name, '-') == NULL ||
		    normalises(e->d_name))
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		vector_run(path);
		free(path);
		ran++;
	}
	closedir(d);
	free(dir);
	return ran;
}

static void
test_official(void **state)
{
	(void)state;
	assert_int_equal(folder_run("aws-c-auth-v4"), OFFICIAL);
}

static void
test_s3_docs(void **state)
{
	(void)state;
	assert_int_equal(folder_run("s3-docs"), S3_DOCS);
}

static void
test_worker(void **state)
{
	(void)state;
	assert_int_equal(folder_run("worker"), WORKER);
}

static const struct sigv4_header host = { "Host", "h.example" };

static struct sigv4_input
plain_input(void)
{
	return (struct sigv4_input){
		.method = "GET", .path = "/", .query = "", .headers = &host,
		.nheaders = 1, .payload_hash = "UNSIGNED-PAYLOAD",
		.date = "20261123T120000Z", .region = "us-east-1",
		.service = "s3",
	};
}

/* Second line of the canonical request of a path, or third of a query. */
static void
expect_line(const struct sigv4_input *in, int line, const char *want)
{
	struct buf out;
	struct fail fail;
	const char *p;
	char *got;

	buf_init(&out, FILE_MAX);
	assert_int_equal(sigv4_canonical(in, &out, &fail), 0);
	for (p = buf_text(&out); line > 1; line--)
		p = strchr(p, '\n') + 1;
	got = xstrndup(p, strcspn(p, "\n"));
	assert_string_equal(got, want);
	free(got);
	buf_free(&out);
}

static void
test_query(void **state)
{
	static const struct {
		const char *query, *want;
	} cases[] = {
		{ "uploads", "uploads=" },
		{ "b=2&a=1&a=0", "a=0&a=1&b=2" },
		{ "a=b=c", "a=b%3Dc" },
		{ "&&x=1&", "x=1" },
		{ "k=%2f%7E%zz", "k=%2F~%25zz" },
		{ "k=a+b", "k=a%2Bb" },
		{ "=v", "=v" },
		{ "%", "%25=" },
		{ "k=%00", "k=%00" },
		{ "a-b=1&a=2", "a=2&a-b=1" },
	};
	struct sigv4_input in = plain_input();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in.query = cases[i].query;
		expect_line(&in, 3, cases[i].want);
	}
}

static void
test_path(void **state)
{
	struct sigv4_input in = plain_input();

	(void)state;
	in.path = "";
	expect_line(&in, 2, "/");
	in.path = "/a%20b//../c";
	expect_line(&in, 2, "/a%20b//../c");
	in.double_encode = true;
	expect_line(&in, 2, "/a%2520b//../c");
}

static void
test_headers(void **state)
{
	static const struct sigv4_header given[] = {
		{ "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "k" },
		{ "x-amz-server-side-encryption", "\t aws:kms \r\n" },
		{ "Z", "\"a   b\"" },
		{ "z", "" },
	};
	struct sigv4_input in = plain_input();

	(void)state;
	in.headers = given;
	in.nheaders = 4;
	expect_line(&in, 4, "x-amz-server-side-encryption:aws:kms");
	expect_line(&in, 5, "x-amz-server-side-encryption-aws-kms-key-id:k");
	expect_line(&in, 6, "z:\"a b\",");
	expect_line(&in, 7, "");
	expect_line(&in, 8, "x-amz-server-side-encryption;"
	    "x-amz-server-side-encryption-aws-kms-key-id;z");
}

static void
expect_refused(const struct sigv4_input *in, const struct credentials *creds,
    enum fail_kind kind)
{
	struct buf out;
	struct fail fail = { FAIL_NONE, "" };

	buf_init(&out, FILE_MAX);
	assert_int_equal(sigv4_authorization(in, creds, &out, &fail), -1);
	assert_int_equal(fail.kind, kind);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void
test_limits(void **state)
{
	struct sigv4_header many[SIGV4_HEADERS_MAX + 1];
	struct sigv4_input in = plain_input();
	struct credentials creds = { NULL, NULL, NULL, 0 };
	char query[4 * SIGV4_PARAMS_MAX + 8] = "", *longkey;
	int i;

	(void)state;
	expect_refused(&in, &creds, FAIL_AUTH);
	expect_refused(&in, NULL, FAIL_AUTH);
	creds.access_key_id = xstrdup("AK ID");
	creds.secret_key = secret_text("s");
	expect_refused(&in, &creds, FAIL_AUTH);
	free(creds.access_key_id);
	creds.access_key_id = xstrdup("AKID");
	in.date = "20261123";
	expect_refused(&in, &creds, FAIL_SYSTEM);
	in = plain_input();
	in.region = "";
	expect_refused(&in, &creds, FAIL_SYSTEM);
	in = plain_input();
	for (i = 0; i <= SIGV4_HEADERS_MAX; i++)
		many[i] = host;
	in.headers = many;
	in.nheaders = SIGV4_HEADERS_MAX + 1;
	expect_refused(&in, &creds, FAIL_SYSTEM);
	in = plain_input();
	for (i = 0; i <= SIGV4_PARAMS_MAX; i++)
		strlcat(query, "a=1&", sizeof(query));
	in.query = query;
	expect_refused(&in, &creds, FAIL_SYSTEM);
	in = plain_input();
	secret_free(creds.secret_key);
	longkey = xcalloc(1, 1026);
	memset(longkey, 'k', 1025);
	creds.secret_key = secret_text(longkey);
	expect_refused(&in, &creds, FAIL_AUTH);
	free(longkey);
	free(creds.access_key_id);
	secret_free(creds.secret_key);
}

static void
test_small_buffer(void **state)
{
	struct sigv4_input in = plain_input();
	struct fail fail = { FAIL_NONE, "" };
	struct buf out;

	(void)state;
	buf_init(&out, 20);
	assert_int_equal(sigv4_canonical(&in, &out, &fail), -1);
	assert_int_equal(fail.kind, FAIL_SYSTEM);
	buf_free(&out);
}

static void
test_date(void **state)
{
	char out[17];

	(void)state;
	sigv4_date(1795435200, out);
	assert_string_equal(out, "20261123T120000Z");
	sigv4_date(0, out);
	assert_string_equal(out, "19700101T000000Z");
	sigv4_date(INT64_MAX, out);
	assert_string_equal(out, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_official),
		cmocka_unit_test(test_s3_docs),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_date),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
