/*
 * Artifacts: what was written can be read back, and what others put into a
 * bucket does no harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zip.h>

#include "src/executor/details.h"
#include "src/executor/zip.h"

#define ID	"0f4c8a52-7f3e-4c6e-8b2e-95d1f0a6c111"
#define DETAILS	"{\"name\":\"lab\",\"id\":\"" ID "\"}"

struct member {
	const char	*name;
	const char	*text;
};

/* An archive of some members, made by libzip itself. */
static void
make(struct buf *out, const struct member *m, size_t n, bool encrypted)
{
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *za = zip_open_from_source(source, ZIP_CREATE, NULL);
	zip_source_t *s;
	char chunk[4096];
	zip_int64_t i, got;

	assert_non_null(za);
	zip_source_keep(source);
	for (; n > 0; n--, m++) {
		s = zip_source_buffer(za, m->text, strlen(m->text), 0);
		i = zip_file_add(za, m->name, s, ZIP_FL_ENC_UTF_8);
		assert_true(i >= 0);
		if (encrypted)
			assert_int_equal(zip_file_set_encryption(za, i,
			    ZIP_EM_TRAD_PKWARE, "x"), 0);
	}
	assert_int_equal(zip_close(za), 0);
	buf_init(out, 16 * 1024 * 1024);
	assert_int_equal(zip_source_open(source), 0);
	while ((got = zip_source_read(source, chunk, sizeof(chunk))) > 0)
		assert_int_equal(buf_add(out, chunk, got), 0);
	(void)zip_source_close(source);
	zip_source_free(source);
}

static int
read_members(const struct member *m, size_t n, char id[SANDBOX_ID_SIZE],
    struct fail *f)
{
	struct buf b;
	int rv;

	make(&b, m, n, false);
	memset(f, 0, sizeof(*f));
	rv = details_read(b.data, b.len, id, f);
	buf_free(&b);
	return rv;
}

static void
round_trip(void **state)
{
	char id[SANDBOX_ID_SIZE] = "";
	struct buf b;
	struct fail f;

	(void)state;
	buf_init(&b, ARTIFACT_MAX);
	assert_int_equal(zip_write(&b, ARTIFACT_DETAILS, DETAILS,
	    strlen(DETAILS), &f), 0);
	assert_true(zip_detect(b.data, b.len));
	assert_int_equal(details_read(b.data, b.len, id, &f), 0);
	assert_string_equal(id, ID);
	buf_clear(&b);
	assert_int_equal(zip_write(&b, "output.txt", "", 0, &f), 0);
	assert_true(zip_detect(b.data, b.len));
	buf_free(&b);
}

/* Details whose compact text has about so many bytes. */
static json_t *
details_of(size_t size)
{
	json_t *details = json_loads(DETAILS, 0, NULL);
	json_t *list = json_array();
	char text[101];

	memset(text, 'c', 100);
	text[100] = '\0';
	for (size_t n = strlen(DETAILS) + 20; n < size; n += 117)
		(void)json_array_append_new(list, json_pack("{s:s}",
		    "component", text));
	(void)json_object_set_new(details, "components", list);
	return details;
}

/* Whatever Start gets from CloudShell, Run and End can read. */
static void
round_trip_of_any_size(void **state)
{
	static const size_t sizes[] = { 1000, 1024 * 1024,
		ARTIFACT_DETAILS_MAX / 2, ARTIFACT_DETAILS_MAX - 1000,
		ARTIFACT_DETAILS_MAX + 1000, 2 * ARTIFACT_DETAILS_MAX };
	char id[SANDBOX_ID_SIZE], *text;
	struct fail f;
	json_t *details;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		details = details_of(sizes[i]);
		text = details_text(details);
		assert_true(strlen(text) <= ARTIFACT_DETAILS_MAX);
		assert_int_equal(strstr(text, "component") != NULL,
		    sizes[i] <= ARTIFACT_DETAILS_MAX);
		buf_init(&b, ARTIFACT_MAX);
		assert_int_equal(zip_write(&b, ARTIFACT_DETAILS, text,
		    strlen(text), &f), 0);
		if (details_read(b.data, b.len, id, &f) == -1)
			fail_msg("%zu: %s", sizes[i], f.text);
		assert_string_equal(id, ID);
		buf_free(&b);
		free(text);
		json_decref(details);
	}
}

/* Two tables that contradict each other: readers that look at one or the other
 * would find different files in the artifact. */
static void
contradicting_names(void **state)
{
	static const struct member m = { "sandbox.json", DETAILS };
	char id[SANDBOX_ID_SIZE] = "", *name;
	struct fail f = { 0 };
	struct buf b;

	(void)state;
	make(&b, &m, 1, false);
	assert_int_equal(details_read(b.data, b.len, id, &f), 0);
	name = memmem(b.data, b.len, "sandbox.json", 12);
	assert_non_null(name);
	name[0] = 'S';		/* of the member; the directory's stays */
	assert_int_equal(details_read(b.data, b.len, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	buf_free(&b);
}

static void
bare_json(void **state)
{
	char id[SANDBOX_ID_SIZE] = "", long_id[300];
	struct fail f;

	(void)state;
	assert_int_equal(details_read(DETAILS, strlen(DETAILS), id, &f), 0);
	assert_string_equal(id, ID);
	assert_int_equal(details_read("\xef\xbb\xbf {\"Id\":\"x1\"}", 15, id,
	    &f), 0);
	assert_string_equal(id, "x1");
	assert_int_equal(details_read("", 0, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_int_equal(details_read("{\"id\":\"a b\"}", 12, id, &f), -1);
	assert_int_equal(details_read("{\"id\":\"\"}", 9, id, &f), -1);
	assert_int_equal(details_read("[1]", 3, id, &f), -1);
	memset(long_id, 'i', sizeof(long_id));
	memcpy(long_id, "{\"id\":\"", 7);
	memcpy(long_id + 250, "\"}", 2);
	assert_int_equal(details_read(long_id, 252, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_string_equal(id, "x1");	/* not the beginning of another one */
}

static void
which_member(void **state)
{
	const struct member both[] = { { "a.json", "{\"id\":\"no\"}" },
	    { "sandbox.json", DETAILS } };
	const struct member other[] = { { "README", "x" },
	    { "a.json", "{\"x\":1}" }, { "b.JSON", DETAILS } };
	const struct member two[] = { { "a.json", DETAILS },
	    { "b.json", DETAILS } };
	const struct member none[] = { { "README", "x" } };
	const struct member dot[] = { { "./sandbox.json", DETAILS } };
	char id[SANDBOX_ID_SIZE] = "";
	struct fail f;

	(void)state;
	assert_int_equal(read_members(both, 2, id, &f), 0);
	assert_string_equal(id, ID);
	assert_int_equal(read_members(other, 3, id, &f), 0);
	assert_int_equal(read_members(dot, 1, id, &f), 0);
	assert_int_equal(read_members(two, 2, id, &f), -1);
	assert_non_null(strstr(f.text, "several JSON files"));
	assert_int_equal(read_members(none, 1, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
}

static void
bad_names(void **state)
{
	static const char *const names[] = { "../sandbox.json", "/etc/x",
	    "a/../b", "a\\b", "a/..", ".." };
	char id[SANDBOX_ID_SIZE];
	struct fail f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct member m[] = { { "sandbox.json", DETAILS },
		    { names[i], "x" } };

		assert_int_equal(read_members(m, 2, id, &f), -1);
		assert_int_equal(f.kind, FAIL_CONFIG);
		assert_non_null(strstr(f.text, "absolute or leads out"));
	}
}

static void
too_many(void **state)
{
	struct member m[ARTIFACT_MEMBERS_MAX + 1];
	char names[ARTIFACT_MEMBERS_MAX + 1][8], id[SANDBOX_ID_SIZE];
	struct fail f;
	int i;

	(void)state;
	for (i = 0; i < ARTIFACT_MEMBERS_MAX + 1; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "f%d", i);
		m[i] = (struct member){ names[i], "x" };
	}
	m[0] = (struct member){ "sandbox.json", DETAILS };
	assert_int_equal(read_members(m, ARTIFACT_MEMBERS_MAX, id, &f), 0);
	assert_int_equal(read_members(m, ARTIFACT_MEMBERS_MAX + 1, id, &f),
	    -1);
	assert_non_null(strstr(f.text, "more than 16 members"));
}

/* A member of 2 MiB of blanks packs to 2 KB; the same with a false size in
 * both headers. */
static void
bombs(void **state)
{
	const size_t len = 2 * ARTIFACT_DETAILS_MAX;
	char *big = malloc(len + 1), id[SANDBOX_ID_SIZE];
	const struct member m = { "sandbox.json", big };
	unsigned char small[4] = { 100, 0, 0, 0 }, *p;
	struct buf b;
	struct fail f;
	size_t i, patched = 0;

	(void)state;
	assert_non_null(big);
	memset(big, ' ', len);
	big[len] = '\0';
	assert_int_equal(read_members(&m, 1, id, &f), -1);
	assert_non_null(strstr(f.text, "larger than 8 MiB"));
	make(&b, &m, 1, false);
	for (i = 0; i + 46 < b.len; i++) {
		p = (unsigned char *)b.data + i;
		if (memcmp(p, "PK\3\4", 4) == 0) {
			memcpy(p + 22, small, 4);
			patched++;
		} else if (memcmp(p, "PK\1\2", 4) == 0) {
			memcpy(p + 24, small, 4);
			patched++;
		}
	}
	assert_int_equal(patched, 2);
	assert_int_equal(details_read(b.data, b.len, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	buf_free(&b);
	free(big);
}

/* Small as text, large as values: the reader does not even parse it, bare or
 * packed. */
static void
crowds(void **state)
{
	const size_t len = 2 * 1024 * 1024;
	char *many = malloc(len + 1), id[SANDBOX_ID_SIZE];
	const struct member m = { "sandbox.json", many };
	struct fail f;
	size_t at;

	(void)state;
	assert_non_null(many);
	at = (size_t)snprintf(many, len, "{\"id\":\"" ID "\",\"a\":[");
	for (; at + 5 < len; at += 3)
		memcpy(many + at, "{},", 4);
	memcpy(many + at - 1, "]}", 3);
	assert_int_equal(details_read(many, strlen(many), id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "more than 200000 values"));
	assert_int_equal(read_members(&m, 1, id, &f), -1);
	assert_int_equal(f.kind, FAIL_CONFIG);
	assert_non_null(strstr(f.text, "more than 200000 values"));
	free(many);
}

static void
encrypted(void **state)
{
	const struct member m = { "sandbox.json", DETAILS };
	char id[SANDBOX_ID_SIZE];
	struct fail f;
	struct buf b;

	(void)state;
	make(&b, &m, 1, true);
	assert_int_equal(details_read(b.data, b.len, id, &f), -1);
	assert_non_null(strstr(f.text, "encrypted"));
	buf_free(&b);
}

/* Cut anywhere, or with any byte changed, an archive gets an answer and nothing
 * worse. */
static void
damaged(void **state)
{
	char id[SANDBOX_ID_SIZE], *copy;
	struct fail f;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, ARTIFACT_MAX);
	assert_int_equal(zip_write(&b, ARTIFACT_DETAILS, DETAILS,
	    strlen(DETAILS), &f), 0);
	copy = malloc(b.len);
	assert_non_null(copy);
	for (i = 0; i < b.len; i++) {
		memcpy(copy, b.data, b.len);
		assert_int_equal(details_read(copy, i, id, &f), -1);
		copy[i] ^= 0x55;
		(void)details_read(copy, b.len, id, &f);
	}
	free(copy);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradicting_names),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(round_trip_of_any_size),
		cmocka_unit_test(bare_json),
		cmocka_unit_test(which_member),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(too_many),
		cmocka_unit_test(bombs),
		cmocka_unit_test(crowds),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
