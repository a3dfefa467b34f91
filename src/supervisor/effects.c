/*
 * Effects of a job that talk to CodePipeline, and the order an executor gets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sys.h"
#include "worker.h"

static void
deliver_again(struct entry *entry, enum job_event_type type,
    const struct aws_reply *reply)
{
	struct job_event ev = { .type = type };

	if (reply->transport == FAIL_NONE)
		ev.u.retry_after_ms = reply->error.retry_after_ms;
	dispatch_event(entry, &ev);
}

/* Whether the peer may have acted although no proper answer came. A proxy's
 * refusal may stand for an answer that it did not let through. */
static bool
unsure(const struct aws_reply *reply)
{
	if (reply->transport != FAIL_NONE)
		return reply->transport != FAIL_AGAIN &&
		    reply->transport != FAIL_CONFIG;
	return reply->error.class == AWS_TRANSIENT;
}

/* --- AcknowledgeJob --- */

static void
ack_nonce(struct entry *entry)
{
	struct job *job = &entry->job;

	if (jobs_nonce_stale(job)) {
		journal_job(job, JOURNAL_AWS, LOG_INFO, "offered anew in the "
		    "meantime: claiming it with the new nonce");
	} else if (!job->ack_unsure) {
		journal_job(job, JOURNAL_DROPPED, LOG_INFO,
		    "another worker has it");
	} else {
		entry->worker->ambiguous++;
		journal_job(job, JOURNAL_AMBIGUOUS, LOG_WARNING, "an earlier "
		    "AcknowledgeJob was not answered, and now CodePipeline "
		    "says that the job is claimed: %s (ambiguous_claim)",
		    job->rules.run_ambiguous ? "it is run as ours" :
		    "it is left alone; if the claim was ours, the action ends "
		    "at its time-out");
	}
	dispatch_simple(entry, EV_ACK_NONCE);
}

static void
ack_refused(struct entry *entry, const struct aws_reply *reply)
{
	if (strcmp(reply->error.code, "InvalidNonceException") == 0) {
		ack_nonce(entry);
		return;
	}
	journal_job(&entry->job, JOURNAL_DROPPED, LOG_WARNING,
	    "not claimed: %s", reply->text);
	dispatch_simple(entry, EV_ACK_REFUSED);
}

static void
ack_done(const struct aws_reply *reply, void *arg)
{
	struct entry *entry = arg;
	char status[64], shown[128];

	entry->ack = NULL;
	if (!reply->ok) {
		if (!call_passing(reply) && reply->transport == FAIL_NONE) {
			ack_refused(entry, reply);
			return;
		}
		journal_job(&entry->job, JOURNAL_AWS, LOG_WARNING, "%s",
		    reply->text);
		deliver_again(entry, unsure(reply) ? EV_ACK_UNSURE :
		    EV_ACK_AGAIN, reply);
		return;
	}
	if (cp_acknowledge_parse(reply->body, status, sizeof(status),
	    NULL) != 0) {
		journal_job(&entry->job, JOURNAL_AWS, LOG_WARNING,
		    "AcknowledgeJob: the answer has no status");
		dispatch_simple(entry, EV_ACK_UNSURE);
	} else if (strcmp(status, "InProgress") == 0) {
		entry->worker->claimed++;
		journal_job(&entry->job, JOURNAL_CLAIMED, LOG_INFO,
		    "claimed: job %s, pipeline %s, stage %s, action %s",
		    entry->job.id, entry->job.pipeline, entry->job.stage,
		    entry->job.name);
		dispatch_simple(entry, EV_ACKNOWLEDGED);
	} else {
		journal_job(&entry->job, JOURNAL_DROPPED, LOG_INFO,
		    "not ours: AcknowledgeJob answered %s",
		    log_safe(shown, sizeof(shown), status));
		dispatch_simple(entry, EV_ACK_REFUSED);
	}
}

void
effect_acknowledge(struct entry *entry)
{
	struct fail fail;

	entry->ack = call_start(entry->worker, "AcknowledgeJob",
	    cp_acknowledge_input(entry->job.id, entry->job.nonce), true,
	    ack_done, entry, &fail);
	if (entry->ack == NULL)
		dispatch_simple(entry, EV_ACK_AGAIN);
}

/* --- GetJobDetails --- */

static void
details_take(struct entry *entry, struct job_data *data)
{
	if (!(entry->job.busy & FX_DETAILS)) {	/* nobody waits any more */
		job_data_free(data);
	} else if (entry->job.want_credentials) {
		credentials_free(&entry->fresh);
		entry->fresh = data->credentials;
		memset(&data->credentials, 0, sizeof(data->credentials));
		job_data_free(data);
	} else {
		job_data_free(&entry->data);
		entry->data = *data;
		entries_check_token(entry);
	}
	dispatch_simple(entry, EV_DETAILS);
}

static void
details_done(const struct aws_reply *reply, void *arg)
{
	struct entry *entry = arg;
	struct job_data data;
	struct fail fail;

	entry->details = NULL;
	if (reply->ok) {
		memset(&data, 0, sizeof(data));
		if (cp_details_parse(reply->body, &data, &fail) == 0) {
			details_take(entry, &data);
			return;
		}
		journal_job(&entry->job, JOURNAL_AWS, LOG_WARNING,
		    "GetJobDetails: %s", fail.text);
		dispatch_simple(entry, EV_DETAILS_AGAIN);
		return;
	}
	journal_job(&entry->job, JOURNAL_AWS, LOG_WARNING, "%s", reply->text);
	if (call_passing(reply)) {
		deliver_again(entry, EV_DETAILS_AGAIN, reply);
		return;
	}
	free(entry->refused);
	entry->refused = xstrdup(reply->text);
	dispatch_text(entry, EV_DETAILS_REFUSED, reply->text);
}

void
effect_details(struct entry *entry)
{
	struct fail fail;

	call_cancel(entry->details);
	entry->details = call_start(entry->worker, "GetJobDetails",
	    cp_details_input(entry->job.id), false, details_done, entry,
	    &fail);
	if (entry->details == NULL)
		dispatch_simple(entry, EV_DETAILS_AGAIN);
}

/* --- PutJobSuccessResult, PutJobFailureResult --- */

static bool
is_code(const struct aws_reply *reply, const char *one, const char *other)
{
	return reply->transport == FAIL_NONE &&
	    (strcmp(reply->error.code, one) == 0 ||
	    strcmp(reply->error.code, other) == 0);
}

static void
report_refused(struct entry *entry, const struct aws_reply *reply)
{
	struct job *job = &entry->job;

	if (job->report_unsure || job->resumed)
		journal_job(job, JOURNAL_REPORTED, LOG_NOTICE, "%s: an earlier "
		    "attempt had no answer and counts as taken", reply->text);
	else
		journal_job(job, JOURNAL_REFUSED, LOG_WARNING, "%s: the "
		    "action was stopped or timed out in CodePipeline",
		    reply->text);
	dispatch_simple(entry, EV_REPORT_REFUSED);
}

static void
count_result(struct entry *entry)
{
	bool success = entry->job.result.outcome == OUTCOME_SUCCESS;

	if (success)
		entry->worker->succeeded++;
	else if (entry->job.result.outcome == OUTCOME_FAILURE)
		entry->worker->failed++;
	journal_job(&entry->job, JOURNAL_REPORTED, LOG_INFO, "reported: %s",
	    job_outcome_name(entry->job.result.outcome));
}

/* CodePipeline answers nothing or an object (aws-contract 1.3); a proxy's page
 * says nothing of the result. */
static bool
is_taken(const struct buf *body)
{
	const char *text = buf_text(body);
	json_t *answer;
	bool taken;

	if (text[strspn(text, " \r\n\t")] == '\0')
		return true;
	answer = json_parse(body->data, body->len, NULL);
	taken = json_is_object(answer);
	json_decref(answer);
	return taken;
}

static void
report_done(const struct aws_reply *reply, void *arg)
{
	struct entry *entry = arg;

	entry->report = NULL;
	if (reply->ok && !is_taken(reply->body)) {
		journal_job(&entry->job, JOURNAL_AWS, LOG_WARNING, "the answer "
		    "to the report is none of CodePipeline's; the result is "
		    "kept and sent again");
		dispatch_simple(entry, EV_REPORT_UNSURE);
		return;
	}
	if (reply->ok) {
		count_result(entry);
		dispatch_simple(entry, EV_REPORTED);
		return;
	}
	if (is_code(reply, "JobNotFoundException",
	    "InvalidJobStateException")) {
		report_refused(entry, reply);
		return;
	}
	if (is_code(reply, "ValidationException",
	    "OutputVariablesSizeExceededException")) {
		journal_job(&entry->job, JOURNAL_REFUSED, LOG_ERR,
		    "%s; reporting less", reply->text);
		dispatch_simple(entry, EV_REPORT_INVALID);
		return;
	}
	/* Whatever else it is, a missing permission included, may be mended
	 * while the result is kept. */
	journal_job(&entry->job, JOURNAL_AWS, call_passing(reply) ?
	    LOG_WARNING : LOG_ERR, "%s; the result is kept and sent again",
	    reply->text);
	deliver_again(entry, unsure(reply) ? EV_REPORT_UNSURE :
	    EV_REPORT_AGAIN, reply);
}

void
effect_report(struct entry *entry)
{
	const struct job *job = &entry->job;
	const char *operation = NULL;
	struct fail fail;
	json_t *input;

	input = cp_result_input(job->id, &job->result, job->bare, &operation);
	entry->report = call_start(entry->worker, operation, input, true,
	    report_done, entry, &fail);
	if (entry->report == NULL)
		dispatch_simple(entry, EV_REPORT_AGAIN);
}

/* --- the order --- */

static struct secret *
password(const struct worker *worker, struct fail *fail)
{
	if (worker->password != NULL)
		return secret_dup(worker->password);
	if (worker->conf.cloudshell.password_file == NULL) {
		fail_set(fail, FAIL_CONFIG,
		    "cloudshell.password_file: not set");
		return NULL;
	}
	return secret_read(worker->conf.cloudshell.password_file, fail);
}

/* What a file of certificates holds: executors cannot read it. What is not
 * UTF-8 in it can only be a remark. */
static int
certificates(const char *setting, const char *path, char **text,
    struct fail *fail)
{
	if (path == NULL)
		return 0;
	if ((*text = sys_read_file(path, IPC_CA_MAX, NULL)) == NULL)
		return fail_set(fail, FAIL_CONFIG, "%s: %s: %s", setting, path,
		    strerror(errno));
	utf8_clean(*text, true);
	return 0;
}

static int
order_certificates(const struct worker *worker, struct ipc_order *order,
    struct fail *fail)
{
	const struct conf *conf = &worker->conf;

	if (conf->cloudshell.verify && certificates("cloudshell.ca_file",
	    conf->cloudshell.ca_file, &order->cloudshell.ca, fail) != 0)
		return -1;
	return certificates("aws.ca_file or AWS_CA_BUNDLE",
	    credentials_ca_bundle(worker->credentials), &order->s3.ca, fail);
}

static void
order_places(const struct worker *worker, struct ipc_order *order)
{
	const struct conf *conf = &worker->conf;
	struct credential_source *source = worker->credentials;

	order->s3.region = xstrdup(worker_region(worker));
	order->s3.endpoint = xstrdup(credentials_endpoint(source, "s3"));
	order->s3.use_fips = credentials_use_fips(source);
	order->s3.use_dualstack = credentials_use_dualstack(source);
	order->cloudshell.url = xstrdup(conf->cloudshell.url);
	order->cloudshell.user = xstrdup(conf->cloudshell.user);
	order->cloudshell.domain = xstrdup(conf->cloudshell.domain);
	order->cloudshell.verify = conf->cloudshell.verify;
	order->cloudshell.portal_url = xstrdup(conf->cloudshell.portal_url);
}

static void
order_policy(const struct conf *conf, struct ipc_order *order)
{
	order->policy.wait_first_ms = conf->worker.wait_first;
	order->policy.wait_max_ms = conf->worker.wait_max;
	/* All slots together stay under the request rate. */
	order->policy.wait_floor_ms = conf->worker.max_jobs * 1000 /
	    conf->worker.max_request_rate;
	order->policy.http_timeout_ms = conf->worker.http_timeout;
	order->policy.stop_ms = conf->worker.kill_grace * 4 / 5;
	order->policy.tag_sandbox_names = conf->worker.tag_sandbox_names;
	order->policy.keep_failed_setup =
	    conf->start.on_setup_failure == SETUP_FAILURE_KEEP;
	order->policy.command_output = conf->run.output_variable;
	order->policy.wait_for_teardown = conf->end.wait_for_teardown;
}

int
effect_order(struct entry *entry, struct buf *line, struct fail *fail)
{
	struct job_now now = dispatch_now();
	struct ipc_order order = { 0 };
	int rc = -1;

	order.cloudshell.password = password(entry->worker, fail);
	if (order.cloudshell.password == NULL)
		return -1;
	order.kind = entry->job.cleaning ? ORDER_CLEANUP : ORDER_RUN;
	order.action = entry->job.action;
	order.remaining_ms = jobs_remaining(&entry->job, &now);
	order.resumed = entry->job.resumed;
	if (!entry->job.cleaning) {
		order.data = entry->data;	/* and its secrets with it */
		memset(&entry->data, 0, sizeof(entry->data));
		order.data.nonce[0] = '\0';	/* none of its business */
	}
	strlcpy(order.data.id, entry->job.id, sizeof(order.data.id));
	job_facts_copy(&order.facts, &entry->job.facts);
	order_places(entry->worker, &order);
	order_policy(&entry->worker->conf, &order);
	if (order_certificates(entry->worker, &order, fail) != 0)
		goto out;
	rc = ipc_order_encode(line, &order);
	if (rc != 0)
		fail_set(fail, FAIL_SYSTEM, "the order is larger than %d bytes "
		    "or not UTF-8", IPC_ORDER_MAX);
out:
	ipc_order_free(&order);
	return rc;
}
