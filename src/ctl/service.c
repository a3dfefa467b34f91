/*
 * What the service uses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env_file.h"
#include "mem.h"
#include "service.h"
#include "sys.h"

#define ENV_FILE_SIZE	(64 * 1024)	/* bytes of an environment file */
#define ENV_MAX		256		/* variables kept */

static const char *const kept[] = { SYS_KEPT_VARIABLES, NULL };

/* systemd's own PATH. */
#define SERVICE_PATH	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

/* Takes the text. */
static void
put(struct service *s, char *text)
{
	size_t len = strcspn(text, "=") + 1, i = 0;

	while (s->env[i] != NULL && strncmp(s->env[i], text, len) != 0)
		i++;
	if (i == ENV_MAX) {
		xfree_secret(text);
		return;
	}
	xfree_secret(s->env[i]);
	s->env[i] = text;
}

static void
take(const char *name, const char *value, void *arg)
{
	if (sys_is_named(name, kept))
		put(arg, xasprintf("%s=%s", name, value));
}

struct service *
service_load(const char *dir)
{
	struct service *s = xcalloc(1, sizeof(*s));
	char *path = xasprintf("%s/environment", dir), *text;
	size_t len;

	s->env = xcalloc(ENV_MAX + 1, sizeof(*s->env));
	s->password_file = xasprintf("%s/cloudshell-password", dir);
	put(s, xstrdup(SERVICE_PATH));
	put(s, xasprintf("HOME=%s", dir));
	text = sys_read_file(path, ENV_FILE_SIZE, &len);
	if (text != NULL) {
		env_file_read(text, len, take, s);
	} else if (errno != ENOENT) {
		s->env_unread = true;
		(void)fail_set(&s->why, errno == EACCES ? FAIL_PERMISSION :
		    FAIL_CONFIG, "%s: %s", path, sys_read_error(errno,
		    ENV_FILE_SIZE));
	}
	xfree_secret(text);
	free(path);
	return s;
}

void
service_free(struct service *s)
{
	static char *none[] = { NULL };

	if (s == NULL)
		return;
	if (environ == s->env)
		environ = none;
	for (size_t i = 0; s->env[i] != NULL; i++)
		xfree_secret(s->env[i]);
	free(s->env);
	free(s->password_file);
	free(s);
}

void
service_enter(const struct service *s)
{
	environ = s->env;
}
