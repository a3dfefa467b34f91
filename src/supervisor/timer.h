/*
 * One-shot timers on the loop, by SYS_CLOCK.
 */
#ifndef TIMER_H
#define TIMER_H

#include <systemd/sd-event.h>

#include <stdint.h>

#include "log.h"
#include "priority.h"
#include "sys.h"

#define TIMER_ACCURACY_US	1000

/* Arm *timer, creating it if it is NULL, for a time in milliseconds of
 * SYS_CLOCK; a past one is due at once. Handler and argument only count when
 * the timer is created. The caller ends it with timer_off. */
static inline void
timer_at(sd_event *event, sd_event_source **timer, int64_t ms,
    sd_event_time_handler_t handler, void *arg)
{
	uint64_t usec = (uint64_t)(ms > 0 ? ms : 0) * 1000;

	if (*timer == NULL) {
		if (sd_event_add_time(event, timer, SYS_CLOCK, usec,
		    TIMER_ACCURACY_US, handler, arg) < 0)
			fatalx("cannot add a timer");
		(void)sd_event_source_set_priority(*timer, PRIO_TIMER);
		return;
	}
	(void)sd_event_source_set_time(*timer, usec);
	(void)sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
}

/* The same, in so many milliseconds from now. */
static inline void
timer_in(sd_event *event, sd_event_source **timer, int64_t ms,
    sd_event_time_handler_t handler, void *arg)
{
	timer_at(event, timer, sys_now_ms() + ms, handler, arg);
}

/* NULL is fine. */
static inline void
timer_off(sd_event_source *timer)
{
	if (timer != NULL)
		(void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

#endif
