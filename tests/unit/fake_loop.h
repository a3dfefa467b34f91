/*
 * A loop whose time passes only when the test says so: in place of the timers
 * and deferred event sources of libsystemd, and of the clocks. To be included
 * before any header of the supervisor, whose inline functions ask for the time.
 */
#ifndef TESTS_FAKE_LOOP_H
#define TESTS_FAKE_LOOP_H

#include <stdint.h>

#define sys_now_ms	fake_now_ms
#define sys_wall	fake_wall

int64_t	fake_now_ms(void);
int64_t	fake_wall(void);

/* Begin at this time; no source may be left. */
void	fake_loop_reset(int64_t now_ms);
/* Let time pass: timers fire at their times, and what was deferred follows in
 * the same turn. 0: only what is due now. */
void	fake_loop_pass(int64_t ms);
/* When the first timer is due; -1: none is armed. */
int64_t	fake_loop_due(void);
/* Sources that there are, armed or not; how often a timer was armed. */
int	fake_loop_sources(void);
int	fake_loop_armed(void);

#endif
