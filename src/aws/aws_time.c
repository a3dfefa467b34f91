/*
 * Times as AWS and its tools write them.
 */
#include <string.h>
#include <time.h>

#include "aws_time.h"

/* "Z", "+hh:mm", "-hhmm" to seconds east of Greenwich. */
static int
zone_read(const char *s, long *east)
{
	int sign = *s == '-' ? -1 : 1;
	char digits[5];
	size_t n = 0;

	*east = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	if (*s != '+' && *s != '-')
		return -1;
	for (s++; *s != '\0'; s++) {
		if (n == 2 && *s == ':')
			continue;
		if (n == 4 || *s < '0' || *s > '9')
			return -1;
		digits[n++] = *s;
	}
	if (n != 4)
		return -1;
	*east = sign * (((digits[0] - '0') * 10 + digits[1] - '0') * 3600 +
	    ((digits[2] - '0') * 10 + digits[3] - '0') * 60);
	return 0;
}

int
aws_time_read(const char *text, int64_t *seconds)
{
	struct tm tm = { 0 };
	const char *rest;
	long east;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
	if (rest == NULL)
		return -1;
	if (*rest == '.') {
		rest++;
		rest += strspn(rest, "0123456789");
	}
	if (zone_read(rest, &east) != 0)
		return -1;
	*seconds = (int64_t)timegm(&tm) - east;
	return 0;
}
