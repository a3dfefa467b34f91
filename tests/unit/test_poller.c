/*
 * The poller, with a clock of the test's own and calls that go nowhere: time
 * passes only when the test says so, and a turn of the loop is one look at the
 * timer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/fake_loop.h"

#include "src/supervisor/poller.c"

#include <stdio.h>

#include "tests/unit/fake_aws_call.h"
#include "tests/unit/records.h"

#define INTERVAL_MS	10000
#define TYPES		6
#define HOUR_MS		3600000
#define TURNS_MAX	1000	/* of one wait: more would never end */

/* --- the parts, played --- */

static struct action_type types[TYPES];
static struct aws aws;
static struct poller *poller;
static int free_slots, offers, changes;
static bool claimable, all_known, looking, have_keys;
static char last_id[JOB_ID_SIZE];

bool
aws_keys_looking(const struct aws_keys *keys)
{
	(void)keys;
	return looking;
}

const struct credentials *
aws_keys_get(const struct aws_keys *keys)
{
	static const struct credentials some;

	(void)keys;
	return have_keys ? &some : NULL;
}

static int
slots(void *arg)
{
	assert_ptr_equal(arg, &free_slots);
	return free_slots;
}

static bool
may_claim(void *arg)
{
	assert_ptr_equal(arg, &free_slots);
	return claimable;
}

static bool
offer(struct job_data *data, const struct action_type *polled, void *arg)
{
	assert_ptr_equal(arg, &free_slots);
	assert_in_range((uintptr_t)polled, (uintptr_t)types,
	    (uintptr_t)&types[TYPES - 1]);
	offers++;
	(void)strlcpy(last_id, data->id, sizeof(last_id));
	job_data_free(data);
	if (all_known)
		return false;
	free_slots--;
	assert_true(free_slots >= 0);
	return true;
}

static void
count_changed(void *arg)
{
	assert_ptr_equal(arg, &free_slots);
	changes++;
}

static int
batch_of(const struct aws_call *call)
{
	return (int)json_integer_value(json_object_get(call->input,
	    "maxBatchSize"));
}

/* Which of the types it asks for. */
static int
type_of(const struct aws_call *call)
{
	const json_t *type = json_object_get(call->input, "actionTypeId");
	const char *provider = json_string_value(json_object_get(type,
	    "provider"));
	const char *version = json_string_value(json_object_get(type,
	    "version"));

	for (int i = 0; i < TYPES; i++)
		if (strcmp(types[i].type.provider, provider) == 0 &&
		    strcmp(types[i].type.version, version) == 0)
			return i;
	return -1;
}

static int
asked(void)
{
	int sum = 0;

	for (int i = 0; i < fake_calls(); i++)
		sum += batch_of(fake_call(i));
	return sum;
}

static struct aws_call *
call_for(int type)
{
	for (int i = 0; i < fake_calls(); i++)
		if (type_of(fake_call(i)) == type)
			return fake_call(i);
	return NULL;
}

/* What holds of every poll. */
static void
begun(const struct aws_call *call)
{
	assert_string_equal(call->operation, "PollForJobs");
	assert_int_equal(call->sending, AWS_SINGLE);
	assert_true(type_of(call) != -1);
	assert_true(batch_of(call) >= 1);
	assert_true(batch_of(call) <= 50);
	assert_true(asked() <= free_slots);
	assert_true(claimable);
	for (int i = 0; i < fake_calls() - 1; i++)
		assert_int_not_equal(type_of(fake_call(i)), type_of(call));
}

static void
begin_with(size_t n)
{
	static const struct poller_calls calls = { .slots = slots,
	    .may_claim = may_claim, .offer = offer, .changed = count_changed };

	poller = poller_new(NULL, &aws, types, n, INTERVAL_MS, &calls,
	    &free_slots);
	assert_int_equal(fake_calls_started(), 0);
}

/* All types are asked. */
static void
begin(void)
{
	begin_with(TYPES);
	fake_loop_pass(0);
}

static int
setup(void **state)
{
	static const char *const providers[] = { "Start", "Run", "End" };

	(void)state;
	memset(types, 0, sizeof(types));
	for (int i = 0; i < TYPES; i++) {
		types[i].action = (enum job_action)(i / 2);
		(void)strlcpy(types[i].type.category, "Test",
		    sizeof(types[i].type.category));
		(void)strlcpy(types[i].type.provider, providers[i / 2],
		    sizeof(types[i].type.provider));
		(void)strlcpy(types[i].type.version, i % 2 ? "9" : "10",
		    sizeof(types[i].type.version));
	}
	fake_loop_reset(50 * HOUR_MS);
	free_slots = 32;
	offers = changes = 0;
	claimable = have_keys = true;
	all_known = looking = false;
	poller = NULL;
	fake_calls_reset();
	fake_calls_begun = begun;
	records_clear();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	poller_free(poller);
	assert_int_equal(fake_calls(), 0);
	assert_int_equal(fake_loop_sources(), 0);
	return 0;
}

/* --- answers --- */

#define JOB	"{\"id\":\"%08x-0000-4000-8000-000000000000\"," \
		"\"nonce\":\"n\",\"data\":{}}"

static char *
body_of(int jobs)
{
	static unsigned number;
	static char body[64 * 1024];
	size_t used = strlcpy(body, "{\"jobs\":[", sizeof(body));

	for (int i = 0; i < jobs; i++)
		used += (size_t)snprintf(body + used, sizeof(body) - used,
		    "%s" JOB, i > 0 ? "," : "", ++number);
	assert_true(strlcat(body, "]}", sizeof(body)) < sizeof(body));
	return body;
}

static void
answer_jobs(struct aws_call *call, int jobs)
{
	assert_non_null(call);
	fake_answer(call, body_of(jobs));
}

static void
answer_all(int jobs)
{
	for (int n = fake_calls(); n > 0; n--)
		answer_jobs(fake_call(0), jobs);
}

static void
refuse(struct aws_call *call, const char *code)
{
	assert_non_null(call);
	fake_answer_error(call, code, false, false, 0);
}

static void
throttle(struct aws_call *call, int64_t retry_after_ms)
{
	assert_non_null(call);
	fake_answer_error(call, "ThrottlingException", true, false,
	    retry_after_ms);
}

/* Milliseconds until the next poll begins, which then is under way. */
static int64_t
next_poll_in(void)
{
	int64_t from = fake_now_ms();
	int before = fake_calls_started();

	for (int i = 0; i < TURNS_MAX && fake_calls_started() == before; i++) {
		assert_int_not_equal(fake_loop_due(), -1);
		if (fake_loop_due() > fake_now_ms())
			fake_loop_pass(fake_loop_due() - fake_now_ms());
		else
			fake_loop_pass(0);
	}
	assert_true(fake_calls_started() > before);
	return fake_now_ms() - from;
}

/* --- batches and turns --- */

static void
begins_with_the_next_turn(void **state)
{
	(void)state;
	begin();
	assert_int_equal(fake_calls(), TYPES);
	assert_int_equal(asked(), 32);
	for (int i = 0; i < TYPES; i++)
		assert_non_null(call_for(i));
}

/* What is left over goes to the first ones, and nobody gets nothing. */
static void
slots_are_shared_out(void **state)
{
	int least = 99, most = 0;

	(void)state;
	begin();
	for (int i = 0; i < TYPES; i++) {
		int batch = batch_of(fake_call(i));

		least = batch < least ? batch : least;
		most = batch > most ? batch : most;
	}
	assert_true(most - least <= 1);
}

static void
batches_are_bounded(void **state)
{
	(void)state;
	free_slots = 10000;
	begin();
	assert_int_equal(fake_calls(), TYPES);
	for (int i = 0; i < TYPES; i++)
		assert_int_equal(batch_of(fake_call(i)), 50);
}

/* Each poll names the value of its own type's property. */
static void
polls_name_the_value(void **state)
{
	const json_t *query;

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)strlcpy(types[i].type.property, i == 0 ? "Server" :
		    "Where", sizeof(types[i].type.property));
		types[i].query = "lab-a";
	}
	begin();
	for (int i = 0; i < TYPES; i++) {
		query = json_object_get(call_for(i)->input, "queryParam");
		assert_int_equal(json_object_size(query), i < 2 ? 1 : 0);
		assert_true(i < 2 || query == NULL);
		if (i < 2)
			assert_string_equal(json_string_value(json_object_get(
			    query, types[i].type.property)), "lab-a");
	}
}

static void
no_slots_no_polls(void **state)
{
	(void)state;
	free_slots = 0;
	begin();
	fake_loop_pass(HOUR_MS);
	assert_int_equal(fake_calls_started(), 0);
	free_slots = 2;
	poller_wake(poller);
	assert_int_equal(fake_calls_started(), 0);	/* not from within */
	fake_loop_pass(0);
	assert_int_equal(asked(), 2);
}

/* With one slot only one type can be asked: each in its turn. */
static void
types_take_turns(void **state)
{
	int seen[TYPES] = { 0 };

	(void)state;
	free_slots = 1;
	begin();
	for (int i = 0; i < 5 * TYPES; i++) {
		assert_int_equal(fake_calls(), 1);
		seen[type_of(fake_call(0))]++;
		for (int k = 0; k < TYPES; k++)
			assert_in_range(seen[k], i / TYPES, i / TYPES + 1);
		answer_jobs(fake_call(0), 0);
		if (fake_calls() == 0)		/* until all are due */
			fake_loop_pass(INTERVAL_MS * 6 / 5);
	}
}

/* Also when there is always more of the first one. */
static void
full_batches_starve_nobody(void **state)
{
	int seen[TYPES] = { 0 };

	(void)state;
	free_slots = 1;
	begin();
	for (int i = 0; i < 5 * TYPES; i++) {
		seen[type_of(fake_call(0))]++;
		for (int k = 0; k < TYPES; k++)
			assert_in_range(seen[k], i / TYPES, i / TYPES + 1);
		answer_jobs(fake_call(0), 1);
		assert_int_equal(fake_calls(), 0);
		free_slots = 1;
		poller_wake(poller);
		fake_loop_pass(0);
		assert_int_equal(fake_calls(), 1);
	}
}

/* The same when two can be asked at once: none starves. */
static void
few_slots_starve_nobody(void **state)
{
	int seen[TYPES] = { 0 };

	(void)state;
	free_slots = 2;
	begin();
	for (int i = 0; i < 50 * TYPES; i++) {
		struct aws_call *call = fake_call(i % fake_calls());

		seen[type_of(call)]++;
		answer_jobs(call, 0);
		if (fake_calls() == 0)
			(void)next_poll_in();
	}
	for (int k = 0; k < TYPES; k++)
		assert_in_range(seen[k], 40, 60);
}

static void
full_batch_is_followed_at_once(void **state)
{
	struct aws_call *call;

	(void)state;
	begin_with(1);
	free_slots = 8;
	fake_loop_pass(0);
	free_slots = 12;	/* four more came free */
	answer_jobs(fake_call(0), 8);
	assert_int_equal(offers, 8);
	assert_non_null(call = fake_call(0));
	assert_int_equal(batch_of(call), 4);
	/* not a full one: there is no more now */
	answer_jobs(call, 3);
	assert_int_equal(fake_calls(), 0);
}

static void
known_jobs_are_not_followed(void **state)
{
	(void)state;
	begin_with(1);
	free_slots = 3;
	fake_loop_pass(0);
	all_known = true;
	answer_jobs(fake_call(0), 3);
	assert_int_equal(offers, 3);
	assert_int_equal(fake_calls(), 0);
	assert_in_range(next_poll_in(), INTERVAL_MS * 4 / 5,
	    INTERVAL_MS * 6 / 5);
}

static void
interval_is_spread(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	begin_with(1);
	fake_loop_pass(0);
	for (int i = 0; i < 500; i++) {
		int64_t ms;

		answer_jobs(fake_call(0), 0);
		ms = next_poll_in();
		assert_in_range(ms, INTERVAL_MS * 4 / 5, INTERVAL_MS * 6 / 5);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_true(least < INTERVAL_MS * 9 / 10);
	assert_true(most > INTERVAL_MS * 11 / 10);
}

/* More than was asked for has no slots. */
static void
surplus_is_left(void **state)
{
	(void)state;
	begin_with(1);
	free_slots = 2;
	fake_loop_pass(0);
	answer_jobs(fake_call(0), 5);
	assert_int_equal(offers, 2);
	assert_int_equal(free_slots, 0);
}

static void
what_hinders_it_is_told(void **state)
{
	(void)state;
	begin();
	answer_jobs(fake_call(0), 0);
	assert_int_equal(changes, 0);	/* all is well */
	throttle(fake_call(0), 0);
	refuse(fake_call(0), "AccessDeniedException");
	assert_int_equal(changes, 2);
	answer_jobs(fake_call(0), 0);	/* the trouble is over */
	assert_int_equal(changes, 3);
	answer_jobs(fake_call(0), 0);
	assert_int_equal(changes, 3);
}

/* --- answers that are none --- */

static void
odd_answers(void **state)
{
	static const char broken[] = "{\"jobs\":[{\"id\":\"x\"},"
	    "{\"id\":\"00000000-0000-4000-8000-00000000000b\","
	    "\"nonce\":\"n\",\"data\":{}}]}";

	(void)state;
	begin_with(1);
	fake_loop_pass(0);
	fake_answer(fake_call(0), "<html>");
	assert_int_equal(offers, 0);
	assert_int_equal(records_with("PollForJobs: the answer is not JSON"),
	    1);
	assert_in_range(next_poll_in(), INTERVAL_MS * 4 / 5,
	    INTERVAL_MS * 6 / 5);
	fake_answer(fake_call(0), broken);
	assert_int_equal(offers, 1);
	assert_string_equal(last_id, "00000000-0000-4000-8000-00000000000b");
	assert_int_equal(records_with("left out 1 jobs"), 1);
	assert_int_equal(fake_calls(), 0);
}

/* --- refusals --- */

#define MISSING	"ActionTypeNotFoundException"
#define DENIED	"AccessDeniedException"

static void
missing_type_is_asked_seldom(void **state)
{
	struct poller_state now;

	(void)state;
	begin_with(2);		/* two versions of one action */
	fake_loop_pass(0);
	refuse(call_for(0), MISSING);
	assert_int_equal(records_with(""), 1);
	assert_int_equal(records_find("Custom/Test/Start/10 does not exist")
	    ->priority, LOG_NOTICE);
	poller_state(poller, &now);
	assert_int_equal(now.refused, 1);
	assert_int_equal(now.types, 2);
	assert_string_equal(now.code, MISSING);
	assert_false(now.failing);
	answer_jobs(call_for(1), 0);
	fake_loop_pass(6 * INTERVAL_MS - 1);
	assert_null(call_for(0));
	answer_all(0);
	fake_loop_pass(1);
	refuse(call_for(0), MISSING);
	assert_int_equal(records_with("does not exist"), 1);
}

static void
no_version_exists(void **state)
{
	(void)state;
	begin_with(4);		/* two actions */
	fake_loop_pass(0);
	refuse(call_for(0), MISSING);
	refuse(call_for(1), MISSING);
	assert_int_equal(records_find("Custom/Test/Start/9 does not exist")
	    ->priority, LOG_WARNING);
	assert_int_equal(records_with("register it"), 1);
}

static void
refused_type_comes(void **state)
{
	struct poller_state now;

	(void)state;
	begin_with(1);
	fake_loop_pass(0);
	refuse(fake_call(0), MISSING);
	assert_int_equal(next_poll_in(), 6 * INTERVAL_MS);
	answer_jobs(fake_call(0), 0);
	assert_int_equal(records_with("Custom/Test/Start/10 can be polled now"),
	    1);
	poller_state(poller, &now);
	assert_int_equal(now.refused, 0);
	(void)next_poll_in();
	answer_jobs(fake_call(0), 0);
	assert_int_equal(records_with("can be polled now"), 1);
	/* the next refusal is told at once */
	(void)next_poll_in();
	refuse(fake_call(0), DENIED);
	(void)next_poll_in();
	answer_jobs(fake_call(0), 0);
	(void)next_poll_in();
	refuse(fake_call(0), DENIED);
	assert_int_equal(records_with(DENIED), 2);
}

/* Rights concern all types: one record for all of them, once an hour. */
static void
refusal_is_told_hourly(void **state)
{
	int64_t end = fake_now_ms() + 10 * HOUR_MS;

	(void)state;
	begin();
	while (fake_now_ms() < end) {
		while (fake_calls() > 0)
			refuse(fake_call(0), DENIED);
		assert_true(next_poll_in() <= 6 * INTERVAL_MS);
	}
	assert_in_range(records_with(DENIED), 10, 11);
	assert_int_equal(records_with(""), records_with(DENIED));
	assert_int_equal(records_find(DENIED)->priority, LOG_ERR);
}

static void
each_refusal_is_told(void **state)
{
	(void)state;
	begin();
	refuse(call_for(0), DENIED);
	refuse(call_for(1), "OtherException");
	refuse(call_for(2), DENIED);
	assert_int_equal(records_with(""), 2);
}

/* A refusal of one type slows no other one. */
static void
refusal_concerns_one_type(void **state)
{
	(void)state;
	begin_with(2);
	fake_loop_pass(0);
	refuse(call_for(0), DENIED);
	for (int i = 0; i < 4; i++) {
		answer_jobs(call_for(1), 0);
		assert_in_range(next_poll_in(), INTERVAL_MS * 4 / 5,
		    INTERVAL_MS * 6 / 5);
	}
}

/* --- trouble --- */

static void
throttling_stops_all(void **state)
{
	struct poller_state now;
	int64_t ms;

	(void)state;
	begin();
	throttle(call_for(0), 30000);
	assert_int_equal(records_with("next try in 30.0 s"), 1);
	poller_state(poller, &now);
	assert_true(now.failing);
	/* the others are still under way, and fail, too: one round */
	while (fake_calls() > 0)
		throttle(fake_call(0), 0);
	assert_int_equal(records_with(""), 1);
	poller_wake(poller);
	fake_loop_pass(29999);
	assert_int_equal(fake_calls(), 0);
	ms = next_poll_in();
	assert_int_equal(ms, 1);
	assert_int_equal(fake_calls(), TYPES);
}

static void
pauses_grow(void **state)
{
	int64_t ms, least = INTERVAL_MS / 2;

	(void)state;
	begin_with(1);
	fake_loop_pass(0);
	for (int i = 0; i < 12; i++) {
		throttle(fake_call(0), 0);
		ms = next_poll_in();
		assert_in_range(ms, least, 300000);
		assert_true(ms <= 2 * least);
		least = least * 2 < 150000 ? least * 2 : 150000;
	}
	/* what lasts is said seldom */
	assert_int_equal(records_with("next try in"), 3);
	answer_jobs(fake_call(0), 0);
	assert_int_equal(records_with("CodePipeline answers again"), 1);
	/* and the next time they begin anew */
	(void)next_poll_in();
	throttle(fake_call(0), 0);
	assert_true(next_poll_in() <= INTERVAL_MS);
}

static void
retry_after_is_bounded(void **state)
{
	(void)state;
	begin_with(1);
	fake_loop_pass(0);
	throttle(fake_call(0), 900000);
	assert_int_equal(next_poll_in(), 300000);
	throttle(fake_call(0), 200000);
	assert_int_equal(next_poll_in(), 200000);
}

/* --- new credentials --- */

static void
restart_asks_all_at_once(void **state)
{
	(void)state;
	begin();
	refuse(call_for(0), DENIED);
	refuse(call_for(1), MISSING);
	answer_jobs(call_for(2), 0);
	throttle(call_for(3), 250000);
	assert_int_equal(fake_calls(), 2);
	poller_restart(poller);
	assert_int_equal(fake_calls(), 2);	/* not from within */
	fake_loop_pass(0);
	assert_int_equal(fake_calls(), TYPES);
}

/* --- nothing may be claimed --- */

static void
nothing_while_not_claimable(void **state)
{
	(void)state;
	claimable = false;
	begin();
	fake_loop_pass(HOUR_MS);
	poller_wake(poller);
	poller_restart(poller);
	fake_loop_pass(1);
	assert_int_equal(fake_calls_started(), 0);
	claimable = true;
	assert_true(next_poll_in() <= 5000);
	assert_int_equal(fake_calls(), TYPES);
}

/* --- polls that cannot be sent --- */

static void
unsent_is_told_once(void **state)
{
	struct poller_state now;

	(void)state;
	fake_calls_fail = "no AWS region";
	begin_with(1);
	fake_loop_pass(HOUR_MS);
	assert_int_equal(records_with(""), 1);
	assert_int_equal(records_find("not polling: no AWS region")->priority,
	    LOG_WARNING);
	poller_state(poller, &now);
	assert_string_equal(now.why, "no AWS region");
	fake_calls_fail = "another reason";
	fake_loop_pass(2 * INTERVAL_MS);
	assert_int_equal(records_with(""), 2);
	fake_calls_fail = NULL;
	fake_loop_pass(2 * INTERVAL_MS);
	assert_int_equal(fake_calls(), 1);
	poller_state(poller, &now);
	assert_string_equal(now.why, "");
	/* the same reason later is told again */
	answer_all(0);
	fake_calls_fail = "another reason";
	fake_loop_pass(2 * INTERVAL_MS);
	assert_int_equal(records_with("not polling: another reason"), 2);
}

/* That there are no credentials is said where they are looked up. */
static void
missing_keys_are_not_told(void **state)
{
	struct poller_state now;

	(void)state;
	fake_calls_fail = "no AWS credentials yet";
	looking = true;
	begin();
	fake_loop_pass(INTERVAL_MS);
	looking = have_keys = false;
	fake_loop_pass(HOUR_MS);
	assert_int_equal(records_with(""), 0);
	poller_state(poller, &now);
	assert_string_equal(now.why, "");
}

static void
wake_sends_what_could_not_be(void **state)
{
	(void)state;
	fake_calls_fail = "no AWS region";
	begin();
	fake_calls_fail = NULL;
	poller_wake(poller);
	fake_loop_pass(0);
	assert_int_equal(fake_calls(), TYPES);
}

/* Not even then before the pause of a trouble is over. */
static void
wake_keeps_the_pause(void **state)
{
	(void)state;
	begin_with(2);
	fake_loop_pass(0);
	answer_jobs(call_for(0), 0);
	fake_calls_fail = "no memory";
	fake_loop_pass(INTERVAL_MS * 6 / 5);
	fake_calls_fail = NULL;
	throttle(call_for(1), 100000);
	poller_wake(poller);
	fake_loop_pass(99999);
	assert_int_equal(fake_calls(), 0);
	fake_loop_pass(1);
	assert_int_equal(fake_calls(), 2);
}

/* --- the end --- */

static void
stop_is_for_good(void **state)
{
	int started;

	(void)state;
	begin();
	answer_jobs(fake_call(0), 0);
	started = fake_calls_started();
	poller_stop(poller);
	assert_int_equal(fake_calls(), 0);
	assert_int_equal(fake_calls_cancelled(), TYPES - 1);
	assert_int_equal(fake_loop_due(), -1);
	poller_wake(poller);
	poller_restart(poller);
	fake_loop_pass(HOUR_MS);
	assert_int_equal(fake_calls_started(), started);
	assert_int_equal(changes, 0);
}

static void
free_ends_polls(void **state)
{
	(void)state;
	begin();
	poller_free(poller);
	assert_int_equal(fake_calls_cancelled(), TYPES);
	poller_free(NULL);
	poller = NULL;
}

/* --- whatever happens --- */

static void
anything(struct aws_call *call)
{
	switch (arc4random_uniform(6)) {
	case 0:
		refuse(call, arc4random_uniform(2) ? MISSING : DENIED);
		break;
	case 1:
		throttle(call, arc4random_uniform(20000));
		break;
	case 2:
		fake_answer(call, "[]");
		break;
	case 3:
		answer_jobs(call, batch_of(call));
		break;
	default:
		answer_jobs(call, (int)arc4random_uniform(3));
	}
}

/* begun() holds all the time, and polling never comes to an end. */
static void
random_turns(void **state)
{
	int seen = 0;

	(void)state;
	begin();
	for (int i = 0; i < 20000; i++) {
		if (fake_calls() > 0 && arc4random_uniform(2))
			anything(fake_call((int)arc4random_uniform(
			    (uint32_t)fake_calls())));
		if (free_slots < 32 && arc4random_uniform(3) == 0) {
			free_slots++;
			poller_wake(poller);
		}
		fake_calls_fail = arc4random_uniform(50) ? NULL : "no";
		all_known = arc4random_uniform(10) == 0;
		claimable = arc4random_uniform(20) != 0;
		if (arc4random_uniform(200) == 0)
			poller_restart(poller);
		fake_loop_pass(arc4random_uniform(3000));
	}
	assert_true(fake_calls_started() > 1000);
	claimable = true;
	fake_calls_fail = NULL;
	poller_wake(poller);
	for (int i = 0; i < 100 && seen != (1 << TYPES) - 1; i++) {
		free_slots = 32;
		for (int k = 0; k < fake_calls(); k++)
			seen |= 1 << type_of(fake_call(k));
		answer_all(0);
		if (fake_calls() == 0)
			(void)next_poll_in();
	}
	assert_int_equal(seen, (1 << TYPES) - 1);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(begins_with_the_next_turn),
		CASE(slots_are_shared_out),
		CASE(batches_are_bounded),
		CASE(polls_name_the_value),
		CASE(no_slots_no_polls),
		CASE(types_take_turns),
		CASE(full_batches_starve_nobody),
		CASE(few_slots_starve_nobody),
		CASE(full_batch_is_followed_at_once),
		CASE(known_jobs_are_not_followed),
		CASE(interval_is_spread),
		CASE(surplus_is_left),
		CASE(what_hinders_it_is_told),
		CASE(odd_answers),
		CASE(missing_type_is_asked_seldom),
		CASE(no_version_exists),
		CASE(refused_type_comes),
		CASE(refusal_is_told_hourly),
		CASE(each_refusal_is_told),
		CASE(refusal_concerns_one_type),
		CASE(throttling_stops_all),
		CASE(pauses_grow),
		CASE(retry_after_is_bounded),
		CASE(restart_asks_all_at_once),
		CASE(nothing_while_not_claimable),
		CASE(unsent_is_told_once),
		CASE(missing_keys_are_not_told),
		CASE(wake_sends_what_could_not_be),
		CASE(wake_keeps_the_pause),
		CASE(stop_is_for_good),
		CASE(free_ends_polls),
		CASE(random_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
