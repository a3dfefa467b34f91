/*
 * worker.conf: every fault is reported, and the settings in force can be
 * printed and read back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_print.h"
#include "fuzz.h"

static unsigned faults;

static void
take_fault(const char *text, void *arg)
{
	(void)arg;
	faults++;
	MUST(text[0] != '\0' && strlen(text) < 2048);
	fuzz_text_check(text, 2048, false);
}

static char *
print(const struct conf *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	conf_print(c, f);
	(void)fclose(f);
	return text;
}

static int
load(struct conf *c, const char *path)
{
	int rc;

	faults = 0;
	conf_defaults(c);
	rc = conf_load(c, path, take_fault, NULL);
	MUST((rc == 0) == (faults == 0));
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(0, data, size);
	struct conf conf, again;
	char *one, *two;

	if (load(&conf, path) == 0) {
		(void)conf_check(&conf, path, take_fault, NULL);
		one = print(&conf);
		MUST(load(&again, fuzz_file(0, one, strlen(one))) == 0);
		two = print(&again);
		MUST(strcmp(one, two) == 0);
		conf_free(&again);
		free(one);
		free(two);
	}
	conf_free(&conf);
	return 0;
}
