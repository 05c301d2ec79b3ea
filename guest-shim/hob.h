/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's RAM, from the list of hand-off blocks that the VMM writes (Platform Initialization Specification 1.8,
 * volume 3, 5: EFI_HOB_RESOURCE_DESCRIPTOR). It is not measured before it is read, and not believed: a range that is
 * no RAM costs the guest its life, no secret.
 */
#ifndef GUEST_SHIM_HOB_H
#define GUEST_SHIM_HOB_H

#include <stdint.h>

#include "cloister/guest_shim.h"

/**
 * Fills in 'ram' and 'ram_count' of @machine, which are zero. Ends the guest where the list is not sane.
 *
 * @list: the blocks, private memory of @bytes
 * @limit: where private addresses end
 */
void hob_read_ram(const uint8_t *list, uint64_t bytes, uint64_t limit, struct shim_machine *machine);

#endif
