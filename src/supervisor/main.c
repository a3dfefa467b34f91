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

/* What ENVIRONMENT in quali-job-worker(8) names, and what is passed on to the
 * zygote and to aws-credentials. Nothing else reaches a library or a process
 * that is started: SSLKEYLOGFILE would have the keys of TLS written down,
 * OPENSSL_CONF and LD_PRELOAD load what they name. */
static const char *const kept_variables[] = { "CLOUDSHELL_*", "AWS_*",
	"HOME", "PATH", "TMPDIR", "LANG", "LC_ALL", "TZ", "http_proxy",
	"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
	"NO_PROXY", "RES_OPTIONS", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY",
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL };

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
		exit(EXIT_CONFIG);
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

static int
check_only(const struct conf *conf)
{
	struct secret *secret;
	struct fail fail;
	int faults = check_named(conf) + check_state_dir(conf);

	if (conf->cloudshell.password_file != NULL) {
		secret = check_password_file(conf->cloudshell.password_file,
		    &fail);
		if (secret == NULL) {
			log_err("%s", fail.text);
			faults++;
		}
		secret_free(secret);
	}
	check_remarks(conf);
	return faults == 0 ? 0 : EXIT_CONFIG;
}

static struct secret *
password_given(const char *text, const char *where, struct fail *fail)
{
	if (utf8_valid(text))
		return secret_text(text);
	(void)fail_set(fail, FAIL_CONFIG, "the password %s is not UTF-8",
	    where);
	return NULL;
}

static struct secret *
ask_password(struct fail *fail)
{
	struct secret *secret = NULL;
	char typed[1024];

	mask_signals(SIG_UNBLOCK);	/* Ctrl-C ends the prompt */
	if (readpassphrase("CloudShell password: ", typed, sizeof(typed),
	    RPP_REQUIRE_TTY) == NULL || typed[0] == '\0')
		(void)fail_set(fail, FAIL_CONFIG, "no password was typed");
	else
		secret = password_given(typed, "typed", fail);
	mask_signals(SIG_BLOCK);
	explicit_bzero(typed, sizeof(typed));
	return secret;
}

/* The password is read per order from its file; only that of the environment
 * or the terminal is kept. Either way a missing one is told at once. */
static int
take_password(struct worker *worker, struct fail *fail)
{
	const char *path = worker->conf.cloudshell.password_file;
	char *value = getenv("CLOUDSHELL_PASSWORD");
	struct secret *secret;

	if (path != NULL) {
		if ((secret = check_password_file(path, fail)) == NULL)
			return -1;
		secret_free(secret);
	} else if (value != NULL && value[0] != '\0') {
		worker->password = password_given(value,
		    "in CLOUDSHELL_PASSWORD", fail);
		if (worker->password == NULL)
			return -1;
	} else if (isatty(STDIN_FILENO)) {
		if ((worker->password = ask_password(fail)) == NULL)
			return -1;
	} else
		return fail_set(fail, FAIL_CONFIG, "%s: "
		    "cloudshell.password_file: not set: name the file that "
		    "holds the CloudShell password (the service gets it from "
		    "systemd)", worker->conf_path);
	if (value != NULL) {
		explicit_bzero(value, strlen(value));
		(void)unsetenv("CLOUDSHELL_PASSWORD");
	}
	return 0;
}

/* The zygote first of all, before any secret is read. */
static int
start(struct worker *worker)
{
	struct fail fail;

	if (check_named(&worker->conf) != 0)
		return EXIT_CONFIG;
	if (worker_prepare(worker, &fail) == 0 &&
	    take_password(worker, &fail) == 0 &&
	    worker_start(worker, &fail) == 0)
		return 0;
	log_err("%s", fail.text);
	return fail.kind == FAIL_CONFIG ? EXIT_CONFIG : 1;
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct worker worker = { .lock_fd = -1 };
	int status;

	sys_clean_environment(kept_variables);
	/* One arena: libcurl's resolver threads would open more of them. */
	(void)mallopt(M_ARENA_MAX, 1);
	json_init();
	sys_fill_stdio();
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
		status = options.check ? check_only(&worker.conf) : 0;
		conf_free(&worker.conf);
		return status;
	}
	log_init("quali-job-worker", options.debug ? LOG_DEBUG :
	    level_of(worker.conf.worker.log_level));
	journal_init();
	raise_files(worker.conf.worker.max_jobs);
	mask_signals(SIG_BLOCK);
	http_init();
	status = start(&worker);
	if (status == 0)
		status = sd_event_loop(worker.event);
	if (status < 0)
		log_err("the loop ended: %s", strerror(-status));
	worker_free(&worker);
	return status < 0 ? 1 : status;
}
