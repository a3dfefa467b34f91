/*
 * quali-job-worker, the supervisor: options, configuration, start, loop, stop.
 */
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
	fprintf(status == 0 ? stdout : stderr,
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
		conf_free(&worker.conf);
		return 0;
	}
	log_init("quali-job-worker", options.debug ? LOG_DEBUG :
	    level_of(worker.conf.worker.log_level));
	journal_init();
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
