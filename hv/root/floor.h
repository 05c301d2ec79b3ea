/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor: registers that move and alias memory under all that relies on physical addresses, place the
 * ports that sleep and reset, or switch off remapping (docs/floor.md). The root guest reads them and writes none.
 */
#ifndef CLOISTER_ROOT_FLOOR_H
#define CLOISTER_ROOT_FLOOR_H

#include "cloister/errors.h"
#include "vcpu/exit.h"

struct machine;
struct region;
struct vcpu;

/**
 * Makes the floor's pages read-only for the root guest. Before the launch, on the BSP, after every stage2_hide().
 * Returns HV_OK or HV_E_STAGE2_FULL.
 */
enum hv_error floor_protect(struct machine *m);

/*
 * Builds the view in which writes to those pages are dropped. When stage 2 is complete. Returns HV_OK or HV_E_REGION.
 */
enum hv_error floor_build_detour(struct machine *m, struct region *region);

/* The view in which a write at @address is dropped, or 0 where that is no page of the floor. */
paddr_t floor_detour(const struct vcpu *vcpu, gpa_t address);

/* Does an access touch the ports of PCI configuration space? The caller then holds pci_lock from here to its end. */
bool floor_port(struct io_access access);

/*
 * Would writing at @access reach a register of the floor? The lock is held, so the address does not change meanwhile.
 */
bool floor_addressed(const struct machine *m, struct io_access access);

#endif
