/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of events, for people. None of this is measured, and nothing is decided by it. */
#include "policy/tcg_log.h"

#include <stdio.h>

#define EV_IPL_TEXT_MAX 80u

/* UEFI 2.10, 10.3.1: device path node types */
#define MEDIA_DEVICE_PATH 0x04u
#define MEDIA_FILEPATH_DP 0x04u
#define END_DEVICE_PATH   0x7fu

/* PFP 10.4.1 */
static const struct {
	uint32_t type;
	const char *name;
} TYPES[] = {
	{0x00000000, "EV_PREBOOT_CERT"},
	{EV_POST_CODE, "EV_POST_CODE"},
	{EV_NO_ACTION, "EV_NO_ACTION"},
	{EV_SEPARATOR, "EV_SEPARATOR"},
	{0x00000005, "EV_ACTION"},
	{0x00000006, "EV_EVENT_TAG"},
	{0x00000007, "EV_S_CRTM_CONTENTS"},
	{0x00000008, "EV_S_CRTM_VERSION"},
	{0x00000009, "EV_CPU_MICROCODE"},
	{0x0000000a, "EV_PLATFORM_CONFIG_FLAGS"},
	{0x0000000b, "EV_TABLE_OF_DEVICES"},
	{0x0000000c, "EV_COMPACT_HASH"},
	{EV_IPL, "EV_IPL"},
	{0x0000000e, "EV_IPL_PARTITION_DATA"},
	{0x0000000f, "EV_NONHOST_CODE"},
	{0x00000010, "EV_NONHOST_CONFIG"},
	{0x00000011, "EV_NONHOST_INFO"},
	{0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS"},
	{0x00000013, "EV_POST_CODE2"},
	{0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
	{0x80000002, "EV_EFI_VARIABLE_BOOT"},
	{0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
	{0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER"},
	{0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
	{0x80000006, "EV_EFI_GPT_EVENT"},
	{0x80000007, "EV_EFI_ACTION"},
	{0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
	{0x80000009, "EV_EFI_HANDOFF_TABLES"},
	{0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
	{0x8000000b, "EV_EFI_HANDOFF_TABLES2"},
	{0x8000000c, "EV_EFI_VARIABLE_BOOT2"},
	{0x8000000d, "EV_EFI_GPT_EVENT2"},
	{0x80000010, "EV_EFI_HCRTM_EVENT"},
	{0x800000e0, "EV_EFI_VARIABLE_AUTHORITY"},
	{0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
	{0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
	{0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY"},
	{0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
};

const char *tcg_event_type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (TYPES[i].type == type)
			return TYPES[i].name;
	return NULL;
}

bool tcg_event_type_number(const char *name, uint32_t *type)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		*type = TYPES[i].type;
		if (strcmp(TYPES[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Copies the printable ASCII of 'from', every 'step' bytes, up to a NUL. */
static void copy_text(struct bytes from, size_t step, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < from.len && used + 1 < size && from.data[i] != 0; i += step)
		text[used++] = from.data[i] >= 0x20 && from.data[i] < 0x7f ? (char)from.data[i] : '?';
	text[used] = '\0';
}

/* The file path of a UEFI_IMAGE_LOAD_EVENT (PFP 10.2.3): its last file path node. */
static void copy_image_path(struct bytes data, char *text, size_t size)
{
	struct reader r = reader_of(data);

	read_bytes(&r, 24); /* ImageLocationInMemory, ImageLengthInMemory, ImageLinkTimeAddress */
	struct reader path = reader_of(read_bytes(&r, (size_t)read_le64(&r)));
	while (path.left > 0) {
		const uint8_t type = read_u8(&path);
		const uint8_t subtype = read_u8(&path);
		const uint16_t len = read_le16(&path);

		if (path.failed || type == END_DEVICE_PATH || len < 4)
			return;
		const struct bytes node = read_bytes(&path, len - 4u);
		if (type == MEDIA_DEVICE_PATH && subtype == MEDIA_FILEPATH_DP)
			copy_text(node, 2, text, size);
	}
}

void tcg_event_name(const struct tcg_event *event, char *text, size_t size)
{
	const char *type = tcg_event_type_name(event->type);
	char what[EV_IPL_TEXT_MAX] = "";

	switch (event->type) {
	case 0x80000003:
	case 0x80000004:
	case 0x80000005:
		copy_image_path(event->data, what, sizeof(what));
		break;
	case 0x80000007:
	case 0x00000005:
	case EV_IPL:
		copy_text(event->data, 1, what, sizeof(what));
		break;
	default:
		break;
	}
	if (type)
		snprintf(text, size, "%s%s%s", type, what[0] ? " " : "", what);
	else
		snprintf(text, size, "event type 0x%08x", event->type);
}
