/*
 * The CloudShell password: read from its file whenever needed, or kept from the
 * environment or the terminal.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include "conf.h"
#include "fail.h"
#include "secret.h"

/* The password, which the caller frees: a copy of kept, or from the file if
 * kept is NULL. FAIL_CONFIG if it cannot be read. */
struct secret	*password_get(const struct conf *, const struct secret *kept,
		    struct fail *);
/* The same from its file, at the start: FAIL_CONFIG says where to put it. */
struct secret	*password_check(const char *path, struct fail *);
/* At the start: check the file, else take the password out of the environment,
 * else ask at the terminal. *kept: NULL with a file. If there is no password
 * the text names conf_path. */
int		 password_take(const struct conf *, const char *conf_path,
		    struct secret **kept, struct fail *);

#endif
