/*
 * One-shot timers on the loop.
 */
#include "log.h"
#include "priority.h"
#include "sys.h"
#include "timer.h"

#define ACCURACY_US	1000

void
timer_at(sd_event *event, sd_event_source **timer, int64_t ms,
    sd_event_time_handler_t handler, void *arg)
{
	uint64_t usec = (uint64_t)(ms > 0 ? ms : 0) * 1000;

	if (*timer == NULL) {
		if (sd_event_add_time(event, timer, SYS_CLOCK, usec,
		    ACCURACY_US, handler, arg) < 0)
			fatalx("the event loop takes no timer");
		(void)sd_event_source_set_priority(*timer, PRIO_TIMER);
		return;
	}
	if (sd_event_source_set_time(*timer, usec) < 0 ||
	    sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT) < 0)
		fatalx("the event loop takes no timer");
}

void
timer_in(sd_event *event, sd_event_source **timer, int64_t ms,
    sd_event_time_handler_t handler, void *arg)
{
	timer_at(event, timer, sys_now_ms() + ms, handler, arg);
}

void
timer_off(sd_event_source *timer)
{
	if (timer != NULL)
		(void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}
