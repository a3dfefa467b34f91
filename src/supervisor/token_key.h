/*
 * The key of continuation tokens, made from the CloudShell password: every
 * worker that may have the password can verify what the others hand back.
 */
#ifndef TOKEN_KEY_H
#define TOKEN_KEY_H

#include "conf.h"
#include "secret.h"
#include "token.h"

/* Zero it; the pointers outlive it. */
struct token_source {
	const struct conf	*conf;
	const struct secret	*password;	/* kept one, or NULL: a file */
	struct token_key	 key;
	unsigned char		 seen[32];	/* keyed hash of the password
						   that the key is of */
	unsigned char		 seen_key[32];
};

/* Make the key, unless it is known and the password is the same as before:
 * takes some 10 ms and 8 MiB, since a token is no place to try passwords
 * against. While the password cannot be read, the key stays as it is; if there
 * is none yet, it is not known and says why. */
void	token_key_refresh(struct token_source *);
void	token_key_wipe(struct token_source *);

#endif
