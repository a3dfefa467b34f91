/*
 * qualictl actions show: what install would register, in the form of several
 * tools.
 */
#include <stdio.h>
#include <string.h>

#include "actions_show.h"
#include "chosen.h"
#include "cloudformation.h"
#include "mem.h"
#include "names.h"
#include "options.h"
#include "out.h"
#include "terraform.h"

enum { FORMAT_JSON, FORMAT_CLOUDFORMATION, FORMAT_TERRAFORM, FORMAT_MAX };

static const char *const formats[] = { "json", "cloudformation", "terraform" };

const struct ctl_option actions_show_options[] = {
	{ "format", "NAME", "json (default), cloudformation or terraform" },
	{ NULL, NULL, NULL },
};

static json_t *
inputs_of(const struct choice *choice)
{
	json_t *list = json_array();

	for (size_t i = 0; i < choice->n; i++)
		(void)json_array_append(list, choice->types[i].input);
	return list;
}

/* One object after the other, each for a call of its own. */
static void
print_inputs(const json_t *inputs)
{
	json_t *input;
	size_t i;

	json_array_foreach(inputs, i, input)
		out_json(input);
}

/* -1: too long. */
static int
print(int format, const json_t *inputs)
{
	struct buf b;
	json_t *template;
	int rc = 0;

	if (format == FORMAT_JSON) {
		print_inputs(inputs);
	} else if (format == FORMAT_CLOUDFORMATION) {
		template = cloudformation_template(inputs);
		out_json(template);
		json_decref(template);
	} else {
		buf_init(&b, TERRAFORM_MAX);
		if ((rc = terraform_add(&b, inputs)) == 0)
			(void)fputs(buf_text(&b), stdout);
		buf_free(&b);
	}
	return rc;
}

static json_t *
rows_make(const struct choice *choice)
{
	json_t *rows = json_array(), *o;

	for (size_t i = 0; i < choice->n; i++) {
		o = chosen_json(&choice->types[i]);
		(void)json_object_set(o, "input", choice->types[i].input);
		(void)json_array_append_new(rows, o);
	}
	return rows;
}

int
actions_show(struct ctl *ctl, int argc, char **argv)
{
	const char *word = options_value(ctl, "format");
	int rc, format = word == NULL ? FORMAT_JSON :
	    name_find(formats, FORMAT_MAX, word, FORMAT_MAX);
	struct choice choice = { .n = 0 };
	struct fail fail;
	json_t *o, *inputs;

	if (format == FORMAT_MAX) {
		out_error("--format: %s: json, cloudformation or terraform",
		    word);
		return CTL_USAGE;
	}
	o = json_object();
	rc = chosen_load(&choice, ctl, argc, argv, &fail);
	inputs = inputs_of(&choice);
	if (rc == 0 && !ctl->json && print(format, inputs) != 0)
		rc = fail_set(&fail, FAIL_SYSTEM, "the definitions are too "
		    "long");
	json_decref(inputs);
	(void)json_object_set_new(o, "types", rows_make(&choice));
	chosen_free(&choice);
	rc = out_result(ctl->json, o, rc == 0 ? NULL : &fail);
	return choice.no_such ? CTL_USAGE : rc;
}
