/*
 * The order of an executor: everything that it gets to know.
 */
#ifndef ORDER_H
#define ORDER_H

#include "buf.h"
#include "conf.h"
#include "fail.h"
#include "job.h"
#include "life.h"
#include "secret.h"

/* What all orders of one moment share. Borrowed. */
struct order_terms {
	const struct conf	*conf;
	const struct secret	*password;	/* the kept one; NULL: read the
						   file */
	const char		*region;
	const char		*s3_endpoint;	/* NULL: the real one */
	const char		*ca_file;	/* of S3; NULL: the system's */
	bool			 use_fips, use_dualstack;
	const char		*user_agent;	/* of requests to S3 */
	int			 max_attempts;	/* of one; 0: not said */
};

/* Append the order line of the job, or of its clean-up. Takes over the data
 * with its secrets, unless the order is a clean-up's. -1: FAIL_CONFIG: the
 * password cannot be read; FAIL_SYSTEM: the order is too large. */
int	order_write(struct buf *, const struct life *, struct job_data *,
	    const struct order_terms *, const struct life_now *,
	    struct fail *);

#endif
