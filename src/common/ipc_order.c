/*
 * Orders: the first, which holds everything a job needs, and the later ones.
 * Reading moves their secrets into guarded memory; the JSON on the way is wiped
 * when freed (json_init).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "ipc_member.h"
#include "ipc_order.h"
#include "json.h"
#include "names.h"

#define URL_MAX		1023
#define NAME_MAX_BYTES	255	/* user, domain, host suffix */
#define ERROR_MAX	1023
#define AGENT_MAX	1023
#define ATTEMPTS_MAX	100

static const char *const kind_names[] = {
	[ORDER_RUN] = "run",
	[ORDER_CLEANUP] = "cleanup",
};

static const char *const later_names[] = {
	[IPC_RECORDED] = "recorded",
	[IPC_CREDENTIALS] = "credentials",
	[IPC_PARK] = "park",
};

static const struct ipc_member order_members[] = {
	M_INT(ipc_order, remaining_ms, "remaining_ms", 0, INT64_MAX),
	M_BOOL(ipc_order, resumed, "resumed"),
};

static const struct ipc_member job_members[] = {
	M_CHARS(job_data, id, "id", true),
	M_CHARS(job_data, nonce, "nonce", false),
	M_CHARS(job_data, category, "category", false),
	M_CHARS(job_data, provider, "provider", false),
	M_CHARS(job_data, version, "version", false),
	M_CHARS(job_data, pipeline, "pipeline", false),
	M_CHARS(job_data, stage, "stage", false),
	M_CHARS(job_data, action, "action", false),
	M_CHARS(job_data, execution, "execution", false),
	M_TEXTS(job_data, configuration, "configuration",
	    JOB_CONFIGURATION_MAX),
	M_TEXT(job_data, encryption_key, "encryption_key", false,
	    JOB_KMS_ID_MAX),
	M_TEXT(job_data, encryption_type, "encryption_type", false,
	    JOB_KMS_TYPE_MAX),
	M_TEXT(job_data, continuation, "continuation", false, JOB_TOKEN_MAX),
};

static const struct ipc_member artifact_members[] = {
	M_TEXT(job_artifact, name, "name", true, JOB_NAME_SIZE - 1),
	M_TEXT(job_artifact, bucket, "bucket", false, S3_BUCKET_MAX),
	M_TEXT(job_artifact, key, "key", false, S3_KEY_MAX),
};

static const struct ipc_member credentials_members[] = {
	M_TEXT(credentials, access_key_id, "access_key_id", false,
	    AWS_KEY_ID_MAX),
	M_SECRET(credentials, secret_key, "secret_key"),
	M_SECRET(credentials, token, "token"),
	M_INT(credentials, expires, "expires", 0, INT64_MAX),
};

static const struct ipc_member cloudshell_members[] = {
	M_TEXT(ipc_order, cloudshell.url, "url", true, URL_MAX),
	M_TEXT(ipc_order, cloudshell.user, "user", true, NAME_MAX_BYTES),
	M_TEXT(ipc_order, cloudshell.domain, "domain", false, NAME_MAX_BYTES),
	M_SECRET(ipc_order, cloudshell.password, "password"),
	M_TEXT(ipc_order, cloudshell.ca, "ca", false, IPC_CA_MAX),
	M_BOOL(ipc_order, cloudshell.verify, "verify"),
	M_TEXT(ipc_order, cloudshell.portal_url, "portal_url", false, URL_MAX),
};

static const struct ipc_member s3_members[] = {
	M_TEXT(ipc_order, s3.region, "region", false, NAME_MAX_BYTES),
	M_TEXT(ipc_order, s3.endpoint, "endpoint", false, URL_MAX),
	M_TEXT(ipc_order, s3.ca, "ca", false, IPC_CA_MAX),
	M_BOOL(ipc_order, s3.use_fips, "use_fips"),
	M_BOOL(ipc_order, s3.use_dualstack, "use_dualstack"),
	M_TEXT(ipc_order, s3.user_agent, "user_agent", false, AGENT_MAX),
	M_INT_OR_0(ipc_order, s3.max_attempts, "max_attempts", ATTEMPTS_MAX),
};

static const struct ipc_member policy_members[] = {
	M_INT(ipc_order, policy.wait_first_ms, "wait_first_ms", 0, INT64_MAX),
	M_INT(ipc_order, policy.wait_max_ms, "wait_max_ms", 0, INT64_MAX),
	M_INT(ipc_order, policy.wait_floor_ms, "wait_floor_ms", 0, INT64_MAX),
	M_INT(ipc_order, policy.http_timeout_ms, "http_timeout_ms", 0,
	    INT64_MAX),
	M_INT(ipc_order, policy.stop_ms, "stop_ms", 0,
	    INT64_MAX),
	M_BOOL(ipc_order, policy.tag_sandbox_names, "tag_sandbox_names"),
	M_BOOL(ipc_order, policy.keep_failed_setup, "keep_failed_setup"),
	M_BOOL(ipc_order, policy.command_output, "command_output"),
	M_BOOL(ipc_order, policy.wait_for_teardown, "wait_for_teardown"),
};

/* A new object as member of o; borrowed. */
static json_t *
put_object(json_t *o, const char *name)
{
	json_t *part = json_object();

	(void)json_object_set_new(o, name, part);
	return part;
}

static void
put_section(json_t *o, const char *name, const struct ipc_order *order,
    const struct ipc_member *m, size_t n)
{
	ipc_put(put_object(o, name), order, m, n);
}

/* A required section. */
static const json_t *
take_object(const json_t *o, const char *name, struct fail *fail)
{
	const json_t *part = json_object_of(o, name);

	if (part == NULL)
		(void)fail_set(fail, FAIL_SYSTEM,
		    "order: member %s: missing or not an object", name);
	return part;
}

static int
take_section(const json_t *o, const char *name, struct ipc_order *order,
    const struct ipc_member *m, size_t n, struct fail *fail)
{
	const json_t *part = take_object(o, name, fail);
	char what[32] = "order ";

	if (part == NULL)
		return -1;
	(void)strlcat(what, name, sizeof(what));
	return ipc_take(part, order, m, n, what, fail);
}

/* --- the job --- */

static void
put_artifacts(json_t *o, const char *name, const struct job_artifact *a,
    size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		ipc_put(one, &a[i], artifact_members, COUNT(artifact_members));
		(void)json_array_append_new(list, one);
	}
	(void)json_object_set_new(o, name, list);
}

static int
take_artifacts(const json_t *o, const char *name, struct job_artifact *a,
    size_t *n, struct fail *fail)
{
	const json_t *list = json_array_of(o, name);
	size_t count = json_array_size(list);

	if (list == NULL || count > JOB_ARTIFACTS_MAX)
		return fail_set(fail, FAIL_SYSTEM, "order job: member %s: %s",
		    name, list == NULL ? "missing or not an array" :
		    "too many");
	for (size_t i = 0; i < count; i++) {
		if (ipc_take(json_array_get(list, i), &a[i], artifact_members,
		    COUNT(artifact_members), "order artifact", fail) != 0)
			return -1;
		*n = i + 1;
	}
	return 0;
}

static void
put_job(json_t *o, const struct job_data *d)
{
	ipc_put(o, d, job_members, COUNT(job_members));
	put_artifacts(o, "inputs", d->inputs, d->ninputs);
	put_artifacts(o, "outputs", d->outputs, d->noutputs);
	ipc_put(put_object(o, "credentials"), &d->credentials,
	    credentials_members, COUNT(credentials_members));
}

static int
take_job(const json_t *o, struct job_data *d, struct fail *fail)
{
	const json_t *credentials;

	if (o == NULL ||
	    ipc_take(o, d, job_members, COUNT(job_members), "order job",
	    fail) != 0 ||
	    take_artifacts(o, "inputs", d->inputs, &d->ninputs, fail) != 0 ||
	    take_artifacts(o, "outputs", d->outputs, &d->noutputs, fail) != 0)
		return -1;
	if ((credentials = take_object(o, "credentials", fail)) == NULL)
		return -1;
	return ipc_take(credentials, &d->credentials, credentials_members,
	    COUNT(credentials_members), "order credentials", fail);
}

/* --- the order --- */

/* The other half of order_take. */
int
ipc_order_encode(struct buf *b, const struct ipc_order *order)
{
	json_t *o = json_object();

	json_put_text(o, "type", "order");
	(void)json_object_set_new(o, "version", json_integer(IPC_VERSION));
	json_put_text(o, "kind", kind_names[order->kind]);
	json_put_text(o, "action", job_action_name(order->action));
	ipc_put(o, order, order_members, COUNT(order_members));
	put_job(put_object(o, "job"), &order->data);
	ipc_facts_put(put_object(o, "facts"), &order->facts);
	put_section(o, "cloudshell", order, cloudshell_members,
	    COUNT(cloudshell_members));
	put_section(o, "s3", order, s3_members, COUNT(s3_members));
	put_section(o, "policy", order, policy_members, COUNT(policy_members));
	return ipc_line_add(b, o, IPC_ORDER_MAX);
}

static int
order_head_take(const json_t *o, struct ipc_order *order, struct fail *fail)
{
	const char *type = json_text(o, "type");
	int kind = name_find(kind_names, COUNT(kind_names),
	    json_text(o, "kind"), -1);

	if (type == NULL || strcmp(type, "order") != 0)
		return fail_set(fail, FAIL_SYSTEM, "order: not an order");
	if (json_int(o, "version", -1) != IPC_VERSION)
		return fail_set(fail, FAIL_SYSTEM,
		    "order: protocol version is not %d", IPC_VERSION);
	if (kind == -1)
		return fail_set(fail, FAIL_SYSTEM,
		    "order: member kind: missing or unknown");
	order->kind = (enum ipc_order_kind)kind;
	order->action = job_action_parse(json_text(o, "action"));
	if (order->action == ACTION_MAX)
		return fail_set(fail, FAIL_SYSTEM,
		    "order: member action: missing or unknown");
	return ipc_take(o, order, order_members, COUNT(order_members),
	    "order", fail);
}

static int
order_take(const json_t *o, struct ipc_order *order, struct fail *fail)
{
	const json_t *facts;

	if (order_head_take(o, order, fail) != 0 ||
	    take_job(take_object(o, "job", fail), &order->data, fail) != 0 ||
	    (facts = take_object(o, "facts", fail)) == NULL ||
	    ipc_facts_take(facts, &order->facts, "order facts", fail) != 0 ||
	    take_section(o, "cloudshell", order, cloudshell_members,
	    COUNT(cloudshell_members), fail) != 0 ||
	    take_section(o, "s3", order, s3_members, COUNT(s3_members),
	    fail) != 0)
		return -1;
	return take_section(o, "policy", order, policy_members,
	    COUNT(policy_members), fail);
}

int
ipc_order_decode(const char *line, size_t len, struct ipc_order *order,
    struct fail *fail)
{
	json_t *o;
	int ret;

	memset(order, 0, sizeof(*order));
	o = ipc_line_parse(line, len, IPC_ORDER_MAX, "order", fail);
	if (o == NULL)
		return -1;
	ret = order_take(o, order, fail);
	if (ret != 0)
		ipc_order_free(order);
	json_decref(o);
	return ret;
}

void
ipc_order_free(struct ipc_order *order)
{
	job_data_free(&order->data);
	job_facts_free(&order->facts);
	free(order->cloudshell.url);
	free(order->cloudshell.user);
	free(order->cloudshell.domain);
	secret_free(order->cloudshell.password);
	free(order->cloudshell.ca);
	free(order->cloudshell.portal_url);
	free(order->s3.region);
	free(order->s3.endpoint);
	free(order->s3.ca);
	free(order->s3.user_agent);
	explicit_bzero(order, sizeof(*order));
}

/* --- later orders --- */

static const struct ipc_member later_members[] = {
	M_PROSE(ipc_later_order, error, "error", ERROR_MAX),
};

int
ipc_later_encode(struct buf *b, const struct ipc_later_order *l)
{
	json_t *o = json_object();

	json_put_text(o, "type", later_names[l->type]);
	if (l->type == IPC_CREDENTIALS && l->error != NULL)
		ipc_put(o, l, later_members, COUNT(later_members));
	else if (l->type == IPC_CREDENTIALS)
		ipc_put(put_object(o, "credentials"), &l->credentials,
		    credentials_members, COUNT(credentials_members));
	return ipc_line_add(b, o, IPC_ORDER_MAX);
}

static int
later_take(const json_t *o, struct ipc_later_order *l, struct fail *fail)
{
	const char *type = json_text(o, "type");
	const json_t *credentials;
	int i = name_find(later_names, COUNT(later_names), type, -1);

	if (i == -1)
		return fail_set(fail, FAIL_SYSTEM, "order: %s type",
		    type == NULL ? "no" : "unknown");
	l->type = (enum ipc_later)i;
	if (l->type != IPC_CREDENTIALS)
		return 0;
	if (ipc_take(o, l, later_members, COUNT(later_members),
	    "order credentials", fail) != 0)
		return -1;
	if (l->error != NULL)
		return 0;
	if ((credentials = take_object(o, "credentials", fail)) == NULL)
		return -1;
	return ipc_take(credentials, &l->credentials, credentials_members,
	    COUNT(credentials_members), "order credentials", fail);
}

int
ipc_later_decode(const char *line, size_t len, struct ipc_later_order *l,
    struct fail *fail)
{
	json_t *o;
	int ret;

	memset(l, 0, sizeof(*l));
	o = ipc_line_parse(line, len, IPC_ORDER_MAX, "order", fail);
	if (o == NULL)
		return -1;
	ret = later_take(o, l, fail);
	if (ret != 0)
		ipc_later_free(l);
	json_decref(o);
	return ret;
}

void
ipc_later_free(struct ipc_later_order *l)
{
	credentials_free(&l->credentials);
	free(l->error);
	memset(l, 0, sizeof(*l));
}
