/*
 * Calls to CodePipeline that wait for the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "codepipeline.h"
#include "json.h"
#include "user_agent.h"

struct call {
	const struct api	*api;
	const char		*operation;
	const json_t		*input;
};

int
api_open(struct api *api, const struct conf *conf,
    const struct aws_found *found, struct fail *fail)
{
	memset(api, 0, sizeof(*api));
	if (found->region == NULL)
		return fail_set(fail, FAIL_CONFIG, "no AWS region: give "
		    "--region, or set region in [aws] of worker.conf");
	if (aws_endpoint_find("codepipeline", found->region,
	    found->endpoint[AWS_CODEPIPELINE], found->use_fips,
	    found->use_dualstack, &api->endpoint, fail) != 0)
		return -1;
	api->found = found;
	api->region = found->region;
	api->client.ca_file = conf->aws.ca_file != NULL ? conf->aws.ca_file :
	    found->ca_bundle;
	api->agent = user_agent("quali-job-worker", found->app_id);
	api->client.user_agent = api->agent;
	api->client.timeout_ms = API_TIMEOUT_MS;
	api->client.attempts = found->max_attempts;
	aws_client_open(&api->client);
	return 0;
}

void
api_close(struct api *api)
{
	if (api->client.http != NULL)
		aws_client_close(&api->client);
	free(api->agent);
}

static int
build(struct aws_request *request, const struct aws_attempt *number,
    int64_t wall, void *arg, struct fail *fail)
{
	const struct call *c = arg;

	return cp_request(request, &c->api->endpoint, c->api->region,
	    &c->api->found->keys, number, wall, c->operation, c->input, fail);
}

static void
mask(char *message, void *arg)
{
	const struct call *c = arg;

	secret_mask(message, c->api->found->keys.secret_key);
	secret_mask(message, c->api->found->keys.token);
}

static json_t *
parse(const char *operation, const struct http_answer *answer,
    struct fail *fail)
{
	const char *text = buf_text(&answer->body);
	json_t *o;

	if (text[strspn(text, " \t\r\n")] == '\0')
		return json_object();
	o = json_parse(text, answer->body.len, fail);
	if (json_is_object(o))
		return o;
	if (o != NULL)
		(void)fail_set(fail, FAIL_SYSTEM, "not a JSON object");
	json_decref(o);
	fail->kind = FAIL_SYSTEM;
	(void)fail_prefix(fail, "the answer to %s", operation);
	return NULL;
}

json_t *
api_call(struct api *api, const char *operation, const json_t *input,
    struct aws_error *e, struct fail *fail)
{
	struct call c = { api, operation, input };
	struct aws_exchange x = { .operation = operation, .build = build,
	    .classify = aws_error_json, .mask = mask, .arg = &c,
	    .answer_max = API_ANSWER_MAX };
	struct http_answer answer;
	json_t *o = NULL;

	if (aws_client_call(&api->client, &x, &answer, e, fail) == 0)
		o = parse(operation, &answer, fail);
	http_answer_free(&answer);
	return o;
}
