/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first code of a protected guest: finds its RAM, reads kernel, command line and initrd from the VMM, measures all
 * of them, and starts the kernel. What the VMM says is copied to private memory first, then checked, measured, used.
 */
#include "attest/sha384.h"
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

/* image.ld.S */
extern const struct shim_binding binding;

static void find_machine(uint64_t limit, struct shim_machine *machine)
{
	_Alignas(TD_DIGEST_ALIGNMENT) uint8_t digest[SHIM_DIGEST_BYTES];

	*machine = (struct shim_machine){.magic = SHIM_MACHINE_MAGIC};
	hob_read_ram(memory_at(HOB_BASE), HOB_BYTES, limit, machine);
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
	kernel_load(machine.ram[0].bytes, &kernel);
	kernel_measure(&kernel, &binding);
	platform_name_cpus();
	__asm__ volatile("jmp *%0" : : "r"(kernel_prepare(&kernel, &machine)), "S"(BOOT_PARAMS_BASE) : "memory");
	__builtin_unreachable();
}
