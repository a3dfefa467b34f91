/*
 * What the fuzz targets share. A target is one LLVMFuzzerTestOneInput;
 * libFuzzer feeds it at random, replay.c feeds it the files of its corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "http.h"

/* Stands for a secret in a corpus: no text may show it. */
#define CANARY		"cAnArY"

/* A property that must hold; otherwise the input is kept as a finding. */
#define MUST(x)		((x) ? (void)0 : fuzz_broken(#x, __FILE__, __LINE__))

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

void	fuzz_broken(const char *, const char *file, int line)
	    __attribute__((noreturn));

/* Check a filled fail: a kind, and a text within its size without the
 * secret. */
void	fuzz_fail_check(const struct fail *, const char *secret);
/* Check that a text fits size, is UTF-8 and has no control characters except
 * line ends (if lines). */
void	fuzz_text_check(const char *, size_t size, bool lines);

/* Cut the next piece, up to a line "--", off the input; false at its end. The
 * piece ends in NUL; the caller frees it. */
bool	fuzz_piece(const uint8_t **, size_t *, char **piece, size_t *len);

/* Write a file with these bytes; its name is valid until the next call with the
 * same slot, 0 or 1. */
const char	*fuzz_file(int slot, const void *, size_t);

/* Turn "STATUS\nName: value\n...\n\nBODY" into an answer, to be freed with
 * http_answer_free. */
void	fuzz_answer(const char *, size_t, struct http_answer *);

#endif
