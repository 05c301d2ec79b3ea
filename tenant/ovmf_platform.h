/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of OVMF's work that changes QEMU's ACPI tables, done from outside: QEMU makes the tables when they are read,
 * by what the firmware has put into the chipset and the PCI devices until then.
 */
#ifndef TENANT_OVMF_PLATFORM_H
#define TENANT_OVMF_PLATFORM_H

#include "tenant/own_qemu.h"

/**
 * Sets up a q35 machine with nothing but its power-on state.
 *
 * NULL if it worked, or why these devices are not understood. Whether QEMU took it, qemu->failed says.
 */
const char *ovmf_platform_set_up(struct own_qemu *qemu);

#endif
