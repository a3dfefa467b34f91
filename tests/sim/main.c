/*
 * quali-sim: CodePipeline, S3 and CloudShell on loopback. See README.
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
#define THREADS		2	/* per service; more would gain nothing */

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
	const char *scheme = tls ? "https" : "http";
	FILE *f;

	buf_fmt(&temporary, "%s.%ld", path, (long)getpid());
	if ((f = fopen(temporary.data, "we")) == NULL)
		err(1, "%s", temporary.data);
	fprintf(f, "{\"pid\":%ld,\"codepipeline\":\"%s://127.0.0.1:%d\","
	    "\"s3\":\"%s://127.0.0.1:%d\",\"cloudshell\":"
	    "\"%s://127.0.0.1:%d\",\"admin\":\"http://127.0.0.1:%d\"}\n",
	    (long)getpid(), scheme, listener_port(l[0]), scheme,
	    listener_port(l[1]), scheme, listener_port(l[2]),
	    listener_port(l[3]));
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
	static const struct service *const services[] = {
		&codepipeline_service, &s3_service, &cloudshell_service,
		&admin_service
	};
	struct listener *l[4];
	struct options o;
	char *certificate = NULL, *key = NULL;
	pid_t parent = getppid();
	sigset_t set;
	int i, sig;

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
	for (i = 0; i < 4; i++)
		l[i] = listener_start(services[i], i < 3 ? certificate : NULL,
		    key, i < 3 ? THREADS : 1);
	ports_write(o.ports, l, o.tls != NULL);

	while (sigwait(&set, &sig) != 0)
		continue;
	park_stop();
	for (i = 0; i < 4; i++)
		listener_stop(l[i]);
	state_free();
	free(certificate);
	free(key);
	return 0;
}
