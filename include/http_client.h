/*
 * A blocking client with its connection pool; one per process. The supervisor
 * does not link it.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http.h"

/* What can interrupt http_perform: descriptors that become readable. Then
 * http_perform asks the callback whether to give up the call (FAIL_STOPPED). */
struct http_interrupt {
	int	 fds[2];		/* -1: unused */
	bool	(*asked)(void *);
	void	*arg;
};

struct http_client;

struct http_client	*http_client_new(const struct http_interrupt *);
void			 http_client_free(struct http_client *);

/* Send and wait. Fails as http_finish does, and with FAIL_STOPPED. The caller
 * frees the answer with http_answer_free in every case. */
int	http_perform(struct http_client *, const struct http_request *,
	    struct http_answer *, struct fail *);

/* host:port that the client's last request was sent to if no whole answer came;
 * else NULL. Valid until the next request. */
const char	*http_unanswered(const struct http_client *);

#endif
