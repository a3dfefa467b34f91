/*
 * What was said last and when.
 */
#include <string.h>

#include "told.h"

bool
told_lately(const struct told *told, const char *what, int64_t within_ms,
    int64_t now_ms)
{
	return told->what[0] != '\0' &&
	    strncmp(told->what, what, sizeof(told->what) - 1) == 0 &&
	    now_ms - told->ms < within_ms;
}

bool
told_due(struct told *told, const char *what, int64_t every_ms,
    int64_t now_ms)
{
	if (told_lately(told, what, every_ms, now_ms))
		return false;
	(void)strlcpy(told->what, what, sizeof(told->what));
	told->ms = now_ms;
	return true;
}

void
told_over(struct told *told)
{
	told->what[0] = '\0';
}
