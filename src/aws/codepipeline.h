/*
 * Between codepipeline.c and codepipeline_answer.c.
 */
#ifndef CODEPIPELINE_H
#define CODEPIPELINE_H

#include <stdbool.h>

/* Whether a text is one or more letters, digits and extra characters, as the
 * patterns of the service's model have it. */
bool	cp_chars_valid(const char *, const char *extra);

#endif
