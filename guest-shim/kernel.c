/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "attest/sha384.h"
#include "fw_cfg.h"
#include "layout.h"
#include "memory.h"
#include "tdcall.h"

#define SECTOR_BYTES        512u
#define HEADER_MAGIC        0x53726448u /* "HdrS" */
#define VERSION_XLOADFLAGS  0x020cu
#define LOADER_UNREGISTERED 0xffu
#define ENTRY_64            0x200u

enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_NVS = 4 };

/* The file's header, at its place in what of the file comes first. */
static const struct setup_header *file_header(void)
{
	return &((const struct boot_params *)memory_at(SETUP_BASE))->hdr;
}

/* What comes before the kernel in its file. Returns its bytes */
static uint64_t load_setup(void)
{
	const struct setup_header *const header = file_header();
	const uint64_t bytes = fw_cfg_number(FW_CFG_SETUP_SIZE);

	td_require(bytes != 0, "no kernel: start QEMU with -kernel");
	td_require(bytes >= offsetof(struct boot_params, hdr) + sizeof(*header) && bytes <= SETUP_BYTES,
		   "kernel: not a bzImage");
	fw_cfg_read(FW_CFG_SETUP_DATA, memory_at(SETUP_BASE), bytes);
	td_require(header->header == HEADER_MAGIC && bytes == (header->setup_sects + 1ull) * SECTOR_BYTES,
		   "kernel: not a bzImage");
	td_require(header->version >= VERSION_XLOADFLAGS && (header->xloadflags & XLF_KERNEL_64) != 0,
		   "kernel: no 64-bit entry");
	return bytes;
}

/* The kernel unpacks itself where it is loaded; what comes before it in its file lies before it there, too. */
static void load_image(uint64_t ram_bytes, uint64_t setup_bytes, struct piece *file)
{
	const uint64_t base = file_header()->pref_address, room = file_header()->init_size;
	const uint64_t bytes = fw_cfg_number(FW_CFG_KERNEL_SIZE);

	td_require(base >= HIGH_RAM + SETUP_BYTES && base % PAGE_BYTES == 0,
		   "kernel: its preferred address is not usable");
	td_require(bytes > ENTRY_64 && bytes <= room, "kernel: larger than the room that it asks for");
	td_require(base <= ram_bytes && room <= ram_bytes - base, "kernel: not enough memory: give the guest more");
	*file = (struct piece){base - setup_bytes, setup_bytes + bytes};
	memcpy(memory_at(file->base), memory_at(SETUP_BASE), setup_bytes);
	fw_cfg_read(FW_CFG_KERNEL_DATA, memory_at(base), bytes);
}

static void load_command_line(struct piece *line)
{
	const uint64_t bytes = fw_cfg_number(FW_CFG_CMDLINE_SIZE); /* with its final zero */
	const char *const text = memory_at(COMMAND_LINE_BASE);

	td_require(bytes != 0 && bytes <= COMMAND_LINE_BYTES && bytes - 1 <= file_header()->cmdline_size,
		   "command line: too long for this kernel");
	fw_cfg_read(FW_CFG_CMDLINE_DATA, memory_at(COMMAND_LINE_BASE), bytes);
	td_require(text[bytes - 1] == 0, "command line: no final zero");
	*line = (struct piece){COMMAND_LINE_BASE, bytes - 1};
}

/* As high as the kernel allows, above the kernel's room. */
static void load_initrd(uint64_t ram_bytes, struct piece *initrd)
{
	const uint64_t most = file_header()->initrd_addr_max + 1ull, top = most < ram_bytes ? most : ram_bytes;
	const uint64_t bytes = fw_cfg_number(FW_CFG_INITRD_SIZE);
	const uint64_t base = bytes <= top ? (top - bytes) / PAGE_BYTES * PAGE_BYTES : 0;

	td_require(base >= file_header()->pref_address + file_header()->init_size,
		   "initrd: not enough memory: give the guest more");
	*initrd = (struct piece){base, bytes};
	fw_cfg_read(FW_CFG_INITRD_DATA, memory_at(base), bytes);
}

void kernel_load(uint64_t ram_bytes, struct kernel *kernel)
{
	load_image(ram_bytes, load_setup(), &kernel->file);
	load_command_line(&kernel->command_line);
	load_initrd(ram_bytes, &kernel->initrd);
}

/* Extends an RTMR. @bound: the digest that it has to be, or NULL; @other: what to say if it is not */
static void measure(enum shim_rtmr rtmr, const struct piece *piece, const uint8_t *bound, const char *other)
{
	_Alignas(TD_DIGEST_ALIGNMENT) uint8_t digest[SHIM_DIGEST_BYTES];

	sha384_of(memory_at(piece->base), piece->bytes, digest);
	td_extend(rtmr, digest);
	td_require(!bound || memcmp(digest, bound, sizeof(digest)) == 0, other);
}

void kernel_measure(const struct kernel *kernel, const struct shim_binding *binding)
{
	const bool bound = memcmp(binding->magic, SHIM_BINDING_MAGIC, sizeof(binding->magic)) == 0;

	measure(SHIM_RTMR_KERNEL, &kernel->file, bound ? binding->kernel : NULL, "kernel: not the one in the image");
	measure(SHIM_RTMR_BOOT, &kernel->command_line, bound ? binding->command_line : NULL,
		"command line: not the one in the image");
	measure(SHIM_RTMR_BOOT, &kernel->initrd, bound ? binding->initrd : NULL, "initrd: not the one in the image");
}

/* RAM below 1 MiB, in it the shared memory, and a PC's hole; the image, with the tables. */
static const struct boot_e820_entry fixed[] = {
	{0, SHARED_BASE, E820_RAM},
	{SHARED_BASE, SHARED_BYTES, E820_RESERVED},
	{SHARED_BASE + SHARED_BYTES, LOW_RAM_END - SHARED_BASE - SHARED_BYTES, E820_RAM},
	{LOW_RAM_END, HIGH_RAM - LOW_RAM_END, E820_RESERVED},
	{IMAGE_BASE, IMAGE_BYTES, E820_NVS},
};

static void add_memory(struct boot_params *params, const struct shim_machine *machine)
{
	struct boot_e820_entry *const ram = params->e820_table + sizeof(fixed) / sizeof(fixed[0]);

	memcpy(params->e820_table, fixed, sizeof(fixed));
	for (uint32_t i = 0; i < machine->ram_count; i++)
		ram[i] = (struct boot_e820_entry){machine->ram[i].base, machine->ram[i].bytes, E820_RAM};
	ram->addr += HIGH_RAM;
	ram->size -= HIGH_RAM;
	params->e820_entries = (uint8_t)(sizeof(fixed) / sizeof(fixed[0]) + machine->ram_count);
}

uint64_t kernel_prepare(const struct kernel *kernel, const struct shim_machine *machine)
{
	struct boot_params *const params = memory_at(BOOT_PARAMS_BASE);

	memset(params, 0, sizeof(*params));
	params->hdr = *file_header();
	params->hdr.type_of_loader = LOADER_UNREGISTERED;
	params->hdr.setup_data = 0;
	params->hdr.cmd_line_ptr = COMMAND_LINE_BASE;
	params->hdr.ramdisk_image = (uint32_t)kernel->initrd.base;
	params->hdr.ramdisk_size = (uint32_t)kernel->initrd.bytes;
	params->acpi_rsdp_addr = machine->type == SHIM_Q35 ? ACPI_Q35_BASE : ACPI_MICROVM_BASE;
	add_memory(params, machine);
	return params->hdr.pref_address + ENTRY_64;
}
