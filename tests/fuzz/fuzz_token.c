/*
 * Continuation tokens, which anybody who may report jobs can write. No input
 * would ever carry the right MAC, so here every MAC is right.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mem.h"
#include "token.h"

static const struct token_key key = { .known = true };

/* In place of libsodium's (--wrap). */
int	__wrap_sodium_memcmp(const void *, const void *, size_t);

int
__wrap_sodium_memcmp(const void *a, const void *b, size_t n)
{
	(void)a, (void)b, (void)n;
	return 0;
}

static void
check(const struct job_facts *facts, const struct token_owner *owner,
    int64_t left)
{
	struct job_facts again = { 0 };
	int64_t left_again = -1;
	struct fail f = { 0 };
	char *text, *twice;

	MUST(left >= 0 && left <= INT64_C(7) * 86400 * 1000);
	text = token_encode(facts, left, owner, &key);
	if (text != NULL) {
		MUST(strlen(text) <= JOB_TOKEN_MAX);
		MUST(token_decode(text, owner, &key, &again,
		    &left_again, &f) == 0);
		MUST(left_again == left);
		twice = token_encode(&again, left_again, owner, &key);
		MUST(twice != NULL && strcmp(text, twice) == 0);
		xfree_secret(twice);
		job_facts_free(&again);
	}
	xfree_secret(text);
}

/* A text shows no more of a token than the id of its sandbox, and that only if
 * it is a plain word. */
static void
check_text(struct fail *f)
{
	static const char before[] = "The token names sandbox ";
	char *id = strstr(f->text, before), *end;

	if (id != NULL) {
		id += strlen(before);
		end = strchr(id, ':');
		MUST(end != NULL && end > id && end - id < SANDBOX_ID_SIZE);
		for (; id < end; id++) {
			MUST(isalnum((unsigned char)*id) || *id == '-' ||
			    *id == '_');
			*id = 'x';
		}
	}
	fuzz_fail_check(f, CANARY);
}

static void
try(const char *text, enum job_action action)
{
	const struct token_owner owner = { action, "execution", "pipeline",
	    "stage", "name" };
	struct job_facts facts = { 0 };
	struct fail f = { 0 };
	int64_t left = 0;

	if (token_decode(text, &owner, &key, &facts, &left, &f) != 0)
		check_text(&f);
	else
		check(&facts, &owner, left);
	job_facts_free(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > 4 * JOB_TOKEN_MAX)
		return 0;
	text = calloc(1, size + 1);
	memcpy(text, data, size);
	for (int action = 0; action < ACTION_MAX; action++)
		try(text, (enum job_action)action);
	free(text);
	return 0;
}
