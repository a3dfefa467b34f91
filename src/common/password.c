/*
 * The CloudShell password: where it comes from.
 */
#include <sys/stat.h>

#include <bsd/readpassphrase.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "password.h"
#include "utf8.h"

#define NO_PASSWORD_MAX	2	/* bytes of a file that holds at most a line
				   end */

struct secret *
password_get(const struct conf *conf, const struct secret *kept,
    struct fail *fail)
{
	if (kept != NULL)
		return secret_dup(kept);
	if (conf->cloudshell.password_file == NULL) {
		(void)fail_set(fail, FAIL_CONFIG,
		    "cloudshell.password_file: not set");
		return NULL;
	}
	return secret_read(conf->cloudshell.password_file, fail);
}

struct secret *
password_check(const char *path, struct fail *fail)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	struct secret *secret = secret_read(path, fail);
	struct stat st;

	if (secret != NULL)
		return secret;
	if (given != NULL && strncmp(path, given, strlen(given)) == 0 &&
	    (stat(path, &st) != 0 || st.st_size <= NO_PASSWORD_MAX))
		(void)fail_set(fail, FAIL_CONFIG, "the service has no "
		    "CloudShell password: write it to "
		    "%s/quali-job-worker/cloudshell-password (owner root, mode "
		    "600), then restart the service", SYSCONFDIR);
	else
		(void)fail_prefix(fail, "cloudshell.password_file");
	fail->kind = FAIL_CONFIG;
	return NULL;
}

static struct secret *
given(const char *text, const char *where, struct fail *fail)
{
	if (utf8_valid(text))
		return secret_text(text);
	(void)fail_set(fail, FAIL_CONFIG, "the password %s is not UTF-8",
	    where);
	return NULL;
}

static struct secret *
ask(struct fail *fail)
{
	struct secret *secret = NULL;
	sigset_t none, saved;
	char typed[1024];

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, &saved);	/* Ctrl-C ends it */
	if (readpassphrase("CloudShell password: ", typed, sizeof(typed),
	    RPP_REQUIRE_TTY) == NULL || typed[0] == '\0')
		(void)fail_set(fail, FAIL_CONFIG, "no password was typed");
	else
		secret = given(typed, "typed", fail);
	(void)sigprocmask(SIG_SETMASK, &saved, NULL);
	explicit_bzero(typed, sizeof(typed));
	return secret;
}

int
password_take(const struct conf *conf, const char *conf_path,
    struct secret **kept, struct fail *fail)
{
	const char *path = conf->cloudshell.password_file;
	char *value = getenv("CLOUDSHELL_PASSWORD");
	struct secret *secret;

	*kept = NULL;
	if (path != NULL) {
		if ((secret = password_check(path, fail)) == NULL)
			return -1;
		secret_free(secret);
	} else if (value != NULL && value[0] != '\0') {
		*kept = given(value, "in CLOUDSHELL_PASSWORD", fail);
		if (*kept == NULL)
			return -1;
	} else if (isatty(STDIN_FILENO)) {
		if ((*kept = ask(fail)) == NULL)
			return -1;
	} else
		return fail_set(fail, FAIL_CONFIG, "%s: "
		    "cloudshell.password_file: not set: name the file that "
		    "holds the CloudShell password (the service gets it from "
		    "systemd)", conf_path);
	if (value != NULL) {
		explicit_bzero(value, strlen(value));
		(void)unsetenv("CLOUDSHELL_PASSWORD");
	}
	return 0;
}
