/*
 * The input of CreateCustomActionType as the service's model has it
 * (aws-contract 1.4, 1.10).
 */
#ifndef DEFINITION_MODEL_H
#define DEFINITION_MODEL_H

#include <jansson.h>
#include <stdbool.h>

#include "fail.h"

bool	model_category_valid(const char *);

/* Check an input. FAIL_CONFIG: "settings.entityUrlTemplate: longer than 2048
 * characters". */
int	model_check(const json_t *input, struct fail *);

#endif
