/*
 * Commands for a shell: saving a certificate and naming its file.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "trust.h"

#define REMEDY_MAX	8192	/* bytes */
#define CA_NAME		"cloudshell-ca.pem"

/* Add a word as a shell takes it unchanged. */
static void
add_word(struct buf *to, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-[]";
	const char *p;

	if (*word != '\0' && strpbrk(word, "[]") == NULL &&
	    word[strspn(word, plain)] == '\0') {
		(void)buf_adds(to, word);
		return;
	}
	(void)buf_adds(to, "'");
	for (p = word; *p != '\0'; p++)
		if (*p == '\'')
			(void)buf_adds(to, "'\\''");
		else
			(void)buf_add(to, p, 1);
	(void)buf_adds(to, "'");
}

/* conf_path in full, and the file next to it. */
static void
find_paths(const char *conf_path, char **conf, char **ca)
{
	char *full = realpath(conf_path, NULL), *slash;

	*conf = xstrdup(full != NULL ? full : conf_path);
	free(full);
	slash = strrchr(*conf, '/');
	*ca = slash == NULL ? xstrdup(CA_NAME) : xasprintf("%.*s/%s",
	    (int)(slash - *conf), *conf, CA_NAME);
}

static void
add_save(struct buf *to, const char *server, const char *proxy,
    const char *path, bool append)
{
	(void)buf_adds(to, "\nopenssl s_client ");
	if (proxy != NULL) {
		(void)buf_adds(to, "-proxy ");
		add_word(to, proxy);
		(void)buf_adds(to, " ");
	}
	(void)buf_adds(to, "-connect ");
	add_word(to, server);
	(void)buf_adds(to, " </dev/null 2>/dev/null | openssl x509 ");
	(void)buf_adds(to, append ? ">>" : "| install -m 644 /dev/stdin ");
	add_word(to, path);
}

/* GNU sed: ca_file comes after the section's first header, which the settings
 * file has; verify = no goes, which no other section has. ca: NULL: ca_file is
 * there. */
static void
add_name(struct buf *to, const char *conf, const char *ca, bool verify_off)
{
	struct buf line;

	(void)buf_adds(to, "\nsed -i");
	if (ca != NULL) {
		buf_init(&line, REMEDY_MAX);
		(void)buf_addf(&line, "0,/^ *\\[cloudshell\\]/{//a "
		    "ca_file = %s", ca);
		(void)buf_adds(to, " -e ");
		add_word(to, buf_text(&line));
		(void)buf_adds(to, " -e '}'");
		buf_free(&line);
	}
	if (verify_off)
		(void)buf_adds(to, " -e '/^ *verify *=/d'");
	(void)buf_adds(to, " ");
	add_word(to, conf);
}

char *
trust_remedy(const char *conf_path, const char *ca_file, const char *server,
    const char *proxy, bool verify_off)
{
	char *conf, *ca, *text;
	struct buf b;

	find_paths(conf_path, &conf, &ca);
	buf_init(&b, REMEDY_MAX);
	(void)buf_addf(&b, "if that fingerprint is your server's, save its "
	    "certificate and trust it with these commands%s:",
	    access(conf, W_OK) != 0 && errno == EACCES ? ", as root" : "");
	add_save(&b, server, proxy, ca_file != NULL ? ca_file : ca,
	    ca_file != NULL);
	if (ca_file == NULL || verify_off)
		add_name(&b, conf, ca_file == NULL ? ca : NULL, verify_off);
	text = xstrdup(buf_text(&b));
	buf_free(&b);
	free(conf);
	free(ca);
	return text;
}
