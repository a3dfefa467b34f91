/*
 * A scripted HTTP server in a thread: answers the n-th request, on whatever
 * connection, with the n-th step, and keeps the requests.
 */
#ifndef CLOUDSHELL_LISTENER_H
#define CLOUDSHELL_LISTENER_H

#include <stddef.h>

#define REQUESTS_MAX	64

enum act {
	ACT_ANSWER,
	ACT_CLOSE,		/* close without an answer */
	ACT_CUT,		/* announce the body, send none, close */
	ACT_LAST,		/* answer, then close the idle connection */
	ACT_FILL,		/* a body of `size` times 'x' in quotes */
	ACT_NEST,		/* a body of `size` times '[' */
};

struct step {
	int		 status;
	const char	*body;
	const char	*headers;	/* lines with \r\n, or NULL */
	enum act	 act;
	size_t		 size;
};

struct listener {
	int		 port;
	int		 fd, wake[2];
	const struct step *steps;
	size_t		 nsteps;
	/* read these only after listener_stop */
	size_t		 n;
	char		*requests[REQUESTS_MAX];	/* whole */
	int		 connections[REQUESTS_MAX];
	unsigned long	 thread;
};

void	listener_start(struct listener *, const struct step *, size_t);
void	listener_stop(struct listener *);
void	listener_free(struct listener *);
/* How many requests began like this: "POST /api". */
size_t	listener_count(const struct listener *, const char *begin);

#endif
