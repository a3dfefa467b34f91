/*
 * One-shot timers on the loop, by SYS_CLOCK.
 */
#ifndef TIMER_H
#define TIMER_H

#include <systemd/sd-event.h>

#include <stdint.h>

/* Arm *timer, made if it is NULL, for a time in milliseconds of SYS_CLOCK; one
 * that has passed is due at once. The handler and its argument count when the
 * timer is made. The caller ends it with sd_event_source_disable_unref. */
void	timer_at(sd_event *, sd_event_source **timer, int64_t ms,
	    sd_event_time_handler_t, void *);
/* The same, in so many milliseconds from now. */
void	timer_in(sd_event *, sd_event_source **timer, int64_t ms,
	    sd_event_time_handler_t, void *);
void	timer_off(sd_event_source *);	/* NULL is fine */

#endif
