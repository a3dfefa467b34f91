/*
 * Memory that cannot fail: running out ends the process. That is right because
 * every size that an outsider controls is bounded before it is allocated.
 */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

void	*xcalloc(size_t n, size_t size);
void	*xreallocarray(void *, size_t n, size_t size);
char	*xstrdup(const char *);			/* NULL in, NULL out */
char	*xstrndup(const char *, size_t);
/* Allocates once, as much as it needs, so that no piece of a secret stays
 * behind in freed memory. */
char	*xasprintf(const char *, ...) __attribute__((format(printf, 1, 2)));
void	 xfree_secret(char *);			/* wipe a text, then free it */

/* A malloc family that wipes what it frees, for libraries that accept one. */
void	*wipe_malloc(size_t);
void	*wipe_calloc(size_t, size_t);
void	*wipe_realloc(void *, size_t);
char	*wipe_strdup(const char *);
void	 wipe_free(void *);

#endif
