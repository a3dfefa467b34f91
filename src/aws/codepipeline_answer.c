/*
 * CodePipeline's answers (aws-contract 1.2-1.9): the supervisor's side. They
 * hold credentials and secret configuration in clear text, so no error text
 * here quotes them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codepipeline_answer.h"
#include "json.h"
#include "mem.h"
#include "model.h"
#include "utf8.h"

#define VALUES_MAX	100000		/* of an answer: more than JOBS_MAX
					   jobs can have */
#define JOBS_MAX	256		/* jobs read from one answer */
#define PROPERTIES_MAX	64		/* of a configuration; the model: 10 */
#define PROPERTY_MAX	50		/* characters of a property's name */
#define VALUE_MAX	1000		/* characters of its value */

/* Why a member cannot be read: it is missing, or does not have its form. */
static int
unfit(struct fail *fail, const json_t *o, const char *key, const char *form)
{
	const json_t *member = json_object_get(o, key);

	if (member == NULL || json_is_null(member))
		return fail_set(fail, FAIL_SYSTEM, "%s is missing", key);
	return fail_set(fail, FAIL_SYSTEM, "%s is not %s", key, form);
}

static bool
is_absent(const json_t *o, const char *key)
{
	const json_t *member = json_object_get(o, key);

	return member == NULL || json_is_null(member);
}

/* An object or a list that may be absent: then *member is NULL. */
static int
take_object(const json_t *o, const char *key, json_t **member,
    struct fail *fail)
{
	*member = json_object_of(o, key);
	return *member != NULL || is_absent(o, key) ? 0 :
	    unfit(fail, o, key, "an object");
}

static int
take_list(const json_t *o, const char *key, size_t max, json_t **member,
    struct fail *fail)
{
	*member = json_array_of(o, key);
	if (*member == NULL && !is_absent(o, key))
		return unfit(fail, o, key, "a list");
	if (json_array_size(*member) > max)
		return fail_set(fail, FAIL_SYSTEM, "%s has more than %zu "
		    "entries", key, max);
	return 0;
}

/* Copy a member that consists of letters, digits and the extra characters;
 * "" if it is absent. */
static int
take_name(const json_t *o, const char *key, const char *extra, char *dst,
    size_t size, struct fail *fail)
{
	const char *text = json_text(o, key);
	char form[80];

	dst[0] = '\0';
	if (is_absent(o, key))
		return 0;
	if (text != NULL && cp_chars_valid(text, extra) &&
	    strlcpy(dst, text, size) < size)
		return 0;
	dst[0] = '\0';
	(void)snprintf(form, sizeof(form), "1 to %zu letters, digits%s%s",
	    size - 1, extra[0] != '\0' ? " and characters of " : "", extra);
	return unfit(fail, o, key, form);
}

static bool
id_valid(const char *id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? id[i] != '-' : id[i] == '\0' ||
		    strchr("0123456789abcdef", id[i]) == NULL)
			return false;
	return id[i] == '\0';
}

static int
take_id(const json_t *o, const char *key, char *dst, struct fail *fail)
{
	const char *text = json_text(o, key);

	dst[0] = '\0';
	if (text == NULL || !id_valid(text))
		return unfit(fail, o, key, "an id as CodePipeline makes them");
	strlcpy(dst, text, JOB_ID_SIZE);
	return 0;
}

/* A new text of 1 to max bytes without control characters. */
static int
take_text(const json_t *o, const char *key, size_t max, char **dst,
    struct fail *fail)
{
	const char *text = json_text(o, key), *p;
	size_t len = text == NULL ? 0 : strlen(text);
	char form[80];

	(void)snprintf(form, sizeof(form), "a text of 1 to %zu bytes without "
	    "control characters", max);
	if (len == 0 || len > max)
		return unfit(fail, o, key, form);
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return unfit(fail, o, key, form);
	*dst = xstrdup(text);
	return 0;
}

static int
take_secret(const json_t *o, const char *key, size_t max, struct secret **dst,
    struct fail *fail)
{
	char *text;

	if (take_text(o, key, max, &text, fail) != 0)
		return -1;
	*dst = secret_text(text);
	xfree_secret(text);
	return 0;
}

static int
type_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	json_t *type;

	if (take_object(data, "actionTypeId", &type, fail) != 0)
		return -1;
	if (take_name(type, "category", "", d->category, sizeof(d->category),
	    fail) != 0 || take_name(type, "provider", "-_", d->provider,
	    sizeof(d->provider), fail) != 0 || take_name(type, "version", "-_",
	    d->version, sizeof(d->version), fail) != 0)
		return fail_prefix(fail, "actionTypeId");
	return 0;
}

static int
context_parse(const json_t *context, struct job_data *d, struct fail *fail)
{
	json_t *stage, *action;

	if (take_name(context, "pipelineName", ".@-_", d->pipeline,
	    sizeof(d->pipeline), fail) != 0 ||
	    (!is_absent(context, "pipelineExecutionId") && take_id(context,
	    "pipelineExecutionId", d->execution, fail) != 0) ||
	    take_object(context, "stage", &stage, fail) != 0 ||
	    take_object(context, "action", &action, fail) != 0)
		return -1;
	if (take_name(stage, "name", ".@-_", d->stage, sizeof(d->stage),
	    fail) != 0)
		return fail_prefix(fail, "stage");
	if (take_name(action, "name", ".@-_", d->action, sizeof(d->action),
	    fail) != 0)
		return fail_prefix(fail, "action");
	return 0;
}

static int
names_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	json_t *context;

	if (take_object(data, "pipelineContext", &context, fail) != 0)
		return -1;
	if (context_parse(context, d, fail) != 0)
		return fail_prefix(fail, "pipelineContext");
	return type_parse(data, d, fail);
}

/* One property of the action; total counts the bytes of all. */
static int
property_take(struct job_data *d, const char *name, json_t *value,
    size_t *total, struct fail *fail)
{
	if (name[0] == '\0' || utf8_count(name) > PROPERTY_MAX)
		return fail_set(fail, FAIL_CONFIG, "the name of a property is "
		    "empty or longer than %d characters", PROPERTY_MAX);
	if (!json_is_string(value))
		return fail_set(fail, FAIL_CONFIG, "property %s is not a text",
		    name);
	if (utf8_count(json_string_value(value)) > VALUE_MAX)
		return fail_set(fail, FAIL_CONFIG, "property %s is longer than "
		    "%d characters", name, VALUE_MAX);
	*total += strlen(name) + json_string_length(value);
	if (*total > JOB_CONFIGURATION_MAX)
		return fail_set(fail, FAIL_CONFIG, "the properties have more "
		    "than %d bytes together", JOB_CONFIGURATION_MAX);
	json_object_set(d->configuration, name, value);
	return 0;
}

static int
configuration_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	json_t *all, *given;
	json_t *value;
	const char *name;
	size_t total = 0;

	d->configuration = json_object();
	if (take_object(data, "actionConfiguration", &all, fail) != 0 ||
	    take_object(all, "configuration", &given, fail) != 0)
		return -1;
	if (json_object_size(given) > PROPERTIES_MAX)
		return fail_set(fail, FAIL_CONFIG, "configuration has more "
		    "than %d properties", PROPERTIES_MAX);
	json_object_foreach(given, name, value)
		if (!json_is_null(value) && property_take(d, name, value,
		    &total, fail) != 0)
			return fail_prefix(fail, "configuration");
	return 0;
}

static int
location_parse(const json_t *location, struct job_artifact *a,
    struct fail *fail)
{
	const char *type = json_text(location, "type");
	json_t *s3;

	if (!is_absent(location, "type") &&
	    (type == NULL || strcmp(type, "S3") != 0))
		return unfit(fail, location, "type", "S3");
	if (take_object(location, "s3Location", &s3, fail) != 0)
		return -1;
	if (s3 == NULL)
		return unfit(fail, location, "s3Location", "");
	if (take_text(s3, "bucketName", S3_BUCKET_MAX, &a->bucket, fail) != 0 ||
	    take_text(s3, "objectKey", S3_KEY_MAX, &a->key, fail) != 0)
		return fail_prefix(fail, "s3Location");
	if (!cp_chars_valid(a->bucket, ".-_"))
		return unfit(fail, s3, "bucketName", "the name of a bucket");
	return 0;
}

static int
artifact_parse(const json_t *given, struct job_artifact *a, struct fail *fail)
{
	json_t *location;
	char name[JOB_NAME_SIZE];

	if (!json_is_object(given))
		return fail_set(fail, FAIL_SYSTEM, "it is not an object");
	if (take_name(given, "name", "-_", name, sizeof(name), fail) != 0)
		return -1;
	if (name[0] == '\0')
		return unfit(fail, given, "name", "");
	a->name = xstrdup(name);
	if (take_object(given, "location", &location, fail) != 0)
		return -1;
	if (location == NULL)
		return unfit(fail, given, "location", "");
	if (location_parse(location, a, fail) != 0)
		return fail_prefix(fail, "location");
	return 0;
}

static int
artifacts_parse(const json_t *data, const char *key,
    struct job_artifact artifacts[JOB_ARTIFACTS_MAX], size_t *n,
    struct fail *fail)
{
	json_t *given;
	size_t i;

	if (take_list(data, key, JOB_ARTIFACTS_MAX, &given, fail) != 0)
		return -1;
	for (i = 0; i < json_array_size(given); i++) {
		*n = i + 1;
		if (artifact_parse(json_array_get(given, i), &artifacts[i],
		    fail) != 0)
			break;
	}
	if (i < json_array_size(given)) {
		fail->kind = FAIL_REVISION;
		return fail_prefix(fail, "%s, entry %zu", key, i + 1);
	}
	return 0;
}

/* Whatever it is: a token that is wrong fails its job, which needs a claim. One
 * that is no text, or too long, is no token any more, but still there. */
static void
take_token(const json_t *data, struct job_data *d)
{
	const json_t *token = json_object_get(data, "continuationToken");
	const char *text = json_string_value(token);

	if (token == NULL || json_is_null(token) ||
	    (text != NULL && text[0] == '\0'))
		return;
	d->continuation = xstrndup(text != NULL ? text : "",
	    JOB_TOKEN_MAX + 1);
}

static int
keys_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	json_t *creds, *key;

	if (take_object(data, "artifactCredentials", &creds, fail) != 0 ||
	    take_object(data, "encryptionKey", &key, fail) != 0)
		return -1;
	if (creds != NULL && (take_text(creds, "accessKeyId", AWS_KEY_ID_MAX,
	    &d->credentials.access_key_id, fail) != 0 ||
	    take_secret(creds, "secretAccessKey", AWS_SECRET_KEY_MAX,
	    &d->credentials.secret_key, fail) != 0 ||
	    take_secret(creds, "sessionToken", SECRET_MAX,
	    &d->credentials.token, fail) != 0)) {
		credentials_free(&d->credentials);
		return fail_prefix(fail, "artifactCredentials");
	}
	if (key != NULL && (take_text(key, "id", JOB_KMS_ID_MAX,
	    &d->encryption_key, fail) != 0 || take_text(key, "type",
	    JOB_KMS_TYPE_MAX, &d->encryption_type, fail) != 0))
		return fail_prefix(fail, "encryptionKey");
	return 0;
}

static int
inputs_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	return artifacts_parse(data, "inputArtifacts", d->inputs, &d->ninputs,
	    fail);
}

static int
outputs_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	return artifacts_parse(data, "outputArtifacts", d->outputs,
	    &d->noutputs, fail);
}

/* Takes all that can be read, and notes the first fault. */
static void
data_parse(const json_t *job, struct job_data *d)
{
	static int (*const parts[])(const json_t *, struct job_data *,
	    struct fail *) = { names_parse, configuration_parse, inputs_parse,
	    outputs_parse, keys_parse };
	struct fail fail = { 0 };
	json_t *data;

	if (take_object(job, "data", &data, &fail) == 0 && data == NULL)
		(void)unfit(&fail, job, "data", "");
	if (data == NULL) {
		d->unread = xstrdup(fail.text);
		d->unread_kind = fail.kind;
		return;
	}
	take_token(data, d);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i](data, d, &fail) != 0 && d->unread == NULL) {
			d->unread = xstrdup(fail.text);
			d->unread_kind = fail.kind;
		}
}

/* One job of PollForJobs or GetJobDetails; the latter has no nonce. */
static int
job_parse(const json_t *job, bool offered, struct job_data *d,
    struct fail *fail)
{
	const char *nonce = json_text(job, "nonce");

	memset(d, 0, sizeof(*d));
	if (take_id(job, "id", d->id, fail) != 0)
		return -1;
	if (offered && (nonce == NULL || nonce[0] == '\0' ||
	    strlcpy(d->nonce, nonce, sizeof(d->nonce)) >= sizeof(d->nonce)))
		return unfit(fail, job, "nonce", "a text of 1 to 50 bytes");
	data_parse(job, d);
	return 0;
}

static json_t *
answer_parse(const struct buf *body, struct fail *fail)
{
	struct fail why;
	json_t *answer;

	if (body->len == 0) {
		fail_set(fail, FAIL_SYSTEM, "the answer is empty");
		return NULL;
	}
	if (json_crowded(body->data, body->len, VALUES_MAX)) {
		fail_set(fail, FAIL_SYSTEM, "the answer has more than %d "
		    "values", VALUES_MAX);
		return NULL;
	}
	if ((answer = json_parse(body->data, body->len, &why)) == NULL) {
		fail_set(fail, FAIL_SYSTEM, "the answer is not JSON: %s",
		    why.text);
		return NULL;
	}
	if (!json_is_object(answer)) {
		fail_set(fail, FAIL_SYSTEM, "the answer is not a JSON object");
		json_decref(answer);
		return NULL;
	}
	return answer;
}

int
cp_poll_parse(const struct buf *body, struct job_data **jobs, size_t *n,
    size_t *nbroken, struct fail *fail)
{
	json_t *answer, *list;
	size_t i, count;

	*jobs = NULL;
	*n = *nbroken = 0;
	if ((answer = answer_parse(body, fail)) == NULL)
		return -1;
	list = json_object_get(answer, "jobs");
	if (list != NULL && !json_is_array(list) && !json_is_null(list)) {
		json_decref(answer);
		return fail_set(fail, FAIL_SYSTEM, "the answer's jobs are not "
		    "a list");
	}
	if ((count = json_array_size(list)) > JOBS_MAX) {
		*nbroken = count - JOBS_MAX;
		count = JOBS_MAX;
		fail_set(fail, FAIL_SYSTEM, "more than %d jobs in one answer",
		    JOBS_MAX);
	}
	if (count > 0)
		*jobs = xcalloc(count, sizeof(**jobs));
	for (i = 0; i < count; i++) {
		if (job_parse(json_array_get(list, i), true, &(*jobs)[*n],
		    fail) == 0)
			(*n)++;
		else
			(*nbroken)++;
	}
	json_decref(answer);
	return 0;
}

void
cp_jobs_free(struct job_data *jobs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		job_data_free(&jobs[i]);
	free(jobs);
}

int
cp_details_parse(const struct buf *body, struct job_data *d, struct fail *fail)
{
	json_t *answer;
	int rc;

	memset(d, 0, sizeof(*d));
	if ((answer = answer_parse(body, fail)) == NULL)
		return -1;
	rc = job_parse(json_object_of(answer, "jobDetails"), false, d, fail);
	json_decref(answer);
	return rc;
}

int
cp_acknowledge_parse(const struct buf *body, char *status, size_t size,
    struct fail *fail)
{
	json_t *answer;
	const char *text;
	int rc = 0;

	status[0] = '\0';
	if ((answer = answer_parse(body, fail)) == NULL)
		return -1;
	text = json_text(answer, "status");
	if (text == NULL || !cp_chars_valid(text, ""))
		rc = fail_set(fail, FAIL_SYSTEM, "the answer has no status");
	else
		strlcpy(status, text, size);
	json_decref(answer);
	return rc;
}
