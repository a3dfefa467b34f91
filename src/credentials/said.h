/*
 * What a program said on stderr, fit for a message.
 */
#ifndef SAID_H
#define SAID_H

/* Make one clean line of it, in place. What looks like key material becomes
 * "***": long words of letters and digits, what follows "secret:" and the like,
 * and words that the program wrote on stdout, too. */
void	said_clean(char *text, const char *out);

#endif
