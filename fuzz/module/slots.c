/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM_SET_USER_MEMORY_REGION2, again and again, and the ranges that a domain gets of the slots. */
#include "slots.h"

#include "fuzz/shared/harness.h"

#define LIMIT    (1ull << 47)
#define FIRMWARE 0x100000000ull

/* A call's words in the input. */
struct call {
	uint32_t slot, flags;
	uint64_t gpa, bytes, user, offset;
};

static bool apart(const struct slot *a, const struct slot *b)
{
	return a->bytes == 0 || b->bytes == 0 || a->gpa + a->bytes <= b->gpa || b->gpa + b->bytes <= a->gpa;
}

static void check_slots(const struct slots *slots)
{
	for (uint32_t i = 0; i < SLOTS_MAX; i++) {
		const struct slot *const slot = &slots->slot[i];

		if (slot->bytes == 0)
			continue;
		PROMISE(((slot->gpa | slot->bytes | slot->user) & 4095) == 0);
		PROMISE(slot->bytes <= LIMIT && slot->gpa <= LIMIT - slot->bytes);
		PROMISE(slot->user + slot->bytes > slot->user);
		PROMISE(slots_find(slots, slot->gpa) == slot && slots_find(slots, slot->gpa + slot->bytes - 1) == slot);
		for (uint32_t other = 0; other < i; other++)
			PROMISE(apart(slot, &slots->slot[other]));
	}
}

/* As much memory as the private slots have, sorted and apart. */
static void check_layout(const struct slots *slots)
{
	struct domain_params params = {0};
	uint64_t wanted = 0, found = 0, end = 0;

	if (slots_layout(slots, &params) != 0)
		return;
	for (uint32_t i = 0; i < SLOTS_MAX; i++)
		wanted += slots->slot[i].private ? slots->slot[i].bytes : 0;
	for (uint32_t i = 0; i < params.ram_count; i++) {
		PROMISE(params.ram[i].bytes != 0 && params.ram[i].base >= end);
		end = params.ram[i].base + params.ram[i].bytes;
		found += params.ram[i].bytes;
	}
	PROMISE(params.ram_count >= 1 && params.ram_count <= DOMAIN_MAX_RAM && end <= LIMIT);
	PROMISE(params.firmware.bytes == 0 || params.firmware.base + params.firmware.bytes == FIRMWARE);
	PROMISE(found + params.firmware.bytes == wanted);
}

void fuzz_one(struct bytes input)
{
	struct slots slots = {.limit = LIMIT};
	struct slot removed;
	struct call call;

	for (size_t at = 0; input.len - at >= sizeof(call); at += sizeof(call)) {
		memcpy(&call, input.data + at, sizeof(call));
		const struct kvm_userspace_memory_region2 region = {.slot = call.slot,
								    .flags = call.flags,
								    .guest_phys_addr = call.gpa,
								    .memory_size = call.bytes,
								    .userspace_addr = call.user,
								    .guest_memfd_offset = call.offset};
		const int result = slots_set(&slots, &region, &removed);

		PROMISE(result <= 0 && (removed.bytes == 0 || (result == 0 && call.bytes == 0)));
		check_slots(&slots);
		check_layout(&slots);
	}
}
