/*
 * Character references of HTML.
 */
#ifndef HTML_H
#define HTML_H

#include <stddef.h>

/* Length of the reference at the start of a text ("&lt;", "&#60;", "&#x3c;"),
 * 0 if there is none. The character that it stands for goes to c as UTF-8, its
 * length to *n. A no-break space is a blank. */
size_t	html_entity(const char *, char c[4], size_t *n);

#endif
