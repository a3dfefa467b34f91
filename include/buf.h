/*
 * Growing bytes with a mandatory maximum. Contents are wiped when they are
 * moved or freed, since any of them may hold a secret.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char	*data;	/* NULL until something was added; NUL after len
			   bytes */
	size_t	 len;
	size_t	 size;	/* allocated */
	size_t	 max;	/* len never exceeds it */
};

void	buf_init(struct buf *, size_t max);

/* Add bytes, a text, or formatted text. -1 if that would exceed the maximum:
 * then nothing is added. Running out of memory ends the process. */
int	buf_add(struct buf *, const void *, size_t);
int	buf_adds(struct buf *, const char *);
int	buf_addf(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* "." unless the text is empty or ends in one of . ! ? */
const char	*full_stop(const char *);

/* Add a sentence, after ending what is there as one. -1 as buf_add. */
int	buf_sentence(struct buf *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

/* Add text percent-encoded: all but A-Z a-z 0-9 - . _ ~ and the bytes in
 * keep. -1 as buf_add. */
int	buf_add_encoded(struct buf *, const char *text, const char *keep);

/* Contents as text, "" if empty. Valid until the next change. */
const char	*buf_text(const struct buf *);

void	buf_consume(struct buf *, size_t);	/* drop bytes from the front */
void	buf_clear(struct buf *);		/* wipe, keep the maximum */
void	buf_free(struct buf *);			/* wipe and release; NULL is
						   fine */

#endif
