/*
 * Writing to a blocking descriptor.
 */
#ifndef WRITE_H
#define WRITE_H

#include <stddef.h>

/* Write everything, going on after a signal. -1 with errno. */
int	write_all(int fd, const void *, size_t);

#endif
