/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a CPU: its record goes to the console ring and to the serial port. Then the machine is reset, or the CPU
 * stays.
 */
#include "crash.h"

#include "attest/attestation.h"
#include "cpu.h"
#include "reset.h"

static const char *const kind_names[] = {
	[CRASH_NONE] = "none",
	[CRASH_HOST_EXCEPTION] = "exception in the hypervisor",
	[CRASH_GUEST_SHUTDOWN] = "triple fault of the guest",
	[CRASH_MACHINE_CHECK] = "machine check",
	[CRASH_ENTRY_REFUSED] = "the CPU refused the guest's state",
	[CRASH_UNKNOWN_EXIT] = "unknown exit",
};

static __attribute__((format(printf, 2, 3))) void report(uint16_t port, const char *format, ...)
{
	char text[LINE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	const uint32_t length = console_format(text, format, arguments);
	va_end(arguments);
	serial_write(port, text, length);
}

void crash(struct cpu *cpu, const struct crash_record *record)
{
	struct machine *const m = cpu->machine;
	const uint16_t port = m->console.serial_port;
	const bool resets = m->boot.on_crash == BOOT_CRASH_RESET, again = cpu->crash.kind != CRASH_NONE;

	cpu->crash = *record;
	cpu->crash.cpu = cpu->index;
	/* The interrupted code may hold a lock; a key that is being used is wiped all the same. */
	hk_wipe(&m->attestation->hk);
	if (!again) /* perhaps that is what crashed */
		machine_end_domains(m);
	__atomic_fetch_sub(&m->cpus_in_control, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&m->cpus_parked, 1, __ATOMIC_RELEASE);

	report(port, "cloister: CPU %u stopped: %s, code %lx, detail %lx, address %lx", cpu->index,
	       kind_names[record->kind], record->code, record->detail, record->address);
	report(port, "cloister: CPU %u: rip %lx, rsp %lx. The hypervisor's key is wiped; %s.", cpu->index, record->rip,
	       record->rsp, resets ? "the machine is reset" : "reset the machine");
	if (lock_try(&m->console.lock)) { /* not held by what was interrupted */
		lock_release(&m->console.lock);
		console_line(m, "cpu %u stopped: %s, code %lx, rip %lx", cpu->index, kind_names[record->kind],
			     record->code, record->rip);
	}
	if (resets)
		machine_reset(cpu);
	cpu_park();
}
