/*
 * What the answers of all services have in common.
 */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include "aws_error.h"

/* What a code means; a table ends with the code NULL. */
struct code_class {
	const char	*code;
	enum aws_class	 class;
};

/* Zero the error and read the headers: Date, retry hints. */
void	classify_headers(const struct http_answer *, int64_t now,
	    struct aws_error *);

/* The same with the request id as all but S3 send it. True: the call succeeded,
 * and the class says so. */
bool	classify_success(const struct http_answer *, int64_t now,
	    struct aws_error *);

/* Copy a text from outside, cleaned and cut at a UTF-8 boundary. */
void	classify_text(char *dst, size_t size, const char *src);

/* Take a short piece of a body that was not understood as the message. */
void	classify_piece(const struct http_answer *, struct aws_error *);

/* Note whether a code was found; else put the status in its place. */
void	classify_name(struct aws_error *, long status);

/* Decide the class from code and message: by the service's own table, then the
 * common one, else by other. */
void	classify_code(struct aws_error *, long status, int64_t now,
	    const struct code_class *own,
	    enum aws_class (*other)(long status, bool coded));

/* What a status means where the code is unknown, for services whose answers
 * name every error. */
enum aws_class	classify_other(long status, bool coded);

#endif
