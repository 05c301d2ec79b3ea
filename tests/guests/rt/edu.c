/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices that attack: found, and programmed. */
#include "edu.h"

#include "clock.h"
#include "tap.h"
#include "x86.h"

#define FUNCTIONS       256u /* of a bus */
#define EDU_SOURCE      0x80u
#define EDU_DESTINATION 0x88u
#define EDU_COUNT       0x90u
#define EDU_COMMAND     0x98u
#define EDU_START       1u
#define EDU_TO_MEMORY   2u
#define EDU_BUFFER      0x40000u

static void make_master(uint32_t function)
{
	config_write(function, CONFIG_COMMAND, config_read(function, CONFIG_COMMAND) | COMMAND_MEMORY | COMMAND_MASTER);
}

/* Those on one bus; 'alias' is the source of all of them, 0 where each has its own. */
static unsigned int find_on(uint32_t bus, uint32_t alias, struct edu *found, unsigned int most)
{
	unsigned int count = 0;

	for (uint32_t function = bus * FUNCTIONS; function < (bus + 1) * FUNCTIONS && count < most; function++) {
		if (config_read(function, CONFIG_ID) != EDU_ID)
			continue;
		make_master(function);
		found[count++] = (struct edu){
			.function = function,
			.source = alias ? alias : function,
			.registers = (volatile uint8_t *)(uint64_t)(config_read(function, CONFIG_BAR0) & ~0xfu),
		};
	}
	return count;
}

static unsigned int find_behind(uint32_t bridge, struct edu *found, unsigned int most)
{
	const uint32_t secondary = config_read(bridge, CONFIG_BUSES) >> 8 & 0xff;

	make_master(bridge);
	return find_on(secondary, config_read(bridge, CONFIG_ID) == PCIE_PCI_BRIDGE ? secondary * FUNCTIONS : 0, found,
		       most);
}

unsigned int edu_find(struct edu *found, unsigned int most)
{
	unsigned int count = find_on(0, 0, found, most);

	for (uint32_t function = 0; function < FUNCTIONS; function++) {
		if (config_read(function, CONFIG_ID) != ~0u &&
		    (config_read(function, CONFIG_HEADER) >> 16 & 0x7f) == HEADER_BRIDGE)
			count += find_behind(function, found + count, most - count);
	}
	return count;
}

uint32_t edu_identity(const struct edu *edu)
{
	return *(volatile uint32_t *)edu->registers;
}

static void edu_write(const struct edu *edu, uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(edu->registers + at) = value;
}

void edu_begin(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes)
{
	edu_write(edu, EDU_SOURCE, to_memory ? EDU_BUFFER : address);
	edu_write(edu, EDU_DESTINATION, to_memory ? address : EDU_BUFFER);
	edu_write(edu, EDU_COUNT, bytes);
	edu_write(edu, EDU_COMMAND, EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
}

bool edu_runs(const struct edu *edu)
{
	return (*(volatile uint64_t *)(edu->registers + EDU_COMMAND) & EDU_START) != 0;
}

void edu_transfer(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes)
{
	edu_begin(edu, to_memory, address, bytes);
	if (!wait_until(!edu_runs(edu), PATIENCE_US))
		bail_out("the device does not end its transfer");
}
