/*
 * Credentials that a program prints.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "environment.h"
#include "files.h"
#include "json.h"
#include "keys.h"
#include "kinds.h"
#include "mem.h"
#include "process.h"
#include "run.h"
#include "said.h"
#include "sys.h"

#define JSON_MAX	1000	/* values of an answer */

/* --- the command line --- */

/* One word, added to a buffer; behind it or NULL: something lacks. */
static const char *
split_word(const char *s, struct buf *word)
{
	char quote = '\0';

	for (; *s != '\0'; s++) {
		if (quote == '\0' && strchr(" \t\r\n", *s) != NULL)
			break;
		if (*s == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '\0' && (*s == '"' || *s == '\'')) {
			quote = *s;
			continue;
		}
		/* between double quotes a backslash protects only these */
		if (*s == '\\' && quote != '\'' && (quote == '\0' ||
		    s[1] == '\\' || s[1] == '"')) {
			if (s[1] == '\0')
				return NULL;
			s++;
		}
		(void)buf_add(word, s, 1);
	}
	return quote == '\0' ? s : NULL;
}

char **
process_split(const char *line)
{
	size_t n = 0, max = strlen(line) / 2 + 2;
	char **words = xcalloc(max, sizeof(*words));
	struct buf word;

	buf_init(&word, strlen(line) + 1);
	for (;;) {
		line += strspn(line, " \t\r\n");
		if (*line == '\0')
			break;
		if ((line = split_word(line, &word)) == NULL)
			break;
		words[n++] = xstrdup(buf_text(&word));
		buf_clear(&word);
		if (word.data != NULL)
			word.data[0] = '\0';
	}
	buf_free(&word);
	if (line != NULL)
		return words;
	process_free(words);
	return NULL;
}

void
process_free(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		xfree_secret(words[i]);
	free(words);
}

/* Roles Anywhere's helper takes no notice of proxies by itself (aws-2026
 * 1.7). NULL: nothing to say. */
static const char *
proxy_advice(char *const argv[])
{
	static const char *const variables[] = { "HTTPS_PROXY", "https_proxy",
	    "ALL_PROXY", "all_proxy" };
	const char *name = strrchr(argv[0], '/');
	bool command = false, proxy = false;

	name = name != NULL ? name + 1 : argv[0];
	if (strcmp(name, "aws_signing_helper") != 0)
		return NULL;
	for (size_t i = 1; argv[i] != NULL; i++) {
		command |= strcmp(argv[i], "credential-process") == 0;
		if (strcmp(argv[i], "--with-proxy") == 0)
			return NULL;
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		proxy |= variable(variables[i]) != NULL;
	return !command || !proxy ? NULL : "HTTPS_PROXY is set, but "
	    "aws_signing_helper uses no proxy: add --with-proxy to its line in "
	    "credential_process";
}

/* --- the answer --- */

/* A member whatever the case of its key; null counts as absent. */
static const json_t *
member(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);
	const char *name;
	json_t *v;

	if (value == NULL)
		json_object_foreach((json_t *)(uintptr_t)o, name, v)
			if (strcasecmp(name, key) == 0) {
				value = v;
				break;
			}
	return json_is_null(value) ? NULL : value;
}

/* A text that is not empty, or NULL. */
static const char *
text_member(const json_t *o, const char *key)
{
	const char *text = json_string_value(member(o, key));

	return text == NULL || text[0] == '\0' ? NULL : text;
}

static int
check_expiry(const json_t *o, int64_t now, int64_t *expires,
    struct fail *fail)
{
	const json_t *value = member(o, "Expiration");

	*expires = 0;
	if (value == NULL)
		return 0;
	if (!json_is_string(value) ||
	    keys_expiry(json_string_value(value), expires) != 0)
		return fail_set(fail, FAIL_SYSTEM, "printed an Expiration that "
		    "is not a time of the form 2026-11-23T13:00:00Z");
	return *expires > now ? 0 : fail_set(fail, FAIL_SYSTEM, "printed "
	    "credentials whose Expiration has passed: see that it renews "
	    "them, and that this machine's clock is right");
}

static int
take(struct aws_found *found, const json_t *o, const char *where,
    int64_t now, struct fail *fail)
{
	const char *id = text_member(o, "AccessKeyId");
	const char *key = text_member(o, "SecretAccessKey");
	const json_t *version = member(o, "Version");
	const json_t *token = member(o, "SessionToken");
	int64_t expires;

	if (!json_is_number(version) || json_number_value(version) < 1 ||
	    json_number_value(version) > 1)
		return fail_set(fail, FAIL_SYSTEM, "printed JSON whose Version "
		    "is not the number 1");
	if (id == NULL || key == NULL)
		return fail_set(fail, FAIL_SYSTEM, "printed JSON without %s",
		    id == NULL ? "AccessKeyId" : "SecretAccessKey");
	if (token != NULL && !json_is_string(token))
		return fail_set(fail, FAIL_SYSTEM, "printed a SessionToken "
		    "that is no text");
	if (check_expiry(o, now, &expires, fail) != 0)
		return -1;
	if (keys_take(found, id, key, text_member(o, "SessionToken"),
	    "process", where, fail) != 0)
		return fail_prefix(fail, "printed keys that cannot be used");
	found->keys.expires = expires;
	found->account = xstrdup(text_member(o, "AccountId"));
	return 0;
}

int
process_take(struct aws_found *found, const char *text, size_t len,
    const char *where, int64_t now, struct fail *fail)
{
	struct fail why = { 0 };
	json_t *o = NULL;
	int rc = -1;

	if (len == 0)
		(void)fail_set(fail, FAIL_SYSTEM, "printed nothing");
	else if (json_crowded(text, len, JSON_MAX))
		(void)fail_set(fail, FAIL_SYSTEM, "printed JSON with more than "
		    "%d values", JSON_MAX);
	else if ((o = json_parse(text, len, &why)) == NULL)
		(void)fail_set(fail, FAIL_SYSTEM, "printed no JSON: %s",
		    why.text);
	else if (!json_is_object(o))
		(void)fail_set(fail, FAIL_SYSTEM, "printed JSON that is no "
		    "object");
	else
		rc = take(found, o, where, now, fail);
	json_decref(o);
	return rc;
}

/* --- both --- */

static int
ask(char **argv, struct aws_found *found, const char *where,
    struct fail *fail)
{
	struct buf out, said;
	char *line;
	int rc;

	buf_init(&out, PROCESS_OUT_MAX);
	buf_init(&said, PROCESS_SAID_MAX);
	rc = run_program(argv, PROCESS_LIMIT_MS, &out, &said, fail);
	if (rc == 0)
		rc = process_take(found, buf_text(&out), out.len, where,
		    sys_wall(), fail);
	if (rc != 0 && said.len > 0) {
		for (size_t i = 0; i < said.len; i++)
			if (said.data[i] == '\0')
				said.data[i] = ' ';
		line = said_clean(said.data, buf_text(&out),
		    (const char *const *)argv + 1);
		if (line[0] != '\0')
			(void)fail_add(fail, "It said: %s", line);
		xfree_secret(line);
	}
	buf_free(&out);
	buf_free(&said);
	return rc;
}

enum verdict
process_look(const struct chain *c, const char *profile,
    struct aws_found *found, struct fail *fail)
{
	char **argv = process_split(files_find(c->files, profile,
	    "credential_process", NULL));
	char *by = kinds_where(c, profile, "credential_process");
	char *where = NULL;
	const char *advice;
	enum verdict v = BROKEN;

	if (argv == NULL || argv[0] == NULL || argv[0][0] == '\0') {
		(void)fail_set(fail, FAIL_CONFIG, "%s: credential_process %s",
		    by, argv == NULL ? "has a quote or backslash without its "
		    "counterpart" : "names no program");
		goto out;
	}
	if ((advice = proxy_advice(argv)) != NULL)
		aws_found_warn(found, "%s", advice);
	where = xasprintf("process %s by %s", argv[0], by);
	if (ask(argv, found, where, fail) == 0) {
		if (found->account == NULL)
			found->account = xstrdup(files_find(c->files, profile,
			    "aws_account_id", NULL));
		v = FOUND;
	} else {
		(void)fail_prefix(fail, "credential_process of %s: %s ", by,
		    argv[0]);
		if (advice != NULL)
			(void)fail_add(fail, "%s", advice);
	}
out:
	free(where);
	free(by);
	process_free(argv);
	return v;
}
