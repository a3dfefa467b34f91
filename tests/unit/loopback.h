/*
 * What the tests of HTTP listen on. Without it these tests cannot run, and must
 * not be skipped silently: the program ends with a line that says so.
 */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

/* A TCP socket bound to a free port of 127.0.0.1, which does not listen yet. */
int	loopback_bind(int *port);

#endif
