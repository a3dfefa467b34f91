/*
 * IAM policies (aws-contract 8, aws-2026 2.3).
 */
#ifndef POLICY_DOCUMENT_H
#define POLICY_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "codepipeline.h"

struct policy_scope {
	const char	*partition;	/* "aws" */
	const char	*region;
	const char	*account;	/* 12 digits */
};

/* Each adds statements to a list. */

/* What the worker calls: poll for n types, and the jobs that come. */
void	policy_worker(json_t *statements, const struct policy_scope *,
	    const struct cp_action_type *, size_t n);
/* To see whether an execution was stopped; pipeline NULL: any. */
void	policy_stop_check(json_t *statements, const struct policy_scope *,
	    const char *pipeline);
/* To register n types, whatever their version, to delete them, and to look
 * which pipelines use them. tags: definitions have some, for which AWS demands
 * a permission of its own (aws-2026 2.4). */
void	policy_installer(json_t *statements, const struct policy_scope *,
	    const struct cp_action_type *, size_t n, bool tags);

/* New policy; takes the statements. */
json_t	*policy_document(json_t *statements);

#endif
