/*
 * What a pipeline's author writes into the properties: JSON objects, numbers,
 * flags, names, expressions over component names.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "src/executor/inputs.h"
#include "src/executor/match.h"
#include "utf8.h"

static void
try_object(const json_t *cfg)
{
	struct fail f = { 0 };
	json_t *values, *v;
	const char *key;

	if (input_object(cfg, "P", &values, &f) == -1) {
		MUST(f.kind == FAIL_CONFIG && values == NULL);
		return;
	}
	json_object_foreach(values, key, v)
		MUST(json_is_string(v));
	json_decref(values);
}

static void
try_match(const char *text)
{
	struct cs_component c[] = {
		{ (char *)"1", (char *)"web_ab12-cd34" },
		{ (char *)"2", (char *)"web" },
		{ (char *)"3", (char *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" },
		{ (char *)"4", (char *)"Gr\xc3\xb6\xc3\x9f""e" },
	};
	struct fail f = { 0 };
	int i;

	i = component_match(text, c, 4, &f);
	MUST(i >= -1 && i < 4);
	MUST(i != -1 || f.kind == FAIL_CONFIG);
	MUST(i == -1 || strcmp(text, "web") != 0 || i == 1);
}

static void
try_name(const char *base)
{
	char *name = sandbox_name(base, "0a1b2c3d-00"), *copy = strdup(name);
	size_t len = strlen(name);

	MUST(len >= 11 && len <= 4 * SANDBOX_NAME_MAX);
	MUST(strcmp(name + len - 11, " [0a1b2c3d]") == 0);
	copy[len - 11] = '\0';
	utf8_trim(copy);	/* no character was cut in two */
	MUST(strlen(copy) == len - 11);
	free(copy);
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *cfg, *text;
	struct fail f = { 0 };
	long minutes;
	bool flag;

	if (size > 4096 || memchr(data, '\0', size) != NULL ||
	    (text = json_stringn((const char *)data, size)) == NULL)
		return 0;
	cfg = json_object();
	(void)json_object_set_new(cfg, "P", text);
	try_object(cfg);
	if (input_minutes(cfg, "P", &minutes, &f) == 0)
		MUST(minutes >= 1 && minutes <= 365 * 24 * 60);
	(void)input_flag(cfg, "P", false, &flag, &f);
	try_match(json_string_value(text));
	try_name(json_string_value(text));
	json_decref(cfg);
	return 0;
}
