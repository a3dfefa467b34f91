/*
 * Judges settings and files with the eyes of the service.
 */
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "check_local.h"
#include "conf_named.h"
#include "definition.h"
#include "mem.h"
#include "password.h"
#include "service.h"

/* Where systemd puts the service's password while it runs. */
#define RUNNING_PASSWORD \
	"/run/credentials/quali-job-worker.service/cloudshell-password"

#define AS_ROOT		"run it as root: sudo qualictl check"

/* --- whose surroundings --- */

/* The service's user over pw, whose texts lie in buf; false: there is none. */
static bool
find_user(struct passwd *pw, char *buf, size_t size)
{
	struct passwd *found = NULL;

	return getpwnam_r(SERVICE_USER, pw, buf, size, &found) == 0 &&
	    found != NULL;
}

/* -1: this process stays root. */
static int
become(const struct passwd *pw)
{
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
	    setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
		return -1;
	return setuid(0) == 0 ? -1 : 0;
}

/* Become the service's user, if this is root, and note who looks. */
static void
look_as_service(struct checking *k)
{
	struct passwd pw;
	char buf[4096];

	if (!find_user(&pw, buf, sizeof(buf))) {
		finding(&k->found, "environment", FINDING_WARNING,
		    "install the package, or run systemd-sysusers",
		    "there is no user " SERVICE_USER ", as whom the service "
		    "runs: this user's rights are judged instead");
		k->stranger = geteuid() != 0;
	} else if (geteuid() == 0 && become(&pw) != 0) {
		finding(&k->found, "environment", FINDING_WARNING, NULL,
		    "cannot become user " SERVICE_USER " (%s): root may read "
		    "what the service may not", strerror(errno));
	} else {
		k->stranger = geteuid() != pw.pw_uid;
	}
}

static bool
surroundings_of_service(struct checking *k)
{
	const struct service *service = k->ctl->service;
	bool denied = service->why.kind == FAIL_PERMISSION;

	look_as_service(k);
	if (service->env_unread) {
		finding(&k->found, "environment", denied ? FINDING_DENIED :
		    FINDING_FAILED, denied ? AS_ROOT : "correct the file",
		    "%s", service->why.text);
		return false;
	}
	if (!findings_has(&k->found, "environment"))
		finding(&k->found, "environment", FINDING_OK, NULL,
		    k->stranger ? "the service's, looked at by another user: "
		    "home folder %s, variables of %s/environment" :
		    "the service's: user " SERVICE_USER ", home folder %s, "
		    "variables of %s/environment", SERVICE_DIR, SERVICE_DIR);
	return true;
}

bool
check_surroundings(struct checking *k)
{
	const struct ctl *ctl = k->ctl;

	if (ctl->service != NULL) {
		/* systemd, too, reads it as root */
		if (geteuid() == 0 &&
		    ctl->conf.cloudshell.password_file == NULL)
			check_password(k);
		return surroundings_of_service(k);
	}
	finding(&k->found, "environment", FINDING_OK, NULL, "your own: "
	    "settings of %s, your variables and ~/.aws", ctl->conf_path);
	return true;
}

/* --- settings --- */

static bool
unreadable(const char *path)
{
	return access(path, R_OK) != 0 && errno == EACCES;
}

bool
check_settings(struct checking *k)
{
	const struct ctl *ctl = k->ctl;

	if (ctl->conf_absent && getenv("CLOUDSHELL_URL") == NULL) {
		finding(&k->found, "configuration", FINDING_FAILED,
		    "install the package, or name your own file with -f",
		    "%s: No such file or directory", ctl->conf_path);
		return false;
	}
	if (!ctl->conf_absent && unreadable(ctl->conf_path)) {
		finding(&k->found, "configuration", FINDING_DENIED, AS_ROOT,
		    "%s: Permission denied", ctl->conf_path);
		return false;
	}
	for (size_t i = 0; i < ctl->nfaults; i++)
		finding(&k->found, "configuration", FINDING_FAILED,
		    "worker.conf(5) explains the settings", "%s",
		    ctl->faults[i]);
	for (size_t i = 0; i < ctl->nremarks; i++)
		finding(&k->found, "configuration", FINDING_FAILED,
		    "worker.conf(5) explains the settings", "%s",
		    ctl->remarks[i]);
	if (ctl->nfaults + ctl->nremarks > 0)
		return false;
	finding(&k->found, "configuration", FINDING_OK, NULL, "%s",
	    ctl->conf_absent ? "no file, but variables" : ctl->conf_path);
	return true;
}

/* --- files --- */

static void
file_fault(const char *text, void *arg)
{
	struct checking *k = arg;

	finding(&k->found, "files", k->stranger &&
	    strstr(text, strerror(EACCES)) != NULL ? FINDING_DENIED :
	    FINDING_FAILED, k->stranger ? AS_ROOT : "correct the setting, or "
	    "the rights of the file and its folders", "%s", text);
}

static void
definition_fault(struct checking *k, bool sound, const struct fail *fail)
{
	if (strstr(fail->text, strerror(EACCES)) != NULL)
		file_fault(fail->text, k);
	else
		finding(&k->found, "files", FINDING_FAILED, sound ?
		    "Several CloudShell servers in quali-job-worker(8) shows "
		    "both settings and definitions" : "compare the file with "
		    "the installed one", "%s", fail->text);
}

/* All that the worker demands of one definition, and its texts. *sound: the
 * file has no fault of its own. */
static int
definition_judge(const struct conf *conf, enum job_action action, bool *sound,
    struct fail *fail)
{
	struct cp_action_type versions[DEFINITION_VERSIONS_MAX];
	struct definition d;
	size_t n;
	int rc = -1;

	*sound = false;
	if (definition_load(&d, conf->worker.actions_dir,
	    conf->worker.data_dir, job_action_name(action), fail) != 0)
		return -1;
	*sound = definition_check(&d, fail) == 0;
	if (*sound && definition_versions(conf->worker.versions, &d.type,
	    versions, &n, fail) == 0)
		rc = definition_query(&d, conf->worker.query, versions, n,
		    fail);
	definition_free(&d);
	return rc;
}

static int
definition_faults(struct checking *k)
{
	const struct conf *conf = &k->ctl->conf;
	struct fail fail;
	int faults = 0;
	bool sound;

	for (int i = 0; i < ACTION_MAX; i++)
		if (conf->action[i].poll && definition_judge(conf,
		    (enum job_action)i, &sound, &fail) != 0) {
			definition_fault(k, sound, &fail);
			faults++;
		}
	return faults;
}

/* The service's folder is made by systemd, one's own by nobody. */
static int
state_faults(struct checking *k)
{
	const struct conf *conf = &k->ctl->conf;

	if (k->ctl->service == NULL && access(conf->worker.state_dir, F_OK) !=
	    0 && errno == ENOENT) {
		finding(&k->found, "files", FINDING_FAILED, "correct the "
		    "setting, or make the folder: systemd makes it for the "
		    "service only", "worker.state_dir: %s: %s",
		    conf->worker.state_dir, strerror(ENOENT));
		return 1;
	}
	return conf_named_state(conf, file_fault, k);
}

void
check_files(struct checking *k)
{
	const struct conf *conf = &k->ctl->conf;
	int faults = conf_named(conf, file_fault, k);

	if (!k->stranger)
		faults += state_faults(k);
	k->definitions = definition_faults(k) == 0;
	if (faults == 0 && k->definitions)
		finding(&k->found, "files", FINDING_OK, NULL, "programs, "
		    "folders and action definitions are there%s",
		    k->stranger ? " (not judged: the state folder)" : "");
}

/* --- the password --- */

static void
password_found(struct checking *k, const char *path)
{
	static const char *const placeholders[] = { "password", "changeme",
		"change-me", "secret", "your-password", "xxx" };
	const char *text = secret_open(k->password);
	size_t n = strlen(text);
	bool blank = strchr(" \t\r", text[0]) != NULL ||
	    strchr(" \t\r", text[n > 0 ? n - 1 : 0]) != NULL;
	bool odd = text[0] == '<' && n > 1 && text[n - 1] == '>';

	for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders);
	    i++)
		odd = odd || strcasecmp(text, placeholders[i]) == 0;
	secret_close(k->password);
	if (odd)
		finding(&k->found, "cloudshell.password", FINDING_WARNING,
		    "write the CloudShell user's own there",
		    "%s looks like a placeholder", path);
	else if (blank)
		finding(&k->found, "cloudshell.password", FINDING_WARNING,
		    "remove it unless the password has it",
		    "%s begins or ends with a blank", path);
}

/* Who may read the file besides its owner. */
static void
password_rights(struct checking *k, const char *path)
{
	char *remedy = xasprintf("chmod o= %s", path);
	const char *owner, *group;
	struct stat st;

	if (stat(path, &st) != 0)
		memset(&st, 0, sizeof(st));
	owner = user_from_uid(st.st_uid, 0);	/* in libbsd's own memory */
	group = group_from_gid(st.st_gid, 0);
	if ((st.st_mode & 004) != 0)
		finding(&k->found, "cloudshell.password", FINDING_WARNING,
		    remedy, "%s: everybody on this host may read it", path);
	else if (!findings_has(&k->found, "cloudshell.password"))
		finding(&k->found, "cloudshell.password", FINDING_OK, NULL,
		    (st.st_mode & 040) != 0 ? "%s, readable for %s and group "
		    "%s" : "%s, readable for %s only", path, owner, group);
	free(remedy);
}

static void
no_password(struct checking *k, const char *path, int errnum,
    const struct fail *fail)
{
	char *remedy;

	if (errnum == EACCES) {
		finding(&k->found, "cloudshell.password", FINDING_DENIED,
		    k->ctl->service != NULL ? AS_ROOT : "give the worker's "
		    "user the right to read it", "%s", fail->text);
		return;
	}
	remedy = xasprintf("write the password there\n%ssh -c 'umask 077; "
	    "cat >%s'", k->ctl->service != NULL ? "sudo " : "", path);
	finding(&k->found, "cloudshell.password", FINDING_FAILED, remedy,
	    "%s", fail->text);
	free(remedy);
}

static void
password_file(struct checking *k, const char *path)
{
	struct fail fail;

	k->password_from = path;
	k->password = secret_read(path, &fail);
	if (k->password == NULL) {
		no_password(k, path, access(path, R_OK) == 0 ? 0 : errno,
		    &fail);
		return;
	}
	password_found(k, path);
	password_rights(k, path);
}

/* The worker's own way, which may ask at the terminal. */
static void
password_by_hand(struct checking *k)
{
	struct fail fail;

	k->password_from = "CLOUDSHELL_PASSWORD";
	if (password_take(&k->ctl->conf, k->ctl->conf_path, &k->password,
	    &fail) != 0)
		finding(&k->found, "cloudshell.password", FINDING_FAILED,
		    "write the password to a file of mode 600", "%s",
		    fail.text);
	else
		finding(&k->found, "cloudshell.password", FINDING_OK, NULL,
		    "given by hand");
}

void
check_password(struct checking *k)
{
	const char *path = k->ctl->conf.cloudshell.password_file;

	if (k->password_from != NULL)
		return;
	if (path == NULL && k->ctl->service != NULL)
		path = unreadable(k->ctl->service->password_file) &&
		    access(RUNNING_PASSWORD, R_OK) == 0 ? RUNNING_PASSWORD :
		    k->ctl->service->password_file;
	if (path != NULL)
		password_file(k, path);
	else
		password_by_hand(k);
}
