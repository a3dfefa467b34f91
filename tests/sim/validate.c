/*
 * The input shapes of CodePipeline's operations as tables, and one function
 * that checks a request against them. Stricter than AWS in one point, so that
 * tests find such faults: it refuses unknown members and nulls.
 */
#include <stdio.h>
#include <string.h>

#include "state.h"

enum kind { KIND_STRING, KIND_ID, KIND_INT, KIND_NUMBER, KIND_BOOL,
	KIND_OBJECT, KIND_LIST, KIND_VARIABLES, KIND_QUERY };

struct member {
	const char *name;
	enum kind kind;
	bool required;
	long min, max;		/* length, count, or value */
	const char *set;	/* characters, or |one|of|these| */
	const struct member *sub;
};

#define LETTERS	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define WORD	LETTERS "_-"
#define CATEGORIES "|Source|Build|Deploy|Test|Invoke|Approval|Compute|"
#define END	{ .name = NULL }

static const struct member type_id[] = {
	{ "category", KIND_STRING, true, 1, 20, CATEGORIES, NULL },
	{ "owner", KIND_STRING, true, 1, 20, "|AWS|ThirdParty|Custom|", NULL },
	{ "provider", KIND_STRING, true, 1, 35, WORD, NULL },
	{ "version", KIND_STRING, true, 1, 9, WORD, NULL },
	END
};
static const struct member poll_input[] = {
	{ "actionTypeId", KIND_OBJECT, true, 0, 0, NULL, type_id },
	{ "maxBatchSize", KIND_INT, false, 1, 2147483647, NULL, NULL },
	{ "queryParam", KIND_QUERY, false, 0, 1, NULL, NULL },
	END
};
static const struct member acknowledge_input[] = {
	{ "jobId", KIND_ID, true, 0, 0, NULL, NULL },
	{ "nonce", KIND_STRING, true, 1, 50, NULL, NULL },
	END
};
static const struct member details_input[] = {
	{ "jobId", KIND_ID, true, 0, 0, NULL, NULL },
	END
};
static const struct member revision[] = {
	{ "revision", KIND_STRING, true, 1, 1500, NULL, NULL },
	{ "changeIdentifier", KIND_STRING, true, 1, 100, NULL, NULL },
	{ "created", KIND_NUMBER, false, 0, 0, NULL, NULL },
	{ "revisionSummary", KIND_STRING, false, 1, 2048, NULL, NULL },
	END
};
static const struct member execution_details[] = {
	{ "summary", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "externalExecutionId", KIND_STRING, false, 1, 1500, NULL, NULL },
	{ "percentComplete", KIND_INT, false, 0, 100, NULL, NULL },
	END
};
static const struct member success_input[] = {
	{ "jobId", KIND_ID, true, 0, 0, NULL, NULL },
	{ "currentRevision", KIND_OBJECT, false, 0, 0, NULL, revision },
	{ "continuationToken", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "executionDetails", KIND_OBJECT, false, 0, 0, NULL,
	    execution_details },
	{ "outputVariables", KIND_VARIABLES, false, 0, 0, LETTERS "@-_",
	    NULL },
	END
};
static const struct member failure_details[] = {
	{ "type", KIND_STRING, true, 1, 30, "|JobFailed|ConfigurationError|"
	    "PermissionError|RevisionOutOfSync|RevisionUnavailable|"
	    "SystemUnavailable|", NULL },
	{ "message", KIND_STRING, true, 1, 5000, NULL, NULL },
	{ "externalExecutionId", KIND_STRING, false, 1, 1500, NULL, NULL },
	END
};
static const struct member failure_input[] = {
	{ "jobId", KIND_ID, true, 0, 0, NULL, NULL },
	{ "failureDetails", KIND_OBJECT, true, 0, 0, NULL, failure_details },
	END
};
static const struct member settings_shape[] = {
	{ "thirdPartyConfigurationUrl", KIND_STRING, false, 1, 2048, NULL,
	    NULL },
	{ "entityUrlTemplate", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "executionUrlTemplate", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "revisionUrlTemplate", KIND_STRING, false, 1, 2048, NULL, NULL },
	END
};
static const struct member property[] = {
	{ "name", KIND_STRING, true, 1, 50, NULL, NULL },
	{ "required", KIND_BOOL, true, 0, 0, NULL, NULL },
	{ "key", KIND_BOOL, true, 0, 0, NULL, NULL },
	{ "secret", KIND_BOOL, true, 0, 0, NULL, NULL },
	{ "queryable", KIND_BOOL, false, 0, 0, NULL, NULL },
	{ "description", KIND_STRING, false, 1, 160, NULL, NULL },
	{ "type", KIND_STRING, false, 1, 10, "|String|Number|Boolean|", NULL },
	END
};
static const struct member counts[] = {
	{ "minimumCount", KIND_INT, true, 0, 5, NULL, NULL },
	{ "maximumCount", KIND_INT, true, 0, 5, NULL, NULL },
	END
};
static const struct member tag[] = {
	{ "key", KIND_STRING, true, 1, 128, NULL, NULL },
	{ "value", KIND_STRING, true, 0, 256, NULL, NULL },
	END
};
static const struct member create_input[] = {
	{ "category", KIND_STRING, true, 1, 20, CATEGORIES, NULL },
	{ "provider", KIND_STRING, true, 1, 35, WORD, NULL },
	{ "version", KIND_STRING, true, 1, 9, WORD, NULL },
	{ "settings", KIND_OBJECT, false, 0, 0, NULL, settings_shape },
	{ "configurationProperties", KIND_LIST, false, 0, 10, NULL, property },
	{ "inputArtifactDetails", KIND_OBJECT, true, 0, 0, NULL, counts },
	{ "outputArtifactDetails", KIND_OBJECT, true, 0, 0, NULL, counts },
	{ "tags", KIND_LIST, false, 0, 50, NULL, tag },
	END
};
static const struct member delete_input[] = {
	{ "category", KIND_STRING, true, 1, 20, CATEGORIES, NULL },
	{ "provider", KIND_STRING, true, 1, 35, WORD, NULL },
	{ "version", KIND_STRING, true, 1, 9, WORD, NULL },
	END
};
static const struct member list_input[] = {
	{ "actionOwnerFilter", KIND_STRING, false, 1, 20,
	    "|AWS|ThirdParty|Custom|", NULL },
	{ "nextToken", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "regionFilter", KIND_STRING, false, 4, 30, NULL, NULL },
	END
};

static const struct member list_pipelines_input[] = {
	{ "nextToken", KIND_STRING, false, 1, 2048, NULL, NULL },
	{ "maxResults", KIND_INT, false, 1, 1000, NULL, NULL },
	END
};
static const struct member get_pipeline_input[] = {
	{ "name", KIND_STRING, true, 1, 100, WORD ".@", NULL },
	{ "version", KIND_INT, false, 1, 2147483647, NULL, NULL },
	END
};

static const struct {
	const char *operation;
	const struct member *members;
} inputs[] = {
	{ "PollForJobs", poll_input },
	{ "AcknowledgeJob", acknowledge_input },
	{ "GetJobDetails", details_input },
	{ "PutJobSuccessResult", success_input },
	{ "PutJobFailureResult", failure_input },
	{ "CreateCustomActionType", create_input },
	{ "DeleteCustomActionType", delete_input },
	{ "ListActionTypes", list_input },
	{ "ListPipelines", list_pipelines_input },
	{ "GetPipeline", get_pipeline_input },
};

struct check {
	const char **code;
	char *why;
	size_t size;
};

static int
refuse(struct check *c, const char *code, const char *name, const char *why)
{
	*c->code = code;
	snprintf(c->why, c->size, "1 validation error detected: Value at '%s' "
	    "failed to satisfy constraint: %s", name, why);
	return -1;
}

static long
characters(const char *s)
{
	long n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static bool
id_good(const char *s)
{
	size_t i;

	if (strlen(s) != 36)
		return false;
	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	return true;
}

static bool
in_set(const char *s, const char *set)
{
	char word[64];

	if (set == NULL)
		return true;
	if (set[0] != '|')
		return s[strspn(s, set)] == '\0';
	snprintf(word, sizeof(word), "|%.60s|", s);
	return strstr(set, word) != NULL;
}

static int
check_string(struct check *c, const struct member *m, json_t *v)
{
	const char *s = json_string_value(v);
	long n;

	if (s == NULL)
		return refuse(c, "SerializationException", m->name,
		    "must be a string");
	if (strlen(s) != json_string_length(v))
		return refuse(c, "ValidationException", m->name, "has a NUL");
	if (m->kind == KIND_ID)
		return id_good(s) ? 0 : refuse(c, "ValidationException",
		    m->name, "Member must satisfy regular expression pattern");
	n = characters(s);
	if (n < m->min || n > m->max)
		return refuse(c, "ValidationException", m->name,
		    "Member must have length in the allowed range");
	if (!in_set(s, m->set))
		return refuse(c, "ValidationException", m->name,
		    "Member must satisfy pattern or enum value set");
	return 0;
}

static bool
query_good(const char *name, const char *value)
{
	return characters(name) <= 50 && *value != '\0' &&
	    strlen(value) <= 50 && in_set(value, WORD);
}

static int
check_map(struct check *c, const struct member *m, json_t *v)
{
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return refuse(c, "SerializationException", m->name,
		    "must be a map");
	if (m->kind == KIND_QUERY && json_object_size(v) > 1)
		return refuse(c, "ValidationException", m->name,
		    "at most one entry");
	json_object_foreach(v, key, value) {
		if (!json_is_string(value))
			return refuse(c, "SerializationException", m->name,
			    "values must be strings");
		if (*key == '\0' || !in_set(key, m->set))
			return refuse(c, "ValidationException", m->name,
			    "key must satisfy pattern");
		if (m->kind == KIND_QUERY && !query_good(key,
		    json_string_value(value)))
			return refuse(c, "ValidationException", m->name,
			    "Map entry must satisfy length and pattern");
	}
	return 0;
}

static int check_object(struct check *, const char *, const struct member *,
    json_t *);

static int
check_list(struct check *c, const struct member *m, json_t *v)
{
	json_t *item;
	size_t i;

	if (!json_is_array(v))
		return refuse(c, "SerializationException", m->name,
		    "must be a list");
	if ((long)json_array_size(v) > m->max)
		return refuse(c, "ValidationException", m->name,
		    "too many items");
	json_array_foreach(v, i, item)
		if (check_object(c, m->name, m->sub, item) == -1)
			return -1;
	return 0;
}

static int
check_number(struct check *c, const struct member *m, json_t *v)
{
	if (m->kind == KIND_NUMBER)
		return json_is_number(v) ? 0 : refuse(c,
		    "SerializationException", m->name, "must be a number");
	if (!json_is_integer(v))
		return refuse(c, "SerializationException", m->name,
		    "must be an integer");
	if (json_integer_value(v) < m->min || json_integer_value(v) > m->max)
		return refuse(c, "ValidationException", m->name,
		    "Member must have value in the allowed range");
	return 0;
}

static int
check_member(struct check *c, const struct member *m, json_t *v)
{
	switch (m->kind) {
	case KIND_STRING:
	case KIND_ID:
		return check_string(c, m, v);
	case KIND_INT:
	case KIND_NUMBER:
		return check_number(c, m, v);
	case KIND_BOOL:
		return json_is_boolean(v) ? 0 : refuse(c,
		    "SerializationException", m->name, "must be a boolean");
	case KIND_LIST:
		return check_list(c, m, v);
	case KIND_VARIABLES:
	case KIND_QUERY:
		return check_map(c, m, v);
	case KIND_OBJECT:
		return check_object(c, m->name, m->sub, v);
	}
	return 0;
}

static int
check_object(struct check *c, const char *name, const struct member *members,
    json_t *v)
{
	const struct member *m;
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return refuse(c, "SerializationException", name,
		    "must be a structure");
	for (m = members; m->name != NULL; m++) {
		value = json_object_get(v, m->name);
		if (value == NULL && m->required)
			return refuse(c, "ValidationException", m->name,
			    "Member must not be null");
		if (value != NULL && check_member(c, m, value) == -1)
			return -1;
	}
	json_object_foreach(v, key, value) {
		for (m = members; m->name != NULL; m++)
			if (strcmp(m->name, key) == 0)
				break;
		if (m->name == NULL)
			return refuse(c, "ValidationException", key,
			    "no such member (the simulator is strict)");
	}
	return 0;
}

/* -1: *code is the exception, why its message. */
int
validate(json_t *v, const char *operation, const char **code, char *why,
    size_t size)
{
	struct check c = { code, why, size };
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		if (strcmp(inputs[i].operation, operation) == 0)
			return check_object(&c, "", inputs[i].members, v);
	return refuse(&c, "UnknownOperationException", "", "unknown");
}
