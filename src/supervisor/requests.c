/*
 * Requests to CodePipeline for one job.
 */
#include <stdlib.h>
#include <string.h>

#include "codepipeline.h"
#include "codepipeline_answer.h"
#include "json.h"
#include "mem.h"
#include "requests.h"

/* The answer as the job's life reads it; each request adds more. */
static struct life_answer
answer_of(const struct aws_reply *reply)
{
	return (struct life_answer){ .ok = reply->ok,
	    .passing = reply->passing, .unsure = reply->unsure,
	    .code = reply->error.code, .text = reply->text,
	    .retry_after_ms = reply->error.retry_after_ms };
}

static void
tell(struct entry *entry, enum life_event_type type,
    const struct life_answer *answer)
{
	struct life_event event = { .type = type, .u.answer = answer };

	board_tell(entry, &event);
}

static struct aws_call *
start(struct requests *requests, struct entry *entry, const char *operation,
    json_t *input, enum aws_sending sending, aws_call_done done,
    enum life_event_type type)
{
	struct aws_call *call;
	struct fail fail;

	call = aws_call_start(requests->aws, operation, input, sending, done,
	    entry, &fail);
	if (call == NULL)
		board_post_unsent(entry, type);
	return call;
}

/* --- AcknowledgeJob --- */

static void
acknowledged(const struct aws_reply *reply, void *arg)
{
	struct life_answer answer = answer_of(reply);
	struct entry *entry = arg;
	char status[64];

	entry->acknowledge = NULL;
	if (reply->ok && cp_acknowledge_parse(reply->body, status,
	    sizeof(status), NULL) != 0) {
		answer.ok = false;
		answer.odd = true;
		answer.text = "AcknowledgeJob: the answer has no status";
	} else if (reply->ok)
		answer.status = status;
	tell(entry, EV_ACK_ANSWER, &answer);
}

void
requests_acknowledge(struct requests *requests, struct entry *entry)
{
	entry->acknowledge = start(requests, entry, "AcknowledgeJob",
	    cp_acknowledge_input(entry->life.id, entry->life.nonce), AWS_ONCE,
	    acknowledged, EV_ACK_ANSWER);
}

/* --- GetJobDetails --- */

static void
take_details(struct entry *entry, struct job_data *data,
    struct life_answer *answer)
{
	if (!(entry->life.busy & FX_DETAILS)) {	/* nobody waits any more */
		job_data_free(data);
	} else if (entry->life.want_credentials && data->unread != NULL &&
	    data->credentials.access_key_id == NULL) {
		answer->ok = false;	/* there are none */
		job_data_free(data);
	} else if (entry->life.want_credentials) {
		credentials_free(&entry->fresh);
		entry->fresh = data->credentials;
		memset(&data->credentials, 0, sizeof(data->credentials));
		job_data_free(data);
	} else {
		job_data_free(&entry->data);
		entry->data = *data;
		answer->token = entry->data.continuation;
		answer->unread = entry->data.unread;
		answer->unread_kind = entry->data.unread_kind;
	}
}

static void
detailed(const struct aws_reply *reply, void *arg)
{
	struct life_answer answer = answer_of(reply);
	struct job_data data = { 0 };
	struct entry *entry = arg;
	struct fail fail;

	entry->details = NULL;
	if (!reply->ok && !reply->passing) {
		free(entry->refused);
		entry->refused = xstrdup(reply->text);
	} else if (reply->ok &&
	    cp_details_parse(reply->body, &data, &fail) != 0) {
		(void)fail_prefix(&fail, "GetJobDetails");
		answer.ok = false;
		answer.odd = true;
		answer.text = fail.text;
	} else if (reply->ok)
		take_details(entry, &data, &answer);
	tell(entry, EV_DETAILS_ANSWER, &answer);
}

void
requests_details(struct requests *requests, struct entry *entry)
{
	if (!entry->life.want_credentials)
		token_key_refresh(requests->tokens);
	aws_call_cancel(entry->details);
	entry->details = start(requests, entry, "GetJobDetails",
	    cp_details_input(entry->life.id), AWS_REPEATED, detailed,
	    EV_DETAILS_ANSWER);
}

/* --- PutJobSuccessResult, PutJobFailureResult --- */

/* CodePipeline answers with nothing or an object (aws-contract 1.3); a proxy's
 * page says nothing about the result. */
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
put(const struct aws_reply *reply, void *arg)
{
	struct life_answer answer = answer_of(reply);
	struct entry *entry = arg;

	entry->put = NULL;
	if (reply->ok && !is_taken(reply->body)) {
		answer.ok = false;
		answer.odd = true;
	}
	tell(entry, EV_PUT_ANSWER, &answer);
}

void
requests_put(struct requests *requests, struct entry *entry)
{
	const struct life *life = &entry->life;
	const char *operation = NULL;
	json_t *input;

	input = cp_result_input(life->id, &life->result, life->bare,
	    &operation);
	entry->put = start(requests, entry, operation, input, AWS_ONCE, put,
	    EV_PUT_ANSWER);
}

void
requests_cancel_details(struct entry *entry)
{
	aws_call_cancel(entry->details);
	entry->details = NULL;
}

void
requests_cancel(struct entry *entry)
{
	requests_cancel_details(entry);
	aws_call_cancel(entry->put);
	entry->put = NULL;
}
