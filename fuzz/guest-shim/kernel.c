/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel, command line and initrd: sizes and the kernel's header are the input's, and whether they change while they are
 * read. What is loaded lies in RAM, apart from all else that the shim has there; the command line ends; the kernel is
 * told the truth, by the header that was measured.
 */
#include <asm/bootparam.h>
#include <string.h>

#include "fuzz/shared/harness.h"
#include "guest-shim/fw_cfg.h"
#include "guest-shim/kernel.h"
#include "guest-shim/layout.h"
#include "shim_vmm.h"

#define RAM_BYTES (3ull << 20)

/* Before the bytes of each file. */
struct head {
	uint32_t sizes[4], changes;
};

static struct head head;

static bool is_in_ram(const struct piece *piece)
{
	return piece->base >= HIGH_RAM && piece->base <= RAM_BYTES && piece->bytes <= RAM_BYTES - piece->base;
}

static void offer(struct bytes input)
{
	const struct fw_cfg_file rest = {input.data + sizeof(head), input.len - sizeof(head)};
	static const uint32_t size_keys[4] = {FW_CFG_SETUP_SIZE, FW_CFG_KERNEL_SIZE, FW_CFG_CMDLINE_SIZE,
					      FW_CFG_INITRD_SIZE};
	static const uint32_t data_keys[4] = {FW_CFG_SETUP_DATA, FW_CFG_KERNEL_DATA, FW_CFG_CMDLINE_DATA,
					      FW_CFG_INITRD_DATA};

	vmm_reset();
	memcpy(&head, input.data, sizeof(head));
	vmm.changes = head.changes;
	for (uint32_t i = 0; i < 4; i++) {
		fw_cfg_device_number(&vmm.fw_cfg, size_keys[i], &head.sizes[i]);
		vmm.fw_cfg.files[data_keys[i]] = rest;
	}
}

static void check_params(const struct kernel *kernel, const struct shim_machine *machine)
{
	const uint64_t entry = kernel_prepare(kernel, machine);
	const struct boot_params *const params = memory_at(BOOT_PARAMS_BASE);
	const struct boot_params *const measured = memory_at(kernel->file.base);

	PROMISE(entry >= kernel->file.base + 0x200 && entry < kernel->file.base + kernel->file.bytes);
	PROMISE(params->hdr.ramdisk_image == kernel->initrd.base && params->hdr.ramdisk_size == kernel->initrd.bytes);
	PROMISE(params->hdr.pref_address == measured->hdr.pref_address &&
		params->hdr.init_size == measured->hdr.init_size && params->hdr.xloadflags == measured->hdr.xloadflags);
	PROMISE(kernel->initrd.base >= measured->hdr.pref_address + measured->hdr.init_size &&
		kernel->command_line.bytes <= measured->hdr.cmdline_size);
	PROMISE(params->hdr.setup_data == 0 && params->e820_entries == 6);
}

void fuzz_one(struct bytes input)
{
	const struct shim_machine machine = {.type = SHIM_Q35, .ram_count = 1, .ram = {{0, RAM_BYTES}}};
	struct kernel kernel;

	if (input.len < sizeof(head))
		return;
	offer(input);
	if (!VMM_RUNS((fw_cfg_open(VMM_SHARED_BIT), kernel_load(RAM_BYTES, &kernel)))) {
		PROMISE(strlen(vmm.fatal) <= VMM_TEXT_MAX);
		return;
	}
	PROMISE(is_in_ram(&kernel.file) && is_in_ram(&kernel.initrd));
	PROMISE(kernel.file.base + kernel.file.bytes <= kernel.initrd.base);
	PROMISE(kernel.command_line.base == COMMAND_LINE_BASE && kernel.command_line.bytes < COMMAND_LINE_BYTES);
	PROMISE(((const char *)memory_at(COMMAND_LINE_BASE))[kernel.command_line.bytes] == 0);
	check_params(&kernel, &machine);
}
