/*
 * The key of continuation tokens.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "password.h"
#include "token_key.h"

/* Part of the tokens' format: another number is another key. */
#define KEY_PASSES	2
#define KEY_MEMORY	(8 * 1024 * 1024)

static void
hash_text(crypto_generichash_state *state, const char *text)
{
	(void)crypto_generichash_update(state, (const unsigned char *)text,
	    strlen(text) + 1);
}

/* The same on all machines that serve this CloudShell: no random number. */
static void
salt_of(const struct conf *conf, unsigned char salt[crypto_pwhash_SALTBYTES])
{
	const char *domain = conf->cloudshell.domain;
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0,
	    crypto_pwhash_SALTBYTES);
	hash_text(&state, "quali-job-worker continuation token");
	hash_text(&state, conf->cloudshell.user);
	hash_text(&state, domain != NULL ? domain : "");
	(void)crypto_generichash_final(&state, salt, crypto_pwhash_SALTBYTES);
}

/* Whether the password is another one than the key was made of; notes it. */
static bool
changed(struct token_source *source, const struct secret *password)
{
	unsigned char now[sizeof(source->seen)];

	if (!source->key.known)
		randombytes_buf(source->seen_key, sizeof(source->seen_key));
	(void)crypto_generichash(now, sizeof(now),
	    (const unsigned char *)secret_open(password), secret_len(password),
	    source->seen_key, sizeof(source->seen_key));
	secret_close(password);
	if (source->key.known &&
	    sodium_memcmp(now, source->seen, sizeof(now)) == 0)
		return false;
	memcpy(source->seen, now, sizeof(now));
	return true;
}

static void
make(struct token_source *source, const struct secret *password)
{
	unsigned char salt[crypto_pwhash_SALTBYTES];
	struct token_key *key = &source->key;

	salt_of(source->conf, salt);
	key->known = crypto_pwhash(key->bytes, sizeof(key->bytes),
	    secret_open(password), secret_len(password), salt, KEY_PASSES,
	    KEY_MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
	secret_close(password);
	if (!key->known)
		(void)strlcpy(key->why, "the worker has not the memory to "
		    "verify it", sizeof(key->why));
}

void
token_key_refresh(struct token_source *source)
{
	struct secret *password;
	struct fail fail;

	password = password_get(source->conf, source->password, &fail);
	if (password == NULL) {
		source->key.known = false;
		(void)strlcpy(source->key.why, "the worker has no CloudShell "
		    "password to verify it with", sizeof(source->key.why));
	} else if (changed(source, password))
		make(source, password);
	secret_free(password);
}

void
token_key_wipe(struct token_source *source)
{
	explicit_bzero(&source->key, sizeof(source->key));
	explicit_bzero(source->seen, sizeof(source->seen));
}
