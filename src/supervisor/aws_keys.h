/*
 * The worker's own AWS credentials, and the AWS settings found with them.
 */
#ifndef AWS_KEYS_H
#define AWS_KEYS_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include <stdbool.h>

#include "aws_found.h"
#include "conf.h"
#include "credentials.h"

struct aws_keys;

/* Called when other credentials came or a look-up failed for now; from the
 * loop, so it may call anything below. */
typedef void	(*aws_keys_changed)(bool have, void *);

/* Runs the program aws-credentials (fork and exec of libexec_dir's, with a
 * constant argv and the AWS variables of the environment; a time limit of 90
 * s), reads its JSON, keeps the credentials in guarded memory and renews them
 * before they expire (aws-contract 5.9): 10 minutes before the end, or after
 * half the life of short ones, less up to 60 s at random. If a look-up fails it
 * keeps the old ones and tries again with back-off. */
struct aws_keys	*aws_keys_new(sd_event *, const struct conf *,
		    aws_keys_changed, void *);
void	aws_keys_stop(struct aws_keys *);	/* ends a look-up, frees */
/* Begin a look-up in the next turn unless one runs (after ExpiredToken and the
 * like), but at least 5 s after the last began. */
void	aws_keys_refresh(struct aws_keys *);
/* The current ones, or NULL. Borrowed until the next turn of the loop. */
const struct credentials *aws_keys_get(const struct aws_keys *);
/* The region of everything sent to AWS: aws.region, else what the provider
 * chain found; "" if it is not known (yet). */
const char *aws_keys_region(const struct aws_keys *);
/* Where the credentials come from; "" if there are none. */
const char *aws_keys_origin(const struct aws_keys *);
/* The account that they belong to; "" if that is not known. */
const char *aws_keys_account(const struct aws_keys *);
/* What the last look-up warned of, from 0 on; NULL: no more. */
const char *aws_keys_warning(const struct aws_keys *, size_t);
/* Whether the first look-up has not ended yet. */
bool	aws_keys_looking(const struct aws_keys *);
/* Why there are none: text of the last failed look-up, "" if it did not. */
const char *aws_keys_error(const struct aws_keys *);
/* Configured endpoint of a service, NULL: the real one. Known
 * after the first look-up, as all below. */
const char *aws_keys_endpoint(const struct aws_keys *, enum aws_service);
/* PEM file to check AWS's certificates with: aws.ca_file, else AWS_CA_BUNDLE,
 * else the profile's; NULL: the system's. */
const char *aws_keys_ca_bundle(const struct aws_keys *);
bool	aws_keys_use_fips(const struct aws_keys *);
bool	aws_keys_use_dualstack(const struct aws_keys *);
/* Attempts of one call, the first included; 0: not said. */
int	aws_keys_max_attempts(const struct aws_keys *);
/* The User-Agent of all requests to AWS, with the application id that the last
 * look-up found. Borrowed until the next turn of the loop. */
const char *aws_keys_user_agent(const struct aws_keys *);
/* Its child, -1 if none, for the sweep for unknown zombies. */
pid_t	aws_keys_child(const struct aws_keys *);

#endif
