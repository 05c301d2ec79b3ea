/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI variables in events. Every length comes from outside. */
#include "policy/efi_variable.h"

#include <stdio.h>

#define LIST_HEADER_BYTES 28u /* EFI_SIGNATURE_LIST before its header */

/* As they lie in memory: the first three fields little-endian (UEFI 2.10, appendix A). */
const struct guid GUID_GLOBAL = {
	{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}};
const struct guid GUID_IMAGE_SECURITY = {
	{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}};
static const struct guid SHIM = {
	{0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}};
static const struct guid CERT_X509 = {
	{0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72}};
static const struct guid CERT_SHA256 = {
	{0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28}};

static const struct {
	const struct guid *guid;
	const char *name;
} NAMES[] = {{&GUID_GLOBAL, "EFI global"},
	     {&GUID_IMAGE_SECURITY, "image security"},
	     {&SHIM, "shim"},
	     {&CERT_X509, "X.509"},
	     {&CERT_SHA256, "SHA-256"}};

static bool guid_equal(const struct guid *a, const struct guid *b)
{
	return memcmp(a->bytes, b->bytes, GUID_BYTES) == 0;
}

void guid_text(const struct guid *guid, char text[GUID_TEXT])
{
	struct reader r = {guid->bytes, GUID_BYTES, false};
	const uint32_t first = read_le32(&r);
	const uint16_t second = read_le16(&r), third = read_le16(&r), fourth = read_be16(&r);

	snprintf(text, GUID_TEXT, "%08x-%04x-%04x-%04x-%04x%08x", first, second, third, fourth, read_be16(&r),
		 read_be32(&r));
}

const char *guid_name(const struct guid *guid)
{
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (guid_equal(guid, NAMES[i].guid))
			return NAMES[i].name;
	return NULL;
}

/* UCS-2 without a NUL. A name that is cut or not ASCII is none of those that anything depends on. */
static void read_name(struct bytes ucs2, char name[VARIABLE_NAME])
{
	const size_t chars = ucs2.len / 2;
	size_t used = 0;

	for (size_t i = 0; i < chars && used + 1 < VARIABLE_NAME; i++) {
		const unsigned int c = ucs2.data[2 * i] | (unsigned int)ucs2.data[2 * i + 1] << 8;

		name[used++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	if (chars >= VARIABLE_NAME)
		memcpy(name + VARIABLE_NAME - 4, "...", 3);
	name[used] = '\0';
}

bool efi_variable_read(struct reader *r, struct efi_variable *variable)
{
	*variable = (struct efi_variable){.name = ""};
	read_copy(r, variable->vendor.bytes, GUID_BYTES);
	const uint64_t chars = read_le64(r);
	const uint64_t len = read_le64(r);
	if (r->failed || chars > r->left / 2 || len > r->left - 2 * chars)
		return false;
	read_name(read_bytes(r, 2 * (size_t)chars), variable->name);
	variable->data = read_bytes(r, (size_t)len);
	return true;
}

bool efi_variable_parse(struct bytes event, struct efi_variable *variable)
{
	struct reader r = reader_of(event);

	return efi_variable_read(&r, variable) && r.left == 0;
}

bool efi_variable_is(const struct efi_variable *variable, const char *name)
{
	const bool database = strcmp(name, "db") == 0 || strcmp(name, "dbx") == 0;

	return strcmp(variable->name, name) == 0 &&
	       guid_equal(&variable->vendor, database ? &GUID_IMAGE_SECURITY : &GUID_GLOBAL);
}

bool efi_secure_boot(const struct efi_variable *variable, bool *on)
{
	*on = variable->data.len == 1 && variable->data.data[0] == 1;
	return *on || variable->data.len == 0 || (variable->data.len == 1 && variable->data.data[0] == 0);
}

const char *entry_kind_name(enum entry_kind kind)
{
	static const char *const names[ENTRY_KINDS] = {"x509", "sha256", "other"};

	return names[kind];
}

struct signature_cursor signature_entries(struct bytes database)
{
	return (struct signature_cursor){.lists = reader_of(database)};
}

static void open_list(struct signature_cursor *c)
{
	read_copy(&c->lists, c->type.bytes, GUID_BYTES);
	const uint32_t list_bytes = read_le32(&c->lists);
	const uint32_t header_bytes = read_le32(&c->lists);
	c->entry_bytes = read_le32(&c->lists);
	if (list_bytes < LIST_HEADER_BYTES || c->entry_bytes <= GUID_BYTES) {
		c->lists.failed = true;
		return;
	}
	c->entries = reader_of(read_bytes(&c->lists, list_bytes - LIST_HEADER_BYTES));
	read_bytes(&c->entries, header_bytes);
	if (c->entries.left % c->entry_bytes != 0)
		c->entries.failed = true;
}

static struct signature_entry entry_of(const struct guid *type, struct bytes data)
{
	const struct bytes pieces[] = {{type->bytes, GUID_BYTES}, data};
	struct signature_entry entry = {.kind = ENTRY_OTHER};

	if (guid_equal(type, &CERT_SHA256) && data.len == SHA256_BYTES) {
		entry.kind = ENTRY_SHA256;
		memcpy(entry.digest.bytes, data.data, SHA256_BYTES);
	} else if (guid_equal(type, &CERT_X509)) {
		entry.kind = ENTRY_X509;
		entry.digest = sha256(data);
	} else {
		entry.digest = sha256_pieces(pieces, 2);
	}
	return entry;
}

bool signature_next(struct signature_cursor *c, struct signature_entry *entry, struct bytes *data)
{
	while (!signature_failed(c) && c->entries.left == 0) {
		if (c->lists.left == 0)
			return false;
		open_list(c);
	}
	if (signature_failed(c))
		return false;
	read_bytes(&c->entries, GUID_BYTES); /* the owner: nothing is decided by it */
	*data = read_bytes(&c->entries, c->entry_bytes - GUID_BYTES);
	*entry = entry_of(&c->type, *data);
	return !c->entries.failed;
}
