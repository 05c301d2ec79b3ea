/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim_vmm.h"

#include <stdlib.h>
#include <string.h>

#include "changing_memory.h"
#include "guest-shim/layout.h"
#include "guest-shim/tdcall.h"

#define CONFIG_ADDRESS 0xcf8u
#define HEADER_END     0x268u /* of a kernel's, in its file */
#define CHANGES        16u    /* after each transfer, of the accesses to it */

struct shim_vmm vmm;
uint64_t shared_entry;

/* The shared page is apart: private memory of the same address is not the VMM's. */
static uint8_t ram[VMM_RAM_BYTES];
static _Alignas(PAGE_BYTES) uint8_t shared[SHARED_BYTES];

void *memory_at(uint64_t address);

void *memory_at(uint64_t address)
{
	if (address >= SHARED_WINDOW + SHARED_BASE && address < SHARED_WINDOW + SHARED_BASE + SHARED_BYTES) {
		if (!vmm.shared)
			abort();
		return shared + (address - SHARED_WINDOW - SHARED_BASE);
	}
	if (address > VMM_RAM_BYTES)
		abort();
	return ram + address;
}

void vmm_reset(void)
{
	changing_memory_rests();
	memset(ram, 0, sizeof(ram));
	memset(shared, 0, sizeof(shared));
	shared_entry = 0;
	vmm = (struct shim_vmm){.vcpus = 1};
}

_Noreturn void td_fatal(const char *text)
{
	vmm.fatal = text;
	longjmp(vmm.end, 1);
}

void td_accept_lazily(void)
{
}

uint32_t td_vcpus(void)
{
	return vmm.vcpus;
}

void td_extend(uint32_t rtmr, const uint8_t *digest)
{
	if (vmm.extend_count == VMM_EXTENDS_MAX || (uintptr_t)digest % TD_DIGEST_ALIGNMENT != 0)
		abort();
	vmm.extends[vmm.extend_count].rtmr = rtmr;
	memcpy(vmm.extends[vmm.extend_count++].digest, digest, 48);
}

void td_share(uint64_t base, uint64_t bytes, uint64_t bit)
{
	vmm.shared = base == SHARED_BASE && bytes == SHARED_BYTES && bit == VMM_SHARED_BIT;
}

/* What is read now, or what may be read next; seldom enough that a kernel may start. */
static void change(uint8_t *at)
{
	uint8_t *const next = shared + PAGE_BYTES + (vmm.changes >> 8) % HEADER_END;

	vmm.changes = vmm.changes * 1664525 + 1013904223;
	if (vmm.changes >> 29 == 0)
		*((vmm.changes >> 28) % 2 != 0 ? at : next) ^= (uint8_t)(vmm.changes >> 16);
}

static void transfer(void)
{
	changing_memory_rests();
	if (!fw_cfg_device_dma(&vmm.fw_cfg, shared, SHARED_BASE, SHARED_BYTES))
		abort();
	if (vmm.changes != 0)
		changing_memory(shared, SHARED_BYTES, CHANGES, change);
}

uint32_t td_port(uint16_t port, enum td_direction direction, uint32_t value)
{
	if (direction == TD_READ)
		return (vmm.config_address & 0x7fffffff) == 0 ? vmm.host_bridge : UINT32_MAX;
	if (port == CONFIG_ADDRESS)
		vmm.config_address = value;
	if (port == FW_CFG_DMA_LOW && __builtin_bswap32(value) != SHARED_BASE)
		abort();
	if (port == FW_CFG_DMA_LOW)
		transfer();
	return 0;
}
