/*
 * What CodePipeline answers to the result.
 */
#ifndef PUT_H
#define PUT_H

#include "flow.h"

LIFE_HANDLER(put_answered);

#endif
