/*
 * Action types as resources of Terraform: blocks and arguments of
 * aws_codepipeline_custom_action_type, which are the members of
 * CreateCustomActionType in snake case but for "provider" and the list of
 * properties.
 */
#include <ctype.h>
#include <string.h>

#include "json.h"
#include "terraform.h"

#define NAME_BYTES	64	/* of an argument's name */

static const struct {
	const char	*member, *argument;
} renamed[] = {
	/* "provider" is an argument of all resources */
	{ "provider", "provider_name" },
	{ "configurationProperties", "configuration_property" },
};

static const char *
snake_case(char name[NAME_BYTES], const char *member)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (strcmp(renamed[i].member, member) == 0)
			return renamed[i].argument;
	for (; *member != '\0' && n < NAME_BYTES - 2; member++) {
		if (isupper((unsigned char)*member))
			name[n++] = '_';
		name[n++] = (char)tolower((unsigned char)*member);
	}
	name[n] = '\0';
	return name;
}

/* In quotes; "${" and "%{" would begin an expression. */
static int
add_quoted(struct buf *b, const char *text)
{
	int rc = buf_adds(b, "\"");

	for (; *text != '\0' && rc == 0; text++) {
		if (*text == '"' || *text == '\\')
			rc = buf_adds(b, "\\");
		else if ((*text == '$' || *text == '%') && text[1] == '{')
			rc = buf_add(b, text, 1);
		if (rc == 0)
			rc = buf_add(b, text, 1);
	}
	return rc != 0 ? rc : buf_adds(b, "\"");
}

static int
add_value(struct buf *b, const json_t *v)
{
	if (json_is_string(v))
		return add_quoted(b, json_string_value(v));
	if (json_is_boolean(v))
		return buf_adds(b, json_is_true(v) ? "true" : "false");
	return buf_addf(b, "%lld", (long long)json_integer_value(v));
}

/* The arguments of an object that are no blocks, their signs aligned. */
static int
add_arguments(struct buf *b, const json_t *o, const char *indent)
{
	char name[NAME_BYTES];
	const char *key;
	size_t width = 0, n;
	json_t *v;
	int rc = 0;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		n = strlen(snake_case(name, key));
		if (!json_is_object(v) && !json_is_array(v) && n > width)
			width = n;
	}
	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		if (json_is_object(v) || json_is_array(v) || rc != 0)
			continue;
		rc = buf_addf(b, "%s%-*s = ", indent, (int)width,
		    snake_case(name, key));
		if (rc == 0 && (rc = add_value(b, v)) == 0)
			rc = buf_adds(b, "\n");
	}
	return rc;
}

static int
add_block(struct buf *b, const char *key, const json_t *o)
{
	char name[NAME_BYTES];

	return buf_addf(b, "\n  %s {\n", snake_case(name, key)) == 0 &&
	    add_arguments(b, o, "    ") == 0 && buf_adds(b, "  }\n") == 0 ?
	    0 : -1;
}

/* A map from key to value. */
static int
add_tags(struct buf *b, const json_t *list)
{
	const json_t *tag;
	size_t i;

	if (buf_adds(b, "\n  tags = {\n") != 0)
		return -1;
	json_array_foreach(list, i, tag)
		if (buf_adds(b, "    ") != 0 ||
		    add_quoted(b, json_text(tag, "key")) != 0 ||
		    buf_adds(b, " = ") != 0 ||
		    add_quoted(b, json_text(tag, "value")) != 0 ||
		    buf_adds(b, "\n") != 0)
			return -1;
	return buf_adds(b, "  }\n");
}

static int
add_member(struct buf *b, const char *key, const json_t *v)
{
	const json_t *entry;
	size_t i;

	if (json_is_object(v))
		return add_block(b, key, v);
	if (strcmp(key, "tags") == 0)
		return add_tags(b, v);
	json_array_foreach(v, i, entry)
		if (add_block(b, key, entry) != 0)
			return -1;
	return 0;
}

/* A name for each version, so that both can stand in one file. */
static void
label_make(char *label, size_t size, const json_t *input)
{
	(void)snprintf(label, size, "%s%s_%s",
	    isalpha((unsigned char)json_text(input, "provider")[0]) ? "" :
	    "action_", json_text(input, "provider"),
	    json_text(input, "version"));
	for (; *label != '\0'; label++)
		if (*label == '-')
			*label = '_';
		else
			*label = (char)tolower((unsigned char)*label);
}

static int
add_resource(struct buf *b, const json_t *input)
{
	char label[NAME_BYTES];
	const char *key;
	json_t *v;

	label_make(label, sizeof(label), input);
	if (buf_addf(b, "%sresource \"aws_codepipeline_custom_action_type\" "
	    "\"%s\" {\n", b->len > 0 ? "\n" : "", label) != 0 ||
	    add_arguments(b, input, "  ") != 0)
		return -1;
	json_object_foreach((json_t *)(uintptr_t)input, key, v)
		if (add_member(b, key, v) != 0)
			return -1;
	return buf_adds(b, "}\n");
}

int
terraform_add(struct buf *b, const json_t *inputs)
{
	const json_t *input;
	size_t i;

	json_array_foreach(inputs, i, input)
		if (add_resource(b, input) != 0)
			return -1;
	return 0;
}
