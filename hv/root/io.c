/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to ports that exit (io_policy.h). Whatever ends the hypervisor's reign leaves no secret in memory: the
 * secrets are wiped first, then the access goes through.
 */
#include "floor.h"
#include "io_policy.h"
#include "machine/cpu.h"
#include "machine/pci.h"
#include "root.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"

static void port_write(struct io_access access, uint32_t value)
{
	if (access.bytes == 1)
		outb(access.port, (uint8_t)value);
	else if (access.bytes == 2)
		outw(access.port, (uint16_t)value);
	else
		outl(access.port, value);
}

/*
 * Where there is memory-mapped configuration space, an OS that probes for the ports does not find them and uses memory,
 * which needs no exit. The probe writes to 0xCF8 and reads back (PCI 3.0, 3.2.2.3.2): it reads all ones, and so do
 * parts, with which it looks for mechanism #2. Any other address reads back, for software that saves and restores it.
 * The ports work all the same.
 */
static bool hides_mechanism(const struct machine *m, struct io_access access)
{
	return access.port == PCI_ADDRESS && m->boot.ecam_base != 0 && m->boot.pci_ports_shown == 0 &&
	       (access.bytes != 4 || inl(PCI_ADDRESS) == PCI_ADDRESS_ENABLE);
}

static uint32_t port_read(const struct machine *m, struct io_access access)
{
	if (hides_mechanism(m, access))
		return UINT32_MAX;
	if (access.bytes == 1)
		return inb(access.port);
	return access.bytes == 2 ? inw(access.port) : inl(access.port);
}

/* IN leaves the upper part of RAX alone but for 32 bits, which clear it. */
static uint64_t with_low_bytes(uint64_t rax, unsigned bytes, uint32_t value)
{
	const uint64_t low = (1ull << 8 * bytes) - 1;

	return bytes == 4 ? value : (rax & ~low) | (value & low);
}

static bool refuse(struct vcpu *vcpu, struct io_access access, const char *what)
{
	vcpu->refused_io++;
	exit_note_refusal(vcpu, what, "at port", access.port);
	return false;
}

static bool perform(struct vcpu *vcpu, struct io_access access)
{
	struct registers *const guest = &vcpu->frame->guest;

	if (access.in) {
		guest->rax = with_low_bytes(guest->rax, access.bytes, port_read(vcpu->cpu->machine, access));
		return true;
	}
	if (io_policy_too_wide(access))
		return refuse(vcpu, access, "wide write");
	if (io_policy_output_command(access, (uint32_t)guest->rax))
		return refuse(vcpu, access, "output port command");
	const uint32_t value = io_policy_with_a20(access, (uint32_t)guest->rax); /* what reaches the port is judged */
	const bool floor = floor_addressed(vcpu->cpu->machine, access);

	if (floor || io_policy_sleep_refused(&vcpu->cpu->machine->boot, access, value)) {
		(void)refuse(vcpu, access, floor ? "write to the platform's floor" : "sleep");
		return true; /* as if the register were read-only */
	}
	if (io_policy_ends(&vcpu->cpu->machine->boot, access, value))
		machine_wipe_secrets(vcpu->cpu->machine);
	port_write(access, value);
	return true;
}

/* Writes of the configuration address exit as well (0xCF9 is among their ports), so the lock protects it. */
static bool answer(struct vcpu *vcpu, struct io_access access, bool config)
{
	lock_t *const lock = &vcpu->cpu->machine->root->pci_lock;

	if (access.string) /* would need the guest's memory; no software sleeps or resets that way */
		return refuse(vcpu, access, "string access");
	if (config)
		lock_take(lock);
	const bool done = perform(vcpu, access);

	if (config)
		lock_release(lock);
	return done;
}

void exit_io_port(struct vcpu *vcpu, struct io_access access)
{
	const bool config = floor_port(access);

	vcpu->exits[config ? HV_EXIT_PCI : HV_EXIT_IO]++;
	if (answer(vcpu, access, config))
		vcpu_advance(vcpu, access.length);
	else
		vcpu_inject(vcpu, VECTOR_GP, 0);
}
