/*
 * Action types as a template of CloudFormation (aws-2026 9).
 */
#ifndef CLOUDFORMATION_H
#define CLOUDFORMATION_H

#include <jansson.h>

/* New template with a resource for each of a list of inputs of
 * CreateCustomActionType (definition_input). */
json_t	*cloudformation_template(const json_t *inputs);

#endif
