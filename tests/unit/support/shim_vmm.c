/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shim_vmm.h"

#include <stdlib.h>
#include <string.h>

#include "guest-shim/layout.h"
#include "guest-shim/tdcall.h"

#define PORT_DMA_HIGH  0x514u
#define PORT_DMA_LOW   0x518u
#define CONFIG_ADDRESS 0xcf8u
#define CONTROL_ERROR  1u
#define CONTROL_READ   2u
#define CONTROL_SELECT 8u

struct shim_vmm vmm;
uint64_t shared_entry;

/* The shared page is apart: private memory of the same address is not the VMM's. */
static uint8_t ram[VMM_RAM_BYTES], shared[SHARED_BYTES];
static uint32_t selected, offset;

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
	memset(ram, 0, sizeof(ram));
	memset(shared, 0, sizeof(shared));
	shared_entry = 0;
	vmm = (struct shim_vmm){.vcpus = 1};
}

void vmm_number(uint32_t key, const uint32_t *number)
{
	vmm.files[key] = (struct vmm_file){(const uint8_t *)number, sizeof(*number)};
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
	if (vmm.extend_count == VMM_EXTENDS_MAX)
		abort();
	vmm.extends[vmm.extend_count].rtmr = rtmr;
	memcpy(vmm.extends[vmm.extend_count++].digest, digest, 48);
}

void td_share(uint64_t base, uint64_t bytes, uint64_t bit)
{
	vmm.shared = base == SHARED_BASE && bytes == SHARED_BYTES && bit == VMM_SHARED_BIT;
}

/* What QEMU's fw_cfg does: past the end of a file there are zeros. */
static void read_file(uint8_t *to, uint32_t bytes)
{
	const struct vmm_file *const file = &vmm.files[selected % VMM_KEYS];
	const size_t left = offset < file->length ? file->length - offset : 0;

	memset(to, 0, bytes);
	if (left > 0)
		memcpy(to, file->bytes + offset, left < bytes ? left : bytes);
	offset += bytes;
}

static void dma(uint32_t at)
{
	uint32_t control, length;
	uint64_t address;

	if (at != SHARED_BASE)
		abort();
	memcpy(&control, shared, 4);
	memcpy(&length, shared + 4, 4);
	memcpy(&address, shared + 8, 8);
	control = __builtin_bswap32(control);
	length = __builtin_bswap32(length);
	address = __builtin_bswap64(address);
	if (address < SHARED_BASE || length > SHARED_BYTES || address - SHARED_BASE > SHARED_BYTES - length)
		abort();
	if (control & CONTROL_SELECT) {
		selected = control >> 16;
		offset = 0;
		vmm.reads[selected % VMM_KEYS]++;
	}
	if (control & CONTROL_READ)
		read_file(shared + (address - SHARED_BASE), length);
	control = vmm.refuses ? __builtin_bswap32(CONTROL_ERROR) : 0;
	memcpy(shared, &control, 4);
}

void td_out(uint16_t port, uint32_t bytes, uint32_t value)
{
	if (bytes != 4)
		abort();
	if (port == CONFIG_ADDRESS)
		vmm.config_address = value;
	if (port == PORT_DMA_HIGH && value != 0)
		abort();
	if (port == PORT_DMA_LOW)
		dma(__builtin_bswap32(value));
}

uint32_t td_in(uint16_t port, uint32_t bytes)
{
	(void)port;
	return bytes == 4 && (vmm.config_address & 0x7fffffff) == 0 ? vmm.host_bridge : UINT32_MAX;
}
