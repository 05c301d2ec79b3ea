/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device path nodes (UEFI 2.10, 10.3). */
#include "policy/device_path.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "policy/efi_variable.h"

#define END_TYPE  0x7fu
#define MAX_NODES 64u

/* A text that grows up to its size. */
struct text {
	char *at;
	size_t size, used;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
	va_list arguments;

	if (t->used + 1 >= t->size)
		return;
	va_start(arguments, format);
	const int len = vsnprintf(t->at + t->used, t->size - t->used, format, arguments);
	va_end(arguments);
	t->used += len > 0 ? (size_t)len : 0;
	if (t->used >= t->size)
		t->used = t->size - 1;
}

static void put_ucs2(struct text *t, struct bytes from)
{
	for (size_t i = 0; i + 1 < from.len && (from.data[i] || from.data[i + 1]); i += 2) {
		const bool plain = from.data[i + 1] == 0 && from.data[i] >= 0x20 && from.data[i] < 0x7f;

		put(t, "%c", plain ? from.data[i] : '?');
	}
}

static void put_ascii(struct text *t, struct bytes from)
{
	for (size_t i = 0; i < from.len && from.data[i]; i++)
		put(t, "%c", from.data[i] >= 0x20 && from.data[i] < 0x7f ? from.data[i] : '?');
}

static void put_guid(struct text *t, struct reader *r)
{
	struct guid guid;
	char name[GUID_TEXT];

	read_copy(r, guid.bytes, GUID_BYTES);
	guid_text(&guid, name);
	put(t, "%s", name);
}

static bool hardware_node(struct text *t, uint8_t subtype, struct reader *r)
{
	const uint8_t function = subtype == 1 ? read_u8(r) : 0;
	const uint32_t memory_type = subtype == 3 ? read_le32(r) : 0;
	uint64_t start;

	switch (subtype) {
	case 1:
		put(t, "Pci(0x%x,0x%x)", read_u8(r), function);
		return true;
	case 3:
		start = read_le64(r);
		put(t, "MemoryMapped(0x%x,0x%" PRIx64 ",0x%" PRIx64 ")", memory_type, start, read_le64(r));
		return true;
	case 4:
		put(t, "VenHw(");
		put_guid(t, r);
		put(t, ")");
		return true;
	default:
		return false;
	}
}

static bool acpi_node(struct text *t, uint8_t subtype, struct reader *r)
{
	const uint32_t hid = read_le32(r), uid = read_le32(r);

	if (subtype != 1)
		return false;
	if (hid == 0x0a0341d0 || hid == 0x0a0841d0) /* PNP0A03, PNP0A08 */
		put(t, "PciRoot(0x%x)", uid);
	else
		put(t, "Acpi(0x%08x,0x%x)", hid, uid);
	return true;
}

static bool message_node(struct text *t, uint8_t subtype, struct reader *r)
{
	const struct bytes all = {r->at, r->left};
	const bool wide = subtype != 10 && subtype != 17 && subtype != 24 && subtype != 26 && subtype != 29;
	const uint16_t first = wide ? read_le16(r) : 0;

	switch (subtype) {
	case 2:
		put(t, "Scsi(0x%x,0x%x)", first, read_le16(r));
		return true;
	case 5:
		put(t, "Usb(0x%x,0x%x)", first & 0xffu, (unsigned int)first >> 8);
		return true;
	case 10:
		put(t, "VenMsg(");
		put_guid(t, r);
		put(t, ")");
		return true;
	case 11:
		put(t, "Mac(%04x%08x)", (first & 0xffu) << 8 | first >> 8, read_be32(r));
		return true;
	case 12:
		put(t, "IPv4");
		return true;
	case 13:
		put(t, "IPv6");
		return true;
	case 17:
		put(t, "Unit(0x%x)", read_u8(r));
		return true;
	case 18:
		put(t, "Sata(0x%x,0x%x)", first, read_le16(r));
		return true;
	case 23:
		put(t, "NVMe(0x%x)", first | (unsigned int)read_le16(r) << 16);
		return true;
	case 24:
		put(t, "Uri(");
		put_ascii(t, all);
		put(t, ")");
		return true;
	case 25:
		put(t, "UFS(0x%x,0x%x)", first & 0xffu, (unsigned int)first >> 8);
		return true;
	case 26:
	case 29:
		put(t, "%s(0x%x)", subtype == 26 ? "SD" : "eMMC", read_u8(r));
		return true;
	default:
		return false;
	}
}

static bool media_node(struct text *t, uint8_t subtype, struct reader *r)
{
	const struct bytes all = {r->at, r->left};
	uint64_t start;

	switch (subtype) {
	case 1:
		put(t, "HD(%u,", read_le32(r));
		read_bytes(r, 16); /* start, size */
		put_guid(t, r);
		put(t, ")");
		return true;
	case 2:
		put(t, "CDROM(0x%x)", read_le32(r));
		return true;
	case 3:
		put(t, "VenMedia(");
		put_guid(t, r);
		put(t, ")");
		return true;
	case 4:
		put_ucs2(t, all);
		return true;
	case 6:
	case 7:
		put(t, subtype == 6 ? "FvFile(" : "Fv(");
		put_guid(t, r);
		put(t, ")");
		return true;
	case 8: /* in the option ROM of the device before it */
		read_le32(r);
		start = read_le64(r);
		put(t, "Offset(0x%" PRIx64 ",0x%" PRIx64 ")", start, read_le64(r));
		return true;
	default:
		return false;
	}
}

/* BIOS boot specification: what firmware with a CSM boots. */
static bool bios_node(struct text *t, uint8_t subtype, struct reader *r)
{
	const uint16_t kind = read_le16(r);

	if (subtype != 1)
		return false;
	read_le16(r); /* status flag */
	put(t, "BBS(0x%x,\"", kind);
	put_ascii(t, (struct bytes){r->at, r->left});
	put(t, "\")");
	return true;
}

static void put_node(struct text *t, uint8_t type, uint8_t subtype, struct bytes data)
{
	struct reader r = reader_of(data);
	bool known = false;

	if (type == 1)
		known = hardware_node(t, subtype, &r);
	else if (type == 2)
		known = acpi_node(t, subtype, &r);
	else if (type == 3)
		known = message_node(t, subtype, &r);
	else if (type == 4)
		known = media_node(t, subtype, &r);
	else if (type == 5)
		known = bios_node(t, subtype, &r);
	if (!known)
		put(t, "Path(%u,%u)", type, subtype);
	if (r.failed)
		put(t, "(cut)");
}

void device_path_text(struct bytes path, char *text, size_t size)
{
	struct text t = {text, size, 0};
	struct reader r = reader_of(path);

	text[0] = '\0';
	for (unsigned int i = 0; r.left > 0; i++) {
		const uint8_t type = read_u8(&r);
		const uint8_t subtype = read_u8(&r);
		const uint16_t len = read_le16(&r);

		if (type == END_TYPE && !r.failed)
			return;
		const struct bytes node = read_bytes(&r, len >= 4 ? len - 4u : SIZE_MAX);
		if (r.failed || i == MAX_NODES) {
			put(&t, "%s(malformed from here)", i ? "/" : "");
			return;
		}
		put(&t, "%s", i ? "/" : "");
		put_node(&t, type, subtype, node);
	}
}
