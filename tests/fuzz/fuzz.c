/*
 * What the fuzz targets share.
 */
#include <sys/mman.h>

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "utf8.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	json_init();
	log_init("fuzz", LOG_EMERG);
	return sodium_init() == -1 ? -1 : 0;
}

void
fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void
fuzz_text_check(const char *s, size_t size, bool lines)
{
	MUST(strnlen(s, size) < size);
	for (; *s != '\0'; s += utf8_len(s)) {
		MUST(utf8_len(s) > 0);
		MUST((unsigned char)*s >= ' ' || (lines && *s == '\n'));
		MUST(*s != 0x7f);
	}
}

void
fuzz_fail_check(const struct fail *fail, const char *secret)
{
	MUST(fail->kind > FAIL_NONE && fail->kind < FAIL_MAX);
	MUST(fail->text[0] != '\0');
	MUST(strnlen(fail->text, FAIL_TEXT_MAX) < FAIL_TEXT_MAX);
	MUST(strstr(fail->text, secret) == NULL);
}

bool
fuzz_piece(const uint8_t **data, size_t *size, char **piece, size_t *len)
{
	const uint8_t *end;

	if (*data == NULL)
		return false;
	end = memmem(*data, *size, "\n--\n", 4);
	*len = end != NULL ? (size_t)(end - *data) : *size;
	*piece = xcalloc(1, *len + 1);
	memcpy(*piece, *data, *len);
	*size -= end != NULL ? *len + 4 : *size;
	*data = end != NULL ? end + 4 : NULL;
	return true;
}

const char *
fuzz_file(int slot, const void *data, size_t len)
{
	static char names[2][32];
	static int fds[2] = { -1, -1 };

	if (fds[slot] == -1) {
		fds[slot] = memfd_create("fuzz", MFD_CLOEXEC);
		(void)snprintf(names[slot], sizeof(names[slot]),
		    "/proc/self/fd/%d", fds[slot]);
	}
	MUST(ftruncate(fds[slot], 0) == 0);
	MUST(pwrite(fds[slot], data, len, 0) == (ssize_t)len);
	return names[slot];
}

void
fuzz_answer(const char *text, size_t len, struct http_answer *a)
{
	const char *head = memchr(text, '\n', len), *end;

	memset(a, 0, sizeof(*a));
	buf_init(&a->body, len + 1);
	buf_init(&a->headers, HTTP_HEADERS_MAX);
	a->status = strtol(text, NULL, 10) % 1000;
	if (head == NULL)
		return;
	len -= (size_t)(head - text);
	end = memmem(head, len, "\n\n", 2);
	if (end == NULL)
		end = head + len;
	(void)buf_add(&a->headers, head, (size_t)(end - head));
	(void)buf_adds(&a->headers, "\n");
	len -= (size_t)(end - head);
	if (len > 2)
		(void)buf_add(&a->body, end + 2, len - 2);
}
