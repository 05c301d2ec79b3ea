/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authenticode digest of a PE32+ image. Offsets are from Microsoft's "PE Format". */
#include "policy/authenticode.h"

#define DOS_LFANEW            0x3cu
#define COFF_BYTES            24u /* signature and file header */
#define COFF_SECTIONS         6u
#define COFF_OPTIONAL_SIZE    20u
#define OPTIONAL_MAGIC        0x20bu /* PE32+ */
#define OPTIONAL_HEADERS_SIZE 60u
#define OPTIONAL_CHECKSUM     64u
#define OPTIONAL_DIRECTORIES  108u
#define OPTIONAL_CERTIFICATES 144u /* data directory 4 */
#define SECTION_BYTES         40u
#define SECTION_RAW_SIZE      16u
#define MAX_SECTIONS          96u /* as PE Format permits */

struct section {
	uint32_t offset;
	uint32_t len;
};

/* Where the parts of the image are; every range is inside the file. */
struct layout {
	size_t optional;
	size_t headers_len;
	size_t certificates_len;
	size_t section_count;
	struct section sections[MAX_SECTIONS]; /* ascending, not empty */
};

static bool field(struct bytes image, size_t offset, size_t width, uint32_t *value)
{
	struct reader r = reader_of(image);

	read_bytes(&r, offset);
	*value = (uint32_t)read_le(&r, width);
	return !r.failed;
}

static bool is_range(struct bytes image, uint32_t offset, uint32_t len)
{
	return offset <= image.len && len <= image.len - offset;
}

/* Keeps the list ascending by offset, as the digest takes them. */
static void insert_section(struct layout *l, struct section section)
{
	size_t at = l->section_count++;

	for (; at > 0 && l->sections[at - 1].offset > section.offset; at--)
		l->sections[at] = l->sections[at - 1];
	l->sections[at] = section;
}

static const char *read_sections(struct bytes image, size_t table, uint32_t count, struct layout *l)
{
	if (count > MAX_SECTIONS)
		return "more than 96 sections";
	for (uint32_t i = 0; i < count; i++) {
		const size_t header = table + i * SECTION_BYTES;
		struct section s;

		if (!field(image, header + SECTION_RAW_SIZE, 4, &s.len) ||
		    !field(image, header + SECTION_RAW_SIZE + 4, 4, &s.offset))
			return "the section table reaches past the end of the file";
		if (!is_range(image, s.offset, s.len))
			return "a section reaches past the end of the file";
		if (s.len > 0)
			insert_section(l, s);
	}
	return NULL;
}

static const char *read_certificates(struct bytes image, struct layout *l)
{
	uint32_t directories, offset, len;

	if (!field(image, l->optional + OPTIONAL_DIRECTORIES, 4, &directories) || directories < 5 ||
	    !field(image, l->optional + OPTIONAL_CERTIFICATES, 4, &offset) ||
	    !field(image, l->optional + OPTIONAL_CERTIFICATES + 4, 4, &len))
		return "no data directory for certificates";
	if (len > 0 && (!is_range(image, offset, len) || offset + (uint64_t)len != image.len))
		return "the certificates are not at the end of the file";
	l->certificates_len = len;
	return NULL;
}

static const char *read_layout(struct bytes image, struct layout *l)
{
	uint32_t coff, signature, sections, optional_len, magic, headers_len;

	if (!bytes_begin(image, "MZ", 2) || !field(image, DOS_LFANEW, 4, &coff) || !is_range(image, coff, COFF_BYTES) ||
	    !field(image, coff, 4, &signature) || signature != 0x00004550 /* "PE\0\0" */)
		return "not a PE image";
	if (!field(image, coff + COFF_SECTIONS, 2, &sections) ||
	    !field(image, coff + COFF_OPTIONAL_SIZE, 2, &optional_len))
		return "the file header reaches past the end of the file";
	l->optional = (size_t)coff + COFF_BYTES;
	if (!field(image, l->optional, 2, &magic) || magic != OPTIONAL_MAGIC ||
	    optional_len < OPTIONAL_CERTIFICATES + 8)
		return "not a PE32+ image";
	if (!field(image, l->optional + OPTIONAL_HEADERS_SIZE, 4, &headers_len) || !is_range(image, 0, headers_len) ||
	    headers_len < l->optional + OPTIONAL_CERTIFICATES + 8)
		return "the headers reach past the end of the file";
	l->headers_len = headers_len;
	const char *wrong = read_certificates(image, l);
	return wrong ? wrong : read_sections(image, l->optional + optional_len, sections, l);
}

static struct bytes range(struct bytes image, size_t from, size_t to)
{
	return (struct bytes){image.data + from, to - from};
}

/* What is hashed, in this order. */
struct pieces {
	struct bytes piece[MAX_SECTIONS + 4];
	size_t count;
};

static void add(struct pieces *p, struct bytes piece)
{
	p->piece[p->count++] = piece;
}

static const char *find_pieces(struct bytes image, struct pieces *p)
{
	struct layout l = {.section_count = 0};

	p->count = 0;
	const char *wrong = read_layout(image, &l);
	if (wrong)
		return wrong;
	const size_t checksum = l.optional + OPTIONAL_CHECKSUM;
	const size_t certificates = l.optional + OPTIONAL_CERTIFICATES;
	add(p, range(image, 0, checksum));
	add(p, range(image, checksum + 4, certificates));
	add(p, range(image, certificates + 8, l.headers_len));
	uint64_t hashed = l.headers_len;
	for (size_t i = 0; i < l.section_count; i++) {
		add(p, range(image, l.sections[i].offset, (size_t)l.sections[i].offset + l.sections[i].len));
		hashed += l.sections[i].len;
	}
	const size_t end = image.len - l.certificates_len;
	if (hashed > end)
		return "sections overlap";
	add(p, range(image, (size_t)hashed, end)); /* what no section names */
	return NULL;
}

const char *authenticode_sha256(struct bytes image, struct digest *digest)
{
	struct pieces p;
	const char *wrong = find_pieces(image, &p);

	if (!wrong)
		*digest = sha256_pieces(p.piece, p.count);
	return wrong;
}

const char *authenticode_sha384(struct bytes image, uint8_t digest[SHA384_BYTES])
{
	struct pieces p;
	const char *wrong = find_pieces(image, &p);

	if (wrong)
		return wrong;
	struct sha384 *hash = sha384_new();

	for (size_t i = 0; i < p.count; i++)
		sha384_add(hash, p.piece[i]);
	sha384_end(hash, digest);
	return NULL;
}
