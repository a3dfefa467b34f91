/*
 * qualictl: a definition against the account's, and its other forms.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mem.h"
#include "src/ctl/cloudformation.h"
#include "src/ctl/compare.h"
#include "src/ctl/policy_document.h"
#include "src/ctl/terraform.h"

#define ARTIFACTS	"\"inputArtifactDetails\": {\"minimumCount\": 0, " \
			"\"maximumCount\": 1}, \"outputArtifactDetails\": " \
			"{\"minimumCount\": 0, \"maximumCount\": 1}"

static const char ours[] = "{\"category\": \"Test\", \"provider\": \"P\", "
    "\"version\": \"1\", \"settings\": {\"executionUrlTemplate\": \"u\"}, "
    "\"configurationProperties\": [{\"name\": \"A\", \"required\": true, "
    "\"key\": true, \"secret\": false, \"type\": \"Number\"}, {\"name\": "
    "\"B\", \"required\": false, \"key\": true, \"secret\": false, "
    "\"description\": \"d\"}], \"tags\": [{\"key\": \"k\", \"value\": "
    "\"v\"}], " ARTIFACTS "}";

static json_t *
parse(const char *text)
{
	struct fail f;
	json_t *v = json_parse(text, strlen(text), &f);

	if (v == NULL)
		fail_msg("%s: %s", text, f.text);
	return v;
}

/* The differences from what the account has, as one line. */
static char *
differences(const char *settings, const char *properties,
    const char *artifacts)
{
	char *text = xasprintf("{\"id\": {}, \"settings\": %s, "
	    "\"actionConfigurationProperties\": %s, %s}", settings, properties,
	    artifacts), *line;
	json_t *a = parse(ours), *b = parse(text);
	json_t *list = compare_types(a, b);

	line = json_line(list);
	json_decref(list);
	json_decref(a);
	json_decref(b);
	free(text);
	return line;
}

static void
the_same(void **state)
{
	static const char *const settings[] = {
		"{\"executionUrlTemplate\": \"u\"}",
		"{\"executionUrlTemplate\": \"u\", \"entityUrlTemplate\": "
		    "null, \"newMember\": 1}",
	};
	static const char *const properties[] = {
		"[{\"name\": \"A\", \"required\": true, \"key\": true, "
		    "\"secret\": false, \"type\": \"Number\"}, {\"name\": "
		    "\"B\", \"required\": false, \"key\": true, \"secret\": "
		    "false, \"description\": \"d\"}]",
		/* what the service fills in, and leaves out */
		"[{\"name\": \"A\", \"required\": true, \"key\": true, "
		    "\"secret\": false, \"queryable\": false, \"description\": "
		    "null}, {\"name\": \"B\", \"required\": false, \"key\": "
		    "true, \"secret\": false, \"description\": \"d\", "
		    "\"queryable\": false, \"type\": \"String\"}]",
		/* in another order, with a member that the model lacks */
		"[{\"name\": \"B\", \"required\": false, \"key\": true, "
		    "\"secret\": false, \"description\": \"d\", \"more\": 1}, "
		    "{\"name\": \"A\", \"required\": true, \"key\": true, "
		    "\"secret\": false}]",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 3; k++) {
			char *line = differences(settings[i], properties[k],
			    ARTIFACTS);

			assert_string_equal(line, "[]");
			xfree_secret(line);
		}
}

static void
differ_in(const char *settings, const char *properties, const char *artifacts,
    const char *wanted)
{
	char *line = differences(settings, properties, artifacts);

	assert_string_equal(line, wanted);
	xfree_secret(line);
}

static void
what_differs(void **state)
{
	static const char same[] = "{\"executionUrlTemplate\": \"u\"}";
	static const char a[] = "{\"name\": \"A\", \"required\": true, "
	    "\"key\": true, \"secret\": false}";
	char list[1024];

	(void)state;
	(void)snprintf(list, sizeof(list), "[%s, {\"name\": \"B\", "
	    "\"required\": false, \"key\": true, \"secret\": false, "
	    "\"description\": \"d\", \"queryable\": true, \"type\": "
	    "\"Boolean\"}]", a);
	differ_in(same, list, ARTIFACTS,
	    "[{\"account\":true,\"file\":false,\"member\":"
	    "\"configurationProperties[B].queryable\"},"
	    "{\"account\":\"Boolean\",\"file\":\"String\",\"member\":"
	    "\"configurationProperties[B].type\"}]");
	(void)snprintf(list, sizeof(list), "[%s, {\"name\": \"B\", "
	    "\"required\": false, \"key\": true, \"secret\": false}]", a);
	differ_in("{}", list, "\"inputArtifactDetails\": {\"minimumCount\": "
	    "0, \"maximumCount\": 2}, \"outputArtifactDetails\": "
	    "{\"minimumCount\": 0, \"maximumCount\": 1}",
	    "[{\"account\":null,\"file\":\"u\",\"member\":"
	    "\"settings.executionUrlTemplate\"},{\"account\":null,\"file\":"
	    "\"d\",\"member\":\"configurationProperties[B].description\"},"
	    "{\"account\":2,\"file\":1,\"member\":"
	    "\"inputArtifactDetails.maximumCount\"}]");
	(void)snprintf(list, sizeof(list), "[%s, {\"name\": \"B\", "
	    "\"required\": false, \"key\": true, \"secret\": false, "
	    "\"description\": \"d\"}, {\"name\": \"C\"}]", a);
	differ_in(same, list, ARTIFACTS,
	    "[{\"account\":{\"name\":\"C\"},\"file\":null,\"member\":"
	    "\"configurationProperties[C]\"}]");
	(void)snprintf(list, sizeof(list), "[%s]", a);
	differ_in(same, list, ARTIFACTS,
	    "[{\"account\":null,\"file\":{\"description\":\"d\",\"key\":true,"
	    "\"name\":\"B\",\"required\":false,\"secret\":false},\"member\":"
	    "\"configurationProperties[B]\"}]");
}

/* Whatever the account sends instead. */
static void
strange_answers(void **state)
{
	static const char *const strange[] = { "[]", "null", "1", "\"x\"",
	    "[1, null, {\"name\": 2}, []]" };

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		char *line = differences(strange[i], strange[i],
		    "\"inputArtifactDetails\": 1");

		assert_non_null(strstr(line, "configurationProperties[A]"));
		assert_non_null(strstr(line, "settings.executionUrlTemplate"));
		xfree_secret(line);
	}
}

static void
terraform_escapes(void **state)
{
	json_t *inputs = json_array(), *input = json_object();
	struct buf b;

	(void)state;
	json_put_text(input, "provider", "9-Lives");
	json_put_text(input, "version", "1");
	json_put_text(input, "category", "a\"b\\c ${d} $e %{f} $${g} $");
	(void)json_array_append_new(inputs, input);
	buf_init(&b, TERRAFORM_MAX);
	assert_int_equal(terraform_add(&b, inputs), 0);
	assert_string_equal(buf_text(&b),
	    "resource \"aws_codepipeline_custom_action_type\" "
	    "\"action_9_lives_1\" {\n"
	    "  provider_name = \"9-Lives\"\n"
	    "  version       = \"1\"\n"
	    "  category      = \"a\\\"b\\\\c $${d} $e %%{f} $$${g} $\"\n"
	    "}\n");
	buf_free(&b);
	buf_init(&b, 40);
	assert_int_equal(terraform_add(&b, inputs), -1);
	buf_free(&b);
	json_decref(inputs);
}

static void
cloudformation_ids(void **state)
{
	json_t *inputs = json_array(), *input = json_object(), *template;
	char *line;

	(void)state;
	json_put_text(input, "provider", "a-b_C9");
	(void)json_array_append_new(inputs, input);
	template = cloudformation_template(inputs);
	line = json_line(json_object_get(template, "Resources"));
	assert_string_equal(line, "{\"abC9\":{\"Properties\":{\"Provider\":"
	    "\"a-b_C9\"},\"Type\":\"AWS::CodePipeline::CustomActionType\","
	    "\"UpdateReplacePolicy\":\"Retain\"}}");
	xfree_secret(line);
	json_decref(template);
	json_decref(inputs);
}

static void
policy_of_one_type(void **state)
{
	const struct policy_scope scope = { "aws-cn", "cn-north-1",
	    "111122223333" };
	const struct cp_action_type type = { .category = "Test",
	    .provider = "P", .version = "7" };
	json_t *statements = json_array(), *document;
	char *line;

	(void)state;
	policy_worker(statements, &scope, &type, 1);
	document = policy_document(statements);
	line = json_line(document);
	assert_string_equal(line, "{\"Statement\":[{\"Action\":["
	    "\"codepipeline:PollForJobs\"],\"Effect\":\"Allow\",\"Resource\":["
	    "\"arn:aws-cn:codepipeline:cn-north-1:111122223333:actiontype:"
	    "Custom/Test/P/7\",\"arn:aws-cn:codepipeline:cn-north-1:"
	    "111122223333:actionType:Custom/Test/P/7\"],\"Sid\":\"Poll\"},"
	    "{\"Action\":[\"codepipeline:AcknowledgeJob\","
	    "\"codepipeline:GetJobDetails\",\"codepipeline:"
	    "PutJobSuccessResult\",\"codepipeline:PutJobFailureResult\"],"
	    "\"Condition\":{\"StringEquals\":{\"aws:RequestedRegion\":"
	    "\"cn-north-1\"}},\"Effect\":\"Allow\",\"Resource\":\"*\","
	    "\"Sid\":\"Jobs\"}],\"Version\":\"2012-10-17\"}");
	xfree_secret(line);
	json_decref(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same),
		cmocka_unit_test(what_differs),
		cmocka_unit_test(strange_answers),
		cmocka_unit_test(terraform_escapes),
		cmocka_unit_test(cloudformation_ids),
		cmocka_unit_test(policy_of_one_type),
	};

	json_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
