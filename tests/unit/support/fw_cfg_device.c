/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw_cfg_device.h"

#include <string.h>

#define CONTROL_ERROR  1u
#define CONTROL_READ   2u
#define CONTROL_SELECT 8u

/* Big endian */
struct command {
	uint32_t control, length;
	uint64_t address;
};

void fw_cfg_device_number(struct fw_cfg_device *device, uint32_t key, const uint32_t *number)
{
	device->files[key] = (struct fw_cfg_file){number, sizeof(*number)};
}

static void read_file(struct fw_cfg_device *device, uint8_t *to, uint32_t bytes)
{
	const struct fw_cfg_file *const file = &device->files[device->selected];
	const size_t left = device->offset < file->length ? file->length - device->offset : 0;

	memset(to, 0, bytes);
	if (left > 0)
		memcpy(to, (const uint8_t *)file->bytes + device->offset, left < bytes ? left : bytes);
	device->offset += bytes;
}

bool fw_cfg_device_dma(struct fw_cfg_device *device, uint8_t *memory, uint64_t base, uint64_t bytes)
{
	struct command command;

	if (device->absent)
		return true;
	memcpy(&command, memory, sizeof(command));
	const uint32_t control = __builtin_bswap32(command.control), length = __builtin_bswap32(command.length);
	const uint64_t address = __builtin_bswap64(command.address);

	if (address < base || length > bytes || address - base > bytes - length)
		return false;
	if (control & CONTROL_SELECT) {
		device->selected = (control >> 16) % FW_CFG_KEYS;
		device->offset = 0;
		device->reads[device->selected]++;
	}
	if (control & CONTROL_READ)
		read_file(device, memory + (address - base), length);
	command.control = device->refuses ? __builtin_bswap32(CONTROL_ERROR) : 0;
	memcpy(memory, &command.control, sizeof(command.control));
	return true;
}
