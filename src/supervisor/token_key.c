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
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0,
	    crypto_pwhash_SALTBYTES);
	hash_text(&state, "quali-job-worker continuation token");
	hash_text(&state, conf->cloudshell.user);
	hash_text(&state, conf->cloudshell.domain);
	(void)crypto_generichash_final(&state, salt, crypto_pwhash_SALTBYTES);
}

static void
unknown(struct token_source *source, const char *why)
{
	explicit_bzero(&source->key, sizeof(source->key));
	(void)strlcpy(source->key.why, why, sizeof(source->key.why));
}

/* Whether the password is another one than the key was made of; notes it. */
static bool
changed(struct token_source *source, const struct secret *password)
{
	unsigned char now[sizeof(source->seen)];
	bool same;

	if (!source->key.known)
		randombytes_buf(source->seen_key, sizeof(source->seen_key));
	(void)crypto_generichash(now, sizeof(now),
	    (const unsigned char *)secret_open(password), secret_len(password),
	    source->seen_key, sizeof(source->seen_key));
	secret_close(password);
	same = source->key.known &&
	    sodium_memcmp(now, source->seen, sizeof(now)) == 0;
	memcpy(source->seen, now, sizeof(now));
	explicit_bzero(now, sizeof(now));
	return !same;
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
		unknown(source, "the worker lacks the memory to verify it");
}

void
token_key_refresh(struct token_source *source)
{
	struct secret *password;
	struct fail fail;

	password = password_get(source->conf, source->password, &fail);
	if (password != NULL && changed(source, password))
		make(source, password);
	if (password == NULL && !source->key.known)
		unknown(source, "the worker could not read the CloudShell "
		    "password that it verifies tokens with");
	secret_free(password);
}

void
token_key_wipe(struct token_source *source)
{
	explicit_bzero(&source->key, sizeof(source->key));
	explicit_bzero(source->seen, sizeof(source->seen));
	explicit_bzero(source->seen_key, sizeof(source->seen_key));
}
