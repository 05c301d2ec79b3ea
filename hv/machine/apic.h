/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC in x2APIC mode. */
#ifndef CLOISTER_MACHINE_APIC_H
#define CLOISTER_MACHINE_APIC_H

#include <stdbool.h>
#include <stdint.h>

/* The interrupt command register (SDM 3A 11.6.1, 11.12.9) */
#define ICR_VECTOR(icr)    ((uint8_t)(icr))
#define ICR_MODE(icr)      ((icr) >> 8 & 7)
#define ICR_LOGICAL        (1ull << 11)
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)

enum { TO_DESTINATION = 0, TO_SELF = 1, TO_ALL = 2, TO_OTHERS = 3 };

/* Does a destination without a shorthand mean @apic_id: all ones, itself, or its bit of a cluster (11.12.10.2)? */
static inline bool icr_reaches(uint64_t icr, uint32_t apic_id)
{
	const uint32_t destination = (uint32_t)(icr >> 32);

	if (destination == UINT32_MAX || (icr & ICR_LOGICAL) == 0)
		return destination == UINT32_MAX || destination == apic_id;
	return destination >> 16 == (uint16_t)(apic_id >> 4) && (destination >> (apic_id & 15) & 1) != 0;
}

/* Puts this CPU's APIC into the state after INIT (SDM 3A 11.4.7.3); mode and ID stay. */
void apic_reset(void);

#endif
