/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "routing.h"

#include <linux/errno.h>

/* SDM 3A 11.11.1 and 11.11.2 */
#define ADDRESS_LOGICAL      (1u << 2)
#define ADDRESS_DESTINATION  0xffu /* bits 19:12; bits 31:8 are in the upper half of the address */
#define BROADCAST            0xffu
#define DATA_VECTOR          0xffu
#define DATA_MODE(data)      ((data) >> 8 & 7)
#define MODE_FIXED           0u
#define MODE_LOWEST_PRIORITY 1u
#define VECTOR_FIRST         0x20u
#define VECTOR_LAST          0xeau
#define VECTOR_INT80         0x80u

int routes_fill(struct routes *routes, const struct kvm_irq_routing_entry *entries, __u32 count)
{
	__u8 named[ROUTES_MAX / 8] = {0};
	__u32 i;

	for (i = 0; i < count; i++) {
		const struct kvm_irq_routing_msi *msi = &entries[i].u.msi;
		const __u32 gsi = entries[i].gsi;

		if (entries[i].type != KVM_IRQ_ROUTING_MSI || entries[i].flags != 0 || gsi >= ROUTES_MAX ||
		    (named[gsi / 8] >> gsi % 8 & 1) != 0)
			return -EINVAL;
		named[gsi / 8] |= (__u8)(1u << gsi % 8);
		routes->message[gsi] = (struct message){(__u64)msi->address_hi << 32 | msi->address_lo, msi->data};
	}
	return 0;
}

struct message routes_find(const struct routes *routes, __u32 gsi)
{
	return routes && gsi < ROUTES_MAX ? routes->message[gsi] : (struct message){0, 0};
}

bool message_is_interrupt(struct message message)
{
	const __u32 vector = message.data & DATA_VECTOR;

	return DATA_MODE(message.data) <= MODE_LOWEST_PRIORITY && vector >= VECTOR_FIRST && vector <= VECTOR_LAST &&
	       vector != VECTOR_INT80;
}

bool message_is_for(struct message message, __u32 apic_id, bool *only)
{
	const __u32 low = (__u32)(message.address >> 12) & ADDRESS_DESTINATION;
	const __u32 destination = low | ((__u32)(message.address >> 32) & ~ADDRESS_DESTINATION);

	*only = DATA_MODE(message.data) == MODE_LOWEST_PRIORITY;
	if (destination == BROADCAST)
		return true;
	if ((message.address & ADDRESS_LOGICAL) == 0)
		return destination == apic_id;
	/* x2APIC: a cluster, and a bit for each of 16 (SDM 3A 11.12.10.2). */
	return destination >> 16 == apic_id >> 4 && (destination >> (apic_id & 15) & 1) != 0;
}
