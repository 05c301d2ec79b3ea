/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpus.h"

#include <stdint.h>

#include "layout.h"
#include "tdcall.h"

#define MADT_X2APIC 9u
#define ENABLED     1u

struct x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t apic_id, flags, uid;
};

/* start.S */
extern uint32_t cpu_apic_ids[CPUS_MAX], cpus_waiting;

/* acpi/tables.S: room for the vCPUs follows on what iasl made of the MADT, which is its length before. */
extern struct x2apic madt_cpus[CPUS_MAX];
extern struct madt {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum, rest[];
} madt;

void cpus_describe(void)
{
	const uint32_t count = td_vcpus();
	uint8_t sum = 0;

	if (count > CPUS_MAX)
		td_fatal("guest-shim: more than 128 vCPUs");
	while (__atomic_load_n(&cpus_waiting, __ATOMIC_ACQUIRE) < count - 1)
		__builtin_ia32_pause();
	for (uint32_t i = 0; i < count; i++)
		madt_cpus[i] = (struct x2apic){MADT_X2APIC, sizeof(struct x2apic), 0, cpu_apic_ids[i], ENABLED, i};
	madt.length += count * (uint32_t)sizeof(struct x2apic);
	for (uint32_t i = 0; i < madt.length; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)&madt)[i]);
	madt.checksum = (uint8_t)(madt.checksum - sum);
}
