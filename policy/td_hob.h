/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TD HOB: the list by which QEMU tells a protected guest's firmware what RAM there is (hw/i386/tdvf-hob.c). Its
 * structures are those of the UEFI Platform Initialization Specification, volume 3, 5.
 */
#ifndef POLICY_TD_HOB_H
#define POLICY_TD_HOB_H

#include "policy/shim_measure.h"
#include "policy/tdvf.h"

/* Each section cuts at most one piece of RAM into three. */
#define TD_HOB_PIECES_MAX (SHIM_RAM_MAX + 2u * TDVF_SECTIONS_MAX)
#define TD_HOB_BYTES_MAX  (56u + 48u * TD_HOB_PIECES_MAX)

struct td_hob {
	uint8_t bytes[TD_HOB_BYTES_MAX]; /* without its last entry, which only ends it */
	size_t len;
};

/**
 * Makes the list of a guest with this RAM, whose firmware has these sections.
 *
 * Returns false where QEMU would not start the guest: no section for the list, or one outside RAM or not empty.
 */
bool td_hob_make(const struct tdvf_sections *sections, const struct shim_machine *machine, struct td_hob *hob);

#endif
