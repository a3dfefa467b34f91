/*
 * What the supervisor says to an executor: the lines of the order pipe, its
 * end, and SIGTERM.
 */
#ifndef ORDERS_H
#define ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "credentials.h"
#include "fail.h"
#include "ipc.h"
#include "ipc_order.h"

/* Milliseconds that one call of a stop may take, and that a shielded call may
 * still run after a stop: a share of all that the stop may take. */
#define STOP_CALL_MS(stop_ms)	((stop_ms) * 3 / 8)

enum halt {
	HALT_NONE,
	HALT_PARK,	/* leave everything as it is and exit */
	HALT_STOP,	/* undo, report, exit */
};

/*
 * Order pipe, SIGTERM and one timer behind one epoll descriptor, which
 * interrupts HTTP calls and pauses. Nobody reads the timer: from cut_ms on the
 * descriptor stays readable, so that no later call runs on unnoticed. All times
 * are milliseconds of SYS_CLOCK.
 */
struct orders {
	int			 fd, signal, timer, epoll;
	struct buf		 in;		/* not yet taken as lines */
	enum halt		 halt;
	int64_t			 halted_ms;	/* when */
	bool			 ended;		/* the pipe is at its end */
	bool			 shielded;	/* does not cut the call under
						   way */
	bool			 severed;	/* cut it, after all */
	int64_t			 cut_ms;	/* INT64_MAX: never */
	int64_t			 stop_ms;	/* all that a stop may take */
	bool			(*outdated)(void);	/* asked in pauses:
						   park, another one
						   can go on */
	bool			 recorded;	/* the last intent or fact is
						   on disk */
	bool			 answered;	/* credentials or error came */
	struct credentials	 credentials;	/* owned, as is error */
	char			*error;		/* why there are none */
};

/* Takes over the order pipe. The caller has blocked SIGTERM. -1 with errno. */
int	orders_open(struct orders *, int fd);

/* Waits for the order, which the caller frees with ipc_order_free. IPC_EXIT_OK,
 * or the status to exit with. */
enum ipc_exit	orders_first(struct orders *, struct ipc_order *);

/* Waits for ms milliseconds. -1 with FAIL_STOPPED: a halt ends calls and
 * pauses. */
int	orders_pause(struct orders *, int64_t ms, struct fail *);

/* Waits until *flag is set, which is recorded or answered of the same orders.
 * -1 with FAIL_STOPPED: the pipe ended, or a stop could wait no longer. */
int	orders_await(struct orders *, const bool *flag, struct fail *);

/* From now on a call runs to its end, but after a stop for at most
 * STOP_CALL_MS; severed tells whether that cut it. */
void	orders_shield(struct orders *);
void	orders_unshield(struct orders *);

/* Begins the clean-up of a stop: calls run again, until stop_ms after the
 * stop. */
void	orders_begin_stop(struct orders *);

/* Whether to cut the call under way: the callback of struct http_interrupt. Its
 * argument is a struct orders. */
bool	orders_asked(void *);

#endif
