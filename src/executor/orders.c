/*
 * Whoever waits also reads: the pauses here, and http_perform, which the epoll
 * descriptor interrupts.
 */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "orders.h"
#include "sys.h"

#define NEVER	INT64_MAX

static int
watch(int epoll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

int
orders_open(struct orders *o, int fd)
{
	sigset_t term;

	memset(o, 0, sizeof(*o));
	buf_init(&o->in, IPC_ORDER_MAX);
	o->fd = fd;
	o->cut_ms = NEVER;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if ((o->signal = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return -1;
	if ((o->timer = timerfd_create(SYS_CLOCK, TFD_CLOEXEC)) == -1)
		return -1;
	if ((o->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return -1;
	if (watch(o->epoll, o->fd) != 0 || watch(o->epoll, o->signal) != 0 ||
	    watch(o->epoll, o->timer) != 0)
		return -1;
	return 0;
}

/* Makes calls and pauses end at that time. */
static void
cut_at(struct orders *o, int64_t ms)
{
	struct itimerspec when = { 0 };

	o->cut_ms = ms;
	if (ms != NEVER) {
		when.it_value.tv_sec = ms / 1000;
		when.it_value.tv_nsec = ms % 1000 * 1000000 + 1;
	}
	(void)timerfd_settime(o->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
halt(struct orders *o, enum halt what)
{
	int64_t now = sys_now_ms();

	if (what <= o->halt)
		return;		/* a stop wins over a park */
	o->halt = what;
	o->halted_ms = now;
	if (!o->shielded)
		cut_at(o, now);
	else if (what == HALT_STOP)
		cut_at(o, now + STOP_CALL_MS(o->stop_ms));
}

/* Takes one line after the order. A broken one ends the process, which can then
 * trust nothing. */
static void
take_line(struct orders *o, const char *line, size_t len)
{
	struct ipc_later_order later = { 0 };
	struct fail fail;

	if (ipc_later_decode(line, len, &later, &fail) != 0) {
		log_warnx("%s", fail.text);
		_exit(IPC_EXIT_PROTOCOL);
	}
	switch (later.type) {
	case IPC_RECORDED:
		o->recorded = true;
		break;
	case IPC_CREDENTIALS:
		credentials_free(&o->credentials);
		credentials_copy(&o->credentials, &later.credentials);
		free(o->error);
		o->error = xstrdup(later.error);
		o->answered = true;
		break;
	case IPC_PARK:
		halt(o, HALT_PARK);
		break;
	}
	ipc_later_free(&later);
}

static void
take_lines(struct orders *o)
{
	char *end;
	size_t len;

	while (o->in.len > 0 &&
	    (end = memchr(o->in.data, '\n', o->in.len)) != NULL) {
		len = end - o->in.data;
		take_line(o, o->in.data, len);
		buf_consume(&o->in, len + 1);
	}
}

static void
end_input(struct orders *o)
{
	o->ended = true;
	/* an ended pipe would stay readable for ever */
	(void)epoll_ctl(o->epoll, EPOLL_CTL_DEL, o->fd, NULL);
}

/* Reads once from the pipe, which must be readable. */
static void
take_input(struct orders *o)
{
	char chunk[16384];
	ssize_t n;

	n = read(o->fd, chunk, sizeof(chunk));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		end_input(o);
	else if (buf_add(&o->in, chunk, n) != 0)
		_exit(IPC_EXIT_PROTOCOL);
	explicit_bzero(chunk, sizeof(chunk));
}

static void
take_signal(struct orders *o)
{
	struct signalfd_siginfo info;

	if (read(o->signal, &info, sizeof(info)) == sizeof(info))
		halt(o, HALT_STOP);
}

/* Waits at most ms for input, and takes it from the descriptors. */
static void
take_events(struct orders *o, int ms)
{
	struct epoll_event ev[3];
	int i, n;

	n = epoll_wait(o->epoll, ev, 3, ms);
	for (i = 0; i < n; i++) {
		if (ev[i].data.fd == o->fd)
			take_input(o);
		else if (ev[i].data.fd == o->signal)
			take_signal(o);
	}
}

static void
take(struct orders *o, int ms)
{
	take_events(o, ms);
	take_lines(o);
	if (o->ended)
		halt(o, HALT_PARK);
}

enum ipc_exit
orders_first(struct orders *o, struct ipc_order *order)
{
	struct fail fail;
	size_t len;
	char *end;

	while (o->in.len == 0 ||
	    (end = memchr(o->in.data, '\n', o->in.len)) == NULL) {
		/* what the pipe already holds comes before SIGTERM */
		if (o->ended || o->halt == HALT_STOP)
			return IPC_EXIT_ORPHAN;
		take_events(o, -1);
	}
	len = end - o->in.data;
	if (ipc_order_decode(o->in.data, len, order, &fail) != 0) {
		log_warnx("%s", fail.text);
		return IPC_EXIT_PROTOCOL;
	}
	o->stop_ms = order->policy.stop_ms;
	buf_consume(&o->in, len + 1);
	return IPC_EXIT_OK;
}

static int
stopped(struct orders *o, struct fail *fail)
{
	return fail_set(fail, FAIL_STOPPED, "%s", o->halt == HALT_STOP ?
	    "the job was stopped" : "the job was parked");
}

int
orders_pause(struct orders *o, int64_t ms, struct fail *fail)
{
	int64_t now = sys_now_ms(), until = now + ms;

	if (o->outdated != NULL && o->halt == HALT_NONE && o->outdated()) {
		log_info("the resolver's files were replaced: another process "
		    "goes on");
		halt(o, HALT_PARK);
	}
	for (;;) {
		take(o, 0);
		now = sys_now_ms();
		/* a shield protects calls, not pauses */
		if (now >= o->cut_ms || (o->shielded && o->halt != HALT_NONE))
			return stopped(o, fail);
		if (now >= until)
			return 0;
		/* bounded, as epoll_wait takes an int */
		take_events(o, until - now < 60000 ?
		    (int)(until - now) : 60000);
	}
}

int
orders_await(struct orders *o, const bool *flag, struct fail *fail)
{
	int64_t now, limit = NEVER;

	for (;;) {
		take(o, 0);
		if (*flag)
			return 0;
		now = sys_now_ms();
		if (o->halt == HALT_STOP && limit == NEVER)
			limit = now + STOP_CALL_MS(o->stop_ms);
		/* nothing is under way while it waits for credentials */
		if (o->ended || now >= limit ||
		    (flag == &o->answered && o->halt != HALT_NONE))
			return stopped(o, fail);
		/* the timer may stay readable: avoid a busy loop */
		if (o->cut_ms <= now)
			(void)poll(NULL, 0, 10);
		else
			take_events(o, 1000);
	}
}

void
orders_shield(struct orders *o)
{
	o->shielded = true;
	o->severed = false;
}

void
orders_unshield(struct orders *o)
{
	o->shielded = false;
	if (o->halt != HALT_NONE)
		cut_at(o, sys_now_ms());
}

void
orders_begin_stop(struct orders *o)
{
	cut_at(o, o->halted_ms + o->stop_ms);
}

bool
orders_asked(void *arg)
{
	struct orders *o = arg;

	take(o, 0);
	if (sys_now_ms() < o->cut_ms)
		return false;
	o->severed = o->shielded;
	return true;
}
