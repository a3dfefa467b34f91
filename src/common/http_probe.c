/*
 * A connection that is opened step by step and used for nothing, set up as
 * every transfer is.
 */
#include <string.h>

#include "http_probe.h"
#include "utf8.h"

/* The chain as libcurl tells it: texts "Name:value", the certificate itself
 * among them. */
static void
take_chain(CURL *easy, struct buf *chain)
{
	static const char name[] = "Cert:";
	struct curl_certinfo *info = NULL;

	buf_init(chain, HTTP_CHAIN_MAX);
	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL)
		return;
	for (int i = 0; i < info->num_of_certs; i++)
		for (struct curl_slist *l = info->certinfo[i]; l != NULL;
		    l = l->next)
			if (strncmp(l->data, name, strlen(name)) == 0)
				(void)buf_addf(chain, "%s\n",
				    l->data + strlen(name));
}

/* What went out tells how far the connection was: the times that libcurl notes
 * mean different things in its versions. */
static int
take_note(CURL *easy, curl_infotype type, char *data, size_t size, void *arg)
{
	enum http_step *reached = arg;

	(void)easy, (void)data, (void)size;
	if (type == CURLINFO_HEADER_OUT && *reached < HTTP_STEP_TUNNEL)
		*reached = HTTP_STEP_TUNNEL;
	else if (type == CURLINFO_SSL_DATA_OUT)
		*reached = HTTP_STEP_TLS;
	return 0;
}

/* The step under way when the connection broke off without saying which.
 * reached: by what went out. */
static enum http_step
step_reached(CURL *easy, enum http_step reached)
{
	curl_off_t us = 0;

	if (reached != HTTP_STEP_NAME)
		return reached;
	(void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &us);
	return us > 0 ? HTTP_STEP_TCP : HTTP_STEP_NAME;
}

static enum http_step
step_of(CURL *easy, const struct http_probe *p, enum http_step reached)
{
	switch (p->code) {
	case CURLE_OK:
		return HTTP_STEP_MAX;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_STEP_NAME;
	case CURLE_COULDNT_CONNECT:
		return HTTP_STEP_TCP;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_STEP_TLS;
	default:
		return step_reached(easy, reached);
	}
}

static void
take_end(struct http_call *call, struct http_probe *p)
{
	char *address = NULL;

	(void)curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_IP, &address);
	if (address != NULL)
		(void)strlcpy(p->address, address, sizeof(p->address));
	(void)curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_PORT, &p->port);
	(void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &p->errnum);
	(void)curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT,
	    &p->verify);
	(void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE,
	    &p->tunnel_status);
	(void)strlcpy(p->why, call->error[0] != '\0' ? call->error :
	    curl_easy_strerror(p->code), sizeof(p->why));
	utf8_clean(p->why, false);
	p->timed_out = p->code == CURLE_OPERATION_TIMEDOUT;
	p->untrusted = p->code == CURLE_PEER_FAILED_VERIFICATION ||
	    p->code == CURLE_SSL_ISSUER_ERROR;
	p->bad_ca = p->code == CURLE_SSL_CACERT_BADFILE;
}

int
http_probe(const struct http_request *rq, struct http_probe *p,
    struct fail *fail)
{
	enum http_step reached = HTTP_STEP_NAME;
	struct http_call call = { 0 };
	int rc;

	memset(p, 0, sizeof(*p));
	if ((rc = http_prepare(&call, rq, fail)) != 0)
		goto out;
	curl_easy_setopt(call.easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(call.easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(call.easy, CURLOPT_DEBUGFUNCTION, take_note);
	curl_easy_setopt(call.easy, CURLOPT_DEBUGDATA, &reached);
	curl_easy_setopt(call.easy, CURLOPT_VERBOSE, 1L);
	p->code = curl_easy_perform(call.easy);
	http_measure(&call);
	p->ms = call.answer.ms;
	take_end(&call, p);
	take_chain(call.easy, &p->chain);
	p->failed = step_of(call.easy, p, reached);
	if (p->code == CURLE_URL_MALFORMAT ||
	    p->code == CURLE_UNSUPPORTED_PROTOCOL)
		rc = fail_set(fail, FAIL_CONFIG, "%s", p->why);
out:
	http_release(&call);
	return rc;
}

void
http_probe_free(struct http_probe *p)
{
	buf_free(&p->chain);
	memset(p, 0, sizeof(*p));
}
