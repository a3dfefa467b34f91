/*
 * What aws-credentials answers to the supervisor.
 */
#include "fuzz.h"
#include "src/supervisor/aws_keys.c"

struct lookup *
lookup_start(sd_event *event, const struct conf *conf, lookup_done done,
    void *arg, struct fail *f)
{
	(void)event, (void)conf, (void)done, (void)arg;
	(void)fail_set(f, FAIL_SYSTEM, "not here");
	return NULL;
}

void
lookup_stop(struct lookup *l)
{
	(void)l;
}

pid_t
lookup_pid(const struct lookup *l)
{
	(void)l;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct finding found = { 0 };
	struct fail f = { 0 };
	struct buf answer;

	if (size > LOOKUP_ANSWER_MAX)
		return 0;
	buf_init(&answer, LOOKUP_ANSWER_MAX);
	(void)buf_add(&answer, data, size);
	if (read_answer(&answer, &found, &f) == -1)
		fuzz_fail_check(&f, CANARY);
	else
		MUST(found.keys.access_key_id != NULL &&
		    found.keys.secret_key != NULL);
	finding_free(&found);
	buf_free(&answer);
	return 0;
}
