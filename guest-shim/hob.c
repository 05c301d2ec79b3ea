/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hob.h"

#include <stdbool.h>
#include <string.h>

#define TYPE_HANDOFF  0x0001u
#define TYPE_RESOURCE 0x0003u
#define TYPE_END      0xffffu

#define RESOURCE_RAM        0u /* accepted: the VMM added it while the guest was built */
#define RESOURCE_UNACCEPTED 7u
#define PAGE_OFFSET         0xfffu

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
static const char *add(struct shim_machine *machine, const struct resource *r, uint64_t limit)
{
	const uint32_t count = machine->ram_count;
	const uint64_t end = count > 0 ? machine->ram[count - 1].base + machine->ram[count - 1].bytes : 0;

	if (r->type != RESOURCE_RAM && r->type != RESOURCE_UNACCEPTED)
		return "guest-shim: HOB: a resource that is no RAM";
	if (r->bytes == 0 || ((r->base | r->bytes) & PAGE_OFFSET) != 0)
		return "guest-shim: HOB: RAM that is no whole pages";
	if (r->base >= limit || r->bytes > limit - r->base)
		return "guest-shim: HOB: RAM above the guest's addresses";
	if (r->base < DEVICES_END && r->base + r->bytes > DEVICES_BASE)
		return "guest-shim: HOB: RAM where devices are";
	if (r->base < end)
		return "guest-shim: HOB: RAM that overlaps, or is not sorted";
	if (count > 0 && r->base == end) {
		machine->ram[count - 1].bytes += r->bytes;
		return NULL;
	}
	if (count == SHIM_RAM_MAX)
		return "guest-shim: HOB: RAM in more than 8 ranges";
	machine->ram[count].base = r->base;
	machine->ram[count].bytes = r->bytes;
	machine->ram_count++;
	return NULL;
}

const char *hob_read_ram(const uint8_t *list, size_t bytes, uint64_t limit, struct shim_machine *machine)
{
	struct header header;
	struct resource resource;
	const char *error = NULL;

	machine->ram_count = 0;
	memset(machine->ram, 0, sizeof(machine->ram));
	for (size_t at = 0; !error; at += header.length) {
		if (bytes - at < sizeof(header))
			return "guest-shim: HOB: the list has no end";
		memcpy(&header, list + at, sizeof(header));
		if (header.type == TYPE_END)
			return machine->ram_count > 0 ? NULL : "guest-shim: HOB: no RAM";
		if (header.length == 0 || header.length % sizeof(header) != 0 || header.length > bytes - at)
			return "guest-shim: HOB: a block of a wrong length";
		if (at == 0 && header.type != TYPE_HANDOFF)
			return "guest-shim: HOB: the list has no beginning";
		if (header.type != TYPE_RESOURCE)
			continue;
		if (header.length != sizeof(resource))
			return "guest-shim: HOB: a resource of a wrong length";
		memcpy(&resource, list + at, sizeof(resource));
		error = add(machine, &resource, limit);
	}
	return error;
}
