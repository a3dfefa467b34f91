/*
 * Looks credentials up as the worker does, and asks who they belong to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api.h"
#include "check_aws.h"
#include "check_peer.h"
#include "check_rights.h"
#include "keys.h"
#include "mem.h"
#include "service.h"
#include "sts_call.h"
#include "sys.h"

#define CALL_MS		8000	/* of one attempt of a call */
#define CONNECT_MS	5000
#define ATTEMPTS	2	/* of a call */

#define AWS_FOLDER	SERVICE_DIR "/aws"
#define CHAPTER	"quali-job-worker(8) explains the sources of credentials"

/* --- credentials --- */

static void
show_time(char *dst, size_t size, int64_t wall)
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(dst, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		(void)strlcpy(dst, "?", size);
}

static bool
renewable(const struct aws_found *found)
{
	return found->source == NULL ||
	    (strcmp(found->source, "environment") != 0 &&
	    strcmp(found->source, "profile") != 0);
}

static void
say_expiry(struct findings *f, const struct aws_found *found)
{
	int64_t left = found->keys.expires - sys_wall();
	char when[40];

	show_time(when, sizeof(when), found->keys.expires);
	if (found->keys.expires != 0 && left <= 0)
		finding(f, "aws.credentials", FINDING_FAILED,
		    "renew them at their source", "they expired at %s", when);
	else if (!renewable(found) && found->keys.expires != 0)
		finding(f, "aws.credentials", FINDING_WARNING,
		    "use a source that renews itself, such as a role",
		    "they expire at %s, and nothing renews them", when);
	else if (!renewable(found) && found->keys.token != NULL)
		finding(f, "aws.credentials", FINDING_WARNING,
		    "use a source that renews itself, such as a role",
		    "they have a session token, so they expire, and nothing "
		    "renews them");
}

static void
say_keys(struct findings *f, const struct aws_found *found)
{
	const char *id = found->keys.access_key_id, *source = found->source;
	const char *origin = found->origin;
	size_t n = strlen(id);
	char when[40] = "";

	if (source == NULL)
		source = "found";
	if (origin == NULL || strcmp(origin, source) == 0)
		origin = "";
	if (found->keys.expires != 0)
		show_time(when, sizeof(when), found->keys.expires);
	finding(f, "aws.credentials", FINDING_OK, NULL, "%s%s%s%s, key "
	    "...%s%s%s", source, origin[0] != '\0' ? " (" : "", origin,
	    origin[0] != '\0' ? ")" : "", id + (n > 4 ? n - 4 : 0),
	    when[0] != '\0' ? ", valid to " : "", when);
	for (size_t i = 0; i < found->nwarnings; i++)
		finding(f, "aws.credentials", FINDING_WARNING, CHAPTER, "%s",
		    found->warning[i]);
	say_expiry(f, found);
}

/* The service's AWS folder is not for this user, and nothing else says keys. */
static bool
folder_closed(const struct checking *k)
{
	return k->stranger && getenv("AWS_ACCESS_KEY_ID") == NULL &&
	    access(AWS_FOLDER, X_OK | R_OK) != 0 && errno == EACCES;
}

static bool
is_closed(const char *path, int mode)
{
	return access(path, mode) != 0 && errno == EACCES;
}

/* What lets the service read this file or folder of AWS's; NULL: it may, or
 * the name would have to be quoted. The caller frees it. */
static char *
opening(const char *path, int mode, const char *rights)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_./-";

	if (path[strspn(path, plain)] != '\0' || !is_closed(path, mode))
		return NULL;
	return xasprintf("let the service's group read it\n"
	    "chgrp " SERVICE_USER " %s\nchmod %s %s", path, rights, path);
}

/* The same for the first of them that the service may not read. */
static char *
opening_any(const struct checking *k)
{
	const struct conf *conf = &k->ctl->conf;
	const char *config = conf->aws.config_file, *keys =
	    conf->aws.credentials_file;
	char *remedy;

	if (k->ctl->service == NULL || k->stranger)
		return NULL;
	if (config == NULL && (config = getenv("AWS_CONFIG_FILE")) == NULL)
		config = AWS_FOLDER "/config";
	if (keys == NULL &&
	    (keys = getenv("AWS_SHARED_CREDENTIALS_FILE")) == NULL)
		keys = AWS_FOLDER "/credentials";
	remedy = opening(AWS_FOLDER, X_OK, "g+rx");
	if (remedy == NULL)
		remedy = opening(config, R_OK, "g+r");
	return remedy != NULL ? remedy : opening(keys, R_OK, "g+r");
}

static void
say_none(struct checking *k, const struct fail *fail)
{
	char *remedy = opening_any(k);

	finding(&k->found, "aws.credentials", FINDING_FAILED, remedy != NULL ?
	    remedy : CHAPTER, "%s", fail->text);
	free(remedy);
}

static int
find_keys(struct checking *k, struct aws_found *found)
{
	const struct conf *conf = &k->ctl->conf;
	char *program = xasprintf("%s/aws-credentials",
	    conf->worker.libexec_dir);
	struct keys_place place = { .lookup = { .program = program,
	    .profile = k->ctl->profile != NULL ? k->ctl->profile :
	    conf->aws.profile, .region = k->ctl->region != NULL ?
	    k->ctl->region : conf->aws.region,
	    .config_file = conf->aws.config_file,
	    .credentials_file = conf->aws.credentials_file,
	    .ca_file = conf->aws.ca_file,
	    .metadata_v1 = conf->aws.metadata_v1 }, .env = environ };
	struct fail fail;
	bool none;
	int rc = -1;

	if (folder_closed(k))
		finding(&k->found, "aws.credentials", FINDING_DENIED,
		    "run it as root: sudo qualictl check", AWS_FOLDER ": %s",
		    strerror(EACCES));
	else if ((rc = keys_find(&place, found, &none, &fail)) != 0)
		say_none(k, &fail);
	else
		say_keys(&k->found, found);
	free(program);
	return rc;
}

/* --- region and endpoint --- */

/* Whether a region of AWS looks like this (aws-contract 1.1): words, then a
 * number. */
static bool
looks_known(const char *region)
{
	static const char *const prefixes[] = { "us-", "eu-", "ap-", "sa-",
		"ca-", "me-", "af-", "il-", "mx-", "cn-", "eusc-", NULL };
	const char *last = strrchr(region, '-');

	if (last == NULL || last[1] == '\0' ||
	    last[1 + strspn(last + 1, "0123456789")] != '\0')
		return false;
	for (size_t i = 0; prefixes[i] != NULL; i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(region, prefixes[i], n) == 0)
			return last > region + n;
	}
	return false;
}

static int
check_region(struct checking *k, struct api *api,
    const struct aws_found *found)
{
	struct fail fail;

	if (found->region == NULL) {
		finding(&k->found, "aws.region", FINDING_FAILED, "set region "
		    "in [aws] of worker.conf, as in region = us-east-2",
		    "no region is set");
		return -1;
	}
	if (api_open(api, &k->ctl->conf, found, &fail) != 0) {
		finding(&k->found, "aws.region", FINDING_FAILED, "correct "
		    "region in [aws] of worker.conf, or the variable",
		    "%s", fail.text);
		return -1;
	}
	api->client.timeout_ms = CALL_MS;
	aws_retry_init(&api->client.retry, ATTEMPTS);
	if (!looks_known(found->region))
		finding(&k->found, "aws.region", FINDING_WARNING,
		    "check its spelling, as in us-east-2", "AWS has no region "
		    "named like %s", found->region);
	else
		finding(&k->found, "aws.region", FINDING_OK, NULL, "%s, "
		    "CodePipeline at %s", found->region, api->endpoint.url);
	return 0;
}

static bool
reach(struct checking *k, const struct api *api)
{
	struct peer peer = { .group = "codepipeline", .url = api->endpoint.url,
	    .timeout_ms = CONNECT_MS,
	    .settings = api->endpoint.custom ?
	    "AWS_ENDPOINT_URL_CODEPIPELINE or endpoint_url" :
	    "region in [aws] of worker.conf",
	    .tls = { .ca_file = api->client.ca_file, .verify = true,
	    .settings = AWS_TLS_SETTINGS " or AWS_CA_BUNDLE" } };

	return check_peer(&k->found, &peer);
}

/* --- identity --- */

static void
say_identity(struct checking *k, const struct aws_found *found,
    const struct sts_identity *who)
{
	const char *end = strrchr(who->arn, ':');

	if (end != NULL && strcmp(end, ":root") == 0)
		finding(&k->found, "aws.identity", FINDING_WARNING,
		    "make a role or user with the policy that `qualictl "
		    "policy` prints", "%s is the root user of account %s, who "
		    "may do everything", who->arn, who->account);
	else if (found->account != NULL && who->account[0] != '\0' &&
	    strcmp(found->account, who->account) != 0)
		finding(&k->found, "aws.identity", FINDING_WARNING,
		    "correct the keys or aws_account_id", "%s is of account "
		    "%s, but the settings say %s", who->arn, who->account,
		    found->account);
	else
		finding(&k->found, "aws.identity", FINDING_OK, NULL,
		    "%s, account %s", who->arn, who->account);
}

/* -1: AWS refuses the keys. */
static int
check_identity(struct checking *k, struct api *api)
{
	const struct aws_found *found = api->found;
	struct sts_place place = { .region = found->region,
	    .endpoint = found->endpoint[AWS_STS], .fips = found->use_fips,
	    .dualstack = found->use_dualstack };
	struct sts_identity who = { 0 };
	struct aws_error e = { 0 };
	struct fail fail = { 0 };

	if (sts_call_identity(&api->client, &place, &found->keys, &who, &e,
	    &fail) == 0) {
		say_identity(k, found, &who);
		return 0;
	}
	if (e.coded && e.class != AWS_TRANSIENT && e.class != AWS_THROTTLED) {
		finding(&k->found, "aws.identity", FINDING_FAILED,
		    "replace the keys at their source (aws.credentials above)",
		    "%s", fail.text);
		return -1;
	}
	finding(&k->found, "aws.identity", FINDING_WARNING, "the worker does "
	    "not need STS for these keys: let this host reach it if you want "
	    "to see whose they are", "%s", fail.text);
	return 0;
}

void
check_aws(struct checking *k)
{
	struct aws_found found = { 0 };
	struct api api = { 0 };

	if (find_keys(k, &found) == 0 &&
	    check_region(k, &api, &found) == 0 && reach(k, &api) &&
	    check_identity(k, &api) == 0)
		check_rights(k, &api);
	api_close(&api);
	aws_found_free(&found);
}
