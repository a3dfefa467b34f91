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
#define IMDS_TOTAL_MS		30000	/* of one imds, whatever these say */
#define IMDS_BRIEF_MS		1500	/* of one that must not delay */

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

/* Fill it from the variables and the profile, without asking the service. With
 * brief, it gets one attempt a request and IMDS_BRIEF_MS in all.
 * NOT_CONFIGURED: AWS_EC2_METADATA_DISABLED is true. BROKEN: a variable or
 * profile key has an invalid value. Call imds_close in every case. */
enum verdict	imds_open(struct imds *, const struct chain *, bool brief,
		    struct aws_found *, struct fail *);
void		imds_close(struct imds *);

/* GET base/path with a token, which it fetches first unless it has one, and
 * once more after a 401. BROKEN: fail says what the service did, with advice.
 * NOT_CONFIGURED: there is no such service here; fail says why it thinks so. */
enum verdict	imds_get(struct imds *, const char *path, metadata_take,
		    void *arg, struct metadata_end *, struct fail *);

#endif
