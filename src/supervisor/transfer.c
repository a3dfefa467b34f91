/*
 * libcurl's multi handle on the supervisor's loop. Only event sources call
 * libcurl, never its own callbacks; ended transfers wait in a queue, from which
 * a source of their own delivers one a turn, so that done may start and cancel
 * transfers freely.
 */
#include <sys/epoll.h>
#include <sys/queue.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "transfer.h"
#include "log.h"
#include "priority.h"

/* A socket of libcurl's; lives from POLL_IN to POLL_REMOVE. */
struct watch {
	curl_socket_t		 fd;
	sd_event_source		*source;
	LIST_ENTRY(watch)	 entry;
};

enum phase {
	ACTIVE,		/* in the multi handle */
	ENDED,		/* in the queue */
	DELIVERED,	/* its done runs */
};

/* A transfer, and copies of what libcurl reads while it runs. */
struct transfer {
	struct transfers	*all;
	struct http_call	 call;
	enum phase		 phase;
	CURLcode		 code;
	transfer_done		 done;
	void			*arg;
	char			*body;
	size_t			 body_len;
	TAILQ_ENTRY(transfer)	 entry;
};

TAILQ_HEAD(queue, transfer);

struct transfers {
	sd_event		*event;
	CURLM			*multi;
	sd_event_source		*timer;
	sd_event_source		*deliver;
	LIST_HEAD(, watch)	 watches;
	struct queue		 active;
	struct queue		 ended;
	bool			 inside;	/* of a call of libcurl */
	bool			 delivering;	/* done of a transfer runs */
};

/* --- collecting and delivering --- */

static void
transfer_free(struct transfer *t)
{
	if (t->phase == ACTIVE)
		TAILQ_REMOVE(&t->all->active, t, entry);
	else if (t->phase == ENDED)
		TAILQ_REMOVE(&t->all->ended, t, entry);
	if (t->call.easy != NULL)
		(void)curl_multi_remove_handle(t->all->multi, t->call.easy);
	http_release(&t->call);
	freezero(t->body, t->body_len);
	free(t);
}

static void
deliver_soon(struct transfers *all)
{
	if (sd_event_source_set_enabled(all->deliver, SD_EVENT_ONESHOT) < 0)
		fatalx("cannot add an event source");
}

/* Move the transfers that libcurl has ended to the queue. */
static void
collect(struct transfers *all)
{
	struct transfer *t;
	CURLcode code;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(all->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		code = m->data.result;
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) !=
		    CURLE_OK || t->phase != ACTIVE)
			continue;
		t->code = code;
		t->phase = ENDED;
		TAILQ_REMOVE(&all->active, t, entry);
		TAILQ_INSERT_TAIL(&all->ended, t, entry);
	}
	if (!TAILQ_EMPTY(&all->ended))
		deliver_soon(all);
}

static int
on_deliver(sd_event_source *source, void *arg)
{
	struct transfers *all = arg;
	struct transfer *t = TAILQ_FIRST(&all->ended);
	struct fail fail = { 0 };
	int code;

	(void)source;
	if (t == NULL)
		return 0;
	TAILQ_REMOVE(&all->ended, t, entry);
	if (!TAILQ_EMPTY(&all->ended))
		deliver_soon(all);
	t->phase = DELIVERED;
	code = http_finish(&t->call, t->code, &fail);
	/* frees the connection for what done starts */
	(void)curl_multi_remove_handle(all->multi, t->call.easy);
	all->delivering = true;
	t->done(code, &t->call.answer, code != 0 ? &fail : NULL, t->arg);
	all->delivering = false;
	http_release(&t->call);
	freezero(t->body, t->body_len);
	free(t);
	return 0;
}

static void
act(struct transfers *all, curl_socket_t fd, int mask)
{
	CURLMcode rc;
	int running;

	assert(!all->inside);
	all->inside = true;
	rc = curl_multi_socket_action(all->multi, fd, mask, &running);
	all->inside = false;
	/* a socket that it no longer knows is not a fault; after anything else
	 * the handle is useless, while a restart loses nothing */
	if (rc != CURLM_OK && rc != CURLM_BAD_SOCKET)
		fatalx("libcurl: %s", curl_multi_strerror(rc));
	collect(all);
}

/* --- what libcurl asks for --- */

static int
on_socket(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	int mask = 0;

	(void)source;
	if (revents & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (revents & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (revents & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	act(arg, fd, mask);
	return 0;
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	act(arg, CURL_SOCKET_TIMEOUT, 0);
	return 0;
}

static void
watch_free(struct watch *w)
{
	LIST_REMOVE(w, entry);
	(void)sd_event_source_disable_unref(w->source);
	free(w);
}

static struct watch *
watch_find(struct transfers *all, curl_socket_t fd)
{
	struct watch *w;

	LIST_FOREACH(w, &all->watches, entry)
		if (w->fd == fd)
			return w;
	return NULL;
}

static int
watch_new(struct transfers *all, curl_socket_t fd, uint32_t events)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	if (sd_event_add_io(all->event, &w->source, fd, events, on_socket,
	    all) < 0) {
		free(w);
		return -1;
	}
	(void)sd_event_source_set_priority(w->source, PRIO_HTTP);
	(void)sd_event_source_set_description(w->source, "http");
	w->fd = fd;
	LIST_INSERT_HEAD(&all->watches, w, entry);
	return 0;
}

/* libcurl closes a descriptor and opens the same number again: so REMOVE is
 * final, and a descriptor that the kernel forgot while we watched it is watched
 * anew. */
static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct transfers *all = arg;
	struct watch *w = watch_find(all, fd);
	uint32_t events = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			watch_free(w);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	if (w != NULL && sd_event_source_set_io_events(w->source, events) >= 0)
		return 0;
	if (w != NULL)
		watch_free(w);
	return watch_new(all, fd, events);
}

/* 0 means the next turn, not this call; negative means never. */
static int
want_timer(CURLM *multi, long ms, void *arg)
{
	struct transfers *all = arg;
	struct timespec ts;
	uint64_t at;

	(void)multi;
	if (ms < 0)
		return sd_event_source_set_enabled(all->timer,
		    SD_EVENT_OFF) < 0 ? -1 : 0;
	/* not the loop's time, which is as old as the turn: an early call is
	 * useless */
	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return -1;
	at = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000 +
	    (uint64_t)ms * 1000;
	if (sd_event_source_set_time(all->timer, at) < 0)
		return -1;
	return sd_event_source_set_enabled(all->timer, SD_EVENT_ONESHOT) < 0 ?
	    -1 : 0;
}

/* --- for the others --- */

struct transfers *
transfers_new(sd_event *event)
{
	struct transfers *all = xcalloc(1, sizeof(*all));

	all->event = sd_event_ref(event);
	LIST_INIT(&all->watches);
	TAILQ_INIT(&all->active);
	TAILQ_INIT(&all->ended);
	if ((all->multi = curl_multi_init()) == NULL)
		fatalx("libcurl cannot make a multi handle");
	if (sd_event_add_time(event, &all->timer, CLOCK_MONOTONIC, 0, 1,
	    on_timer, all) < 0 ||
	    sd_event_source_set_enabled(all->timer, SD_EVENT_OFF) < 0 ||
	    sd_event_source_set_priority(all->timer, PRIO_HTTP) < 0 ||
	    sd_event_add_defer(event, &all->deliver, on_deliver, all) < 0 ||
	    sd_event_source_set_enabled(all->deliver, SD_EVENT_OFF) < 0 ||
	    sd_event_source_set_priority(all->deliver, PRIO_HTTP) < 0)
		fatalx("cannot add an event source");
	(void)sd_event_source_set_description(all->timer, "http-timer");
	(void)sd_event_source_set_description(all->deliver, "http-done");
	(void)curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION,
	    want_socket);
	(void)curl_multi_setopt(all->multi, CURLMOPT_SOCKETDATA, all);
	(void)curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION,
	    want_timer);
	(void)curl_multi_setopt(all->multi, CURLMOPT_TIMERDATA, all);
	return all;
}

void
transfers_free(struct transfers *all)
{
	struct transfer *t;
	struct watch *w;

	if (all == NULL)
		return;
	assert(!all->inside && !all->delivering);
	while ((t = TAILQ_FIRST(&all->active)) != NULL ||
	    (t = TAILQ_FIRST(&all->ended)) != NULL)
		transfer_free(t);
	(void)curl_multi_cleanup(all->multi);	/* closes idle connections */
	while ((w = LIST_FIRST(&all->watches)) != NULL)
		watch_free(w);
	(void)sd_event_source_disable_unref(all->timer);
	(void)sd_event_source_disable_unref(all->deliver);
	(void)sd_event_unref(all->event);
	free(all);
}

struct transfer *
transfer_start(struct transfers *all, const struct http_request *rq,
    transfer_done done, void *arg, struct fail *fail)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	struct http_request own = *rq;
	CURLMcode rc;

	assert(!all->inside);
	t->all = all;
	t->done = done;
	t->arg = arg;
	t->phase = DELIVERED;	/* in no queue yet */
	if (rq->body != NULL) {
		/* the only thing that libcurl does not copy */
		t->body_len = rq->body_len;
		t->body = xcalloc(1, rq->body_len + 1);
		memcpy(t->body, rq->body, rq->body_len);
		own.body = t->body;
	}
	if (http_prepare(&t->call, &own, fail) != 0) {
		transfer_free(t);
		return NULL;
	}
	(void)curl_easy_setopt(t->call.easy, CURLOPT_PRIVATE, t);
	rc = curl_multi_add_handle(all->multi, t->call.easy);
	if (rc != CURLM_OK) {
		(void)fail_set(fail, FAIL_SYSTEM, "libcurl: %s",
		    curl_multi_strerror(rc));
		transfer_free(t);
		return NULL;
	}
	t->phase = ACTIVE;
	TAILQ_INSERT_TAIL(&all->active, t, entry);
	return t;
}

void
transfer_cancel(struct transfer *t)
{
	assert(!t->all->inside);
	if (t->phase != DELIVERED)	/* otherwise it is freed after done */
		transfer_free(t);
}
