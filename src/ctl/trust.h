/*
 * The commands that make a server's own certificate a trusted one.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>

/* A remedy as findings.h has it: a sentence, then commands to run as they
 * stand, which save the certificate of server (host:port) and name it in the
 * file conf_path. ca_file: the setting of that name, NULL: not set; the
 * certificate is then added to that file. proxy: host:port of one, or NULL.
 * verify_off: verify = no is set and must go. The caller frees it. */
char	*trust_remedy(const char *conf_path, const char *ca_file,
	    const char *server, const char *proxy, bool verify_off);

#endif
