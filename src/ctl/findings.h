/*
 * What a check found: lines in the order in which they were found.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define FINDINGS_MAX	256	/* lines; more are dropped */

enum finding_status {
	FINDING_OK,
	FINDING_WARNING,
	FINDING_FAILED,
	FINDING_DENIED,		/* failed: this user may not read it */
	FINDING_SKIPPED,
	FINDING_MAX
};

struct findings {
	json_t	*list;			/* array of {name, status, text,
					   remedy} */
	size_t	 count[FINDING_MAX];
	FILE	*out;			/* each is printed here at once; NULL:
					   not */
};

void	findings_init(struct findings *, FILE *);
void	findings_free(struct findings *);

/* Add a line. name: such as "cloudshell.tls". remedy: NULL, or what to do;
 * lines after its first are commands to run as they stand. Both texts are
 * cleaned. */
void	finding(struct findings *, const char *name, enum finding_status,
	    const char *remedy, const char *, ...)
	    __attribute__((format(printf, 5, 6)));

/* Add those of another process: {"list": [...]} as findings_json makes it. */
void	findings_take(struct findings *, const json_t *);

/* Whether a name has a line. */
bool	findings_has(const struct findings *, const char *name);

/* One sentence about all. The caller frees it. */
char	*findings_summary(const struct findings *);

#endif
