/*
 * quali-sim: AWS as a job worker sees it, and CloudShell, on loopback. See
 * README.
 */
#include <sys/prctl.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define PEM_MAX		(64 << 10)
#define THREADS		2	/* more would gain nothing */

#define NPORTS		(sizeof(ports) / sizeof(ports[0]))

static const struct {
	const char *name;
	const struct service *service;
	bool tls;		/* with --tls */
	unsigned threads;
} ports[] = {
	{ "codepipeline", &codepipeline_service, true, THREADS },
	{ "s3", &s3_service, true, THREADS },
	{ "cloudshell", &cloudshell_service, true, THREADS },
	{ "sts", &sts_service, true, 1 },
	{ "imds", &imds_service, false, 1 },
	{ "container", &container_service, true, 1 },
	{ "admin", &admin_service, false, 1 },
};

struct options {
	const char *ports, *tls, *log;
	uint64_t seed;
};

static __attribute__((noreturn)) void
usage(void)
{
	fprintf(stderr,
	    "usage: quali-sim --ports FILE [--tls DIR] [--log FILE] "
	    "[--seed N]\n");
	exit(2);
}

static void
options_parse(struct options *o, int argc, char *argv[])
{
	static const struct option names[] = {
		{ "ports", required_argument, NULL, 'p' },
		{ "tls", required_argument, NULL, 't' },
		{ "log", required_argument, NULL, 'l' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	char *end;
	int c;

	memset(o, 0, sizeof(*o));
	randombytes_buf(&o->seed, sizeof(o->seed));
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (c) {
		case 'p':
			o->ports = optarg;
			break;
		case 't':
			o->tls = optarg;
			break;
		case 'l':
			o->log = optarg;
			break;
		case 's':
			errno = 0;
			o->seed = strtoull(optarg, &end, 0);
			if (errno != 0 || *end != '\0' || end == optarg)
				errx(2, "--seed: not a number");
			break;
		default:
			usage();
		}
	if (o->ports == NULL || optind != argc)
		usage();
}

static char *
file_read(const char *dir, const char *name)
{
	struct buf path = { NULL, 0, 0 };
	char *text = xcalloc(1, PEM_MAX + 1);
	FILE *f;

	buf_fmt(&path, "%s/%s", dir, name);
	if ((f = fopen(path.data, "re")) == NULL)
		err(1, "%s", path.data);
	if (fread(text, 1, PEM_MAX, f) == 0)
		errx(1, "%s: empty", path.data);
	fclose(f);
	buf_free(&path);
	return text;
}

/* By rename, so that a reader sees all or nothing. */
static void
ports_write(const char *path, struct listener *const *l, bool tls)
{
	struct buf temporary = { NULL, 0, 0 };
	FILE *f;
	size_t i;

	buf_fmt(&temporary, "%s.%ld", path, (long)getpid());
	if ((f = fopen(temporary.data, "we")) == NULL)
		err(1, "%s", temporary.data);
	fprintf(f, "{\"pid\":%ld", (long)getpid());
	for (i = 0; i < NPORTS; i++)
		fprintf(f, ",\"%s\":\"%s://127.0.0.1:%d\"", ports[i].name,
		    tls && ports[i].tls ? "https" : "http",
		    listener_port(l[i]));
	fprintf(f, "}\n");
	if (fclose(f) != 0 || rename(temporary.data, path) == -1)
		err(1, "%s", path);
	buf_free(&temporary);
}

/* Only main's sigwait receives signals; threads inherit the mask. */
static void
signals_block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void
parent_watch(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		exit(0);
}

static void
state_free(void)
{
	fault_reset();
	pipeline_reset();
	job_reset();
	object_reset();
	cloudshell_reset();
	note_close();
}

int
main(int argc, char *argv[])
{
	struct listener *l[NPORTS];
	struct options o;
	char *certificate = NULL, *key = NULL;
	pid_t parent = getppid();
	sigset_t set;
	size_t i;
	int sig;

	if (sodium_init() == -1)
		errx(1, "sodium_init");
	options_parse(&o, argc, argv);
	signals_block(&set);
	parent_watch(parent);
	random_seed(o.seed);
	if (o.log != NULL)
		note_open(o.log);
	if (o.tls != NULL) {
		certificate = file_read(o.tls, "server.pem");
		key = file_read(o.tls, "server.key");
	}
	json_object_seed((size_t)o.seed | 1);
	settings_reset();
	park_start();
	for (i = 0; i < NPORTS; i++)
		l[i] = listener_start(ports[i].service, ports[i].tls ?
		    certificate : NULL, key, ports[i].threads);
	ports_write(o.ports, l, o.tls != NULL);

	while (sigwait(&set, &sig) != 0)
		continue;
	park_stop();
	for (i = 0; i < NPORTS; i++)
		listener_stop(l[i]);
	state_free();
	free(certificate);
	free(key);
	return 0;
}
