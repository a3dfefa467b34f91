/*
 * A client of EC2's instance metadata service, version 2; version 1 only where
 * the worker's setting allows it (aws-contract 5.8 as corrected by aws-2026
 * 1.4, 1.9).
 */
#ifndef IMDS_H
#define IMDS_H

#include "chain.h"
#include "metadata.h"

#define IMDS_TIMEOUT_S		1	/* of one request; variable
					   AWS_METADATA_SERVICE_TIMEOUT */
#define IMDS_ATTEMPTS		3	/* of each; variable
					   AWS_METADATA_SERVICE_NUM_ATTEMPTS */
#define IMDS_KEYS_MS		20000	/* for credentials, whatever these say;
					   a look-up has a minute */
#define IMDS_REGION_MS		5000	/* for the region */
#define IMDS_BRIEF_MS		1500	/* for a region that must not delay */

struct imds {
	struct metadata	 service;
	char		*base;		/* URL without '/' at its end */
	bool		 custom;	/* somebody named the base */
	bool		 v1;		/* version 1 will do */
	bool		 tokenless;	/* it is version 1 */
	bool		 v1_forbidden;	/* by AWS's setting, not by ours */
	char		*header;	/* with the token */
	struct secret	*token;
	struct http_tls	 tls;
};

/* Fill it from the variables and the profile, without asking the service, which
 * gets so many ms in all; with IMDS_BRIEF_MS one attempt a request.
 * NOT_CONFIGURED: AWS_EC2_METADATA_DISABLED is true. BROKEN: a variable or
 * profile key has an invalid value. Call imds_close in every case. */
enum verdict	imds_open(struct imds *, const struct chain *, int64_t ms,
		    struct aws_found *, struct fail *);
void		imds_close(struct imds *);

/* GET base/path with a token, which it fetches first unless it has one, and
 * once more after a 401. BROKEN: fail says what the service did, with advice.
 * NOT_CONFIGURED: there is no such service here; fail says why it thinks so. */
enum verdict	imds_get(struct imds *, const char *path, metadata_take,
		    void *arg, struct metadata_end *, struct fail *);

#endif
