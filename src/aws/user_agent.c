/*
 * The User-Agent of requests to AWS.
 */
#include <sys/utsname.h>

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "user_agent.h"

#define VALUE_MAX	64	/* characters of each value */

/* Add " prefix" and the value; nothing if there is none. */
static void
add(struct buf *b, const char *prefix, const char *value, size_t max)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789!$%&'*+-.^_`|~";
	char *text;

	if (value == NULL || value[0] == '\0')
		return;
	text = xstrndup(value, max);
	for (char *p = text; *p != '\0'; p++)
		if (strchr(allowed, *p) == NULL)
			*p = '-';
	(void)buf_addf(b, " %s%s", prefix, text);
	free(text);
}

char *
user_agent(const char *program, const char *app_id)
{
	struct utsname os;
	struct buf b;
	char *text;

	if (uname(&os) != 0)
		memset(&os, 0, sizeof(os));
	buf_init(&b, USER_AGENT_MAX);
	(void)buf_addf(&b, "%.30s/" VERSION " ua/2.1", program);
	add(&b, "os/linux#", os.release, VALUE_MAX);
	add(&b, "md/arch#", os.machine, VALUE_MAX);
	add(&b, "lang/", "c", VALUE_MAX);
	add(&b, "md/curl#", curl_version_info(CURLVERSION_NOW)->version,
	    VALUE_MAX);
	add(&b, "exec-env/", getenv("AWS_EXECUTION_ENV"), VALUE_MAX);
	add(&b, "app/", app_id, USER_AGENT_APP_MAX);
	text = xstrdup(buf_text(&b));
	buf_free(&b);
	return text;
}
