/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random values to the configuration of every function and to every port of the chipset. */
#ifndef FLOOR_RANDOM_H
#define FLOOR_RANDOM_H

#include <stdint.h>

/**
 * Attacks for a while with values that do not end the machine by themselves; then with any, until it has ended.
 * Memory can be looked at before and after the first part.
 * @seconds: of the first part
 * @seed: decides all values, or 0 for one from the clock; it is printed
 */
_Noreturn void random_attack(uint32_t seconds, uint32_t seed);

#endif
