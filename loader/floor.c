/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor's functions and pages: by class and by chipset. Sources of each row: docs/floor.md. */
#include "floor.h"

#include <string.h>

#define PAGE_BYTES       4096u
#define RANGE_BYTES      0x100000u
#define BUSES            256u
#define DEVICES          32u
#define FUNCTION(d, f)   ((uint16_t)((d) << 3 | (f)))
#define DEVICE_FUNCTIONS 8u

/* PCI 3.0, 6.1 and appendix D; PCI-to-PCI Bridge 1.2, 3.2. */
#define PCI_ID             0x00u
#define PCI_CLASS          0x08u /* in the upper half */
#define PCI_HEADER         0x0cu /* in the third byte */
#define PCI_BAR_0          0x10u
#define PCI_BUSES          0x18u
#define HEADER_BRIDGE      1u
#define CLASS_DISPLAY      0x03u /* its upper byte */
#define CLASS_HOST_BRIDGE  0x0600u
#define CLASS_ISA_BRIDGE   0x0601u
#define CLASS_IOMMU        0x0806u
#define CLASS_OTHER_SYSTEM 0x0880u

#define INTEL 0x8086u
#define AMD   0x1022u
#define ATI   0x1002u
#define HYGON 0x1d94u

/* Memory controllers at 00:00.0. On servers memory maps are in functions of class 0880 as well. */
static const struct host {
	uint16_t vendor, first, last;
	bool server;
	uint32_t mchbar_bytes; /* at 48h; holds the bases of VT-d units */
} hosts[] = {
	{INTEL, 0x1237, 0x1237, false, 0},      /* 440FX */
	{INTEL, 0x29c0, 0x29c0, false, 0x4000}, /* Q35 */
	{INTEL, 0x0100, 0x010f, false, 0x8000}, /* Sandy Bridge */
	{INTEL, 0x0150, 0x015f, false, 0x8000}, /* Ivy Bridge */
	{INTEL, 0x0a00, 0x0a0f, false, 0x8000}, /* Haswell */
	{INTEL, 0x0c00, 0x0c0f, false, 0x8000},
	{INTEL, 0x1600, 0x161f, false, 0x8000}, /* Broadwell */
	{INTEL, 0x1900, 0x1924, false, 0x8000}, /* Skylake */
	{INTEL, 0x5900, 0x591f, false, 0x8000}, /* Kaby Lake */
	{INTEL, 0x3e0f, 0x3e35, false, 0x8000}, /* Coffee Lake */
	{INTEL, 0x3ec2, 0x3ed0, false, 0x8000},
	{INTEL, 0x9b33, 0x9b73, false, 0x8000},  /* Comet Lake */
	{INTEL, 0x8a00, 0x8a1f, false, 0x10000}, /* Ice Lake */
	{INTEL, 0x4c43, 0x4c53, false, 0x10000}, /* Rocket Lake */
	{INTEL, 0x9a00, 0x9a3f, false, 0x20000}, /* Tiger Lake */
	{INTEL, 0x4600, 0x467f, false, 0x20000}, /* Alder Lake */
	{INTEL, 0xa700, 0xa74f, false, 0x20000}, /* Raptor Lake */
	{INTEL, 0x3c00, 0x3c00, true, 0},        /* Xeon E5, and v2 to v4 */
	{INTEL, 0x0e00, 0x0e00, true, 0},
	{INTEL, 0x2f00, 0x2f00, true, 0},
	{INTEL, 0x6f00, 0x6f00, true, 0},
	{INTEL, 0x2020, 0x2020, true, 0}, /* Xeon Scalable, second generation included */
	{AMD, 0x1450, 0x1450, false, 0},  /* family 17h */
	{AMD, 0x15d0, 0x15d0, false, 0},
	{AMD, 0x1480, 0x1480, false, 0}, /* and 19h */
	{AMD, 0x1630, 0x1630, false, 0},
	{AMD, 0x14b5, 0x14b5, false, 0},
	{AMD, 0x14a4, 0x14a4, false, 0}, /* family 19h */
	{AMD, 0x14d8, 0x14d8, false, 0},
	{AMD, 0x14e8, 0x14e8, false, 0},
	{AMD, 0x153a, 0x153a, false, 0}, /* family 1Ah */
	{AMD, 0x1507, 0x1507, false, 0},
	{AMD, 0x1122, 0x1122, false, 0},
	{HYGON, 0x1450, 0x1450, false, 0},
};

/* On servers, functions of class 0880 that are accelerators: their drivers need them. */
static const struct accelerator {
	uint16_t first, last;
} accelerators[] = {
	{0x3c20, 0x3c2f}, {0x0e20, 0x0e2f}, {0x2f20, 0x2f2f}, {0x6f20, 0x6f2f}, /* DMA engines of Xeon E5 */
	{0x2021, 0x2021}, {0x0b00, 0x0b00}, {0x0b25, 0x0b25},                   /* of Xeon Scalable; DSA */
};

enum kind { PIIX, ICH, PCH, FCH };

/* ISA bridges, each with the chipset that it is part of. */
static const struct chipset {
	uint16_t vendor, first, last;
	enum kind kind;
} chipsets[] = {
	{INTEL, 0x7000, 0x7000, PIIX}, {INTEL, 0x7110, 0x7110, PIIX},
	{INTEL, 0x2640, 0x2642, ICH},  {INTEL, 0x27b8, 0x27bd, ICH}, /* ICH6, ICH7 */
	{INTEL, 0x2810, 0x2815, ICH},  {INTEL, 0x2912, 0x2919, ICH}, /* ICH8, ICH9 */
	{INTEL, 0x3a14, 0x3a1a, ICH},  {INTEL, 0x3b00, 0x3b1f, ICH}, /* ICH10, 5 series */
	{INTEL, 0x1c40, 0x1c5f, ICH},  {INTEL, 0x1d40, 0x1d41, ICH}, /* 6 series, C600 */
	{INTEL, 0x1e40, 0x1e5f, ICH},  {INTEL, 0x8c40, 0x8c5f, ICH}, /* 7 and 8 series */
	{INTEL, 0x8cc0, 0x8cdf, ICH},  {INTEL, 0x8d40, 0x8d5f, ICH}, /* 9 series, C610 */
	{INTEL, 0x9c40, 0x9c47, ICH},  {INTEL, 0x9cc1, 0x9ccb, ICH}, /* 8 and 9 series, low power */
	{INTEL, 0xa140, 0xa15f, PCH},  {INTEL, 0x9d40, 0x9d5f, PCH}, /* 100 series */
	{INTEL, 0xa1c0, 0xa1df, PCH},  {INTEL, 0xa240, 0xa25f, PCH}, /* C620 */
	{INTEL, 0xa2c0, 0xa2df, PCH},  {INTEL, 0xa300, 0xa31f, PCH}, /* 200 and 300 series */
	{INTEL, 0x9d80, 0x9d9f, PCH},  {INTEL, 0x0280, 0x029f, PCH},
	{INTEL, 0x0680, 0x069f, PCH},  {INTEL, 0xa080, 0xa09f, PCH}, /* 400 and 500 series */
	{INTEL, 0x4380, 0x439f, PCH},  {INTEL, 0x7a80, 0x7a9f, PCH}, /* 500 and 600 series */
	{INTEL, 0x5180, 0x519f, PCH},  {INTEL, 0x7a00, 0x7a1f, PCH}, /* 600 and 700 series */
	{INTEL, 0x1b80, 0x1b9f, PCH},                                /* C740 */
	{AMD, 0x780e, 0x780e, FCH},    {AMD, 0x790e, 0x790e, FCH},
	{HYGON, 0x790e, 0x790e, FCH},  {ATI, 0x439d, 0x439d, FCH}, /* SB700 to SB900 */
};

#define MCHBAR         0x48u
#define MCHBAR_ENABLE  1u
#define REGBAR         0x5420u /* in MCHBAR's pages, from Tiger Lake on: the processor's sideband */
#define REGBAR_ENABLE  1u
#define REGBAR_BYTES   0x1000000u
#define REGBAR_MCHBAR  0x20000u    /* MCHBAR's bytes on these */
#define FCH_PM_DATA    0xcd7u      /* 0xCD6: index */
#define FCH_MMIO       0xfed80000u /* PM registers at 300h, the ACPI block at 800h */
#define P2SB_HIDE_BYTE 0xe1u       /* of function 1; bit 0 hides it */

/*
 * Sideband ports of a PCH that place its ACPI registers: shadows of PMC's BARs (PSF 1 to 4), PMC, DMI of two
 * generations.
 */
static const struct sideband {
	uint32_t offset, bytes;
} sidebands[] = {{0xba0000, 0x40000}, {0xcc0000, 0x10000}, {0xef0000, 0x10000}, {0x880000, 0x10000}};

struct scan {
	const struct floor_view *view;
	const struct floor_ecam *ecam; /* of the segment; NULL if it has none */
	uint16_t segment;
	struct floor *floor;
	const struct host *host;
	bool chipset_unknown;
	bool below[BUSES];      /* is the bus below a bridge, ... */
	uint16_t bridge[BUSES]; /* ... and which? */
};

static uint32_t read(const struct scan *scan, uint16_t function, uint16_t offset)
{
	return scan->view->read(scan->view->context, scan->segment == 0 ? NULL : scan->ecam, function, offset);
}

static void add_range(struct floor *floor, uint64_t base, uint64_t bytes)
{
	struct boot_floor *const found = &floor->found;

	for (uint32_t i = 0; i < found->range_count; i++) {
		if (base >= found->range[i].base && base + bytes <= found->range[i].base + found->range[i].bytes)
			return;
	}
	if (found->range_count == BOOT_MAX_FLOOR) {
		floor->whole = false;
		return;
	}
	struct boot_range *const last = found->range_count ? &found->range[found->range_count - 1] : NULL;

	if (last && last->base + last->bytes == base && last->bytes + bytes <= DEVICE_FUNCTIONS * PAGE_BYTES)
		last->bytes += bytes;
	else
		found->range[found->range_count++] = (struct boot_range){base, bytes};
}

static void add_to_ports(struct floor *floor, uint16_t function)
{
	struct boot_floor *const found = &floor->found;

	for (uint32_t i = 0; i < found->function_count; i++) {
		if (found->function[i] == function)
			return;
	}
	if (found->function_count == BOOT_MAX_FLOOR)
		floor->whole = false;
	else
		found->function[found->function_count++] = function;
}

static void add_one(struct scan *scan, uint16_t function)
{
	const uint8_t bus = (uint8_t)(function >> 8);

	if (scan->segment == 0)
		add_to_ports(scan->floor, function);
	if (scan->ecam && (bus < scan->ecam->first || bus > scan->ecam->last))
		scan->floor->whole = false; /* the chipset may decode more than MCFG says */
	else if (scan->ecam)
		add_range(scan->floor, scan->ecam->base + (uint64_t)function * PAGE_BYTES, PAGE_BYTES);
}

static bool is_bridge(const struct scan *scan, uint16_t function)
{
	return (read(scan, function, PCI_HEADER) >> 16 & 0x7f) == HEADER_BRIDGE;
}

/* By each number that it answers to: those that lead to the same bus. */
static void add_bridge(struct scan *scan, uint16_t bridge)
{
	const uint32_t buses = read(scan, bridge, PCI_BUSES);
	const uint16_t first = bridge & (uint16_t)~7u;

	for (uint16_t number = 0; number < DEVICE_FUNCTIONS; number++) {
		const uint16_t function = first | number;

		if (is_bridge(scan, function) && read(scan, function, PCI_BUSES) == buses)
			add_one(scan, function);
	}
}

/* With the bridges above it, whose registers give its bus a number. */
static void add(struct scan *scan, uint16_t function)
{
	add_one(scan, function);
	for (uint32_t bus = function >> 8; scan->below[bus]; bus = scan->bridge[bus] >> 8)
		add_bridge(scan, scan->bridge[bus]);
}

/* The window of PCI-to-sideband, which the firmware hides: its registers can be written all the same. */
static void add_sidebands(struct scan *scan, uint16_t p2sb)
{
	const struct floor_view *const view = scan->view;
	const bool hidden = (uint16_t)read(scan, p2sb, PCI_ID) == 0xffff;

	if (hidden)
		view->write(view->context, p2sb, P2SB_HIDE_BYTE, 0);
	const uint64_t base = (read(scan, p2sb, PCI_BAR_0) & ~0xfull) | (uint64_t)read(scan, p2sb, PCI_BAR_0 + 4) << 32;
	const bool there = (uint16_t)read(scan, p2sb, PCI_ID) == INTEL;

	if (hidden)
		view->write(view->context, p2sb, P2SB_HIDE_BYTE, 1);
	if (!there || base == 0) {
		scan->chipset_unknown = true;
		return;
	}
	for (size_t i = 0; i < sizeof(sidebands) / sizeof(sidebands[0]); i++)
		add_range(scan->floor, base + sidebands[i].offset, sidebands[i].bytes);
}

/* What is known of the chipset whose ISA bridge is at @bridge. */
static void add_chipset(struct scan *scan, enum kind kind, uint16_t bridge)
{
	const uint16_t device = bridge & (uint16_t)~7u;

	add(scan, bridge);
	switch (kind) {
	case PIIX: /* power management */
		add(scan, device | 3);
		break;
	case ICH:
		break;
	case PCH: /* PCI to sideband; power management controller, hidden or not */
		add(scan, device | 1);
		add(scan, device | 2);
		add_sidebands(scan, device | 1);
		break;
	case FCH: /* SMBus, which places what is in memory */
		add(scan, device);
		scan->floor->found.closed_port = FCH_PM_DATA;
		add_range(scan->floor, FCH_MMIO, PAGE_BYTES);
		break;
	}
}

static void examine_isa_bridge(struct scan *scan, uint16_t function, uint32_t id)
{
	for (size_t i = 0; i < sizeof(chipsets) / sizeof(chipsets[0]); i++) {
		const struct chipset *const row = &chipsets[i];

		if ((uint16_t)id == row->vendor && id >> 16 >= row->first && id >> 16 <= row->last) {
			add_chipset(scan, row->kind, function);
			scan->floor->chipset_known = true;
			return;
		}
	}
	scan->chipset_unknown = true;
}

/* In parts, since a range of the floor is smaller than a large page. */
static void add_regbar(struct scan *scan, uint64_t at)
{
	const struct floor_view *const view = scan->view;
	const uint32_t low = view->read_memory(view->context, at), high = view->read_memory(view->context, at + 4);
	const uint64_t base = (low | (uint64_t)high << 32) & ~(uint64_t)(REGBAR_BYTES - 1);

	for (uint32_t part = 0; low & REGBAR_ENABLE && part < REGBAR_BYTES; part += RANGE_BYTES)
		add_range(scan->floor, base + part, RANGE_BYTES);
}

static void examine_host(struct scan *scan, uint32_t id)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const struct host *const row = &hosts[i];

		if ((uint16_t)id == row->vendor && id >> 16 >= row->first && id >> 16 <= row->last)
			scan->host = row;
	}
	scan->floor->host_known = scan->host != NULL;
	if (!scan->host || !scan->host->mchbar_bytes)
		return;
	const uint64_t mchbar = read(scan, 0, MCHBAR) | (uint64_t)read(scan, 0, MCHBAR + 4) << 32;
	const uint64_t base = mchbar & ~(uint64_t)(PAGE_BYTES - 1);

	if (!(mchbar & MCHBAR_ENABLE))
		return;
	add_range(scan->floor, base, scan->host->mchbar_bytes);
	if (scan->host->mchbar_bytes == REGBAR_MCHBAR)
		add_regbar(scan, base + REGBAR);
}

/* An unknown Intel host may be a server. */
static bool is_memory_map(const struct scan *scan, uint16_t function, uint32_t id, uint32_t class)
{
	if (class != CLASS_OTHER_SYSTEM || (uint16_t)id != INTEL || scan->below[function >> 8] ||
	    (scan->host && !scan->host->server))
		return false;
	for (size_t i = 0; i < sizeof(accelerators) / sizeof(accelerators[0]); i++) {
		if (id >> 16 >= accelerators[i].first && id >> 16 <= accelerators[i].last)
			return false;
	}
	return true;
}

/* Graphics of an APU: its driver reaches the SMN by its BAR. A card looks the same. */
static bool reaches_smn(const struct scan *scan, uint32_t id, uint32_t class)
{
	return class >> 8 == CLASS_DISPLAY && (uint16_t)id == ATI && scan->host && scan->host->vendor == AMD;
}

static void note_bridge(struct scan *scan, uint16_t function)
{
	const uint32_t buses = read(scan, function, PCI_BUSES), own = function >> 8;

	for (uint32_t bus = buses >> 8 & 0xff; bus > own && bus <= (buses >> 16 & 0xff); bus++) {
		scan->below[bus] = true;
		scan->bridge[bus] = function; /* the last one that names the bus is the nearest */
	}
}

static void examine(struct scan *scan, uint16_t function, uint32_t id)
{
	const uint32_t class = read(scan, function, PCI_CLASS) >> 16;

	if (scan->segment == 0 && function == 0)
		examine_host(scan, id);
	if (is_bridge(scan, function))
		note_bridge(scan, function);
	if (reaches_smn(scan, id, class))
		scan->floor->smn_open = true;
	if (class == CLASS_HOST_BRIDGE || class == CLASS_IOMMU || is_memory_map(scan, function, id, class))
		add(scan, function);
	if (class == CLASS_ISA_BRIDGE && scan->segment == 0 && function >> 8 == 0)
		examine_isa_bridge(scan, function, id);
	else if (class == CLASS_ISA_BRIDGE && !scan->below[function >> 8])
		scan->chipset_unknown = true; /* a second chipset */
}

/*
 * All eight, since a device may hide function 0 or its bit that there are more. One with a single function may answer
 * to all numbers (PCI 3.0, 3.2.2.3.4): each of them is closed.
 */
static void scan_device(struct scan *scan, uint16_t first)
{
	for (uint16_t number = 0; number < DEVICE_FUNCTIONS; number++) {
		const uint16_t function = first | number;
		const uint32_t id = read(scan, function, PCI_ID);

		if ((uint16_t)id != 0xffff)
			examine(scan, function, id);
	}
}

static void scan_segment(struct scan *scan, uint32_t first_bus, uint32_t last_bus)
{
	memset(scan->below, 0, sizeof(scan->below));
	for (uint32_t bus = first_bus; bus <= last_bus; bus++) {
		for (uint32_t device = 0; device < DEVICES; device++)
			scan_device(scan, (uint16_t)(bus << 8 | FUNCTION(device, 0)));
	}
}

void floor_find(const struct floor_view *view, const struct floor_ecam *ecam, uint32_t count, struct floor *floor)
{
	struct scan scan = {.view = view, .floor = floor};

	memset(floor, 0, sizeof(*floor));
	floor->whole = true;
	for (uint32_t i = 0; i < count; i++) {
		if (ecam[i].segment == 0)
			scan.ecam = &ecam[i];
	}
	scan_segment(&scan, 0, BUSES - 1); /* the ports reach all buses, whatever MCFG says */
	for (uint32_t i = 0; i < count; i++) {
		scan.ecam = &ecam[i];
		scan.segment = ecam[i].segment;
		if (scan.segment != 0)
			scan_segment(&scan, ecam[i].first, ecam[i].last);
	}
	floor->chipset_known = floor->chipset_known && !scan.chipset_unknown;
}

bool floor_closed(const struct floor *floor)
{
	return floor->host_known && floor->chipset_known && floor->whole && !floor->smn_open;
}
