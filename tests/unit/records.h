/*
 * A journal for tests: in place of src/supervisor/journal.c it keeps the last
 * records instead of writing them, those of job_log.c as well.
 */
#ifndef TESTS_RECORDS_H
#define TESTS_RECORDS_H

#include "job.h"
#include "src/supervisor/journal.h"

struct record {
	enum journal_event event;
	int		 priority;
	char		 job[JOB_ID_SIZE];	/* "": of no job */
	char		 text[1024];
};

void	records_clear(void);
/* How many records hold this piece of text; "": all. */
int	records_with(const char *piece);
/* The last record that holds it, or NULL. */
const struct record *records_find(const char *piece);

#endif
