/*
 * The CloudShell password: read from its file whenever it is needed, or kept
 * from the environment or the terminal.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include "conf.h"
#include "fail.h"
#include "secret.h"

/* The password, freed by the caller: a copy of the one that was kept, unless
 * that is NULL. FAIL_CONFIG if it cannot be read. */
struct secret	*password_get(const struct conf *, const struct secret *kept,
		    struct fail *);
/* The same from its file, for a start: FAIL_CONFIG says where to put it. */
struct secret	*password_check(const char *path, struct fail *);
/* At the start: check the file, else take the password out of the environment,
 * else ask at the terminal. *kept: NULL with a file. conf_path is named in the
 * text when there is none. */
int		 password_take(const struct conf *, const char *conf_path,
		    struct secret **kept, struct fail *);

#endif
