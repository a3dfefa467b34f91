/*
 * Connections that wait: for a delay, for the next piece of a slow body,
 * or, hung, for their peer to give up. One thread wakes them.
 */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include <microhttpd.h>

#include "state.h"

#define WATCH_MS	100	/* how often to look at hung peers */

struct waiter {
	TAILQ_ENTRY(waiter) next;
	struct MHD_Connection *connection;
	double due_ms;		/* 0: never */
	bool watch;
};

static TAILQ_HEAD(, waiter) waiters = TAILQ_HEAD_INITIALIZER(waiters);
static pthread_mutex_t park_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t park_cond;
static pthread_t park_thread;
static bool stopping;

static bool
peer_gone(struct MHD_Connection *connection)
{
	struct pollfd p = { .events = POLLRDHUP };

	p.fd = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	return poll(&p, 1, 0) > 0 &&
	    (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Resume all that are due; returns when to look again. */
static double
park_sweep(double now)
{
	struct waiter *w, *next;
	double wake = now + 1000;

	for (w = TAILQ_FIRST(&waiters); w != NULL; w = next) {
		next = TAILQ_NEXT(w, next);
		if (stopping || (w->due_ms > 0 && w->due_ms <= now) ||
		    (w->watch && peer_gone(w->connection))) {
			TAILQ_REMOVE(&waiters, w, next);
			MHD_resume_connection(w->connection);
			free(w);
			continue;
		}
		if (w->due_ms > 0 && w->due_ms < wake)
			wake = w->due_ms;
		if (w->watch && now + WATCH_MS < wake)
			wake = now + WATCH_MS;
	}
	return wake;
}

static void *
park_main(void *arg)
{
	struct timespec ts;
	double wake;

	pthread_mutex_lock(&park_lock);
	while (!stopping) {
		wake = park_sweep(now_ms());
		ts.tv_sec = (time_t)(wake / 1e3);
		ts.tv_nsec = (long)((wake - (double)ts.tv_sec * 1e3) * 1e6);
		pthread_cond_timedwait(&park_cond, &park_lock, &ts);
	}
	park_sweep(now_ms());
	pthread_mutex_unlock(&park_lock);
	return arg;
}

void
park_start(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&park_cond, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&park_thread, NULL, park_main, NULL) != 0)
		errx(1, "pthread_create");
}

/* Lets everybody go; whoever parks later resumes at once. */
void
park_stop(void)
{
	pthread_mutex_lock(&park_lock);
	stopping = true;
	pthread_cond_signal(&park_cond);
	pthread_mutex_unlock(&park_lock);
	pthread_join(park_thread, NULL);
}

static void
park_add(struct MHD_Connection *connection, double due_ms, bool watch)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->connection = connection;
	w->due_ms = due_ms;
	w->watch = watch;
	pthread_mutex_lock(&park_lock);
	if (stopping) {
		MHD_resume_connection(connection);
		free(w);
	} else
		TAILQ_INSERT_TAIL(&waiters, w, next);
	pthread_cond_signal(&park_cond);
	pthread_mutex_unlock(&park_lock);
}

/* Call the request's handler again at due_ms, 0 = not by time. */
void
park_req(struct req *r, double due_ms, bool watch)
{
	MHD_suspend_connection(r->connection);
	park_add(r->connection, due_ms, watch);
}

/* For one that is suspended already. */
void
park_connection(struct MHD_Connection *connection, double due_ms)
{
	park_add(connection, due_ms, false);
}

/* Hung connections only: those that delay have their own time. */
void
park_release(void)
{
	struct waiter *w;

	pthread_mutex_lock(&park_lock);
	TAILQ_FOREACH(w, &waiters, next)
		if (w->watch)
			w->due_ms = 1;
	pthread_cond_signal(&park_cond);
	pthread_mutex_unlock(&park_lock);
}
