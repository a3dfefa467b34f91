/*
 * quali-job-worker, the supervisor: options, configuration, start, loop, stop.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "conf_print.h"
#include "http.h"
#include "journal.h"
#include "json.h"
#include "log.h"
#include "password.h"
#include "sys.h"
#include "worker.h"

#define CONF_PATH	SYSCONFDIR "/quali-job-worker/worker.conf"

/* What ENVIRONMENT in quali-job-worker(8) names, and what is passed on to the
 * zygote and to aws-credentials. Nothing else reaches a library or a process
 * that is started: SSLKEYLOGFILE would have the keys of TLS written down,
 * OPENSSL_CONF and LD_PRELOAD load what they name. */
static const char *const kept_variables[] = { SYS_KEPT_VARIABLES,
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
	    "  -f file  read the settings from file (%s)\n"
	    "  -n       check the settings and exit\n"
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

/* Read the configuration, or exit. For a run by hand the variables alone are
 * enough. */
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

/* We need four descriptors per job and some more; a shell allows 1,024. */
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

/* The loop receives them. */
static void
block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		fatal("sigprocmask");
}

static int
check_only(const struct conf *conf)
{
	struct secret *secret;
	struct fail fail;
	int faults = check_named(conf) + check_state_dir(conf);

	if (conf->cloudshell.password_file != NULL) {
		secret = password_check(conf->cloudshell.password_file,
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

/* Start the zygote first, before reading any secret. */
static int
run(struct conf *conf, const char *conf_path)
{
	struct secret *password = NULL;
	struct worker *worker;
	struct fail fail;
	int status;

	if (check_named(conf) != 0)
		return EXIT_CONFIG;
	worker = worker_new(conf, &fail);
	if (worker != NULL &&
	    password_take(worker_conf(worker), conf_path, &password,
	    &fail) == 0 && worker_start(worker, password, &fail) == 0) {
		status = worker_run(worker);
	} else {
		log_err("%s", fail.text);
		status = fail.kind == FAIL_CONFIG ? EXIT_CONFIG : 1;
	}
	worker_free(worker);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	struct conf conf;
	int status;

	sys_clean_environment(kept_variables);
	/* One arena: libcurl's resolver threads would open more. */
	(void)mallopt(M_ARENA_MAX, 1);
	json_init();
	sys_fill_stdio();
	sys_reset_signals();
	sys_no_core();
	(void)umask(077);
	log_init("quali-job-worker", LOG_INFO);
	read_options(argc, argv, &options);
	read_conf(&options, &conf);
	if (options.print)
		conf_print(&conf, stdout);
	if (options.check || options.print) {
		status = options.check ? check_only(&conf) : 0;
	} else {
		log_init("quali-job-worker", options.debug ? LOG_DEBUG :
		    level_of(conf.worker.log_level));
		journal_init();
		raise_files(conf.worker.max_jobs);
		block_signals();
		http_init();
		status = run(&conf, options.conf_path);
	}
	conf_free(&conf);
	return status;
}
