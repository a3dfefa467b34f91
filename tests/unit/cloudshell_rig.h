/*
 * A CloudShell client with a scripted server, virtual time and a record of what
 * it reported, for the tests of the client.
 */
#ifndef CLOUDSHELL_RIG_H
#define CLOUDSHELL_RIG_H

#include "src/cloudshell/types.h"
#include "cloudshell_listener.h"

#define TOKEN	"Zm9v+mFy/mF6cXV4MTIzNA=="
#define LOGIN	{ 200, "\"" TOKEN "\"", NULL, ACT_ANSWER, 0 }
#define OK(b)	{ 200, b, NULL, ACT_ANSWER, 0 }
#define SAY(s, b) { s, b, NULL, ACT_ANSWER, 0 }
#define CLOSE	{ 0, NULL, NULL, ACT_CLOSE, 0 }
#define BOX	"{\"id\":\"box-1\",\"name\":\"n\",\"state\":\"Ready\"}"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct rig {
	struct listener		 server;
	struct cs_settings	 set;
	struct secret		*password;
	struct http_client	*http;
	struct cs_client	*client;
	struct fail		 fail;
	char			 url[64];
	int64_t			 left;		/* virtual time */
	int64_t			 paused, longest;
	int			 pauses, calls;
	int			 stop_at;	/* pause that says stop, or 0 */
	struct buf		 told;
};

#define START(g, steps) rig_start(g, steps, COUNT(steps))

void	rig_start(struct rig *, const struct step *, size_t);
/* End the server and check what holds for every run: no secret in a text. */
void	rig_done(struct rig *);
void	rig_free(struct rig *);

/* A call that is repeated on faults, and the two that must not be. */
int	rig_get(struct rig *);
int	rig_begin(struct rig *);
int	rig_command(struct rig *);

#endif
