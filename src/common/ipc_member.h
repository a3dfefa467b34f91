/*
 * Members of pipe messages as tables for encoding and decoding. Shared by ipc.c
 * and ipc_order.c.
 */
#ifndef IPC_MEMBER_H
#define IPC_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "fail.h"
#include "job.h"

enum ipc_kind {
	KIND_BOOL,
	KIND_INT,	/* int, long or int64_t, by size */
	KIND_CHARS,	/* char[size] */
	KIND_TEXT,	/* char *, of less than size bytes, or NULL */
	KIND_PROSE,	/* the same, cut to size when it is sent */
	KIND_SECRET,	/* struct secret *, or NULL */
	KIND_TEXTS,	/* json_t *: object of texts of less than size bytes
			   together, or NULL */
};

struct ipc_member {
	const char	*name;
	enum ipc_kind	 kind;
	bool		 needed;
	size_t		 offset;
	size_t		 size;
	int64_t		 least, most;	/* of KIND_INT */
};

#define FIELD_SIZE(s, f)	sizeof(((struct s *)0)->f)
#define M_BOOL(s, f, n)		{ n, KIND_BOOL, true, offsetof(struct s, f), \
				    sizeof(bool), 0, 0 }
#define M_INT(s, f, n, lo, hi)	{ n, KIND_INT, true, offsetof(struct s, f), \
				    FIELD_SIZE(s, f), lo, hi }
#define M_INT_OR_0(s, f, n, hi)	{ n, KIND_INT, false, \
				    offsetof(struct s, f), FIELD_SIZE(s, f), \
				    0, hi }
#define M_CHARS(s, f, n, need)	{ n, KIND_CHARS, need, offsetof(struct s, f), \
				    FIELD_SIZE(s, f), 0, 0 }
#define M_TEXT(s, f, n, need, max) { n, KIND_TEXT, need, \
				    offsetof(struct s, f), (max) + 1, 0, 0 }
#define M_PROSE(s, f, n, max)	{ n, KIND_PROSE, false, \
				    offsetof(struct s, f), (max) + 1, 0, 0 }
#define M_SECRET(s, f, n)	{ n, KIND_SECRET, false, \
				    offsetof(struct s, f), 0, 0, 0 }
#define M_TEXTS(s, f, n, max)	{ n, KIND_TEXTS, false, \
				    offsetof(struct s, f), (max) + 1, 0, 0 }
#define COUNT(a)		(sizeof(a) / sizeof((a)[0]))

/* Set the members of o from the struct at base, except NULL and an empty
 * KIND_CHARS. The reader checks sizes. */
void	ipc_put(json_t *o, const void *base, const struct ipc_member *,
	    size_t n);

/* Fill the zeroed struct at base. FAIL_SYSTEM names what and the member; the
 * caller frees what was filled until then. */
int	ipc_take(const json_t *o, void *base, const struct ipc_member *,
	    size_t n, const char *what, struct fail *);

/* Append an object as one line of at most max bytes, and release it. -1: it is
 * longer, or a secret in it is not UTF-8. */
int	ipc_line_add(struct buf *, json_t *, size_t max);

/* Read a line of at most max bytes. NULL with FAIL_SYSTEM. */
json_t	*ipc_line_parse(const char *, size_t len, size_t max, const char *what,
	    struct fail *);

#endif
