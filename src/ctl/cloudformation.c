/*
 * Action types as a template of CloudFormation: the members of
 * CreateCustomActionType with a capital first letter.
 */
#include <ctype.h>
#include <string.h>

#include "cloudformation.h"
#include "json.h"

#define NAME_BYTES	64	/* of a member's name; the longest has 26 */

static json_t	*convert(const json_t *);

static json_t *
convert_object(const json_t *o)
{
	json_t *out = json_object(), *v;
	char name[NAME_BYTES];
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		(void)strlcpy(name, key, sizeof(name));
		name[0] = (char)toupper((unsigned char)name[0]);
		(void)json_object_set_new(out, name, convert(v));
	}
	return out;
}

static json_t *
convert(const json_t *v)
{
	json_t *out, *entry;
	size_t i;

	if (json_is_object(v))
		return convert_object(v);
	if (!json_is_array(v))
		return json_copy((json_t *)(uintptr_t)v);
	out = json_array();
	json_array_foreach(v, i, entry)
		(void)json_array_append_new(out, convert(entry));
	return out;
}

/* Letters and digits only, as logical ids must be. */
static void
logical_id(char id[NAME_BYTES], const char *provider)
{
	size_t n = 0;

	for (; *provider != '\0' && n < NAME_BYTES - 1; provider++)
		if (isalnum((unsigned char)*provider))
			id[n++] = *provider;
	id[n] = '\0';
	if (n == 0)
		(void)strlcpy(id, "Action", NAME_BYTES);
}

json_t *
cloudformation_template(const json_t *inputs)
{
	json_t *template = json_object(), *resources = json_object();
	json_t *input, *resource;
	char id[NAME_BYTES];
	size_t i;

	json_array_foreach(inputs, i, input) {
		resource = json_object();
		json_put_text(resource, "Type",
		    "AWS::CodePipeline::CustomActionType");
		/* pipelines may still use the version before a new one */
		json_put_text(resource, "UpdateReplacePolicy", "Retain");
		(void)json_object_set_new(resource, "Properties",
		    convert(input));
		logical_id(id, json_text(input, "provider"));
		(void)json_object_set_new(resources, id, resource);
	}
	json_put_text(template, "AWSTemplateFormatVersion", "2010-09-09");
	json_put_text(template, "Description",
	    "CodePipeline action types of quali-job-worker");
	(void)json_object_set_new(template, "Resources", resources);
	return template;
}
