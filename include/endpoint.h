/*
 * Where AWS's services are (aws-contract 1.1, 3.2, 6).
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>

#include "fail.h"

#define AWS_REGION_SIZE		31	/* AWSRegionName: 4-30 */

/* What to change, for texts. */
#define AWS_FIPS_SETTING	"AWS_USE_FIPS_ENDPOINT or use_fips_endpoint"
#define AWS_DUALSTACK_SETTING	"AWS_USE_DUALSTACK_ENDPOINT or " \
				"use_dualstack_endpoint"

/* Whether a text has the form of a region name. */
bool	aws_region_valid(const char *);
/* The partition of a region, as ARNs name it: "aws". A constant. */
const char	*aws_partition(const char *region);

/* Whether two regions are of one partition: credentials of one may be used in
 * the other. */
bool	aws_region_near(const char *, const char *);

/* What to say when a built endpoint cannot be reached, a constant; NULL if it
 * is neither FIPS nor dual-stack: AWS's rules give such a name for every
 * region, and only some exist. */
const char	*aws_endpoint_variant(bool fips, bool dualstack);

/* Where a service ("codepipeline", "s3", "sts") is: a configured URL wins
 * (trailing '/' dropped; NULL or "": none), else it is built. FAIL_CONFIG: the
 * region is malformed or its partition has no FIPS endpoints; the custom URL
 * comes with FIPS or dual-stack, is plain http to a host that is not loopback,
 * is no URL, or holds a user name, query or dot segments. The text says what to
 * change and never shows the URL. */
struct aws_endpoint {
	char	url[512];	/* scheme://authority[/base] */
	char	host[300];	/* as in the Host header */
	char	base[200];	/* path prefix, "" or "/x" */
	bool	custom;
};
int	aws_endpoint_find(const char *service, const char *region,
	    const char *custom_url, bool fips, bool dualstack,
	    struct aws_endpoint *, struct fail *);

#endif
