/*
 * Times as AWS and its tools write them.
 */
#ifndef AWS_TIME_H
#define AWS_TIME_H

#include <stdint.h>

/* ISO 8601 with a time zone, "2026-11-23T13:00:00Z", to seconds since the
 * epoch; fractions are dropped. -1: not understood. */
int	aws_time_read(const char *, int64_t *);

#endif
