/*
 * When the result is known: what CodePipeline says of it.
 */
#ifndef PUT_H
#define PUT_H

#include "flow.h"

LIFE_HANDLER(put_answered);

#endif
