/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest-shim/kernel.c: for every header, every size that the VMM says, and every size of RAM, files are read into RAM
 * that is theirs alone, and only a command line that ends is taken.
 */
#include <asm/bootparam.h>
#include <stddef.h>

#include "guest-shim/fw_cfg.h"
#include "guest-shim/kernel.h"
#include "guest-shim/layout.h"
#include "proof.h"

static struct boot_params setup;
static char line[COMMAND_LINE_BYTES];
static uint64_t ram_bytes, destination;

/* kernel.c looks into two of the files only. */
void *memory_at(uint64_t address)
{
	destination = address;
	return address == SETUP_BASE ? (void *)&setup : (void *)line;
}

static void read_setup(uint64_t bytes)
{
	struct setup_header any;

	PROVE(destination == SETUP_BASE && bytes <= SETUP_BYTES);
	setup.hdr = any;
}

void fw_cfg_read(enum fw_cfg_key key, void *to, uint64_t bytes)
{
	char any;

	if (key == FW_CFG_SETUP_DATA) {
		read_setup(bytes);
	} else if (key == FW_CFG_CMDLINE_DATA) {
		PROVE(destination == COMMAND_LINE_BASE && bytes > 0 && bytes <= COMMAND_LINE_BYTES);
		line[bytes - 1] = any;
	} else {
		PROVE(destination >= HIGH_RAM && destination <= ram_bytes && bytes <= ram_bytes - destination);
	}
}

uint32_t fw_cfg_number(enum fw_cfg_key key)
{
	uint32_t any;

	return any;
}

/* What comes before the kernel, from where it was checked to where it is measured: below, in kernel.file. */
void *memcpy(void *to, const void *from, size_t bytes)
{
	PROVE(from == &setup && bytes <= SETUP_BYTES);
	return to;
}

/* The end of a guest. */
_Noreturn void td_fatal(const char *text)
{
	(void)text;
	REACHABLE(true);
	ASSUME(false);
	__builtin_unreachable();
}

void prove_kernel_load(void)
{
	struct kernel kernel;
	uint64_t any;

	/* hob.c */
	ASSUME(any >= HIGH_RAM && any <= 0xc0000000);
	ram_bytes = any;
	kernel_load(ram_bytes, &kernel);
	const uint64_t base = setup.hdr.pref_address;

	PROVE(kernel.file.base >= HIGH_RAM && base - kernel.file.base <= SETUP_BYTES);
	PROVE(kernel.file.base + kernel.file.bytes > base + 0x200);
	PROVE(kernel.file.base + kernel.file.bytes <= base + setup.hdr.init_size);
	PROVE(base + setup.hdr.init_size <= kernel.initrd.base);
	PROVE(kernel.initrd.base + kernel.initrd.bytes <= ram_bytes);
	PROVE(kernel.initrd.base + kernel.initrd.bytes <= setup.hdr.initrd_addr_max + 1ull);
	PROVE(line[kernel.command_line.bytes] == 0);
	REACHABLE(kernel.initrd.bytes > 0);
}
