/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM_SET_GSI_ROUTING's entries, and the messages that come of them. */
#include "routing.h"

#include <stdlib.h>

#include "fuzz/shared/harness.h"

/* What is taken goes to devices' vectors only, and somebody who is named. */
static void check_message(struct message message)
{
	const uint32_t vector = message.data & 0xff;
	bool only;

	if (message_is_interrupt(message))
		PROMISE(vector >= 0x20 && vector <= 0xea && vector != 0x80 && (message.data & 0x600) == 0);
	for (uint32_t id = 0; id < 300; id += 13)
		(void)message_is_for(message, id, &only);
}

static void check_table(const struct routes *routes, const struct kvm_irq_routing_entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct message found = routes_find(routes, entries[i].gsi);

		PROMISE(found.data == entries[i].u.msi.data);
		check_message(found);
	}
	PROMISE(routes_find(routes, ROUTES_MAX).data == 0 && routes_find(routes, UINT32_MAX).data == 0);
}

void fuzz_one(struct bytes input)
{
	const size_t whole = input.len / sizeof(struct kvm_irq_routing_entry);
	const uint32_t count = whole < ROUTES_MAX ? (uint32_t)whole : ROUTES_MAX;
	struct kvm_irq_routing_entry *const entries = malloc(count * sizeof(*entries) + 1);
	struct routes *const routes = calloc(1, sizeof(*routes));

	PROMISE(entries && routes);
	memcpy(entries, input.data, count * sizeof(*entries));
	if (routes_fill(routes, entries, count) == 0)
		check_table(routes, entries, count);
	free(routes);
	free(entries);
}
