/*
 * Words of state, in any of their spellings (7.1, 7.3).
 */
#ifndef WORDS_H
#define WORDS_H

#include "cloudshell.h"

/* CS_WAITING for an unknown word. */
enum cs_phase	 sandbox_phase(const char *state);
/* ended: the time of its end, NULL or "" if it has none. */
enum cs_progress execution_progress(const char *status, const char *ended);

#endif
