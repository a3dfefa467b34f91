/*
 * Processes that do what a test tells them, in the place of the zygote and of
 * its executors. The test's own program plays them: a copy of it is what
 * libexec_dir/executor names. Each puppet connects to a socket of the test and
 * waits for commands there; a command is carried out when the call returns, so
 * that a test need not wait for anything by time.
 */
#ifndef TESTS_PUPPET_H
#define TESTS_PUPPET_H

#include <sys/queue.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct puppet {
	LIST_ENTRY(puppet) link;
	int	 fd;
	pid_t	 pid;
	bool	 executor;		/* else a zygote */
};

/* The first thing in main: plays the puppet, and does not return, in a process
 * that was started as one. */
void	puppet_main(char **argv);

/* Make a folder with the program and the socket; its path, or NULL. */
const char *puppets_begin(void);
void	puppets_end(void);
/* The loop that waits below turn; NULL: they turn none. */
void	puppets_loop(sd_event *);

/* The next puppet that connects; waited for, while the loop turns. */
struct puppet *puppet_await(void);
/* The same without a turn of the loop. */
struct puppet *puppet_next(void);
/* Let it go: it ends by itself, unless it has ended already. NULL is fine. */
void	puppet_free(struct puppet *);
/* Let all go and reap every child of this process. -1: there were children,
 * although no puppet was left. */
int	puppets_reap(void);

/* --- zygotes --- */

void	puppet_ready(struct puppet *);		/* its sign of life */
enum puppet_serve {
	SERVE_FORK,		/* fork an executor, answer with its pid */
	SERVE_FORK_ONLY,	/* without an answer */
	SERVE_REFUSE,		/* answer EAGAIN */
};
/* Take one request and serve it. Its number; 0: there is no more, -1: error. */
int	puppet_serve(struct puppet *, enum puppet_serve);
/* An answer of one's own. */
void	puppet_answer(struct puppet *, uint32_t number, pid_t, int error);
void	puppet_babble(struct puppet *);		/* an answer that is none */
/* Sign of life, then serve requests until there are no more, and end. No more
 * commands are taken. */
void	puppet_serve_all(struct puppet *);

/* --- executors --- */

/* Write to the report pipe; what does not fit needs the loop, which turns. */
void	puppet_say(struct puppet *, const void *, size_t);
void	puppet_hello(struct puppet *, int version, pid_t);
/* Close the report pipe. */
void	puppet_silence(struct puppet *);
/* What is in the order pipe now, as text; "EOF" at its end. Valid until the
 * next call. */
const char *puppet_read(struct puppet *);
/* Device and inode of the descriptor that all executors share. */
void	puppet_shared(struct puppet *, dev_t *, ino_t *);

/* --- both --- */

/* End, by a signal or with a status: a zombie when the call returns. */
void	puppet_exit(struct puppet *, int status);
void	puppet_raise(struct puppet *, int sig);
/* What it was started with, as lines of text: its environment, descriptors,
 * session, signals. Valid until the next call. */
const char *puppet_state(struct puppet *);

#endif
