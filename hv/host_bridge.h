/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor: registers of the host bridges move and alias memory under everything that stands on physical
 * addresses (remapping, SMRAM, PAM, PCIEXBAR; AMD: routing, the SMN window). The root guest reads them and writes none.
 */
#ifndef HV_HOST_BRIDGE_H
#define HV_HOST_BRIDGE_H

#include "vcpu.h"

/**
 * Finds the host bridges of bus 0 and makes their pages of the memory-mapped configuration space read-only. Before the
 * launch, on the BSP, after every stage2_hide(). Returns HV_OK or HV_E_STAGE2_FULL.
 */
enum hv_error host_bridge_protect(struct machine *m);

/* Builds the view in which writes to those pages are dropped. When stage 2 is complete. Returns HV_OK or HV_E_REGION. */
enum hv_error host_bridge_build_detour(struct machine *m, struct region *region);

/* Is @address in the memory-mapped configuration space of a host bridge? */
bool host_bridge_page(const struct machine *m, gpa_t address);

/* Does an access touch the ports of PCI configuration space? The caller then holds pci_lock from here to its end. */
bool host_bridge_port(struct io_access access);

/* Would writing at @access reach a register of a host bridge? The lock is held: nobody changes the address meanwhile. */
bool host_bridge_addressed(const struct machine *m, struct io_access access);

#endif
