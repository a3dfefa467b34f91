/*
 * What a program said on stderr, fit for a message.
 */
#ifndef SAID_H
#define SAID_H

/* One clean line of it, new text. What looks like key material becomes "***":
 * long words of letters and digits, what follows "secret:" and the like, and
 * words that the program wrote on stdout, too. */
char	*said_clean(const char *text, const char *out);

#endif
