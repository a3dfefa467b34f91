/*
 * What comes from outside: the disk, the operator, the clock.
 */
#ifndef STOP_H
#define STOP_H

#include "flow.h"

LIFE_HANDLER(stop_resume);
LIFE_HANDLER(stop_saved);
LIFE_HANDLER(stop_save_failed);
LIFE_HANDLER(stop_cancel);
LIFE_HANDLER(stop_drain);
LIFE_HANDLER(stop_park);
LIFE_HANDLER(stop_timer);

#endif
