/*
 * Action types as resources of Terraform's AWS provider (aws-2026 9).
 */
#ifndef TERRAFORM_H
#define TERRAFORM_H

#include <jansson.h>

#include "buf.h"

#define TERRAFORM_MAX	(256 * 1024)	/* bytes of all resources: files are
					   bounded */

/* Add a resource for each of a list of inputs of CreateCustomActionType
 * (definition_input). -1 as buf_add. */
int	terraform_add(struct buf *, const json_t *inputs);

#endif
