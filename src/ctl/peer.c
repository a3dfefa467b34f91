/*
 * What the looks at a server have in common.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

void
peer_say(struct look *l, const char *step, enum finding_status status,
    const char *remedy, const char *fmt, ...)
{
	char name[64], text[3072];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(name, sizeof(name), "%s.%s", l->peer->group, step);
	finding(l->f, name, status, remedy, "%s", text);
}

int
peer_probe(const struct peer *peer, const char *url, bool verify,
    struct http_probe *p)
{
	struct http_tls tls = peer->tls;
	struct http_request rq = { .method = "GET", .url = url,
	    .timeout_ms = peer->timeout_ms, .tls = &tls };
	struct fail fail;

	tls.verify = verify;
	if (http_probe(&rq, p, &fail) == 0)
		return 0;
	(void)strlcpy(p->why, fail.text, sizeof(p->why));
	return -1;
}
