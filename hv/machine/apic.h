/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC in x2APIC mode. */
#ifndef CLOISTER_MACHINE_APIC_H
#define CLOISTER_MACHINE_APIC_H

/* Puts this CPU's APIC into the state after INIT (SDM 3A 11.4.7.3); mode and ID stay. */
void apic_reset(void);

#endif
