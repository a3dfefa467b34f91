/*
 * What the answers of all services have in common.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "aws_error.h"

/* Meaning of a code; the last one of a table has the code NULL. */
struct code_class {
	const char	*code;
	enum aws_class	 class;
};

/* Zero the error and read the headers: Date, retry hints. */
void	classify_headers(const struct http_answer *, int64_t now,
	    struct aws_error *);

/* Copy a text from outside, cleaned and cut at a UTF-8 boundary. */
void	classify_text(char *dst, size_t size, const char *src);

/* A short piece of a body that was not understood, as message. */
void	classify_piece(const struct http_answer *, struct aws_error *);

/* Note whether a code was found; else put the status in its place. */
void	classify_name(struct aws_error *, long status);

/* Decide the class from code and message: the service's own table first, then
 * the common one; what neither names is left to other. */
void	classify_code(struct aws_error *, long status, int64_t now,
	    const struct code_class *own,
	    enum aws_class (*other)(long status, bool coded));

#endif
