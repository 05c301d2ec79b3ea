/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/td_hob.h"

#include <endian.h>

#define HANDOFF_TYPE       1u
#define HANDOFF_BYTES      56u
#define HANDOFF_VERSION    9u
#define RESOURCE_TYPE      3u
#define RESOURCE_BYTES     48u
#define END_BYTES          8u
#define RESOURCE_MEMORY    0u
#define RESOURCE_UNTOUCHED 7u /* memory that the guest has to accept */
#define RESOURCE_USABLE    7u /* present, initialised, tested */

/* RAM of which all is in the guest from the start, or nothing. */
struct piece {
	uint64_t base, bytes;
	bool added;
};

struct pieces {
	struct piece piece[TD_HOB_PIECES_MAX];
	size_t count;
};

static void insert(struct pieces *p, size_t at, struct piece piece)
{
	if (piece.bytes == 0)
		return;
	memmove(p->piece + at + 1, p->piece + at, (p->count - at) * sizeof(piece));
	p->piece[at] = piece;
	p->count++;
}

/* A range that QEMU adds, out of the one piece that holds it. False: none does. */
static bool cut_out(struct pieces *p, uint64_t base, uint64_t bytes)
{
	const uint64_t end = base + bytes;

	for (size_t i = 0; i < p->count; i++) {
		const struct piece whole = p->piece[i];
		const uint64_t whole_end = whole.base + whole.bytes;

		if (base < whole.base || end > whole_end)
			continue;
		if (whole.added)
			return true;
		p->piece[i] = (struct piece){base, bytes, true};
		insert(p, i + 1, (struct piece){end, whole_end - end, false});
		insert(p, i, (struct piece){whole.base, base - whole.base, false});
		return true;
	}
	return false;
}

/* The place of the list itself, 0 if there is none. */
static uint64_t cut_sections(const struct tdvf_sections *sections, struct pieces *p)
{
	uint64_t place = 0;

	for (uint32_t i = 0; i < sections->count; i++) {
		const struct tdvf_section *s = &sections->section[i];

		if (s->type != TDVF_HOB && s->type != TDVF_TEMPORARY)
			continue;
		if (s->contents.len > 0 || !cut_out(p, s->address, s->bytes))
			return 0;
		if (s->type == TDVF_HOB && place == 0)
			place = s->address;
	}
	return place;
}

static void put(struct td_hob *hob, uint64_t value, size_t width)
{
	const uint64_t little = htole64(value);

	memcpy(hob->bytes + hob->len, &little, width);
	hob->len += width;
}

static void put_header(struct td_hob *hob, uint16_t type, uint16_t bytes)
{
	put(hob, type, 2);
	put(hob, bytes, 2);
	put(hob, 0, 4);
}

/* PI 3, 5.3: QEMU leaves all addresses but the list's end 0. */
static void put_handoff(struct td_hob *hob, uint64_t end)
{
	put_header(hob, HANDOFF_TYPE, HANDOFF_BYTES);
	put(hob, HANDOFF_VERSION, 4);
	put(hob, 0, 4); /* boot mode */
	for (unsigned i = 0; i < 4; i++)
		put(hob, 0, 8);
	put(hob, end, 8);
}

/* PI 3, 5.5: owned by nobody in particular. */
static void put_resource(struct td_hob *hob, const struct piece *piece)
{
	put_header(hob, RESOURCE_TYPE, RESOURCE_BYTES);
	put(hob, 0, 8);
	put(hob, 0, 8);
	put(hob, piece->added ? RESOURCE_MEMORY : RESOURCE_UNTOUCHED, 4);
	put(hob, RESOURCE_USABLE, 4);
	put(hob, piece->base, 8);
	put(hob, piece->bytes, 8);
}

bool td_hob_make(const struct tdvf_sections *sections, const struct shim_machine *machine, struct td_hob *hob)
{
	struct pieces p = {.count = 0};

	for (uint32_t i = 0; i < le32toh(machine->ram_count); i++)
		insert(&p, p.count,
		       (struct piece){le64toh(machine->ram[i].base), le64toh(machine->ram[i].bytes), false});
	const uint64_t place = cut_sections(sections, &p);

	hob->len = 0;
	if (place == 0)
		return false;
	put_handoff(hob, place + HANDOFF_BYTES + RESOURCE_BYTES * p.count + END_BYTES);
	for (size_t i = 0; i < p.count; i++)
		put_resource(hob, &p.piece[i]);
	return true;
}
