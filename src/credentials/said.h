/*
 * What a program said on stderr, fit for a message.
 */
#ifndef SAID_H
#define SAID_H

/* One clean line of it, new text. What looks like key material becomes "***":
 * long words of letters and digits, what follows "secret:" and the like, words
 * that the program wrote on stdout, too, and its arguments (NULL at the end),
 * which may be passwords; but not names of options, paths and ARNs. */
char	*said_clean(const char *text, const char *out,
	    const char *const arguments[]);

#endif
