/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/ovmf_platform.h"

#include <stdlib.h>

/* PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6.1; PCI-to-PCI Bridge Architecture 1.2, 3.2. */
#define CONFIG_ADDRESS    0xcf8u
#define CONFIG_DATA       0xcfcu
#define CONFIG_ENABLE     (1u << 31)
#define PCI_COMMAND       0x04u
#define COMMAND_MEMORY    (1u << 1)
#define PCI_HEADER        0x0cu
#define HEADER_BRIDGE     (1u << 16)
#define HEADER_FUNCTIONS  (1u << 23)
#define PCI_BARS          0x10u
#define BARS              6u
#define BAR_KIND          0x7u /* of memory: below 1 MiB, 64 bits */
#define BAR_64_BITS       0x4u
#define BAR_FLAGS         0xfu
#define BRIDGE_BUSES      0x18u
#define BRIDGE_WINDOW     0x24u /* prefetchable memory, in MiB */
#define BRIDGE_BASE_HIGH  0x28u
#define BRIDGE_LIMIT_HIGH 0x2cu
#define PCI_CAPABILITIES  0x34u
#define CAPABILITIES_MAX  48u
#define FUNCTIONS_MAX     256u
#define NO_DEVICE         0xffffffffu

/* PCI Express Base Specification, 7.5.3: its capability, a root port with a slot, which takes devices at any time. */
#define EXPRESS_ID        0x10u
#define EXPRESS_KIND      0x01f0u
#define EXPRESS_ROOT_PORT 0x0140u
#define EXPRESS_SLOT      0x14u
#define SLOT_HOT_PLUG     (1u << 6)

/* ICH9 LPC (31.0): where the ACPI registers are, and that they are on. MCH (0.0): ECAM, 256 MiB. As OVMF has them. */
#define LPC              (31u << 3)
#define LPC_PMBASE       0x40u
#define LPC_PMBASE_VALUE 0x601u
#define LPC_ACPI         0x44u
#define LPC_ACPI_ENABLE  0x80u
#define MCH              0u
#define MCH_ECAM         0x60u
#define MCH_ECAM_HIGH    0x64u
#define MCH_ECAM_VALUE   0xe0000001u

/*
 * OVMF gives 64-bit addresses out of the last eighth of what the CPU can reach, of which it takes 46 bits at most. To a
 * port that takes devices at any time it gives 1/256 of that eighth.
 */
#define WINDOW_BASE  ((1ull << 46) - WINDOW_BYTES)
#define WINDOW_BYTES (1ull << 43)
#define PORT_BYTES   (WINDOW_BYTES >> 8)
#define PLACES_MAX   (FUNCTIONS_MAX * BARS / 2)

/* Files of fw_cfg by which OVMF would give other addresses. */
static const struct {
	const char *name, *why;
} REFUSED[] = {
	{"etc/extra-pci-roots", "the guest has more than one PCI root"},
	{"opt/ovmf/X-PciMmio64Mb", "the guest has -fw_cfg opt/ovmf/X-PciMmio64Mb"},
};

/* What gets 64-bit addresses: a function's BAR, or a bridge's window. */
struct place {
	uint64_t bytes;
	unsigned function; /* of bus 0 */
	unsigned bar;      /* its register; 0: the bridge's window */
};

struct places {
	struct place place[PLACES_MAX];
	size_t count;
};

static void select_register(struct own_qemu *qemu, unsigned bus, unsigned function, unsigned reg)
{
	own_qemu_out(qemu, 4, CONFIG_ADDRESS, CONFIG_ENABLE | bus << 16 | function << 8 | reg);
}

static uint32_t config_read(struct own_qemu *qemu, unsigned bus, unsigned function, unsigned reg)
{
	select_register(qemu, bus, function, reg);
	return own_qemu_in(qemu, 4, CONFIG_DATA);
}

static void config_write(struct own_qemu *qemu, unsigned bus, unsigned function, unsigned reg, uint32_t value)
{
	select_register(qemu, bus, function, reg);
	own_qemu_out(qemu, 4, CONFIG_DATA, value);
}

static void set_up_chipset(struct own_qemu *qemu)
{
	config_write(qemu, 0, LPC, LPC_PMBASE, LPC_PMBASE_VALUE);
	config_write(qemu, 0, LPC, LPC_ACPI, config_read(qemu, 0, LPC, LPC_ACPI) | LPC_ACPI_ENABLE);
	config_write(qemu, 0, MCH, MCH_ECAM_HIGH, 0);
	config_write(qemu, 0, MCH, MCH_ECAM, MCH_ECAM_VALUE);
}

/* The next function of a bus, FUNCTIONS_MAX after the last one. Without a function 0 a device has no others. */
static unsigned next_function(struct own_qemu *qemu, unsigned bus, unsigned function)
{
	while (++function < FUNCTIONS_MAX && !qemu->failed) {
		if (config_read(qemu, bus, function, 0) != NO_DEVICE &&
		    (function % 8 == 0 || (config_read(qemu, bus, function & ~7u, PCI_HEADER) & HEADER_FUNCTIONS) != 0))
			return function;
	}
	return FUNCTIONS_MAX;
}

static unsigned first_function(struct own_qemu *qemu, unsigned bus)
{
	return next_function(qemu, bus, UINT32_MAX);
}

/* A BAR takes ones but where its size is; 0: it has no 64 bits, or is none. */
static uint64_t bar_bytes(struct own_qemu *qemu, unsigned bus, unsigned function, unsigned bar)
{
	const uint32_t kind = config_read(qemu, bus, function, bar);

	if ((kind & BAR_KIND) != BAR_64_BITS)
		return 0;
	config_write(qemu, bus, function, bar, UINT32_MAX);
	config_write(qemu, bus, function, bar + 4, UINT32_MAX);
	const uint64_t high = config_read(qemu, bus, function, bar + 4);
	const uint64_t ones = high << 32 | (config_read(qemu, bus, function, bar) & ~BAR_FLAGS);

	config_write(qemu, bus, function, bar, 0);
	config_write(qemu, bus, function, bar + 4, 0);
	return ~ones + 1;
}

static bool is_bridge(struct own_qemu *qemu, unsigned bus, unsigned function)
{
	return (config_read(qemu, bus, function, PCI_HEADER) & HEADER_BRIDGE) != 0;
}

static void add_place(struct places *p, struct place place)
{
	size_t at = p->count++;

	/* The largest first, so each begins at a multiple of its size. */
	for (; at > 0 && p->place[at - 1].bytes < place.bytes; at--)
		p->place[at] = p->place[at - 1];
	p->place[at] = place;
}

static void add_function(struct own_qemu *qemu, unsigned function, struct places *p)
{
	for (unsigned i = 0; i + 1 < BARS; i++) {
		const unsigned bar = PCI_BARS + 4 * i;
		const uint64_t bytes = bar_bytes(qemu, 0, function, bar);

		if (bytes == 0)
			continue;
		add_place(p, (struct place){bytes, function, bar});
		i++; /* the BAR's upper half */
	}
}

/* The capability of PCI Express, 0 if there is none. */
static unsigned find_express(struct own_qemu *qemu, unsigned function)
{
	unsigned at = config_read(qemu, 0, function, PCI_CAPABILITIES) & 0xfc;

	for (unsigned i = 0; i < CAPABILITIES_MAX && at != 0; i++) {
		const uint32_t head = config_read(qemu, 0, function, at);

		if ((head & 0xff) == EXPRESS_ID)
			return at;
		at = head >> 8 & 0xfc;
	}
	return 0;
}

static bool is_hot_plug_port(struct own_qemu *qemu, unsigned function)
{
	const unsigned at = find_express(qemu, function);

	return at != 0 && (config_read(qemu, 0, function, at) >> 16 & EXPRESS_KIND) == EXPRESS_ROOT_PORT &&
	       (config_read(qemu, 0, function, at + EXPRESS_SLOT) & SLOT_HOT_PLUG) != 0;
}

/* What is behind a port has room in what the port gets. */
static const char *check_behind(struct own_qemu *qemu, unsigned bus)
{
	uint64_t bytes = 0;

	for (unsigned f = first_function(qemu, bus); f < FUNCTIONS_MAX; f = next_function(qemu, bus, f)) {
		if (is_bridge(qemu, bus, f))
			return "the guest has a PCI bridge behind another one";
		for (unsigned i = 0; i + 1 < BARS; i++)
			bytes += bar_bytes(qemu, bus, f, PCI_BARS + 4 * i);
		if (bytes > PORT_BYTES / 2)
			return "the guest has a PCI device with GiB of memory";
	}
	return NULL;
}

static const char *add_bridge(struct own_qemu *qemu, unsigned function, unsigned bus, struct places *p)
{
	if (!is_hot_plug_port(qemu, function))
		return "the guest has a PCI bridge that is no hot-pluggable root port";
	config_write(qemu, 0, function, BRIDGE_BUSES, bus << 8 | bus << 16);
	add_place(p, (struct place){PORT_BYTES, function, 0});
	return check_behind(qemu, bus);
}

static const char *find_places(struct own_qemu *qemu, struct places *p)
{
	const char *wrong = NULL;
	unsigned bus = 0;

	for (unsigned f = first_function(qemu, 0); !wrong && f < FUNCTIONS_MAX; f = next_function(qemu, 0, f)) {
		if (is_bridge(qemu, 0, f))
			wrong = add_bridge(qemu, f, ++bus, p);
		else
			add_function(qemu, f, p);
	}
	return wrong;
}

static void set_window(struct own_qemu *qemu, unsigned function, uint64_t base, uint64_t bytes)
{
	const uint64_t last = base + bytes - 1;

	config_write(qemu, 0, function, BRIDGE_WINDOW, ((uint32_t)last & 0xfff00000) | ((uint32_t)base >> 16 & 0xfff0));
	config_write(qemu, 0, function, BRIDGE_BASE_HIGH, (uint32_t)(base >> 32));
	config_write(qemu, 0, function, BRIDGE_LIMIT_HIGH, (uint32_t)(last >> 32));
}

static const char *set_places(struct own_qemu *qemu, const struct places *p)
{
	uint64_t base = WINDOW_BASE;

	for (size_t i = 0; i < p->count; i++) {
		const struct place *place = &p->place[i];

		if (place->bytes > WINDOW_BASE + WINDOW_BYTES - base)
			return "the guest has PCI devices with more memory than there are addresses";
		if (place->bar == 0) {
			set_window(qemu, place->function, base, place->bytes);
		} else {
			config_write(qemu, 0, place->function, place->bar, (uint32_t)base);
			config_write(qemu, 0, place->function, place->bar + 4, (uint32_t)(base >> 32));
		}
		config_write(qemu, 0, place->function, PCI_COMMAND,
			     (config_read(qemu, 0, place->function, PCI_COMMAND) & 0xffff) | COMMAND_MEMORY);
		base += place->bytes;
	}
	return NULL;
}

static const char *find_refused(struct own_qemu *qemu)
{
	for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
		size_t bytes;

		free(own_qemu_file(qemu, REFUSED[i].name, &bytes));
		if (bytes > 0)
			return REFUSED[i].why;
	}
	return NULL;
}

const char *ovmf_platform_set_up(struct own_qemu *qemu)
{
	struct places p = {.count = 0};
	const char *wrong = find_refused(qemu);

	if (wrong)
		return wrong;
	set_up_chipset(qemu);
	wrong = find_places(qemu, &p);
	return wrong ? wrong : set_places(qemu, &p);
}
