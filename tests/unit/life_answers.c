#include "tests/unit/life_answers.h"

static const struct {
	enum life_event_type	type;
	struct life_answer	answer;
} answers[] = {
#define FAILED(c, ...)	.code = c, .text = c, __VA_ARGS__
	[ACK_TAKEN] = { EV_ACK_ANSWER, { .ok = true,
	    .status = "InProgress" } },
	[ACK_OTHER] = { EV_ACK_ANSWER, { .ok = true, .status = "Queued" } },
	[ACK_REFUSED] = { EV_ACK_ANSWER,
	    { FAILED("JobNotFoundException", .ok = false) } },
	[ACK_NONCE] = { EV_ACK_ANSWER,
	    { FAILED("InvalidNonceException", .ok = false) } },
	[ACK_AGAIN] = { EV_ACK_ANSWER, { FAILED("ThrottlingException",
	    .passing = true) } },
	[ACK_UNSURE] = { EV_ACK_ANSWER, { FAILED("", .passing = true,
	    .unsure = true) } },
	[ACK_ODD] = { EV_ACK_ANSWER, { FAILED("", .odd = true) } },
	[DETAILS] = { EV_DETAILS_ANSWER, { .ok = true } },
	[DETAILS_AGAIN] = { EV_DETAILS_ANSWER, { FAILED("HTTP 503",
	    .passing = true) } },
	[DETAILS_REFUSED] = { EV_DETAILS_ANSWER, { FAILED(
	    "JobNotFoundException", .ok = false) } },
	[DETAILS_ODD] = { EV_DETAILS_ANSWER, { FAILED("", .odd = true) } },
	[PUT_TAKEN] = { EV_PUT_ANSWER, { .ok = true } },
	[PUT_REFUSED] = { EV_PUT_ANSWER, { FAILED("InvalidJobStateException",
	    .ok = false) } },
	[PUT_INVALID] = { EV_PUT_ANSWER, { FAILED("ValidationException",
	    .ok = false) } },
	[PUT_AGAIN] = { EV_PUT_ANSWER, { FAILED("ThrottlingException",
	    .passing = true) } },
	[PUT_UNSURE] = { EV_PUT_ANSWER, { FAILED("", .passing = true,
	    .unsure = true) } },
	[PUT_ODD] = { EV_PUT_ANSWER, { FAILED("", .odd = true) } },
#undef FAILED
};

struct life_event *
answer_event(enum answer which)
{
	static struct life_answer answer;
	static struct life_event ev;

	answer = answers[which].answer;
	ev = (struct life_event){ .type = answers[which].type };
	ev.u.answer = &answer;
	return &ev;
}
