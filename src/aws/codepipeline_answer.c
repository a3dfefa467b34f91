/*
 * CodePipeline's answers (aws-contract 1.2-1.9): the supervisor's side. They
 * hold credentials and secret configuration in clear text, so no error text
 * here quotes them.
 */
#include <stdlib.h>
#include <string.h>

#include "codepipeline_answer.h"
#include "json.h"
#include "mem.h"
#include "model.h"
#include "utf8.h"

#define JOBS_MAX	256		/* jobs read from one answer */
#define PROPERTIES_MAX	64		/* of a configuration; the model: 10 */
#define PROPERTY_MAX	50		/* characters of a property's name */
#define VALUE_MAX	1000		/* characters of its value */

static int
broken(struct fail *fail, const char *member)
{
	return fail_set(fail, FAIL_SYSTEM, "job data: member %s is missing or "
	    "does not follow the service's model", member);
}

/* Copy a member that consists of letters, digits and the extra characters;
 * "" if it is absent. */
static int
take_name(const json_t *o, const char *key, const char *extra, char *dst,
    size_t size, struct fail *fail)
{
	const char *text = json_text(o, key);

	dst[0] = '\0';
	if (text == NULL)
		return 0;
	if (!cp_chars_valid(text, extra) || strlcpy(dst, text, size) >= size)
		return broken(fail, key);
	return 0;
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
take_id(const json_t *o, const char *key, bool required, char *dst,
    struct fail *fail)
{
	const char *text = json_text(o, key);

	dst[0] = '\0';
	if (text == NULL)
		return required ? broken(fail, key) : 0;
	if (!id_valid(text))
		return broken(fail, key);
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

	if (len == 0 || len > max)
		return broken(fail, key);
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return broken(fail, key);
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
names_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	const json_t *type = json_object_of(data, "actionTypeId");
	const json_t *context = json_object_of(data, "pipelineContext");
	const json_t *stage = json_object_of(context, "stage");
	const json_t *action = json_object_of(context, "action");

	if (take_name(type, "category", "", d->category, sizeof(d->category),
	    fail) != 0 || take_name(type, "provider", "-_", d->provider,
	    sizeof(d->provider), fail) != 0 || take_name(type, "version", "-_",
	    d->version, sizeof(d->version), fail) != 0)
		return -1;
	if (take_name(context, "pipelineName", ".@-_", d->pipeline,
	    sizeof(d->pipeline), fail) != 0 || take_id(context,
	    "pipelineExecutionId", false, d->execution, fail) != 0)
		return -1;
	if (take_name(stage, "name", ".@-_", d->stage, sizeof(d->stage),
	    fail) != 0)
		return fail_prefix(fail, "stage: ");
	if (take_name(action, "name", ".@-_", d->action, sizeof(d->action),
	    fail) != 0)
		return fail_prefix(fail, "action: ");
	return 0;
}

static int
configuration_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	json_t *given, *value;
	const char *name;
	size_t total = 0;

	d->configuration = json_object();
	given = json_object_of(json_object_of(data, "actionConfiguration"),
	    "configuration");
	if (json_object_size(given) > PROPERTIES_MAX)
		return broken(fail, "configuration");
	json_object_foreach(given, name, value) {
		if (json_is_null(value))
			continue;
		if (!json_is_string(value) || name[0] == '\0' ||
		    utf8_count(name) > PROPERTY_MAX ||
		    utf8_count(json_string_value(value)) > VALUE_MAX)
			return broken(fail, "configuration");
		total += strlen(name) + json_string_length(value);
		if (total > JOB_CONFIGURATION_MAX)
			return broken(fail, "configuration");
		json_object_set(d->configuration, name, value);
	}
	return 0;
}

static int
artifact_parse(const json_t *given, struct job_artifact *a, struct fail *fail)
{
	const json_t *location = json_object_of(given, "location");
	const json_t *s3 = json_object_of(location, "s3Location");
	const char *type = json_text(location, "type");
	char name[JOB_NAME_SIZE];

	if (take_name(given, "name", "-_", name, sizeof(name), fail) != 0)
		return -1;
	if (name[0] == '\0')
		return broken(fail, "name");
	if (type != NULL && strcmp(type, "S3") != 0)
		return broken(fail, "type");
	a->name = xstrdup(name);
	if (take_text(s3, "bucketName", S3_BUCKET_MAX, &a->bucket, fail) != 0 ||
	    take_text(s3, "objectKey", S3_KEY_MAX, &a->key, fail) != 0)
		return -1;
	if (!cp_chars_valid(a->bucket, ".-_"))
		return broken(fail, "bucketName");
	return 0;
}

static int
artifacts_parse(const json_t *data, const char *key,
    struct job_artifact artifacts[JOB_ARTIFACTS_MAX], size_t *n,
    struct fail *fail)
{
	const json_t *given = json_array_of(data, key);
	size_t i;

	if (json_array_size(given) > JOB_ARTIFACTS_MAX)
		return broken(fail, key);
	for (i = 0; i < json_array_size(given); i++) {
		*n = i + 1;
		if (artifact_parse(json_array_get(given, i), &artifacts[i],
		    fail) != 0)
			return fail_prefix(fail, "%s: ", key);
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
extras_parse(const json_t *data, struct job_data *d, struct fail *fail)
{
	const json_t *creds = json_object_of(data, "artifactCredentials");
	const json_t *key = json_object_of(data, "encryptionKey");

	if (creds != NULL && (take_text(creds, "accessKeyId", AWS_KEY_ID_MAX,
	    &d->credentials.access_key_id, fail) != 0 ||
	    take_secret(creds, "secretAccessKey", AWS_SECRET_KEY_MAX,
	    &d->credentials.secret_key, fail) != 0 ||
	    take_secret(creds, "sessionToken", SECRET_MAX,
	    &d->credentials.token, fail) != 0))
		return -1;
	if (key != NULL && (take_text(key, "id", JOB_KMS_ID_MAX,
	    &d->encryption_key, fail) != 0 || take_text(key, "type",
	    JOB_KMS_TYPE_MAX, &d->encryption_type, fail) != 0))
		return fail_prefix(fail, "encryptionKey: ");
	take_token(data, d);
	return 0;
}

/* One job of PollForJobs or GetJobDetails; the latter has no nonce. */
static int
job_parse(const json_t *job, bool offered, struct job_data *d,
    struct fail *fail)
{
	const json_t *data = json_object_of(job, "data");
	const char *nonce = json_text(job, "nonce");

	memset(d, 0, sizeof(*d));
	if (take_id(job, "id", true, d->id, fail) != 0)
		goto bad;
	if (offered && (nonce == NULL || nonce[0] == '\0' ||
	    strlcpy(d->nonce, nonce, sizeof(d->nonce)) >= sizeof(d->nonce))) {
		broken(fail, "nonce");
		goto bad;
	}
	if (data == NULL) {
		broken(fail, "data");
		goto bad;
	}
	if (names_parse(data, d, fail) != 0 ||
	    configuration_parse(data, d, fail) != 0 ||
	    artifacts_parse(data, "inputArtifacts", d->inputs, &d->ninputs,
	    fail) != 0 || artifacts_parse(data, "outputArtifacts", d->outputs,
	    &d->noutputs, fail) != 0 || extras_parse(data, d, fail) != 0)
		goto bad;
	return 0;
bad:
	job_data_free(d);
	return -1;
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
