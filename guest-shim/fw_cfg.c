/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw_cfg.h"

#include <string.h>

#include "layout.h"
#include "memory.h"
#include "tdcall.h"

#define PORT_DMA_LOW   0x518u
#define CONTROL_READ   (1u << 1)
#define CONTROL_SELECT (1u << 3)

/* The first page has the command, the others the data. */
#define DATA_BYTES  (SHARED_BYTES - PAGE_BYTES)
#define SHARED_SEEN (SHARED_WINDOW + SHARED_BASE)

/* start.S: the page tables' entry of SHARED_WINDOW */
extern uint64_t shared_entry;

/* Big endian */
struct command {
	uint32_t control, length;
	uint64_t address;
};

/* The VMM works while the OUT waits. Without fw_cfg, or without its DMA, the command stays as it is. */
void fw_cfg_read(enum fw_cfg_key key, void *to, uint64_t bytes)
{
	volatile struct command *const command = memory_at(SHARED_SEEN);
	uint32_t control = (uint32_t)key << 16 | CONTROL_SELECT | CONTROL_READ;

	for (uint64_t done = 0, part; done < bytes; done += part) {
		part = bytes - done < DATA_BYTES ? bytes - done : DATA_BYTES;
		command->length = __builtin_bswap32((uint32_t)part);
		command->address = __builtin_bswap64(SHARED_BASE + PAGE_BYTES);
		command->control = __builtin_bswap32(control);
		(void)td_port(PORT_DMA_LOW, TD_WRITE, __builtin_bswap32(SHARED_BASE));
		td_require(command->control == 0, "the host has no fw_cfg with DMA: use QEMU");
		memcpy((uint8_t *)to + done, memory_at(SHARED_SEEN + PAGE_BYTES), part);
		control = CONTROL_READ;
	}
}

uint32_t fw_cfg_number(enum fw_cfg_key key)
{
	uint32_t number;

	fw_cfg_read(key, &number, sizeof(number));
	return number;
}

void fw_cfg_open(uint64_t shared)
{
	td_share(SHARED_BASE, SHARED_BYTES, shared);
	shared_entry = LEAF | shared;
}
