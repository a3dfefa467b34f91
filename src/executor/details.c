/*
 * Our artifacts are ZIP archives; the worker before this one wrote bare JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "details.h"
#include "json.h"
#include "mem.h"
#include "zip.h"

/* A new object with id and name, which every later action needs. */
static json_t *
names_of(const json_t *details)
{
	static const char *const names[] = { "id", "name" };
	json_t *few = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text = json_loose_text(details, names[i]);

		json_put_text(few, names[i], text);
		free(text);
	}
	return few;
}

char *
details_text(const json_t *details)
{
	char *text = json_dumps(details, JSON_INDENT(2));
	json_t *few;

	if (text == NULL || strlen(text) <= ARTIFACT_DETAILS_MAX)
		return text;
	xfree_secret(text);
	text = json_dumps(details, JSON_COMPACT);
	if (text == NULL || strlen(text) <= ARTIFACT_DETAILS_MAX)
		return text;
	xfree_secret(text);
	few = names_of(details);
	text = json_dumps(few, JSON_INDENT(2));
	json_decref(few);
	return text;
}

static json_t *
bare(const char *data, size_t len, struct fail *fail)
{
	json_t *details = NULL;

	if (json_crowded(data, len, CS_VALUES_MAX)) {
		(void)fail_set(fail, FAIL_CONFIG, "the input artifact has more "
		    "than %d values: use the output artifact of "
		    "Quali-Start-Sandbox as this action's input",
		    CS_VALUES_MAX);
		return NULL;
	}
	if (len > 0 && len <= ARTIFACT_DETAILS_MAX)
		details = json_parse_careless(data, len);
	if (details == NULL)
		(void)fail_set(fail, FAIL_CONFIG, "the input artifact is "
		    "neither a ZIP archive nor JSON: use the output artifact "
		    "of Quali-Start-Sandbox as this action's input");
	return details;
}

int
details_read(const void *data, size_t len, char id[SANDBOX_ID_SIZE],
    struct fail *fail)
{
	json_t *details;
	char *text = NULL;
	int rv = -1;

	if (zip_detect(data, len))
		details = zip_read_details(data, len, fail);
	else
		details = bare(data, len, fail);
	if (details == NULL)
		return -1;
	if (json_is_object(details))
		text = json_loose_text(details, "id");
	if (text != NULL && id_plain(text)) {
		(void)strlcpy(id, text, SANDBOX_ID_SIZE);
		rv = 0;
	} else
		(void)fail_set(fail, FAIL_CONFIG, "the input artifact names no "
		    "sandbox (it has no usable \"id\"): use the output "
		    "artifact of Quali-Start-Sandbox as this action's input");
	free(text);
	json_decref(details);
	return rv;
}
