/*
 * Logs in as a job would, and looks at what it would see.
 */
#include <stdlib.h>
#include <string.h>

#include "check_cloudshell.h"
#include "check_peer.h"
#include "cloudshell.h"
#include "http_client.h"
#include "json.h"
#include "mem.h"
#include "near.h"
#include "sys.h"

#define CALL_MS		8000	/* of one call; logins of 3 s were seen */
#define ALL_MS		(2 * CALL_MS)	/* of all; half of it to log in */
#define CONNECT_MS	5000
#define INPUTS_MAX	1000	/* characters of a property (aws-contract 1) */

struct visit {
	struct checking		*k;
	struct cs_settings	 set;
	struct cs_client	*cs;
	int64_t			 end_ms;
};

/* --- what the client calls back --- */

static int64_t
remaining(void *arg)
{
	const struct visit *v = arg;

	return v->end_ms - sys_now_ms();
}

static int
pause_ms(int64_t ms, void *arg, struct fail *fail)
{
	(void)arg;
	(void)fail;
	sys_pause_ms(ms);
	return 0;
}

/* --- a blueprint --- */

/* What to paste as InputsJSON: defaults, and an empty text or the first
 * possible value where there must be one. Freed with free. */
static char *
inputs_json(const struct cs_details *d)
{
	json_t *o = json_object(), *first;
	char *text;

	for (size_t i = 0; i < d->n; i++) {
		const struct cs_input *in = &d->inputs[i];

		first = json_array_get(in->values, 0);
		if (in->required && first != NULL)
			(void)json_object_set(o, in->name, first);
		else
			json_put_text(o, in->name, in->fallback != NULL ?
			    in->fallback : "");
		if (json_object_get(o, in->name) == NULL)
			(void)json_object_set_new(o, in->name,
			    json_string(""));
	}
	text = json_dumps(o, 0);
	json_decref(o);
	return text;
}

static json_t *
text_or_null(const char *text)
{
	json_t *v = text == NULL ? json_null() : json_string(text);

	return v != NULL ? v : json_null();
}

static json_t *
offer_json(const struct cs_blueprint *b, const struct cs_details *d,
    const char *inputs)
{
	json_t *list = json_array(), *o = json_object();

	for (size_t i = 0; i < d->n; i++) {
		const struct cs_input *in = &d->inputs[i];

		(void)json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:o, s:b, s:O}", "name",
		    text_or_null(in->name), "type", text_or_null(in->type),
		    "default", text_or_null(in->fallback), "required",
		    in->required, "values", in->values));
	}
	(void)json_object_set_new(o, "name", text_or_null(b->name));
	(void)json_object_set_new(o, "id", text_or_null(b->id));
	(void)json_object_set_new(o, "setup", text_or_null(d->setup));
	(void)json_object_set_new(o, "inputs", list);
	(void)json_object_set_new(o, "inputs_json", text_or_null(inputs));
	return o;
}

/* "Build (default "1"), Version (required)" */
static void
list_inputs(const struct cs_details *d, struct buf *to)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct cs_input *in = &d->inputs[i];

		(void)buf_addf(to, "%s%s", i > 0 ? ", " : "", in->name);
		if (in->required)
			(void)buf_adds(to, " (required)");
		else if (in->fallback[0] != '\0')
			(void)buf_addf(to, " (default \"%.100s\")",
			    in->fallback);
	}
}

static const char *
duration_unit(char letter, bool is_time)
{
	switch (letter) {
	case 'D':
		return is_time ? NULL : "d";
	case 'H':
		return is_time ? "h" : NULL;
	case 'M':
		return is_time ? "min" : NULL;
	case 'S':
		return is_time ? "s" : NULL;
	default:
		return NULL;
	}
}

/* Add "PT1H25M" (cloudshell-sandbox-api 2.5) in words, and any other text as
 * it is. */
static void
add_duration(struct buf *to, const char *text)
{
	const char *p = text, *unit = NULL;
	bool is_time = false;
	struct buf words;
	size_t n;

	buf_init(&words, 64);
	if (*p == 'P')
		for (p++; *p != '\0'; p += n + 1) {
			if (*p == 'T' && !is_time) {
				is_time = true;
				n = 0;
				continue;
			}
			n = strspn(p, "0123456789");
			unit = n > 0 ? duration_unit(p[n], is_time) : NULL;
			if (unit == NULL || buf_addf(&words, "%s%.*s %s",
			    words.len > 0 ? " " : "", (int)n, p, unit) != 0)
				break;
		}
	(void)buf_adds(to, *p == '\0' && unit != NULL ? buf_text(&words) :
	    text);
	buf_free(&words);
}

static void
say_blueprint(struct checking *k, const struct cs_blueprint *b,
    const struct cs_details *d)
{
	char *inputs = inputs_json(d);
	struct buf list, setup;

	buf_init(&list, 2048);
	buf_init(&setup, 1024);
	list_inputs(d, &list);
	if (d->setup != NULL) {
		(void)buf_adds(&setup, ", setup takes about ");
		add_duration(&setup, d->setup);
	}
	finding(&k->found, "cloudshell.blueprint", FINDING_OK, NULL,
	    "\"%s\" is published to this user%s%s%s, %s%s", b->name,
	    buf_text(&setup), d->availability != NULL ? ", " : "",
	    d->availability != NULL ? d->availability : "",
	    d->n > 0 ? "inputs: " : "no inputs", buf_text(&list));
	if (strlen(inputs) > INPUTS_MAX)
		finding(&k->found, "cloudshell.inputs", FINDING_WARNING,
		    "leave out those whose default will do", "CodePipeline "
		    "takes %d characters, all inputs are longer: %s",
		    INPUTS_MAX, inputs);
	else
		finding(&k->found, "cloudshell.inputs", FINDING_OK, NULL,
		    "InputsJSON: %s", inputs);
	json_decref(k->offer);
	k->offer = offer_json(b, d, inputs);
	free(inputs);
	buf_free(&list);
	buf_free(&setup);
}

static void
unknown_blueprint(struct checking *k, const json_t *names,
    const struct fail *fail)
{
	unsigned best = NEAR_NONE;
	const char *name = NULL;
	const json_t *item;
	char *remedy;
	size_t i;

	json_array_foreach(names, i, item)
		if (near_enough(k->blueprint, json_string_value(item), &best))
			name = json_string_value(item);
	remedy = name == NULL ? xstrdup("name one of them, or publish it to "
	    "this user's domain") : xasprintf("did you mean \"%s\"?", name);
	finding(&k->found, "cloudshell.blueprint", FINDING_FAILED, remedy,
	    "%s", fail->text);
	free(remedy);
}

static void
check_blueprint(struct visit *v, const json_t *names)
{
	struct checking *k = v->k;
	struct cs_details details = { 0 };
	struct cs_blueprint b = { 0 };
	struct fail fail = { 0 };

	if (cs_blueprint_find(v->cs, k->blueprint, &b, &fail) != 0)
		unknown_blueprint(k, names, &fail);
	else if (cs_blueprint_details(v->cs, b.id, &details, &fail) != 0)
		finding(&k->found, "cloudshell.blueprint", FINDING_FAILED,
		    "ask CloudShell's administrator", "%s", fail.text);
	else
		say_blueprint(k, &b, &details);
	cs_details_free(&details);
	cs_blueprint_free(&b);
}

/* --- the visit --- */

static void
no_login(struct visit *v, const struct peer *peer, const struct fail *fail)
{
	struct checking *k = v->k;
	char *remedy;

	if (check_peer_speaks_tls(peer)) {
		remedy = xasprintf("write https:// in %s", peer->settings);
		finding(&k->found, "cloudshell.login", FINDING_FAILED, remedy,
		    "the server speaks TLS on this port, but the url says "
		    "http");
	} else {
		remedy = fail->kind == FAIL_PERMISSION ? xasprintf("user and "
		    "domain stand in %s, the password in %s; it was tried "
		    "once, since accounts get locked", k->ctl->conf_path,
		    k->password_from) : xasprintf("correct %s, or the server",
		    peer->settings);
		finding(&k->found, "cloudshell.login", FINDING_FAILED, remedy,
		    "%s", fail->text);
	}
	free(remedy);
}

static void
look_around(struct visit *v)
{
	const struct conf *conf = &v->k->ctl->conf;
	struct findings *f = &v->k->found;
	struct fail fail = { 0 };
	json_t *names = NULL;
	size_t n;

	finding(f, "cloudshell.login", FINDING_OK, NULL, "user %s, domain %s",
	    conf->cloudshell.user, conf->cloudshell.domain);
	if (cs_blueprint_names(v->cs, &names, &fail) != 0)
		finding(f, "cloudshell.blueprints", FINDING_FAILED,
		    "the worker needs version 2 of the Sandbox API", "%s",
		    fail.text);
	else if ((n = json_array_size(names)) == 0)
		finding(f, "cloudshell.blueprints", FINDING_WARNING,
		    "make some public in that domain", "API v2: user %s sees "
		    "no blueprint in domain %s", conf->cloudshell.user,
		    conf->cloudshell.domain);
	else
		finding(f, "cloudshell.blueprints", FINDING_OK, NULL,
		    "API v2: %zu %s visible", n, n == 1 ? "is" : "are");
	if (names != NULL && v->k->blueprint != NULL && fail.kind == FAIL_NONE)
		check_blueprint(v, names);
	json_decref(names);
}

static void
visit_open(struct visit *v, struct checking *k, const struct peer *peer,
    struct http_client *http)
{
	const struct conf *conf = &k->ctl->conf;

	v->k = k;
	v->set.url = conf->cloudshell.url;
	v->set.user = conf->cloudshell.user;
	v->set.domain = conf->cloudshell.domain;
	v->set.password = k->password;
	v->set.tls = peer->tls;
	v->set.timeout_ms = CALL_MS;
	v->set.pause = pause_ms;
	v->set.remaining = remaining;
	v->set.arg = v;
	v->end_ms = sys_now_ms() + ALL_MS;
	v->cs = cs_client_new(&v->set, http);
}

void
check_cloudshell(struct checking *k)
{
	const struct conf *conf = &k->ctl->conf;
	char *settings = xasprintf("url in [cloudshell] of %s",
	    k->ctl->conf_path);
	struct peer peer = { .group = "cloudshell", .url = conf->cloudshell.url,
	    .timeout_ms = CONNECT_MS,
	    .settings = settings, .conf_path = k->ctl->conf_path,
	    .tls = { .ca_file = conf->cloudshell.ca_file,
	    .verify = conf->cloudshell.verify,
	    .settings = "ca_file in [cloudshell]" } };
	struct http_client *http = http_client_new(NULL);
	struct visit v = { 0 };
	struct fail fail = { 0 };

	if (check_peer(&k->found, &peer) && k->password != NULL) {
		visit_open(&v, k, &peer, http);
		if (cs_login(v.cs, &fail) == 0)
			look_around(&v);
		else
			no_login(&v, &peer, &fail);
		cs_logout(v.cs);
		cs_client_free(v.cs);
	}
	http_client_free(http);
	free(settings);
}
