/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slots.h"

#include <linux/errno.h>

#define PAGE_MASK_BITS 4095ull
#define FIRMWARE_END   0x100000000ull
#define FLAGS          (KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES)

static bool range_sane(__u64 base, __u64 bytes, __u64 limit)
{
	return ((base | bytes) & PAGE_MASK_BITS) == 0 && base < limit && bytes <= limit - base;
}

static bool region_sane(const struct slots *slots, const struct kvm_userspace_memory_region2 *region)
{
	const bool private = (region->flags & KVM_MEM_GUEST_MEMFD) != 0;

	return (region->flags & ~FLAGS) == 0 &&
	       range_sane(region->guest_phys_addr, region->memory_size, slots->limit) &&
	       range_sane(region->userspace_addr, region->memory_size, ~PAGE_MASK_BITS) &&
	       (!private || range_sane(region->guest_memfd_offset, region->memory_size, ~PAGE_MASK_BITS));
}

static bool overlap(const struct slot *slot, const struct kvm_userspace_memory_region2 *region)
{
	return slot->bytes != 0 && slot->gpa < region->guest_phys_addr + region->memory_size &&
	       region->guest_phys_addr < slot->gpa + slot->bytes;
}

/* QEMU sets a slot again when it wants other flags, which have no effect here. */
static bool same(const struct slot *slot, const struct kvm_userspace_memory_region2 *region)
{
	return slot->gpa == region->guest_phys_addr && slot->bytes == region->memory_size &&
	       slot->user == region->userspace_addr && slot->private == ((region->flags & KVM_MEM_GUEST_MEMFD) != 0);
}

int slots_set(struct slots *slots, const struct kvm_userspace_memory_region2 *region, struct slot *removed)
{
	struct slot *slot;
	__u32 i;

	*removed = (struct slot){0};
	if (region->slot >= SLOTS_MAX)
		return -EINVAL;
	slot = &slots->slot[region->slot];
	if (region->memory_size == 0) {
		*removed = *slot;
		slot->bytes = 0;
		return removed->bytes != 0 ? 0 : -EINVAL;
	}
	if (!region_sane(slots, region) || (slot->bytes != 0 && !same(slot, region)))
		return -EINVAL;
	if (slot->bytes != 0)
		return 0;
	for (i = 0; i < SLOTS_MAX; i++) {
		if (overlap(&slots->slot[i], region))
			return -EEXIST;
	}
	*slot = (struct slot){
		.gpa = region->guest_phys_addr,
		.bytes = region->memory_size,
		.user = region->userspace_addr,
		.private = (region->flags & KVM_MEM_GUEST_MEMFD) != 0,
	};
	return 0;
}

const struct slot *slots_find(const struct slots *slots, __u64 gpa)
{
	__u32 i;

	for (i = 0; i < SLOTS_MAX; i++) {
		if (gpa - slots->slot[i].gpa < slots->slot[i].bytes)
			return &slots->slot[i];
	}
	return 0;
}

/* The private slot with the lowest address from @from on, or null. */
static const struct slot *next_private(const struct slots *slots, __u64 from)
{
	const struct slot *found = 0;
	__u32 i;

	for (i = 0; i < SLOTS_MAX; i++) {
		const struct slot *slot = &slots->slot[i];

		if (slot->bytes != 0 && slot->private && slot->gpa >= from && (!found || slot->gpa < found->gpa))
			found = slot;
	}
	return found;
}

int slots_layout(const struct slots *slots, struct domain_params *params)
{
	const struct slot *slot = next_private(slots, 0);

	params->ram_count = 0;
	params->firmware = (struct domain_range){0, 0};
	while (slot) {
		const __u64 base = slot->gpa;
		__u64 end = base;

		do {
			end += slot->bytes;
			slot = next_private(slots, end);
		} while (slot && slot->gpa == end && end != FIRMWARE_END);
		if (end == FIRMWARE_END && base != 0)
			params->firmware = (struct domain_range){base, end - base};
		else if (params->ram_count < DOMAIN_MAX_RAM)
			params->ram[params->ram_count++] = (struct domain_range){base, end - base};
		else
			return -E2BIG;
	}
	return params->ram_count != 0 ? 0 : -EINVAL;
}
