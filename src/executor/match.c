/*
 * An exact name comes first, then a regular expression anchored at the start of
 * the name, since deployed apps get a random suffix. A pipeline's author writes
 * the expression, which may explode: so PCRE2 interprets it, without JIT and
 * within limits.
 */
#define PCRE2_CODE_UNIT_WIDTH	8

#include <pcre2.h>
#include <string.h>

#include "buf.h"
#include "match.h"
#include "mem.h"

#define PATTERN_MAX	1000	/* characters; the model's limit of a value */
#define STEPS_ALL	10000000	/* for all matches together */
#define STEPS_MAX	1000000	/* of one match */
#define NAMES_MAX	10000	/* to try an expression on */
#define DEPTH_MAX	1000	/* of nested backtracking */
#define HEAP_MAX_KB	4096	/* of one match */
#define LIST_MAX	1200	/* bytes of candidates in a text */
#define LIST_NAMES	25

struct pattern {
	pcre2_code		*code;
	pcre2_match_context	*context;
	pcre2_match_data	*data;
};

static void
pattern_free(struct pattern *p)
{
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->context);
	pcre2_code_free(p->code);
}

static int
pattern_new(struct pattern *p, const char *text, size_t names,
    struct fail *fail)
{
	uint32_t steps = STEPS_ALL / (uint32_t)(names > 0 ? names : 1);
	PCRE2_UCHAR why[128] = "";
	PCRE2_SIZE where;
	int error;

	memset(p, 0, sizeof(*p));
	if (names > NAMES_MAX)
		return fail_set(fail, FAIL_CONFIG, "ComponentName \"%.200s\" "
		    "is not the name of a component, and the sandbox has too "
		    "many (%zu) to try it as a regular expression: write the "
		    "whole name", text, names);
	if (strlen(text) > 4 * PATTERN_MAX)
		return fail_set(fail, FAIL_CONFIG, "ComponentName is longer "
		    "than %d characters", PATTERN_MAX);
	p->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    PCRE2_ANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error,
	    &where, NULL);
	if (p->code == NULL) {
		(void)pcre2_get_error_message(error, why, sizeof(why));
		return fail_set(fail, FAIL_CONFIG, "ComponentName \"%.200s\" "
		    "is neither the name of a component nor a regular "
		    "expression (at position %zu: %s)", text, where + 1,
		    (char *)why);
	}
	p->context = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create(1, NULL);
	if (p->context == NULL || p->data == NULL) {
		pattern_free(p);
		return fail_set(fail, FAIL_SYSTEM, "out of memory");
	}
	(void)pcre2_set_match_limit(p->context, steps < STEPS_MAX ? steps :
	    STEPS_MAX);
	(void)pcre2_set_depth_limit(p->context, DEPTH_MAX);
	(void)pcre2_set_heap_limit(p->context, HEAP_MAX_KB);
	return 0;
}

/* 1: matches, 0: does not, -1 with FAIL_CONFIG. */
static int
pattern_try(const struct pattern *p, const char *text, const char *name,
    struct fail *fail)
{
	int rv;

	rv = pcre2_match(p->code, (PCRE2_SPTR)name, strlen(name), 0, 0,
	    p->data, p->context);
	if (rv >= 0)
		return 1;
	if (rv == PCRE2_ERROR_NOMATCH || (rv <= PCRE2_ERROR_UTF8_ERR1 &&
	    rv >= PCRE2_ERROR_UTF8_ERR21))
		return 0;
	return fail_set(fail, FAIL_CONFIG, "the regular expression in "
	    "ComponentName, \"%.200s\", takes too long to match: write a "
	    "simpler one, without nested repeats", text);
}

/* Lists the components marked in hits, or all if hits is NULL. */
static void
list(struct buf *b, const struct cs_component *c, const bool *hits, size_t n)
{
	size_t i, shown = 0, left = 0;

	buf_init(b, LIST_MAX + 64);
	for (i = 0; i < n; i++) {
		if (hits != NULL && !hits[i])
			continue;
		if (shown == LIST_NAMES ||
		    b->len + strlen(c[i].name) > LIST_MAX)
			left++;
		else if (buf_addf(b, "%s\"%s\"", shown == 0 ? "" : ", ",
		    c[i].name) == 0)
			shown++;
	}
	if (left > 0)
		(void)buf_addf(b, " and %zu more", left);
}

/* Chooses the only hit, or says why it cannot. */
static int
choose(const char *text, const struct cs_component *c, const bool *hits,
    size_t n, struct fail *fail)
{
	const char *hint = strcasecmp(text, "SANDBOX") == 0 ? "; SANDBOX (in "
	    "capitals) means the sandbox itself" : "";
	struct buf names;
	size_t i, found = 0;
	int index = -1;

	for (i = 0; i < n; i++)
		if (hits[i]) {
			found++;
			index = (int)i;
		}
	if (found == 1)
		return index;
	list(&names, c, found > 0 ? hits : NULL, n);
	if (n == 0)
		(void)fail_set(fail, FAIL_CONFIG, "no component matches "
		    "ComponentName \"%.200s\": the sandbox has none%s", text,
		    hint);
	else if (found == 0)
		(void)fail_set(fail, FAIL_CONFIG, "no component matches "
		    "ComponentName \"%.200s\"; the sandbox has: %s%s", text,
		    buf_text(&names), hint);
	else
		(void)fail_set(fail, FAIL_CONFIG, "ComponentName \"%.200s\" "
		    "matches %zu components: %s; name one of them", text,
		    found, buf_text(&names));
	buf_free(&names);
	return -1;
}

int
component_match(const char *text, const struct cs_component *c, size_t n,
    struct fail *fail)
{
	struct pattern p;
	bool *hits, exact = false;
	size_t i;
	int rv = -1;

	hits = xcalloc(n + 1, sizeof(*hits));
	for (i = 0; i < n; i++) {
		hits[i] = strcmp(c[i].name, text) == 0;
		exact = exact || hits[i];
	}
	if (!exact) {
		if (pattern_new(&p, text, n, fail) != 0)
			goto out;
		for (i = 0, rv = 0; i < n && rv != -1; i++) {
			rv = pattern_try(&p, text, c[i].name, fail);
			hits[i] = rv == 1;
		}
		pattern_free(&p);
		if (rv == -1)
			goto out;
	}
	rv = choose(text, c, hits, n, fail);
out:
	free(hits);
	return rv;
}
