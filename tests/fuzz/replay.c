/*
 * replay PATH...: give files, and the files of folders, to a fuzz target that
 * was linked without libFuzzer. Prints how many there were; a target that finds
 * something ends the program.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mem.h"

#define INPUT_MAX	(1024 * 1024)

static unsigned replayed;

/* A copy of exactly its size, so that reading past its end shows. */
static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "r");
	uint8_t *data = xcalloc(1, INPUT_MAX), *copy;
	size_t len;

	if (f == NULL)
		err(1, "%s", path);
	len = fread(data, 1, INPUT_MAX, f);
	if (ferror(f))
		err(1, "%s", path);
	(void)fclose(f);
	copy = xcalloc(1, len > 0 ? len : 1);
	memcpy(copy, data, len);
	free(data);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	replayed++;
}

static void
replay(const char *path)
{
	struct dirent *e;
	char *name;
	DIR *d;

	if ((d = opendir(path)) == NULL) {
		if (errno != ENOTDIR)
			err(1, "%s", path);
		replay_file(path);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		name = xasprintf("%s/%s", path, e->d_name);
		replay(name);
		free(name);
	}
	(void)closedir(d);
}

int
main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize(&argc, &argv) != 0)
		errx(1, "cannot begin");
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%u\n", replayed);
	return replayed > 0 ? 0 : 1;
}
