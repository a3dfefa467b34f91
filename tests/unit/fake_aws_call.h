/*
 * Calls to CodePipeline that go nowhere: in place of src/supervisor/aws_call.c.
 * The test sees what is asked and answers when it likes.
 */
#ifndef TESTS_FAKE_AWS_CALL_H
#define TESTS_FAKE_AWS_CALL_H

#include <sys/queue.h>

#include "src/supervisor/aws_call.h"

struct aws_call {
	TAILQ_ENTRY(aws_call) link;
	const char	*operation;
	json_t		*input;
	enum aws_sending sending;
	aws_call_done	 done;
	void		*arg;
};

/* While it is not NULL, calls cannot begin: FAIL_AGAIN with this text. */
extern const char *fake_calls_fail;
/* Asked about each call that has begun, before aws_call_start returns. */
extern void	(*fake_calls_begun)(const struct aws_call *);

/* Calls under way; calls that were ever begun, and cancelled. */
int	fake_calls(void);
int	fake_calls_started(void);
int	fake_calls_cancelled(void);
/* The i-th of those under way, in the order of their beginning; NULL. */
struct aws_call *fake_call(int i);
/* The oldest under way of this operation, or NULL. */
struct aws_call *fake_call_of(const char *operation);

/* Answer and free a call. */
void	fake_answer(struct aws_call *, const char *body);
void	fake_answer_error(struct aws_call *, const char *code, bool passing,
	    bool unsure, int64_t retry_after_ms);

/* Forget all that was counted; no call may be under way. */
void	fake_calls_reset(void);

#endif
