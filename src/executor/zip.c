/*
 * Archives come from a bucket that others write to. The reader checks the
 * number of members, their names and their sizes before unpacking anything, and
 * unpacks no more than a member declares.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "json.h"
#include "zip.h"

#define END_SIZE	22	/* of the end record of an archive */
#define COMMENT_MAX	65535

bool
zip_detect(const void *data, size_t len)
{
	return len >= 4 && (memcmp(data, "PK\3\4", 4) == 0 ||
	    memcmp(data, "PK\5\6", 4) == 0);
}

static int
broken(struct fail *fail, const char *why)
{
	return fail_set(fail, FAIL_CONFIG, "the input artifact is a ZIP "
	    "archive that cannot be read (%s): use the output artifact of "
	    "Quali-Start-Sandbox as this action's input", why);
}

/* How many members the end record declares; -1 if there is no such record.
 * Checking this first keeps libzip from making room for millions. */
static long
declared(const unsigned char *data, size_t len)
{
	size_t at, low;

	if (len < END_SIZE)
		return -1;
	low = len - END_SIZE > COMMENT_MAX ? len - END_SIZE - COMMENT_MAX : 0;
	for (at = len - END_SIZE + 1; at-- > low;)
		if (memcmp(data + at, "PK\5\6", 4) == 0)
			return data[at + 10] | data[at + 11] << 8;
	return -1;
}

static bool
unsafe_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || name[0] == '/' || strchr(name, '\\') != NULL)
		return true;
	if (strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0)
		return true;
	if (strstr(name, "/../") != NULL)
		return true;
	return len >= 3 && strcmp(name + len - 3, "/..") == 0;
}

static const char *
member_name(zip_t *za, zip_uint64_t i)
{
	const char *name = zip_get_name(za, i, ZIP_FL_ENC_RAW);

	if (name != NULL && strncmp(name, "./", 2) == 0 && name[2] != '\0')
		name += 2;
	return name;
}

static int
check_number(zip_int64_t n, struct fail *fail)
{
	if (n <= ARTIFACT_MEMBERS_MAX)
		return 0;
	return fail_set(fail, FAIL_CONFIG, "the input artifact is a ZIP "
	    "archive of more than %d members: use the output artifact of "
	    "Quali-Start-Sandbox", ARTIFACT_MEMBERS_MAX);
}

static int
check_members(zip_t *za, struct fail *fail)
{
	zip_int64_t i, n = zip_get_num_entries(za, 0);
	const char *name;

	if (check_number(n, fail) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		if ((name = member_name(za, i)) == NULL)
			return broken(fail, "a member has no name");
		if (strcmp(name, "./") != 0 && unsafe_name(name))
			return broken(fail, "a member's name is absolute or "
			    "leads out of the archive");
	}
	return 0;
}

static zip_t *
open_archive(const void *data, size_t len, struct fail *fail)
{
	zip_source_t *source;
	zip_error_t error;
	zip_t *za = NULL;
	long n;

	if ((n = declared(data, len)) == -1) {
		(void)broken(fail, "it is cut off");
		return NULL;
	}
	if (check_number(n, fail) != 0)
		return NULL;
	zip_error_init(&error);
	source = zip_source_buffer_create(data, len, 0, &error);
	if (source == NULL) {
		(void)broken(fail, zip_error_strerror(&error));
		goto out;
	}
	za = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
	if (za == NULL) {
		(void)broken(fail, zip_error_strerror(&error));
		zip_source_free(source);
		goto out;
	}
	if (check_members(za, fail) != 0) {
		zip_discard(za);
		za = NULL;
	}
out:
	zip_error_fini(&error);
	return za;
}

static int
check_member(zip_t *za, zip_uint64_t i, zip_stat_t *st, struct fail *fail)
{
	const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD |
	    ZIP_STAT_ENCRYPTION_METHOD;
	char why[64];

	if (zip_stat_index(za, i, 0, st) != 0 || (st->valid & need) != need)
		return broken(fail, "a member is not described");
	if (st->encryption_method != ZIP_EM_NONE)
		return broken(fail, "it is encrypted");
	if (st->comp_method != ZIP_CM_STORE &&
	    st->comp_method != ZIP_CM_DEFLATE)
		return broken(fail, "it is packed in an unusual way");
	if (st->size <= ARTIFACT_DETAILS_MAX)
		return 0;
	(void)snprintf(why, sizeof(why), "a member is larger than %d MiB",
	    ARTIFACT_DETAILS_MAX / (1024 * 1024));
	return broken(fail, why);
}

/* Reads a whole member. More bytes than declared, or a wrong checksum, are a
 * fault. */
static int
read_member(zip_t *za, zip_uint64_t i, struct buf *out, struct fail *fail)
{
	zip_file_t *file;
	zip_stat_t st;
	zip_int64_t n;
	char chunk[8192];
	int rv = -1;

	buf_clear(out);
	if (check_member(za, i, &st, fail) != 0)
		return -1;
	if ((file = zip_fopen_index(za, i, 0)) == NULL)
		return broken(fail, zip_strerror(za));
	while ((n = zip_fread(file, chunk, sizeof(chunk))) > 0)
		if (out->len + n > st.size || buf_add(out, chunk, n) != 0) {
			(void)broken(fail, "a member is larger than declared");
			goto out;
		}
	if (n == -1)
		(void)broken(fail,
		    zip_error_strerror(zip_file_get_error(file)));
	else if (out->len != st.size)
		(void)broken(fail, "a member is shorter than declared");
	else
		rv = 0;
out:
	(void)zip_fclose(file);
	return rv;
}

static bool
is_json(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcasecmp(name + len - 5, ".json") == 0;
}

/* Reads the member's object if it has an id, else sets *details to NULL. -1:
 * the archive is broken. */
static int
try_member(zip_t *za, zip_uint64_t i, json_t **details, struct fail *fail)
{
	struct buf text;
	char *id, why[64];
	int rv;

	*details = NULL;
	buf_init(&text, ARTIFACT_DETAILS_MAX);
	rv = read_member(za, i, &text, fail);
	if (rv == 0 && json_crowded(text.data, text.len, CS_VALUES_MAX)) {
		(void)snprintf(why, sizeof(why), "a member has more than %d "
		    "values", CS_VALUES_MAX);
		rv = broken(fail, why);
	} else if (rv == 0 && text.len > 0)
		*details = json_parse_careless(text.data, text.len);
	buf_free(&text);
	if (*details == NULL)
		return rv;
	if ((id = json_loose_text(*details, "id")) == NULL) {
		json_decref(*details);
		*details = NULL;
	}
	free(id);
	return rv;
}

/* Finds the only JSON member with an id. */
static json_t *
search(zip_t *za, struct fail *fail)
{
	zip_int64_t i, n = zip_get_num_entries(za, 0);
	json_t *found = NULL, *details;

	for (i = 0; i < n; i++) {
		if (!is_json(member_name(za, i)))
			continue;
		if (try_member(za, i, &details, fail) != 0)
			goto bad;
		if (details == NULL)
			continue;
		if (found != NULL) {
			json_decref(details);
			(void)fail_set(fail, FAIL_CONFIG, "the input artifact "
			    "holds several JSON files with an \"id\": use the "
			    "output artifact of Quali-Start-Sandbox");
			goto bad;
		}
		found = details;
	}
	if (found == NULL)
		(void)fail_set(fail, FAIL_CONFIG, "the input artifact holds no "
		    ARTIFACT_DETAILS ": use the output artifact of "
		    "Quali-Start-Sandbox as this action's input");
	return found;
bad:
	json_decref(found);
	return NULL;
}

json_t *
zip_read_details(const void *data, size_t len, struct fail *fail)
{
	json_t *details = NULL;
	zip_int64_t i, n;
	const char *name;
	zip_t *za;

	if ((za = open_archive(data, len, fail)) == NULL)
		return NULL;
	n = zip_get_num_entries(za, 0);
	for (i = 0; i < n; i++) {
		name = member_name(za, i);
		if (strcmp(name, ARTIFACT_DETAILS) == 0)
			break;
	}
	if (i == n)
		details = search(za, fail);
	else if (try_member(za, i, &details, fail) == 0 && details == NULL)
		(void)fail_set(fail, FAIL_CONFIG, "the " ARTIFACT_DETAILS " of "
		    "the input artifact is not a JSON object with an \"id\": "
		    "use the output artifact of Quali-Start-Sandbox");
	zip_discard(za);
	return details;
}

/* --- writing --- */

static int
add_member(zip_t *za, const char *member, const void *data, size_t len)
{
	zip_source_t *source;
	zip_int64_t i;

	if ((source = zip_source_buffer(za, data, len, 0)) == NULL)
		return -1;
	i = zip_file_add(za, member, source, ZIP_FL_ENC_UTF_8);
	if (i == -1) {
		zip_source_free(source);
		return -1;
	}
	/* a regular file that anybody may read */
	return zip_file_set_external_attributes(za, i, 0, ZIP_OPSYS_UNIX,
	    (zip_uint32_t)(S_IFREG | 0644) << 16);
}

/* Appends the bytes of the closed archive. */
static int
copy_out(struct buf *out, zip_source_t *source)
{
	char chunk[8192];
	zip_int64_t n;
	int rv = 0;

	if (zip_source_open(source) != 0)
		return -1;
	while ((n = zip_source_read(source, chunk, sizeof(chunk))) > 0)
		if ((rv = buf_add(out, chunk, n)) != 0)
			break;
	(void)zip_source_close(source);
	return n == -1 ? -1 : rv;
}

int
zip_write(struct buf *out, const char *member, const void *data, size_t len,
    struct fail *fail)
{
	zip_source_t *source;
	zip_error_t error;
	zip_t *za;
	int rv = -1;

	zip_error_init(&error);
	if ((source = zip_source_buffer_create(NULL, 0, 0, &error)) == NULL)
		goto out;
	za = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
	if (za == NULL) {
		zip_source_free(source);
		goto out;
	}
	zip_source_keep(source);	/* it outlives zip_close */
	if (add_member(za, member, data, len) != 0 || zip_close(za) != 0)
		zip_discard(za);
	else
		rv = copy_out(out, source);
	zip_source_free(source);
out:
	zip_error_fini(&error);
	if (rv != 0)
		return fail_set(fail, FAIL_SYSTEM, "the output artifact cannot "
		    "be packed");
	return 0;
}
