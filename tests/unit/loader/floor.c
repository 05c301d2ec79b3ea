/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor's functions and pages, on models of machines: registers as lspci shows them. */
#include "loader_test.h"

#include "floor.h"

/* A function of a model: bus << 8 | device << 3 | function, vendor and device, class, header type. */
struct function {
	uint16_t segment, at;
	uint32_t id;
	uint16_t class;
	uint8_t header; /* 1: bridge; 0x80: multi-function */
	uint32_t buses;
	uint32_t bar, bar_high, mchbar;
	bool hidden;  /* until E1h is written */
	bool aliased; /* a single function that answers to all eight numbers (PCI 3.0, 3.2.2.3.4) */
};

#define AT(bus, device, function) ((bus) << 8 | (device) << 3 | (function))

static const struct function *model;
static size_t functions;
static bool shown;
static struct floor floor_found;

static const struct function *find(uint16_t segment, uint16_t at)
{
	for (size_t i = 0; i < functions; i++) {
		const uint16_t number = model[i].aliased ? at & (uint16_t)~7u : at;

		if (model[i].segment == segment && model[i].at == number && (!model[i].hidden || shown))
			return &model[i];
	}
	return NULL;
}

static uint32_t read_config(const void *context, const struct floor_ecam *ecam, uint16_t at, uint16_t offset)
{
	const struct function *f = find(ecam ? ecam->segment : 0, at);
	(void)context;

	if (!f)
		return UINT32_MAX;
	switch (offset) {
	case 0:
		return f->id;
	case 8:
		return (uint32_t)f->class << 16;
	case 0xc:
		return (uint32_t)f->header << 16;
	case 0x10:
		return f->bar;
	case 0x14:
		return f->bar_high;
	case 0x18:
		return f->buses;
	case 0x48:
		return f->mchbar;
	default:
		return 0;
	}
}

static uint64_t regbar;

static uint32_t read_memory(const void *context, uint64_t address)
{
	(void)context;
	assert_in_range(address, 0xfedc5420, 0xfedc5424);
	return (uint32_t)(address & 4 ? regbar >> 32 : regbar);
}

static void write_config(const void *context, uint16_t at, uint16_t offset, uint8_t value)
{
	(void)context;
	assert_int_equal(at & 7, 1);
	assert_int_equal(offset, 0xe1);
	shown = value == 0;
}

static void look(const struct function *functions_of_model, size_t count, const struct floor_ecam *ecam,
		 uint32_t segments)
{
	const struct floor_view view = {read_config, read_memory, write_config, NULL};

	model = functions_of_model;
	functions = count;
	shown = false;
	floor_find(&view, ecam, segments, &floor_found);
	assert_false(shown); /* hidden again */
}

#define LOOK(model, ecam, segments) look(model, sizeof(model) / sizeof((model)[0]), ecam, segments)

static bool has_function(uint16_t at)
{
	for (uint32_t i = 0; i < floor_found.found.function_count; i++) {
		if (floor_found.found.function[i] == at)
			return true;
	}
	return false;
}

static bool has_page(uint64_t address)
{
	for (uint32_t i = 0; i < floor_found.found.range_count; i++) {
		const struct boot_range range = floor_found.found.range[i];

		if (address >= range.base && address - range.base < range.bytes)
			return true;
	}
	return false;
}

static const struct floor_ecam one = {0xe0000000, 0, 0, 255};

static void q35(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600, .mchbar = 0xfed10001},
		{.at = AT(0, 2, 0), .id = 0x10008086, .class = 0x200},
		{.at = AT(0, 3, 0), .id = 0x000c1b36, .class = 0x604, .header = 1, .buses = 0x020100},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(0, 0x1f, 2), .id = 0x29228086, .class = 0x106},
		{.at = AT(1, 0, 0), .id = 0x00011234, .class = 0x604, .header = 1, .buses = 0x020201},
		{.at = AT(2, 5, 0), .id = 0x10421af4, .class = 0x600},
		{.at = AT(0x40, 0, 0), .id = 0x000b1b36, .class = 0x600},
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 0, 0)) && has_page(0xe0000000) && !has_page(0xe0001000));
	assert_true(has_function(AT(0, 0x1f, 0)) && has_page(0xe00f8000) && !has_page(0xe00fa000));
	/* Below bridges: these too, or the bus would get another number. */
	assert_true(has_function(AT(2, 5, 0)) && has_function(AT(1, 0, 0)) && has_function(AT(0, 3, 0)));
	assert_true(has_page(0xe0228000) && has_page(0xe0100000) && has_page(0xe0018000));
	assert_true(has_function(AT(0x40, 0, 0)) && has_page(0xe4000000));
	assert_true(has_page(0xfed10000) && has_page(0xfed13fff) && !has_page(0xfed14000));
	assert_int_equal(floor_found.found.function_count, 6);
	assert_int_equal(floor_found.found.closed_port, 0);
	assert_false(has_function(AT(0, 2, 0)) || has_function(AT(0, 0x1f, 2)));
}

static void piix4(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x12378086, .class = 0x600},
		{.at = AT(0, 1, 0), .id = 0x70008086, .class = 0x601},
		{.at = AT(0, 1, 1), .id = 0x70108086, .class = 0x101},
		{.at = AT(0, 1, 3), .id = 0x71138086, .class = 0x680},
	};
	(void)state;

	LOOK(machine, NULL, 0);
	assert_true(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 0, 0)) && has_function(AT(0, 1, 0)) && has_function(AT(0, 1, 3)));
	assert_false(has_function(AT(0, 1, 1)));
	assert_int_equal(floor_found.found.range_count, 0);
}

/* P2SB is hidden by the firmware. */
static void hidden_p2sb_is_found(void **state)
{
	struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x3ec28086, .class = 0x600, .mchbar = 0xfed10000},
		{.at = AT(0, 8, 0), .id = 0x19118086, .class = 0x880}, /* GNA */
		{.at = AT(0, 0x1f, 0), .id = 0xa3048086, .class = 0x601},
		{.at = AT(0, 0x1f, 1), .id = 0xa3208086, .class = 0x580, .bar = 0xfd000004, .hidden = true},
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	for (uint16_t function = 0; function < 3; function++)
		assert_true(has_function(AT(0, 0x1f, function)) && has_page(0xe00f8000 + function * 4096ull));
	assert_true(has_page(0xfdba0000) && has_page(0xfdbd0000) && has_page(0xfdcc0000) && has_page(0xfdef0000));
	assert_true(has_page(0xfd880000) && !has_page(0xfd6a0000)); /* not GPIO */
	assert_false(has_function(AT(0, 8, 0)));
	assert_false(has_page(0xfed10000)); /* MCHBAR is off */
	machine[3].id = UINT32_MAX;         /* not even then */
	LOOK(machine, &one, 1);
	assert_false(floor_closed(&floor_found));
}

/* A window to registers of the processor, whose place is in MCHBAR's pages. */
static void processor_sideband(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x46608086, .class = 0x600, .mchbar = 0xfedc0001},
		{.at = AT(0, 0x1f, 0), .id = 0x7a848086, .class = 0x601},
		{.at = AT(0, 0x1f, 1), .id = 0x7aa08086, .class = 0x580, .bar = 0xe0000004},
	};
	(void)state;

	regbar = 0x12fb000001;
	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	assert_true(has_page(0x12fb000000) && has_page(0x12fbfff000) && has_page(0x12fb800000));
	assert_false(has_page(0x12fafff000) || has_page(0x12fc000000));
	for (uint32_t i = 0; i < floor_found.found.range_count; i++)
		assert_in_range(floor_found.found.range[i].bytes, 4096, (2u << 20) - 1);
	regbar = 0x12fb000000;
	LOOK(machine, &one, 1);
	assert_false(has_page(0x12fb000000));
}

/* A bus that the ports reach and MCFG does not name may be in memory all the same. */
static void short_mcfg(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(0x80, 0, 0), .id = 0x000b1b36, .class = 0x600},
	};
	const struct floor_ecam half = {0xe0000000, 0, 0, 0x7f};
	(void)state;

	LOOK(machine, &half, 1);
	assert_false(floor_closed(&floor_found));
	assert_true(has_function(AT(0x80, 0, 0)) && !has_page(0xe8000000));
	look(machine, 2, &half, 1);
	assert_true(floor_closed(&floor_found));
}

/* Two root complexes, and each has an SMN window and a remapping unit. */
static void each_root_complex_has_its_rows(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x14801022, .class = 0x600},
		{.at = AT(0, 0, 2), .id = 0x14811022, .class = 0x806},
		{.at = AT(0, 0x14, 0), .id = 0x790b1022, .class = 0xc05},
		{.at = AT(0, 0x14, 3), .id = 0x790e1022, .class = 0x601},
		{.at = AT(0, 0x18, 0), .id = 0x16501022, .class = 0x600},
		{.at = AT(0, 0x18, 1), .id = 0x16511022, .class = 0x600},
		{.at = AT(0x40, 0, 0), .id = 0x14801022, .class = 0x600},
		{.at = AT(0x40, 0, 2), .id = 0x14811022, .class = 0x806},
		{.segment = 1, .at = AT(0x20, 0, 0), .id = 0x14801022, .class = 0x600},
	};
	const struct floor_ecam segments[] = {{0xe0000000, 0, 0, 0x7f}, {0x10000000000, 1, 0x10, 0x3f}};
	(void)state;

	LOOK(machine, segments, 2);
	assert_true(floor_closed(&floor_found));
	assert_true(has_function(AT(0x40, 0, 0)) && has_function(AT(0x40, 0, 2)) && has_function(AT(0, 0, 2)));
	assert_true(has_page(0xe4000000) && has_page(0xe4002000) && has_page(0xe00c1000));
	assert_true(has_page(0x10002000000)); /* segment 1: in memory alone */
	assert_false(has_function(AT(0x20, 0, 0)));
	assert_true(has_function(AT(0, 0x14, 3)) && has_function(AT(0, 0x14, 0)));
	assert_int_equal(floor_found.found.closed_port, 0xcd7);
	assert_true(has_page(0xfed80000) && !has_page(0xfed81000));
}

/* Memory maps are of class 0880 there, on any root bus; accelerators are not. */
static void memory_maps_of_class_0880_are_found(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x20208086, .class = 0x600},
		{.at = AT(0, 4, 0), .id = 0x20218086, .class = 0x880},
		{.at = AT(0, 5, 0), .id = 0x20248086, .class = 0x880},
		{.at = AT(0, 0x1f, 0), .id = 0xa1c18086, .class = 0x601},
		{.at = AT(0, 0x1f, 1), .id = 0xa1a08086, .class = 0x580, .bar = 0x4, .bar_high = 0x38},
		{.at = AT(0x17, 5, 0), .id = 0x20348086, .class = 0x880},
		{.at = AT(0x17, 0, 0), .id = 0x20308086, .class = 0x604, .header = 1, .buses = 0x181817},
		{.at = AT(0x18, 0, 0), .id = 0x12348086, .class = 0x880}, /* on a card */
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 5, 0)) && has_function(AT(0x17, 5, 0)));
	assert_false(has_function(AT(0, 4, 0)) || has_function(AT(0x18, 0, 0)) || has_function(AT(0x17, 0, 0)));
	assert_true(has_page(0x3800ba0000));
}

static void unknown_chipsets_leave_the_floor_open(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x7d008086, .class = 0x600},
		{.at = AT(0, 9, 0), .id = 0x77778086, .class = 0x880},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
	};
	const struct function two_bridges[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 0x1e, 0), .id = 0x29188087, .class = 0x601},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
	};
	const struct function two_chipsets[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(0x80, 0x1f, 0), .id = 0x29188086, .class = 0x601},
	};
	const struct function on_a_card[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 1, 0), .id = 0x000c1b36, .class = 0x604, .header = 1, .buses = 0x010100},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(1, 0, 0), .id = 0x29188087, .class = 0x601},
	};
	(void)state;

	LOOK(machine, &one, 1); /* the host; it may be a server */
	assert_false(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 9, 0)) && has_function(AT(0, 0, 0)));
	LOOK(two_bridges, &one, 1); /* one of two */
	assert_false(floor_closed(&floor_found));
	LOOK(two_chipsets, &one, 1);
	assert_false(floor_closed(&floor_found));
	LOOK(on_a_card, &one, 1);
	assert_true(floor_closed(&floor_found));
	look(two_bridges, 1, NULL, 0); /* no ISA bridge at all */
	assert_false(floor_closed(&floor_found));
}

/* More than there is room for is said. */
static void more_functions_than_rows_leave_the_floor_open(void **state)
{
	static struct function machine[BOOT_MAX_FLOOR + 2];
	(void)state;

	machine[0] = (struct function){.at = 0, .id = 0x29c08086, .class = 0x600};
	machine[1] = (struct function){.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601};
	for (uint32_t i = 2; i < BOOT_MAX_FLOOR + 2; i++)
		machine[i] = (struct function){.at = (uint16_t)(0x100 + 8 * i), .id = 0x14801022, .class = 0x600};
	look(machine, BOOT_MAX_FLOOR, &one, 1);
	assert_true(floor_closed(&floor_found));
	assert_int_equal(floor_found.found.function_count, BOOT_MAX_FLOOR);
	look(machine, BOOT_MAX_FLOOR + 1, &one, 1);
	assert_false(floor_closed(&floor_found));
	assert_int_equal(floor_found.found.function_count, BOOT_MAX_FLOOR);
	assert_int_equal(floor_found.found.range_count, BOOT_MAX_FLOOR);
}

/* A device may hide function 0 and have others; its header need not say that it has more than one. */
static void functions_without_function_0_are_found(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(0, 5, 2), .id = 0x14811022, .class = 0x806},
		{.at = AT(0, 6, 0), .id = 0x10008086, .class = 0x200},
		{.at = AT(0, 6, 7), .id = 0x14801022, .class = 0x600},
		{.at = AT(0, 7, 1), .id = 0x29188087, .class = 0x601},
	};
	(void)state;

	look(machine, 5, &one, 1);
	assert_true(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 5, 2)) && has_page(0xe002a000));
	assert_true(has_function(AT(0, 6, 7)) && has_page(0xe0037000));
	assert_false(has_function(AT(0, 6, 0)));
	LOOK(machine, &one, 1); /* a second chipset */
	assert_false(floor_closed(&floor_found));
}

/* Each number that a device answers to is closed; so is each number of the bridge above it. */
static void every_number_of_a_device_is_closed(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600, .aliased = true},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
		{.at = AT(0, 3, 0), .id = 0x000c1b36, .class = 0x604, .header = 1, .buses = 0x010100, .aliased = true},
		{.at = AT(0, 4, 0), .id = 0x000c1b36, .class = 0x604, .header = 0x81, .buses = 0x020200},
		{.at = AT(0, 4, 1), .id = 0x000c1b36, .class = 0x604, .header = 0x81, .buses = 0x030300},
		{.at = AT(1, 5, 0), .id = 0x10421af4, .class = 0x600},
		{.at = AT(2, 5, 0), .id = 0x10421af4, .class = 0x600},
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	for (uint16_t function = 0; function < 8; function++) {
		assert_true(has_function(AT(0, 0, 0) + function) && has_page(0xe0000000 + function * 4096ull));
		assert_true(has_function(AT(0, 3, 0) + function) && has_page(0xe0018000 + function * 4096ull));
	}
	assert_true(has_function(AT(0, 4, 0)) && has_function(AT(1, 5, 0)) && has_function(AT(2, 5, 0)));
	assert_false(has_function(AT(0, 4, 1)));
}

/* The driver of an APU's graphics reaches the SMN by its BAR. */
static void graphics_of_an_amd_processor_leave_the_floor_open(void **state)
{
	struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x16301022, .class = 0x600},
		{.at = AT(0, 0x14, 0), .id = 0x790b1022, .class = 0xc05},
		{.at = AT(0, 0x14, 3), .id = 0x790e1022, .class = 0x601},
		{.at = AT(0, 8, 1), .id = 0x16351022, .class = 0x604, .header = 1, .buses = 0x040400},
		{.at = AT(4, 0, 0), .id = 0x16381002, .class = 0x300},
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_false(floor_closed(&floor_found));
	assert_true(has_function(AT(0, 0, 0)) && has_function(AT(0, 0x14, 3)));
	machine[4].class = 0x380; /* no VGA */
	LOOK(machine, &one, 1);
	assert_false(floor_closed(&floor_found));
	machine[4].class = 0x403; /* its sound */
	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
	machine[4] = (struct function){.at = AT(4, 0, 0), .id = 0x220410de, .class = 0x300};
	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
}

/* A card of the same maker in another maker's machine reaches no SMN of the processor. */
static void graphics_card_of_amd_beside_an_intel_host(void **state)
{
	const struct function machine[] = {
		{.at = AT(0, 0, 0), .id = 0x29c08086, .class = 0x600},
		{.at = AT(0, 2, 0), .id = 0x744c1002, .class = 0x300},
		{.at = AT(0, 0x1f, 0), .id = 0x29188086, .class = 0x601},
	};
	(void)state;

	LOOK(machine, &one, 1);
	assert_true(floor_closed(&floor_found));
}

/* Nothing is said of a root complex that no row names, nor of memory controllers whose registers are in memory. */
static void hosts_without_a_row_leave_the_floor_open(void **state)
{
	static const struct {
		uint32_t host, chipset;
		bool closed;
	} cases[] = {
		{0x14501022, 0x790e1022, true},  {0x14501d94, 0x790e1d94, true},  {0x153a1022, 0x790e1022, true},
		{0x14f81022, 0x790e1022, false}, {0x16001022, 0x780e1022, false}, {0x14801d94, 0x790e1d94, false},
		{0x20208086, 0x29188086, true},  {0x09a28086, 0x29188086, false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct function machine[] = {
			{.at = AT(0, 0, 0), .id = cases[i].host, .class = 0x600},
			{.at = AT(0, 0x14, 3), .id = cases[i].chipset, .class = 0x601},
		};

		LOOK(machine, &one, 1);
		assert_int_equal(floor_closed(&floor_found), cases[i].closed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(q35),
		cmocka_unit_test(piix4),
		cmocka_unit_test(hidden_p2sb_is_found),
		cmocka_unit_test(each_root_complex_has_its_rows),
		cmocka_unit_test(memory_maps_of_class_0880_are_found),
		cmocka_unit_test(unknown_chipsets_leave_the_floor_open),
		cmocka_unit_test(more_functions_than_rows_leave_the_floor_open),
		cmocka_unit_test(short_mcfg),
		cmocka_unit_test(processor_sideband),
		cmocka_unit_test(functions_without_function_0_are_found),
		cmocka_unit_test(every_number_of_a_device_is_closed),
		cmocka_unit_test(graphics_of_an_amd_processor_leave_the_floor_open),
		cmocka_unit_test(graphics_card_of_amd_beside_an_intel_host),
		cmocka_unit_test(hosts_without_a_row_leave_the_floor_open),
	};

	return cmocka_run_group_tests_name("loader_floor", tests, NULL, NULL);
}
