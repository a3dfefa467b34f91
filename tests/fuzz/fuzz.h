/*
 * What the fuzz targets share. A target is one LLVMFuzzerTestOneInput; with
 * libFuzzer it is fed at random, with replay.c the files of its corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "http.h"

/* Stands in a corpus where a secret would: no text may show it. */
#define CANARY		"cAnArY"

/* A property that must hold; else the input is kept as a finding. */
#define MUST(x)		((x) ? (void)0 : fuzz_broken(#x, __FILE__, __LINE__))

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

void	fuzz_broken(const char *, const char *file, int line)
	    __attribute__((noreturn));

/* A filled fail: a kind, a text of its size without the secret. */
void	fuzz_fail_check(const struct fail *, const char *secret);
/* A text that fits size, is UTF-8 and has no control character but line ends
 * (which lines allows). */
void	fuzz_text_check(const char *, size_t size, bool lines);

/* Cut the next piece, up to a line "--", off the input; false at its end. The
 * piece ends in NUL and is freed by the caller. */
bool	fuzz_piece(const uint8_t **, size_t *, char **piece, size_t *len);

/* A file with these bytes; its name is good until the next call with the same
 * slot, 0 or 1. */
const char	*fuzz_file(int slot, const void *, size_t);

/* "STATUS\nName: value\n...\n\nBODY" as an answer, freed with
 * http_answer_free. */
void	fuzz_answer(const char *, size_t, struct http_answer *);

#endif
