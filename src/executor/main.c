/*
 * executor: started by the supervisor as the zygote, with the socket to it as
 * descriptor 3 and nothing in its environment. Executors return from
 * zygote_serve and run their job.
 */
#include <sys/prctl.h>
#include <sys/stat.h>

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "confine.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "run.h"
#include "sys.h"
#include "zygote.h"

#define ZYGOTE_SOCKET	3
#define THREAD_STACK	(1024 * 1024)	/* of libcurl's resolver threads */

/* End with the supervisor. Returns its pid. */
static pid_t
follow_supervisor(void)
{
	pid_t supervisor = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		fatal("PR_SET_PDEATHSIG");
	if (getppid() != supervisor)
		fatalx("the supervisor is gone");
	return supervisor;
}

static void
check_socket(void)
{
	struct stat st;

	if (fstat(ZYGOTE_SOCKET, &st) != 0 || !S_ISSOCK(st.st_mode))
		fatalx("executor is started by quali-job-worker only");
	if (fcntl(ZYGOTE_SOCKET, F_SETFD, FD_CLOEXEC) != 0)
		fatal("socket");
}

/* What every executor would have to do again, or can do no more once it is
 * confined: done once, before any request. */
static void
warm_up(void)
{
	static void *unwinder;		/* never unloaded */
	const char *places[HTTP_CA_PLACES];
	CURL *easy;

	tzset();		/* dates in archives are of local time */
	/* glibc loads it when a thread is cancelled or calls pthread_exit */
	unwinder = dlopen("libgcc_s.so.1", RTLD_NOW);
	if (unwinder == NULL)
		log_warnx("%s", dlerror());
	if (sodium_init() == -1)
		fatalx("libsodium cannot start");
	http_init();
	if ((easy = curl_easy_init()) == NULL)
		fatalx("libcurl cannot start");
	curl_easy_cleanup(easy);
	/* The first context builds OpenSSL's tables of algorithms: 140 KB and
	 * 1 ms that each executor would spend again. */
	SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
	if (confine_files(places, http_ca_places(places)) != 0)
		fatal("confinement");
}

/* Stacks of 8 MB would count fully against the limit of the address space. */
static void
limit_threads(void)
{
#ifndef SYS_SANITIZED
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, THREAD_STACK) == 0)
		(void)pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
#endif
}

int
main(int argc, char **argv)
{
	/* proxies are libcurl's, RES_OPTIONS libc's; the supervisor decides
	 * whether to pass them */
	static const char *const keep[] = { "http_proxy", "https_proxy",
	    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	    "RES_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS", NULL };
	int fds[IPC_ZYGOTE_FDS];
	pid_t supervisor;

	/* One arena: libcurl's resolver thread would open another one. */
	(void)mallopt(M_ARENA_MAX, 1);
	json_init();
	log_init("executor", LOG_INFO);
	check_socket();
	sys_close_all_but(ZYGOTE_SOCKET + 1, NULL, 0);
	sys_reset_signals();
	sys_no_core();
	supervisor = follow_supervisor();
	sys_clean_environment(keep);
	setproctitle_init(argc, argv, environ);
	setproctitle("-%s", "quali-zygote");
	(void)prctl(PR_SET_NAME, "quali-zygote");
	/* before what stays: libseccomp leaves holes in the heap, and where
	 * executors fill these, each has the pages copied (70 us) */
	if (confine_prepare(INT_MAX) != 0)
		fatal("confinement");
	limit_threads();
	warm_up();
	if (!zygote_serve(ZYGOTE_SOCKET, confine_landlock(), fds))
		return 0;
	/* the executor; _exit, since exit handlers belong to the zygote */
	_exit(run_executor(supervisor, fds));
}
