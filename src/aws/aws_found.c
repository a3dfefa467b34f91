/*
 * The answer of aws-credentials, written and read in one place.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws_found.h"
#include "json.h"
#include "mem.h"

#define EXPIRATION	"%Y-%m-%dT%H:%M:%SZ"

static const char *const services[AWS_SERVICE_MAX] = {
	[AWS_CODEPIPELINE] = "codepipeline",
	[AWS_S3] = "s3",
	[AWS_STS] = "sts",
};

const char *
aws_service_name(enum aws_service service)
{
	return services[service];
}

void
aws_found_free(struct aws_found *f)
{
	credentials_free(&f->keys);
	free(f->account);
	free(f->source);
	free(f->origin);
	free(f->region);
	free(f->ca_bundle);
	free(f->app_id);
	for (int i = 0; i < AWS_SERVICE_MAX; i++)
		free(f->endpoint[i]);
	for (size_t i = 0; i < f->nwarnings; i++)
		free(f->warning[i]);
	memset(f, 0, sizeof(*f));
}

static bool
warned(const struct aws_found *f, const char *text)
{
	for (size_t i = 0; i < f->nwarnings; i++)
		if (strcmp(f->warning[i], text) == 0)
			return true;
	return false;
}

void
aws_found_warn(struct aws_found *f, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n == -1)
		return;
	if (f->nwarnings < AWS_WARNINGS_MAX && !warned(f, text))
		f->warning[f->nwarnings++] = text;
	else
		free(text);
}

/* --- writing --- */

static void
put_secret(json_t *o, const char *key, const struct secret *s)
{
	if (s == NULL)
		return;
	json_put_text(o, key, secret_open(s));
	secret_close(s);
}

static void
put_keys(json_t *o, const struct credentials *keys)
{
	time_t at = (time_t)keys->expires;
	char when[32];
	struct tm tm;

	(void)json_object_set_new(o, "Version", json_integer(1));
	json_put_text(o, "AccessKeyId", keys->access_key_id);
	put_secret(o, "SecretAccessKey", keys->secret_key);
	put_secret(o, "SessionToken", keys->token);
	if (at != 0 && gmtime_r(&at, &tm) != NULL &&
	    strftime(when, sizeof(when), EXPIRATION, &tm) > 0)
		json_put_text(o, "Expiration", when);
}

json_t *
aws_found_json(const struct aws_found *f)
{
	json_t *o = json_object(), *endpoints = json_object();
	json_t *warnings = json_array();

	put_keys(o, &f->keys);
	json_put_text(o, "AccountId", f->account);
	json_put_text(o, "Source", f->source);
	json_put_text(o, "Origin", f->origin);
	json_put_text(o, "Region", f->region);
	json_put_text(o, "CaBundle", f->ca_bundle);
	json_put_text(o, "AppId", f->app_id);
	for (int i = 0; i < AWS_SERVICE_MAX; i++)
		json_put_text(endpoints, services[i], f->endpoint[i]);
	(void)json_object_set_new(o, "Endpoints", endpoints);
	(void)json_object_set_new(o, "UseFips", json_boolean(f->use_fips));
	(void)json_object_set_new(o, "UseDualstack",
	    json_boolean(f->use_dualstack));
	if (f->max_attempts != 0)
		(void)json_object_set_new(o, "MaxAttempts",
		    json_integer(f->max_attempts));
	for (size_t i = 0; i < f->nwarnings; i++)
		(void)json_array_append_new(warnings,
		    json_string(f->warning[i]));
	(void)json_object_set_new(o, "Warnings", warnings);
	return o;
}

/* --- reading --- */

static int
read_keys(const json_t *o, struct credentials *c, struct fail *fail)
{
	const char *id = json_text(o, "AccessKeyId");
	const char *key = json_text(o, "SecretAccessKey");
	const char *when = json_text(o, "Expiration"), *rest;
	struct tm tm = { 0 };

	if (json_int(o, "Version", 0) != 1 || id == NULL || key == NULL)
		return fail_set(fail, FAIL_SYSTEM, "the answer of "
		    "aws-credentials lacks Version 1, AccessKeyId or "
		    "SecretAccessKey");
	if (when != NULL) {
		rest = strptime(when, EXPIRATION, &tm);
		if (rest == NULL || *rest != '\0')
			return fail_set(fail, FAIL_SYSTEM, "the answer of "
			    "aws-credentials has an invalid Expiration");
		c->expires = timegm(&tm);
	}
	c->access_key_id = xstrdup(id);
	c->secret_key = secret_text(key);
	c->token = secret_text(json_text(o, "SessionToken"));
	return 0;
}

static void
read_settings(const json_t *o, struct aws_found *f)
{
	const json_t *endpoints = json_object_of(o, "Endpoints");
	const json_t *warnings = json_array_of(o, "Warnings");
	int64_t attempts = json_int(o, "MaxAttempts", 0);

	f->account = xstrdup(json_text(o, "AccountId"));
	f->source = xstrdup(json_text(o, "Source"));
	f->origin = xstrdup(json_text(o, "Origin"));
	f->region = xstrdup(json_text(o, "Region"));
	f->ca_bundle = xstrdup(json_text(o, "CaBundle"));
	f->app_id = xstrdup(json_text(o, "AppId"));
	for (int i = 0; i < AWS_SERVICE_MAX; i++)
		f->endpoint[i] = xstrdup(json_text(endpoints, services[i]));
	f->use_fips = json_flag(o, "UseFips", false);
	f->use_dualstack = json_flag(o, "UseDualstack", false);
	if (attempts > 0)
		f->max_attempts = attempts < AWS_ATTEMPTS_MAX ?
		    (int)attempts : AWS_ATTEMPTS_MAX;
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings,
		    i));

		if (text != NULL)
			aws_found_warn(f, "%s", text);
	}
}

int
aws_found_read(struct aws_found *f, const char *line, size_t len,
    struct fail *fail)
{
	json_t *o = json_parse(line, len, fail);
	int rc;

	if (o == NULL)
		return fail_prefix(fail, "the answer of aws-credentials");
	if ((rc = read_keys(o, &f->keys, fail)) == 0)
		read_settings(o, f);
	else
		aws_found_free(f);
	json_decref(o);
	return rc;
}
