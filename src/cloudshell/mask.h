/*
 * Texts of CloudShell without the token and the password.
 */
#ifndef MASK_H
#define MASK_H

#include "types.h"

/* Overwrite each occurrence of the secret with up to three '*', in place. len
 * is the text's length; returns the new one. */
size_t	text_mask(char *, size_t len, const char *secret, size_t secret_len);
/* Mask token and password in a text, and in all texts of a JSON value. */
void	cs_mask_text(const struct cs_client *, char *);
void	cs_mask_json(const struct cs_client *, json_t *);
/* cs_mask_text for an allocated text in which tags may split a secret; frees it
 * and returns the text to use instead. */
char	*text_masked(const struct cs_client *, char *);
/* Make a text of the server fit to be shown: masked, one line, cut. */
void	cs_show_text(const struct cs_client *, char *, size_t max);
/* Append at most CS_NAMES_SHOWN members `name` of an array of objects, ", "
 * between and "and N more" at the end. Returns how many there are. */
size_t	text_names(const struct cs_client *, const json_t *, struct buf *);

#endif
