/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first code of a protected guest: finds its RAM, reads kernel, command line and initrd from the VMM, measures all
 * of them, and starts the kernel. What the VMM says is copied to private memory first, then checked, measured, used.
 */
#include "attest/sha384.h"
#include "cpus.h"
#include "fw_cfg.h"
#include "hob.h"
#include "kernel.h"
#include "layout.h"
#include "memory.h"
#include "platform.h"
#include "tdcall.h"

_Static_assert(BINDING_FROM_END == SHIM_BINDING_FROM_END, "where the binding lies");
_Static_assert(BINDING_FROM_END - METADATA_FROM_END == sizeof(struct shim_binding), "its size");

/* start.S */
_Noreturn void guest_main(uint32_t gpa_bits);

/* image.S */
_Noreturn void kernel_enter(uint64_t entry, uint64_t boot_params);
extern const struct shim_binding binding;

static void check(const char *error)
{
	if (error)
		td_fatal(error);
}

static void find_machine(uint64_t limit, struct shim_machine *machine)
{
	uint8_t digest[SHIM_DIGEST_BYTES];

	*machine = (struct shim_machine){.magic = SHIM_MACHINE_MAGIC};
	check(hob_read_ram(memory_at(HOB_BASE), HOB_BYTES, limit, machine));
	if (machine->ram[0].base != 0 || machine->ram[0].bytes < HIGH_RAM)
		td_fatal("guest-shim: HOB: too little RAM at address 0");
	machine->type = platform_start();
	sha384_of(machine, sizeof(*machine), digest);
	td_extend(SHIM_RTMR_MACHINE, digest);
}

_Noreturn void guest_main(uint32_t gpa_bits)
{
	const uint64_t shared = 1ull << (gpa_bits - 1);
	struct shim_machine machine;
	struct kernel kernel;

	td_accept_lazily();
	find_machine(shared, &machine);
	fw_cfg_open(shared);
	check(kernel_load(machine.ram[0].bytes, &kernel));
	check(kernel_measure(&kernel, &binding));
	cpus_describe();
	kernel_enter(kernel_prepare(&kernel, &machine), BOOT_PARAMS_BASE);
}
