/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tdvf.h"

#include "policy/sha384.h"

#define PAGE_BYTES        4096u
#define CHUNK_BYTES       256u                   /* of one MR.EXTEND */
#define RESET_VECTOR      32u                    /* behind the table of GUIDs, which is read from its end */
#define ENTRY_TAIL        (2u + TDVF_GUID_BYTES) /* an entry's length, its own bytes included, and its GUID */
#define TDVF_SIGNATURE    0x46564454u            /* "TDVF" */
#define TDVF_VERSION      1u
#define TDVF_HEADER_BYTES 16u
#define TDVF_ENTRY_BYTES  32u
#define ATTRIBUTE_EXTEND  (1u << 0)
#define SECTION_MAX       (1ull << 30) /* a guest's firmware takes some MiB */

/* 96b582de-1fb2-45f7-baea-a366c55a082d, the table; e47a6535-984a-4798-865e-4685a7bf8ec2, the metadata's offset */
static const uint8_t TABLE_GUID[TDVF_GUID_BYTES] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
						    0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
static const uint8_t METADATA_GUID[TDVF_GUID_BYTES] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
						       0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

/* An entry of the table: what lies before its length and its GUID. */
struct guid_entry {
	struct bytes data;
	const uint8_t *guid;
};

/* The last entry of 'table', which becomes shorter by it. */
static bool take_last(struct bytes *table, struct guid_entry *entry)
{
	if (table->len < ENTRY_TAIL)
		return false;
	const uint8_t *tail = table->data + table->len - ENTRY_TAIL;
	const size_t bytes = (size_t)tail[0] | (size_t)tail[1] << 8;

	if (bytes < ENTRY_TAIL || bytes > table->len)
		return false;
	table->len -= bytes;
	*entry = (struct guid_entry){{table->data + table->len, bytes - ENTRY_TAIL}, tail + 2};
	return true;
}

/* The table's last entry is its own, and says how long all of it is. */
static bool find_table(struct bytes image, struct bytes *entries)
{
	struct bytes all = {image.data, image.len > RESET_VECTOR ? image.len - RESET_VECTOR : 0};
	struct guid_entry table;

	if (!take_last(&all, &table) || memcmp(table.guid, TABLE_GUID, TDVF_GUID_BYTES) != 0)
		return false;
	*entries = table.data;
	return true;
}

bool tdvf_find_entry(struct bytes image, const uint8_t guid[TDVF_GUID_BYTES], struct bytes *data)
{
	struct guid_entry entry;
	struct bytes table;

	if (!find_table(image, &table))
		return false;
	while (take_last(&table, &entry)) {
		if (memcmp(entry.guid, guid, TDVF_GUID_BYTES) != 0)
			continue;
		*data = entry.data;
		return true;
	}
	return false;
}

static enum tdvf_result find_metadata(struct bytes image, struct reader *metadata)
{
	struct bytes table, entry;

	if (!find_table(image, &table))
		return TDVF_NO_TABLE;
	if (!tdvf_find_entry(image, METADATA_GUID, &entry))
		return TDVF_NO_METADATA;
	struct reader data = reader_of(entry);
	const uint64_t from_end = read_le(&data, 4);

	if (!read_done(&data) || from_end > image.len)
		return TDVF_BAD_METADATA;
	*metadata = reader_of((struct bytes){image.data + (image.len - from_end), from_end});
	return TDVF_OK;
}

/* Returns the number of sections, 0 if there is no such header. */
static uint32_t read_header(struct reader *r)
{
	const uint64_t signature = read_le(r, 4), bytes = read_le(r, 4), version = read_le(r, 4);
	const uint64_t count = read_le(r, 4);

	if (r->failed || signature != TDVF_SIGNATURE || version != TDVF_VERSION || count > TDVF_SECTIONS_MAX ||
	    bytes != TDVF_HEADER_BYTES + count * TDVF_ENTRY_BYTES)
		return 0;
	return (uint32_t)count;
}

static bool is_page_aligned(uint64_t value)
{
	return value % PAGE_BYTES == 0;
}

/* A section has as many bytes in memory as in the image, or none in the image (TDVF Design Guide, 11.2). */
static bool read_section(struct reader *r, struct bytes image, struct tdvf_section *section)
{
	const uint64_t offset = read_le(r, 4), raw = read_le(r, 4);

	section->address = read_le(r, 8);
	section->bytes = read_le(r, 8);
	section->type = (uint32_t)read_le(r, 4);
	section->extended = (read_le(r, 4) & ATTRIBUTE_EXTEND) != 0;
	if (r->failed || section->bytes == 0 || section->bytes > SECTION_MAX || !is_page_aligned(section->address) ||
	    !is_page_aligned(section->bytes) || section->address > UINT64_MAX - section->bytes)
		return false;
	if (raw == 0) {
		section->contents = (struct bytes){NULL, 0};
		return true;
	}
	if (raw != section->bytes || offset > image.len || raw > image.len - offset)
		return false;
	section->contents = (struct bytes){image.data + offset, raw};
	return true;
}

enum tdvf_result tdvf_read(struct bytes image, struct tdvf_sections *sections)
{
	struct reader metadata;
	const enum tdvf_result found = find_metadata(image, &metadata);
	const uint32_t count = found == TDVF_OK ? read_header(&metadata) : 0;

	sections->count = 0;
	if (found != TDVF_OK || count == 0)
		return found != TDVF_OK ? found : TDVF_BAD_METADATA;
	for (; sections->count < count; sections->count++)
		if (!read_section(&metadata, image, &sections->section[sections->count]))
			return TDVF_BAD_SECTION;
	return TDVF_OK;
}

/* A step of the build as MRTD has it: a name and an address in 128 bytes. */
static void hash_step(struct sha384 *hash, const char *name, uint64_t address)
{
	uint8_t record[128] = {0};

	memcpy(record, name, strlen(name));
	for (unsigned i = 0; i < sizeof(address); i++)
		record[16 + i] = (uint8_t)(address >> 8 * i);
	sha384_add(hash, (struct bytes){record, sizeof(record)});
}

/* The page's contents follow, 256 bytes a step. */
static void hash_contents(struct sha384 *hash, const uint8_t *page, uint64_t address)
{
	for (unsigned at = 0; at < PAGE_BYTES; at += CHUNK_BYTES) {
		hash_step(hash, "MR.EXTEND", address + at);
		sha384_add(hash, (struct bytes){page + at, CHUNK_BYTES});
	}
}

static void hash_section(struct sha384 *hash, const struct tdvf_section *section, struct tdvf_measure *measure)
{
	static const uint8_t zeros[PAGE_BYTES];

	for (uint64_t at = 0; at < section->bytes; at += PAGE_BYTES) {
		hash_step(hash, "MEM.PAGE.ADD", section->address + at);
		measure->pages_added++;
		if (!section->extended)
			continue;
		hash_contents(hash, section->contents.len > 0 ? section->contents.data + at : zeros,
			      section->address + at);
		measure->pages_extended++;
	}
}

enum tdvf_result tdvf_measure(struct bytes image, struct tdvf_measure *measure, uint32_t *section)
{
	struct tdvf_sections sections;
	const enum tdvf_result result = tdvf_read(image, &sections);

	*measure = (struct tdvf_measure){.pages_added = 0};
	*section = sections.count;
	if (result != TDVF_OK)
		return result;
	struct sha384 *hash = sha384_new();

	for (uint32_t i = 0; i < sections.count; i++)
		hash_section(hash, &sections.section[i], measure);
	sha384_end(hash, measure->mrtd);
	return TDVF_OK;
}

const char *tdvf_result_text(enum tdvf_result result)
{
	static const char *const texts[] = {
		[TDVF_OK] = "measured",
		[TDVF_NO_TABLE] = "no table of GUIDs at the end: it is no firmware, or one that knows no TDX",
		[TDVF_NO_METADATA] = "the table of GUIDs names no TDX metadata: firmware for ordinary guests",
		[TDVF_BAD_METADATA] = "the TDX metadata are cut off, or of another version than 1",
		[TDVF_BAD_SECTION] = "a section of no whole pages, of more than 1 GiB, or outside the image",
	};

	return texts[result];
}
