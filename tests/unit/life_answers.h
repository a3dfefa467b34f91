/*
 * Answers of CodePipeline by name, for the tests of src/life.
 */
#ifndef LIFE_ANSWERS_H
#define LIFE_ANSWERS_H

#include "life.h"

enum answer {
	ACK_TAKEN, ACK_OTHER, ACK_REFUSED, ACK_NONCE, ACK_AGAIN, ACK_UNSURE,
	ACK_ODD,
	DETAILS, DETAILS_AGAIN, DETAILS_REFUSED, DETAILS_ODD,
	PUT_TAKEN, PUT_REFUSED, PUT_INVALID, PUT_AGAIN, PUT_UNSURE, PUT_ODD,
};

/* The event of an answer; valid until the next call. */
struct life_event	*answer_event(enum answer);

#endif
