/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/shim_measure.h"

#include <endian.h>

#include "policy/rtmr.h"
#include "policy/tdvf.h"

#define PAGE_BYTES 4096u
#define FOUR_GIB   (4ull << 30)

/* QEMU's hw/i386/pc_q35.c and microvm.c: from so much RAM on, so much of it lies below 4 GiB, and the rest above. */
static const struct {
	uint64_t split_from, below;
} LAYOUT[] = {
	[SHIM_Q35] = {0xb0000000, 0x80000000},
	[SHIM_MICROVM] = {0xc0000001, 0xc0000000},
};

enum shim_image shim_image_read(struct bytes image, size_t *offset, struct shim_binding *binding)
{
	static const uint8_t marker[TDVF_GUID_BYTES] = SHIM_MARKER_GUID;
	static const struct shim_binding unbound;
	struct bytes entry;

	if (!tdvf_find_entry(image, marker, &entry))
		return SHIM_IMAGE_OTHER;
	struct reader data = reader_of(entry);
	const uint64_t from_end = read_le(&data, SHIM_MARKER_BYTES);

	if (!read_done(&data) || from_end > image.len || from_end < sizeof(*binding))
		return SHIM_IMAGE_MALFORMED;
	*offset = image.len - from_end;
	memcpy(binding, image.data + *offset, sizeof(*binding));
	if (memcmp(binding, &unbound, sizeof(unbound)) == 0)
		return SHIM_IMAGE_UNBOUND;
	return memcmp(binding->magic, SHIM_BINDING_MAGIC, sizeof(binding->magic)) == 0 ? SHIM_IMAGE_BOUND
										       : SHIM_IMAGE_MALFORMED;
}

enum shim_machine_type shim_machine_type(const char *name)
{
	if (strcmp(name, "q35") == 0 || strncmp(name, "pc-q35-", 7) == 0)
		return SHIM_Q35;
	return strcmp(name, "microvm") == 0 ? SHIM_MICROVM : 0;
}

bool shim_machine(enum shim_machine_type type, uint64_t ram_bytes, struct shim_machine *machine)
{
	if (ram_bytes == 0 || ram_bytes % PAGE_BYTES != 0 || ram_bytes > SHIM_RAM_BYTES_MAX)
		return false;
	const bool split = ram_bytes >= LAYOUT[type].split_from;
	const uint64_t below = split ? LAYOUT[type].below : ram_bytes;

	*machine = (struct shim_machine){.magic = SHIM_MACHINE_MAGIC, .type = htole32(type)};
	machine->ram_count = htole32(split ? 2 : 1);
	machine->ram[0].bytes = htole64(below);
	if (split) {
		machine->ram[1].base = htole64(FOUR_GIB);
		machine->ram[1].bytes = htole64(ram_bytes - below);
	}
	return true;
}

void shim_measure_machine(const struct shim_machine *machine, uint8_t rtmr[SHIM_DIGEST_BYTES])
{
	memset(rtmr, 0, SHIM_DIGEST_BYTES);
	rtmr_extend_by(rtmr, (struct bytes){(const uint8_t *)machine, sizeof(*machine)});
}

void shim_measure_boot(const struct shim_binding *digests, uint8_t rtmr1[SHIM_DIGEST_BYTES],
		       uint8_t rtmr2[SHIM_DIGEST_BYTES])
{
	memset(rtmr1, 0, SHIM_DIGEST_BYTES);
	rtmr_extend(rtmr1, digests->kernel);
	memset(rtmr2, 0, SHIM_DIGEST_BYTES);
	rtmr_extend(rtmr2, digests->command_line);
	rtmr_extend(rtmr2, digests->initrd);
}
