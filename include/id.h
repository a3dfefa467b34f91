/*
 * Ids of sandboxes and executions: part of URLs and of the console's links.
 */
#ifndef ID_H
#define ID_H

#include <stdbool.h>

#define ID_SIZE		65	/* with its NUL; CloudShell's are GUIDs */

/* Whether a text can be one: letters, digits, '-', '_' and '.', the last not
 * first, in less than ID_SIZE. */
bool	id_plain(const char *);

#endif
