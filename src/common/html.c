/*
 * Character references of HTML: those that programs write, and numbers.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html.h"
#include "utf8.h"

static const struct {
	const char	*name;
	char		 c;
} entities[] = {
	{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' },
	{ "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' },
};

size_t
html_entity(const char *text, char c[4], size_t *n)
{
	unsigned long code;
	size_t i, len;
	char *end;

	if (text[0] != '&')
		return 0;
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		len = strlen(entities[i].name);
		if (strncasecmp(text, entities[i].name, len) == 0) {
			c[0] = entities[i].c;
			*n = 1;
			return len;
		}
	}
	if (text[1] != '#')
		return 0;
	len = text[2] == 'x' || text[2] == 'X' ? 3 : 2;
	if (!isxdigit((unsigned char)text[len]))
		return 0;
	code = strtoul(text + len, &end, len == 3 ? 16 : 10);
	if (*end != ';' || code > 0x10ffff)
		return 0;
	*n = utf8_put(c, (long)code);
	return *n > 0 ? (size_t)(end + 1 - text) : 0;
}
