/*
 * The custom action types of an account and region.
 */
#include <string.h>

#include "account.h"
#include "json.h"
#include "sys.h"

#define PAGES_MAX	100	/* of one list */
#define AWAIT_TRIES	5	/* lists until a change shows */
#define AWAIT_MS	200	/* pause before the second list; the next ones
				   are twice as long each */

/* Add to an error what the reader can do about it. */
static void
advise(const char *operation, const json_t *input, const struct aws_error *e,
    struct fail *fail)
{
	if (fail->kind == FAIL_PERMISSION)
		(void)fail_add(fail, "It needs the permission codepipeline:%s"
		    "%s: `qualictl policy --installer` prints a policy with it",
		    operation, json_object_get(input, "tags") == NULL ? "" :
		    " and, for the tags, codepipeline:TagResource");
	else if (strcmp(e->code, "LimitExceededException") == 0)
		(void)fail_add(fail, "AWS allows 50 custom action types in a "
		    "region: delete one that no pipeline uses");
	else if (strcmp(e->code, "ValidationException") == 0 &&
	    strcmp(operation, "CreateCustomActionType") == 0)
		(void)fail_add(fail, "If this version was deleted before, AWS "
		    "only takes the same definition again: raise \"version\" "
		    "in the file");
}

static json_t *
call(struct api *api, const char *operation, const json_t *input,
    struct fail *fail)
{
	struct aws_error e;
	json_t *answer = api_call(api, operation, input, &e, fail);

	if (answer == NULL)
		advise(operation, input, &e, fail);
	return answer;
}

/* --- the list --- */

static int
broken(struct fail *fail, const char *what)
{
	return fail_set(fail, FAIL_SYSTEM, "the answer to ListActionTypes: %s",
	    what);
}

static int
take_page(json_t *all, const json_t *page, struct fail *fail)
{
	const json_t *list = json_array_of(page, "actionTypes");
	const char *owner;
	json_t *t, *id;
	size_t i;

	if (list == NULL)
		return broken(fail, "it has no actionTypes");
	json_array_foreach(list, i, t) {
		id = json_object_of(t, "id");
		owner = json_text(id, "owner");
		if (owner == NULL || json_text(id, "category") == NULL ||
		    json_text(id, "provider") == NULL ||
		    json_text(id, "version") == NULL)
			return broken(fail, "an action type has no id");
		if (strcmp(owner, "Custom") == 0)
			(void)json_array_append(all, t);
	}
	return 0;
}

json_t *
account_types(struct api *api, struct fail *fail)
{
	json_t *all = json_array(), *page = NULL, *input, *next = NULL;

	for (int i = 0; i < PAGES_MAX; i++) {
		input = json_object();
		json_put_text(input, "actionOwnerFilter", "Custom");
		if (next != NULL)
			(void)json_object_set(input, "nextToken", next);
		json_decref(page);
		page = call(api, "ListActionTypes", input, fail);
		json_decref(input);
		if (page == NULL || take_page(all, page, fail) != 0)
			goto bad;
		next = json_object_get(page, "nextToken");
		if (!json_is_string(next)) {
			json_decref(page);
			return all;
		}
	}
	(void)broken(fail, "it does not end");
bad:
	json_decref(page);
	json_decref(all);
	return NULL;
}

static bool
is_text(const json_t *o, const char *key, const char *text)
{
	return strcmp(json_text(o, key), text) == 0;
}

json_t *
account_find(const json_t *types, const struct cp_action_type *type)
{
	json_t *t, *id;
	size_t i;

	json_array_foreach(types, i, t) {
		id = json_object_of(t, "id");
		if (is_text(id, "category", type->category) &&
		    is_text(id, "provider", type->provider) &&
		    is_text(id, "version", type->version))
			return t;
	}
	return NULL;
}

/* --- changes --- */

int
account_create(struct api *api, const json_t *input, struct fail *fail)
{
	json_t *answer = call(api, "CreateCustomActionType", input, fail);

	json_decref(answer);
	return answer != NULL ? 0 : -1;
}

int
account_delete(struct api *api, const struct cp_action_type *type,
    struct fail *fail)
{
	json_t *input = json_object(), *answer;

	json_put_text(input, "category", type->category);
	json_put_text(input, "provider", type->provider);
	json_put_text(input, "version", type->version);
	answer = call(api, "DeleteCustomActionType", input, fail);
	json_decref(input);
	json_decref(answer);
	return answer != NULL ? 0 : -1;
}

json_t *
account_await(struct api *api, const struct cp_action_type *type, bool there,
    const struct fail *why, struct fail *fail)
{
	json_t *types = NULL;
	bool failed = why->kind != FAIL_NONE;

	for (int i = 0; i == 0 || (i < AWAIT_TRIES && !failed); i++) {
		if (i > 0)
			sys_pause_ms(AWAIT_MS << (i - 1));
		if (why->kind == FAIL_PERMISSION || why->kind == FAIL_AUTH ||
		    (types = account_types(api, fail)) == NULL)
			break;
		if ((account_find(types, type) != NULL) == there)
			return types;
		json_decref(types);
		types = NULL;
		(void)fail_set(fail, FAIL_SYSTEM, "%s %s: AWS took the %s, "
		    "but %s the type", type->provider, type->version,
		    there ? "definition" : "deletion",
		    there ? "does not list" : "still lists");
	}
	if (failed)
		(void)fail_set(fail, why->kind, "%s", why->text);
	return NULL;
}
