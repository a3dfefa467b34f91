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

enum tls {
	TLS_NEVER, TLS_COMMON,	/* with --tls */
	TLS_OWN			/* the port is there with --cloudshell-tls */
};

static const struct {
	const char *name;
	const struct service *service;
	enum tls tls;
	unsigned threads;
} ports[] = {
	{ "codepipeline", &codepipeline_service, TLS_COMMON, THREADS },
	{ "s3", &s3_service, TLS_COMMON, THREADS },
	{ "cloudshell", &cloudshell_service, TLS_COMMON, THREADS },
	{ "cloudshell_tls", &cloudshell_service, TLS_OWN, 1 },
	{ "sts", &sts_service, TLS_COMMON, 1 },
	{ "imds", &imds_service, TLS_NEVER, 1 },
	{ "container", &container_service, TLS_COMMON, 1 },
	{ "admin", &admin_service, TLS_NEVER, 1 },
};

/* A server's certificate and its key, in PEM; NULL: none. */
struct identity {
	char *certificate, *key;
};

struct options {
	const char *ports, *tls, *cloudshell_tls, *log;
	uint64_t seed;
};

static __attribute__((noreturn)) void
usage(void)
{
	fprintf(stderr,
	    "usage: quali-sim --ports FILE [--tls DIR] "
	    "[--cloudshell-tls DIR/NAME]\n"
	    "                 [--log FILE] [--seed N]\n");
	exit(2);
}

static void
options_parse(struct options *o, int argc, char *argv[])
{
	static const struct option names[] = {
		{ "ports", required_argument, NULL, 'p' },
		{ "tls", required_argument, NULL, 't' },
		{ "cloudshell-tls", required_argument, NULL, 'c' },
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
		case 'c':
			o->cloudshell_tls = optarg;
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
file_read(const char *stem, const char *end)
{
	struct buf path = { NULL, 0, 0 };
	char *text = xcalloc(1, PEM_MAX + 1);
	FILE *f;

	buf_fmt(&path, "%s%s", stem, end);
	if ((f = fopen(path.data, "re")) == NULL)
		err(1, "%s", path.data);
	if (fread(text, 1, PEM_MAX, f) == 0)
		errx(1, "%s: empty", path.data);
	fclose(f);
	buf_free(&path);
	return text;
}

/* Take the server's certificate and key from stem.pem and stem.key. */
static void
identity_read(struct identity *id, const char *stem)
{
	id->certificate = file_read(stem, ".pem");
	id->key = file_read(stem, ".key");
}

static void
identities_read(struct identity *common, struct identity *own,
    const struct options *o)
{
	struct buf stem = { NULL, 0, 0 };

	if (o->tls != NULL) {
		buf_fmt(&stem, "%s/server", o->tls);
		identity_read(common, stem.data);
		buf_free(&stem);
	}
	if (o->cloudshell_tls != NULL)
		identity_read(own, o->cloudshell_tls);
}

static void
identity_free(struct identity *id)
{
	free(id->certificate);
	free(id->key);
}

/* l: NULL for what does not listen. */
static void
listen_all(struct listener **l, const struct identity *common,
    const struct identity *own)
{
	static const struct identity none = { NULL, NULL };
	const struct identity *id;
	size_t i;

	for (i = 0; i < NPORTS; i++) {
		id = ports[i].tls == TLS_OWN ? own :
		    ports[i].tls == TLS_COMMON ? common : &none;
		if (ports[i].tls == TLS_OWN && id->certificate == NULL)
			continue;
		l[i] = listener_start(ports[i].service, id->certificate,
		    id->key, ports[i].threads);
	}
}

/* By rename, so that a reader sees all or nothing. */
static void
ports_write(const char *path, struct listener *const *l)
{
	struct buf temporary = { NULL, 0, 0 };
	FILE *f;
	size_t i;

	buf_fmt(&temporary, "%s.%ld", path, (long)getpid());
	if ((f = fopen(temporary.data, "we")) == NULL)
		err(1, "%s", temporary.data);
	fprintf(f, "{\"pid\":%ld", (long)getpid());
	for (i = 0; i < NPORTS; i++)
		if (l[i] != NULL)
			fprintf(f, ",\"%s\":\"%s://127.0.0.1:%d\"",
			    ports[i].name,
			    listener_tls(l[i]) ? "https" : "http",
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
	struct listener *l[NPORTS] = { NULL };
	struct identity common = { NULL, NULL }, own = { NULL, NULL };
	struct options o;
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
	identities_read(&common, &own, &o);
	json_object_seed((size_t)o.seed | 1);
	settings_reset();
	park_start();
	listen_all(l, &common, &own);
	ports_write(o.ports, l);

	while (sigwait(&set, &sig) != 0)
		continue;
	park_stop();
	for (i = 0; i < NPORTS; i++)
		if (l[i] != NULL)
			listener_stop(l[i]);
	state_free();
	identity_free(&common);
	identity_free(&own);
	return 0;
}
