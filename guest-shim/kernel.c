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
#define BOOT_FLAG           0xaa55u
#define HEADER_MAGIC        0x53726448u /* "HdrS" */
#define VERSION_XLOADFLAGS  0x020cu
#define LOADER_UNREGISTERED 0xffu
#define ENTRY_64            0x200u
#define PAGE_OFFSET         0xfffull

enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_NVS = 4 };

/* The file's header, at its place in what of the file comes first. */
static const struct setup_header *file_header(void)
{
	return &((const struct boot_params *)memory_at(SETUP_BASE))->hdr;
}

static const char *load_setup(struct piece *setup)
{
	const struct setup_header *const header = file_header();

	*setup = (struct piece){SETUP_BASE, fw_cfg_number(FW_CFG_SETUP_SIZE)};
	if (setup->bytes == 0)
		return "guest-shim: no kernel: start QEMU with -kernel";
	if (setup->bytes < offsetof(struct boot_params, hdr) + sizeof(*header) || setup->bytes > SETUP_BYTES)
		return "guest-shim: kernel: not a bzImage";
	fw_cfg_read(FW_CFG_SETUP_DATA, memory_at(SETUP_BASE), setup->bytes);
	if (header->boot_flag != BOOT_FLAG || header->header != HEADER_MAGIC ||
	    setup->bytes != (header->setup_sects + 1ull) * SECTOR_BYTES)
		return "guest-shim: kernel: not a bzImage";
	if (header->version < VERSION_XLOADFLAGS || (header->xloadflags & XLF_KERNEL_64) == 0)
		return "guest-shim: kernel: no 64-bit entry";
	return NULL;
}

/* The kernel unpacks itself where it is loaded. @end: of that room */
static const char *load_image(uint64_t ram_bytes, struct piece *image, uint64_t *end)
{
	const uint64_t room = file_header()->init_size;

	*image = (struct piece){file_header()->pref_address, fw_cfg_number(FW_CFG_KERNEL_SIZE)};
	if (image->base < HIGH_RAM || (image->base & PAGE_OFFSET) != 0)
		return "guest-shim: kernel: its preferred address is not usable";
	if (image->bytes <= ENTRY_64 || image->bytes > room)
		return "guest-shim: kernel: larger than the room that it asks for";
	if (image->base > ram_bytes || room > ram_bytes - image->base)
		return "guest-shim: kernel: not enough memory: give the guest more";
	fw_cfg_read(FW_CFG_KERNEL_DATA, memory_at(image->base), image->bytes);
	*end = image->base + room;
	return NULL;
}

static const char *load_command_line(struct piece *line)
{
	const uint64_t bytes = fw_cfg_number(FW_CFG_CMDLINE_SIZE); /* with its final zero */
	const char *const text = memory_at(COMMAND_LINE_BASE);

	if (bytes == 0 || bytes > COMMAND_LINE_BYTES || bytes - 1 > file_header()->cmdline_size)
		return "guest-shim: command line: too long for this kernel";
	fw_cfg_read(FW_CFG_CMDLINE_DATA, memory_at(COMMAND_LINE_BASE), bytes);
	if (text[bytes - 1] != 0)
		return "guest-shim: command line: no final zero";
	*line = (struct piece){COMMAND_LINE_BASE, bytes - 1};
	return NULL;
}

/* As high as the kernel allows. @lowest: the end of the kernel's room */
static const char *load_initrd(uint64_t ram_bytes, uint64_t lowest, struct piece *initrd)
{
	const uint64_t most = file_header()->initrd_addr_max + 1ull;
	const uint64_t top = most < ram_bytes ? most : ram_bytes;
	const uint64_t bytes = fw_cfg_number(FW_CFG_INITRD_SIZE);

	if (bytes > top || ((top - bytes) & ~PAGE_OFFSET) < lowest)
		return "guest-shim: initrd: not enough memory: give the guest more";
	*initrd = (struct piece){(top - bytes) & ~PAGE_OFFSET, bytes};
	fw_cfg_read(FW_CFG_INITRD_DATA, memory_at(initrd->base), bytes);
	return NULL;
}

const char *kernel_load(uint64_t ram_bytes, struct kernel *kernel)
{
	uint64_t end = 0;
	const char *error = load_setup(&kernel->setup);

	if (!error)
		error = load_image(ram_bytes, &kernel->image, &end);
	if (!error)
		error = load_command_line(&kernel->command_line);
	if (!error)
		error = load_initrd(ram_bytes, end, &kernel->initrd);
	return error;
}

/* Extends an RTMR by the digest of two pieces, one after the other. False: @bound says another digest */
static bool measure(enum shim_rtmr rtmr, const struct piece *first, const struct piece *second, const uint8_t *bound)
{
	uint8_t digest[SHIM_DIGEST_BYTES];
	struct sha384 hash;

	sha384_start(&hash);
	sha384_add(&hash, memory_at(first->base), first->bytes);
	sha384_add(&hash, memory_at(second->base), second->bytes);
	sha384_finish(&hash, digest);
	td_extend(rtmr, digest);
	return !bound || memcmp(digest, bound, sizeof(digest)) == 0;
}

const char *kernel_measure(const struct kernel *kernel, const struct shim_binding *binding)
{
	static const struct piece nothing = {SETUP_BASE, 0};
	const bool bound = memcmp(binding->magic, SHIM_BINDING_MAGIC, sizeof(binding->magic)) == 0;

	if (!measure(SHIM_RTMR_KERNEL, &kernel->setup, &kernel->image, bound ? binding->kernel : NULL))
		return "guest-shim: kernel: not the one that the image names";
	if (!measure(SHIM_RTMR_BOOT, &kernel->command_line, &nothing, bound ? binding->command_line : NULL))
		return "guest-shim: command line: not the one that the image names";
	if (!measure(SHIM_RTMR_BOOT, &kernel->initrd, &nothing, bound ? binding->initrd : NULL))
		return "guest-shim: initrd: not the one that the image names";
	return NULL;
}

static void add_range(struct boot_params *params, uint64_t base, uint64_t end, enum e820_type type)
{
	if (base < end)
		params->e820_table[params->e820_entries++] = (struct boot_e820_entry){base, end - base, type};
}

/* RAM; in it the shared memory and a PC's hole; PCI's configuration space; the image, where the tables are. */
static void add_memory(struct boot_params *params, const struct shim_machine *machine)
{
	add_range(params, 0, SHARED_BASE, E820_RAM);
	add_range(params, SHARED_BASE, SHARED_BASE + SHARED_BYTES, E820_RESERVED);
	add_range(params, SHARED_BASE + SHARED_BYTES, LOW_RAM_END, E820_RAM);
	add_range(params, LOW_RAM_END, HIGH_RAM, E820_RESERVED);
	for (uint32_t i = 0; i < machine->ram_count; i++)
		add_range(params, i == 0 ? HIGH_RAM : machine->ram[i].base,
			  machine->ram[i].base + machine->ram[i].bytes, E820_RAM);
	if (machine->type == SHIM_Q35)
		add_range(params, ECAM_BASE, ECAM_BASE + (uint64_t)ECAM_BYTES, E820_RESERVED);
	add_range(params, IMAGE_BASE, IMAGE_BASE + (uint64_t)IMAGE_BYTES, E820_NVS);
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
	return kernel->image.base + ENTRY_64;
}
