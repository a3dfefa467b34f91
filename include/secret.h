/*
 * Secrets in guarded memory (libsodium): unreadable except between secret_open
 * and secret_close, wiped when freed, not in core files. A secret costs some
 * pages and a system call per look, so use it only for passwords and keys.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"

#define SECRET_MAX	65536	/* bytes of one secret; session tokens grow */

struct secret;

/* Copies; the caller wipes its own copy. Never NULL (running out of memory is
 * fatal). len is at most SECRET_MAX (asserted). */
struct secret	*secret_new(const void *, size_t len);
struct secret	*secret_text(const char *);	/* NULL in, NULL out */
struct secret	*secret_dup(const struct secret *);

/* The bytes, NUL behind them, readable until secret_close. Nests. */
const char	*secret_open(const struct secret *);
void		 secret_close(const struct secret *);

size_t	secret_len(const struct secret *);
bool	secret_equal(const struct secret *, const struct secret *);
void	secret_free(struct secret *);		/* NULL is fine */

/* Replace the secret by "***" wherever it stands in a text, also with escapes
 * of URLs, JSON or HTML, in base64 with whatever is around it, and where the
 * end of the text cuts it. Leaves the text alone if the secret is NULL or has
 * fewer than 4 bytes. Takes time in proportion to the text's length, more where
 * many bytes could begin the secret; at worst the product of both lengths. */
void	secret_mask(char *text, const struct secret *);

/* Read a secret from a file: at most SECRET_MAX bytes, one trailing line end
 * and a byte order mark dropped. FAIL_CONFIG with the path and the reason
 * (never the contents) if it cannot be read, is empty, holds a NUL, is too long
 * or is not UTF-8, which JSON requires. */
struct secret	*secret_read(const char *path, struct fail *);

#endif
