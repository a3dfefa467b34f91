/*
 * The properties of an action, as the pipeline's author wrote them: members of
 * the job's configuration, all texts. A blank one counts as absent. Errors are
 * FAIL_CONFIG.
 */
#ifndef INPUTS_H
#define INPUTS_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

/* A property as written, or NULL. It lives as long as the configuration, as do
 * the results of the next two. */
const char	*input_text(const json_t *configuration, const char *name);

/* The same without blanks around it and with blanks for control characters;
 * changes the configuration accordingly. */
const char	*input_name(const json_t *configuration, const char *name);

/* The same for a required property; what says what to set it to. NULL with fail
 * filled if it is absent. */
const char	*input_required(const json_t *configuration, const char *name,
		    const char *what, struct fail *);

/* A required number of minutes: 1 to a year. */
int	input_minutes(const json_t *configuration, const char *name, long *,
	    struct fail *);

/* true or false, yes or no, 1 or 0; fallback if it is absent. */
int	input_flag(const json_t *configuration, const char *name, bool fallback,
	    bool *, struct fail *);

/* A JSON object of texts, numbers and booleans as a new object of texts, which
 * the caller frees; NULL in *values if it is absent. */
int	input_object(const json_t *configuration, const char *name,
	    json_t **values, struct fail *);

/* New name of a sandbox: base, cut to at most SANDBOX_NAME_MAX characters
 * including the tag made of the job's id; no tag if job is NULL. */
char	*sandbox_name(const char *base, const char *job);

#endif
