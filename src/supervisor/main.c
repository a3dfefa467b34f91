/*
 * quali-job-worker, the supervisor: options, configuration, start, loop, stop.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <bsd/readpassphrase.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "sys.h"
#include "worker.h"

#define CONF_PATH	SYSCONFDIR "/quali-job-worker/worker.conf"

struct options {
	const char	*conf_path;
	bool		 check;		/* -n */
	bool		 print;		/* -T */
	bool		 debug;		/* -d */
};

static void __attribute__((noreturn))
usage(int status)
{
	(void)fprintf(status == 0 ? stdout : stderr,
	    "usage: quali-job-worker [-dnTV] [-f file]\n"
	    "  -d       log debug messages\n"
	    "  -f file  configuration (%s)\n"
	    "  -n       check the configuration and exit\n"
	    "  -T       print the settings in force and exit\n"
	    "  -V       print the version and exit\n", CONF_PATH);
	exit(status);
}

static void
read_options(int argc, char **argv, struct options *options)
{
	int c;

	options->conf_path = CONF_PATH;
	while ((c = getopt(argc, argv, "df:hnTV")) != -1) {
		switch (c) {
		case 'd':
			options->debug = true;
			break;
		case 'f':
			options->conf_path = optarg;
			break;
		case 'n':
			options->check = true;
			break;
		case 'T':
			options->print = true;
			break;
		case 'V':
			printf("quali-job-worker %s\n", VERSION);
			exit(0);
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	if (optind != argc)
		usage(2);
}

static void
report_fault(const char *text, void *arg)
{
	(void)arg;
	log_err("%s", text);
}

static int
level_of(const char *name)
{
	static const char *const names[] = { [LOG_ERR] = "error",
	    [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	    [LOG_INFO] = "info", [LOG_DEBUG] = "debug" };

	for (int i = LOG_ERR; i <= LOG_DEBUG; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return LOG_INFO;
}

/* The configuration, or the end of the program. For a run by hand the
 * variables alone are enough. */
static void
read_conf(const struct options *options, struct conf *conf)
{
	bool by_hand = strcmp(options->conf_path, CONF_PATH) == 0 &&
	    getenv("CLOUDSHELL_URL") != NULL &&
	    access(CONF_PATH, F_OK) != 0;
	int rc = 0;

	conf_defaults(conf);
	if (!by_hand)
		rc = conf_load(conf, options->conf_path, report_fault, NULL);
	if (conf_check(conf, options->conf_path, report_fault, NULL) != 0)
		rc = -1;
	if (rc != 0)
		exit(1);
}

/* Four descriptors per job and some of our own: a shell allows 1,024. */
static void
raise_files(int64_t max_jobs)
{
	struct rlimit limit;
	rlim_t need = (rlim_t)max_jobs * 4 + 128;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return;
	limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < need)
		log_warnx("only %ju files may be open: worker.max_jobs = %lld "
		    "may need %ju", (uintmax_t)limit.rlim_cur,
		    (long long)max_jobs, (uintmax_t)need);
}

static void
mask_signals(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(how, &set, NULL) != 0)
		fatal("sigprocmask");
}

/* What the configuration names and the start needs. */
static int
check_files(const struct conf *conf)
{
	static const char *const programs[] = { "executor",
	    "aws-credentials" };
	struct action_type *types = NULL;
	struct secret *secret = NULL;
	struct fail fail;
	size_t n;
	int faults = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char *path = xasprintf("%s/%s", conf->worker.libexec_dir,
		    programs[i]);

		if (access(path, X_OK) != 0) {
			log_warn("worker.libexec_dir: %s", path);
			faults++;
		}
		free(path);
	}
	if (actions_load(conf, &types, &n, &fail) != 0) {
		log_err("%s", fail.text);
		faults++;
	}
	free(types);
	if (conf->cloudshell.password_file != NULL &&
	    (secret = secret_read(conf->cloudshell.password_file,
	    &fail)) == NULL) {
		log_err("cloudshell.password_file: %s", fail.text);
		faults++;
	}
	secret_free(secret);
	return faults == 0 ? 0 : 1;
}

/* The password is read per order from its file; only that of the environment
 * or the terminal is kept. Either way a missing one is told at once. */
static void
check_password(struct worker *worker)
{
	const char *path = worker->conf.cloudshell.password_file;
	char *value = getenv("CLOUDSHELL_PASSWORD"), typed[1024];
	struct secret *secret;
	struct fail fail;

	if (path != NULL) {
		secret = secret_read(path, &fail);
		if (secret == NULL)
			fatalx("cloudshell.password_file: %s", fail.text);
		secret_free(secret);
	} else if (value != NULL && value[0] != '\0') {
		worker->password = secret_text(value);
	} else if (isatty(STDIN_FILENO)) {
		mask_signals(SIG_UNBLOCK);	/* Ctrl-C ends the prompt */
		if (readpassphrase("CloudShell password: ", typed,
		    sizeof(typed), RPP_REQUIRE_TTY) == NULL)
			fatalx("no password");
		mask_signals(SIG_BLOCK);
		worker->password = secret_text(typed);
		explicit_bzero(typed, sizeof(typed));
	} else
		fatalx("%s: cloudshell.password_file: not set: name the file "
		    "that holds the CloudShell password", worker->conf_path);
	if (value != NULL) {
		explicit_bzero(value, strlen(value));
		(void)unsetenv("CLOUDSHELL_PASSWORD");
	}
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct worker worker = { 0 };
	struct fail fail;
	int status;

	/* One arena: libcurl's resolver threads would open more of them. */
	(void)mallopt(M_ARENA_MAX, 1);
	json_init();
	sys_reset_signals();
	sys_no_core();
	(void)umask(077);
	log_init("quali-job-worker", LOG_INFO);
	read_options(argc, argv, &options);
	read_conf(&options, &worker.conf);
	worker.conf_path = options.conf_path;
	if (options.print)
		conf_print(&worker.conf, stdout);
	if (options.check || options.print) {
		status = options.check ? check_files(&worker.conf) : 0;
		conf_free(&worker.conf);
		return status;
	}
	log_init("quali-job-worker", options.debug ? LOG_DEBUG :
	    level_of(worker.conf.worker.log_level));
	journal_init();
	raise_files(worker.conf.worker.max_jobs);
	mask_signals(SIG_BLOCK);
	http_init();
	if (worker_prepare(&worker, &fail) != 0)
		fatalx("%s", fail.text);
	check_password(&worker);
	if (worker_start(&worker, &fail) != 0)
		fatalx("%s", fail.text);
	status = sd_event_loop(worker.event);
	if (status < 0)
		log_err("the loop ended: %s", strerror(-status));
	worker_free(&worker);
	return status < 0 ? 1 : status;
}
