/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest-shim's world: the guest's memory, the hypervisor's answers, and a VMM with fw_cfg that may lie. */
#ifndef SHIM_VMM_H
#define SHIM_VMM_H

#include <setjmp.h>

#include "fw_cfg_device.h"

#define VMM_RAM_BYTES   (4u << 20)
#define VMM_EXTENDS_MAX 8u
#define VMM_SHARED_BIT  (1ull << 47)
#define VMM_TEXT_MAX    (64u - 12) /* "guest-shim: " comes before it */

struct shim_vmm {
	struct fw_cfg_device fw_cfg;
	bool shared;
	uint32_t vcpus;
	struct {
		uint32_t rtmr;
		uint8_t digest[48];
	} extends[VMM_EXTENDS_MAX];
	uint32_t extend_count;
	uint32_t config_address, host_bridge;
	uint32_t changes;  /* not 0: it changes its answers while they are read, by this seed */
	const char *fatal; /* what the shim said */
	jmp_buf end;
};

extern struct shim_vmm vmm;

/** Fresh memory and a VMM without files. */
void vmm_reset(void);

/** False: the shim gave up, and vmm.fatal says why. */
#define VMM_RUNS(statement) (setjmp(vmm.end) == 0 ? ((statement), true) : false)

#endif
