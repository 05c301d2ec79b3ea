/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hob.h"

#include <string.h>

#include "layout.h"
#include "tdcall.h"

#define TYPE_RESOURCE 0x0003u
#define TYPE_END      0xffffu

#define RESOURCE_RAM        0u /* accepted: the VMM added it while the guest was built */
#define RESOURCE_UNACCEPTED 7u

/* Below 4 GiB the shim's tables have devices from here on. */
#define DEVICES_BASE 0xc0000000ull
#define DEVICES_END  0x100000000ull

struct header {
	uint16_t type, length; /* in bytes, this header included */
	uint32_t reserved;
};

struct resource {
	struct header header;
	uint8_t owner[16];
	uint32_t type, attributes;
	uint64_t base, bytes;
};

_Static_assert(sizeof(struct resource) == 48, "EFI_HOB_RESOURCE_DESCRIPTOR");

/* Ranges come sorted; what adjoins is one. */
static void add(struct shim_machine *machine, const struct resource *r, uint64_t limit)
{
	const uint32_t count = machine->ram_count;
	const uint64_t end = count > 0 ? machine->ram[count - 1].base + machine->ram[count - 1].bytes : 0;

	td_require(r->type == RESOURCE_RAM || r->type == RESOURCE_UNACCEPTED, "HOB: a resource that is no RAM");
	td_require(r->bytes != 0 && (r->base | r->bytes) % PAGE_BYTES == 0, "HOB: RAM that is no whole pages");
	td_require(r->base < limit && r->bytes <= limit - r->base, "HOB: RAM above the guest's addresses");
	td_require(r->base >= DEVICES_END || r->base + r->bytes <= DEVICES_BASE, "HOB: RAM where devices are");
	td_require(r->base >= end, "HOB: RAM that overlaps, or is not sorted");
	if (count > 0 && r->base == end) {
		machine->ram[count - 1].bytes += r->bytes;
		return;
	}
	td_require(count < SHIM_RAM_MAX, "HOB: RAM in more than 8 ranges");
	machine->ram[machine->ram_count++] = (struct shim_range){r->base, r->bytes};
}

void hob_read_ram(const uint8_t *list, uint64_t bytes, uint64_t limit, struct shim_machine *machine)
{
	struct header header = {.length = 0};
	struct resource resource;

	for (uint64_t at = 0; header.type != TYPE_END; at += header.length) {
		td_require(bytes - at >= sizeof(header), "HOB: the list has no end");
		memcpy(&header, list + at, sizeof(header));
		td_require(header.length != 0 && header.length % sizeof(header) == 0 && header.length <= bytes - at,
			   "HOB: a block of a wrong length");
		if (header.type != TYPE_RESOURCE)
			continue;
		td_require(header.length == sizeof(resource), "HOB: a resource of a wrong length");
		memcpy(&resource, list + at, sizeof(resource));
		add(machine, &resource, limit);
	}
	td_require(machine->ram[0].base == 0 && machine->ram[0].bytes >= HIGH_RAM, "HOB: too little RAM at address 0");
}
