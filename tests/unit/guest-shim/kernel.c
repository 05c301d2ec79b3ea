/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: guest-shim/fw_cfg.c hv/attest/sha384.c tests/unit/support/shim_vmm.c tests/unit/support/fw_cfg_device.c */
/* links: tests/unit/support/changing_memory.c */
/* Kernel, command line and initrd from a VMM that may lie: what is measured, what is started, what is refused. */
#include "shim_test.h"

#include <asm/bootparam.h>
#include <openssl/evp.h>

#include "guest-shim/fw_cfg.h"
#include "guest-shim/kernel.h"
#include "guest-shim/layout.h"
#include "shim_vmm.h"

#define SETUP_FILE   (4u * 512)
#define IMAGE_FILE   300000u /* more than one transfer */
#define PREFERRED    0x200000u
#define ROOM         0x80000u
#define INITRD_FILE  400001u
#define COMMAND_LINE "console=ttyS0 quiet"
#define RAM_BYTES    (4ull << 20)

static uint8_t setup[SETUP_FILE], image[IMAGE_FILE], initrd[INITRD_FILE];
static uint32_t setup_bytes, image_bytes, initrd_bytes, line_bytes;
static struct kernel kernel;
static const struct shim_binding unbound;

static struct setup_header *header(void)
{
	return (struct setup_header *)(void *)(setup + offsetof(struct boot_params, hdr));
}

static void fill(uint8_t *bytes, size_t length, uint32_t seed)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
}

static void offer(void)
{
	fw_cfg_device_number(&vmm.fw_cfg, FW_CFG_SETUP_SIZE, &setup_bytes);
	fw_cfg_device_number(&vmm.fw_cfg, FW_CFG_KERNEL_SIZE, &image_bytes);
	fw_cfg_device_number(&vmm.fw_cfg, FW_CFG_INITRD_SIZE, &initrd_bytes);
	fw_cfg_device_number(&vmm.fw_cfg, FW_CFG_CMDLINE_SIZE, &line_bytes);
	vmm.fw_cfg.files[FW_CFG_SETUP_DATA] = (struct fw_cfg_file){setup, sizeof(setup)};
	vmm.fw_cfg.files[FW_CFG_KERNEL_DATA] = (struct fw_cfg_file){image, sizeof(image)};
	vmm.fw_cfg.files[FW_CFG_INITRD_DATA] = (struct fw_cfg_file){initrd, sizeof(initrd)};
	vmm.fw_cfg.files[FW_CFG_CMDLINE_DATA] =
		(struct fw_cfg_file){(const uint8_t *)COMMAND_LINE, sizeof(COMMAND_LINE)};
}

static int good_files(void **state)
{
	(void)state;
	vmm_reset();
	fill(setup, sizeof(setup), 1);
	fill(image, sizeof(image), 2);
	fill(initrd, sizeof(initrd), 3);
	setup_bytes = sizeof(setup);
	image_bytes = sizeof(image);
	initrd_bytes = sizeof(initrd);
	line_bytes = sizeof(COMMAND_LINE);
	*header() = (struct setup_header){.setup_sects = SETUP_FILE / 512 - 1,
					  .boot_flag = 0xaa55,
					  .jump = 0x66eb,
					  .header = 0x53726448,
					  .version = 0x020f,
					  .loadflags = LOADED_HIGH,
					  .initrd_addr_max = 0x7fffffff,
					  .xloadflags = XLF_KERNEL_64,
					  .cmdline_size = 2047,
					  .setup_data = 0xdead,
					  .pref_address = PREFERRED,
					  .init_size = ROOM};
	offer();
	return 0;
}

static const char *load(void)
{
	return VMM_RUNS((fw_cfg_open(VMM_SHARED_BIT), kernel_load(RAM_BYTES, &kernel))) ? NULL : vmm.fatal;
}

static const char *measure(const struct shim_binding *binding)
{
	return VMM_RUNS(kernel_measure(&kernel, binding)) ? NULL : vmm.fatal;
}

static void assert_refused(const char *words)
{
	const char *const said = load();

	assert_non_null(said);
	if (!strstr(said, words))
		fail_msg("'%s' lacks '%s'", said, words);
	assert_true(strlen(said) <= VMM_TEXT_MAX);
}

/* What 'cloister guest measure' computes from the files. */
static void digest_of(const void *first, size_t first_bytes, const void *second, size_t second_bytes, uint8_t *digest)
{
	EVP_MD_CTX *const context = EVP_MD_CTX_new();

	assert_true(EVP_DigestInit_ex(context, EVP_sha384(), NULL) && EVP_DigestUpdate(context, first, first_bytes) &&
		    EVP_DigestUpdate(context, second, second_bytes) && EVP_DigestFinal_ex(context, digest, NULL));
	EVP_MD_CTX_free(context);
}

static void assert_extended(uint32_t index, uint32_t rtmr, const uint8_t *digest)
{
	assert_int_equal(vmm.extends[index].rtmr, rtmr);
	assert_memory_equal(vmm.extends[index].digest, digest, 48);
}

static void files_arrive_whole(void **state)
{
	(void)state;
	assert_null(load());
	assert_int_equal(kernel.file.base, PREFERRED - sizeof(setup));
	assert_int_equal(kernel.file.bytes, sizeof(setup) + sizeof(image));
	assert_memory_equal(memory_at(kernel.file.base), setup, sizeof(setup));
	assert_memory_equal(memory_at(PREFERRED), image, sizeof(image));
	assert_memory_equal(memory_at(kernel.initrd.base), initrd, sizeof(initrd));
	assert_string_equal(memory_at(kernel.command_line.base), COMMAND_LINE);
	assert_int_equal(kernel.command_line.bytes, strlen(COMMAND_LINE));
	assert_int_equal(kernel.initrd.base % 4096, 0);
	assert_true(kernel.initrd.base + kernel.initrd.bytes <= RAM_BYTES);
	assert_true(kernel.initrd.base + kernel.initrd.bytes + 4096 > RAM_BYTES);
}

static void everything_is_read_once(void **state)
{
	(void)state;
	assert_null(load());
	for (uint32_t key = 0; key < FW_CFG_KEYS; key++)
		assert_true(vmm.fw_cfg.reads[key] <= 1);
}

static void all_is_measured(void **state)
{
	uint8_t digest[48];

	(void)state;
	assert_null(load());
	assert_null(measure(&unbound));
	assert_int_equal(vmm.extend_count, 3);
	digest_of(setup, sizeof(setup), image, sizeof(image), digest);
	assert_extended(0, SHIM_RTMR_KERNEL, digest);
	digest_of(COMMAND_LINE, strlen(COMMAND_LINE), NULL, 0, digest);
	assert_extended(1, SHIM_RTMR_BOOT, digest);
	digest_of(initrd, sizeof(initrd), NULL, 0, digest);
	assert_extended(2, SHIM_RTMR_BOOT, digest);
}

/* The VMM may change what it shares after it was read: what is measured and started are the private copies. */
static void shared_memory_is_not_used_again(void **state)
{
	uint8_t digest[48];

	(void)state;
	assert_null(load());
	digest_of(setup, sizeof(setup), image, sizeof(image), digest);
	memset(memory_at(SHARED_WINDOW + SHARED_BASE), 0xff, SHARED_BYTES);
	memset(setup, 0xff, sizeof(setup));
	memset(image, 0xff, sizeof(image));
	assert_null(measure(&unbound));
	assert_extended(0, SHIM_RTMR_KERNEL, digest);
}

#define SEEDS 64u

/* The shared memory changes while it is read: what has come is measured, and it is what is used. */
static void what_changes_is_used_as_it_was_measured(void **state)
{
	const struct shim_machine machine = {.type = SHIM_Q35, .ram_count = 1, .ram = {{0, RAM_BYTES}}};
	const struct boot_params *const params = memory_at(BOOT_PARAMS_BASE);
	unsigned changed = 0;
	uint8_t digest[48];

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		good_files(state);
		vmm.changes = seed;
		if (load() || measure(&unbound))
			continue;
		const struct boot_params *const file = memory_at(kernel.file.base);

		digest_of(file, kernel.file.bytes, NULL, 0, digest);
		assert_extended(0, SHIM_RTMR_KERNEL, digest);
		assert_int_equal(kernel_prepare(&kernel, &machine), file->hdr.pref_address + 0x200);
		assert_int_equal(params->hdr.init_size, file->hdr.init_size);
		assert_memory_equal(memory_at(SETUP_BASE), file, sizeof(setup)); /* where its header is read */
		changed += memcmp(&file->hdr, header(), sizeof(file->hdr)) != 0;
	}
	assert_in_range(changed, 1, SEEDS);
}

static void no_initrd_is_measured_as_none(void **state)
{
	uint8_t digest[48];

	(void)state;
	initrd_bytes = 0;
	assert_null(load());
	assert_null(measure(&unbound));
	digest_of(NULL, 0, NULL, 0, digest);
	assert_extended(2, SHIM_RTMR_BOOT, digest);
}

static void bind_all(struct shim_binding *binding)
{
	memcpy(binding->magic, SHIM_BINDING_MAGIC, sizeof(binding->magic));
	digest_of(setup, sizeof(setup), image, sizeof(image), binding->kernel);
	digest_of(COMMAND_LINE, strlen(COMMAND_LINE), NULL, 0, binding->command_line);
	digest_of(initrd, sizeof(initrd), NULL, 0, binding->initrd);
}

static void bound_files_start(void **state)
{
	struct shim_binding binding;

	(void)state;
	bind_all(&binding);
	assert_null(load());
	assert_null(measure(&binding));
}

static void assert_binding_refuses(const struct shim_binding *binding, const char *words)
{
	vmm.extend_count = 0;
	const char *const said = measure(binding);

	assert_non_null(said);
	assert_non_null(strstr(said, words));
	assert_true(strlen(said) <= VMM_TEXT_MAX);
}

static void other_files_than_the_bound_ones_are_refused(void **state)
{
	struct shim_binding binding;

	(void)state;
	assert_null(load());
	bind_all(&binding);
	binding.kernel[47] ^= 1;
	assert_binding_refuses(&binding, "kernel: not the one");
	bind_all(&binding);
	binding.command_line[0] ^= 1;
	assert_binding_refuses(&binding, "command line: not the one");
	bind_all(&binding);
	binding.initrd[20] ^= 1;
	assert_binding_refuses(&binding, "initrd: not the one");
}

static void kernel_finds_its_parameters(void **state)
{
	const struct boot_params *const params = memory_at(BOOT_PARAMS_BASE);
	const struct shim_machine machine = {
		.type = SHIM_Q35, .ram_count = 2, .ram = {{0, RAM_BYTES}, {1ull << 32, 1ull << 30}}};

	(void)state;
	assert_null(load());
	assert_int_equal(kernel_prepare(&kernel, &machine), PREFERRED + 0x200);
	assert_int_equal(params->hdr.type_of_loader, 0xff);
	assert_int_equal(params->hdr.cmd_line_ptr, COMMAND_LINE_BASE);
	assert_int_equal(params->hdr.ramdisk_image, kernel.initrd.base);
	assert_int_equal(params->hdr.ramdisk_size, INITRD_FILE);
	assert_int_equal(params->hdr.setup_data, 0);
	assert_int_equal(params->hdr.pref_address, PREFERRED);
	assert_int_equal(params->acpi_rsdp_addr, ACPI_Q35_BASE);
	/* low RAM, shared, low RAM, hole, image; RAM, RAM above 4 GiB */
	static const struct boot_e820_entry expected[] = {
		{0, SHARED_BASE, 1},
		{SHARED_BASE, SHARED_BYTES, 2},
		{SHARED_BASE + SHARED_BYTES, LOW_RAM_END - SHARED_BASE - SHARED_BYTES, 1},
		{LOW_RAM_END, HIGH_RAM - LOW_RAM_END, 2},
		{IMAGE_BASE, IMAGE_BYTES, 4},
		{HIGH_RAM, RAM_BYTES - HIGH_RAM, 1},
		{1ull << 32, 1ull << 30, 1},
	};
	assert_int_equal(params->e820_entries, sizeof(expected) / sizeof(expected[0]));
	assert_memory_equal(params->e820_table, expected, sizeof(expected));
}

static void microvm_has_its_own_tables(void **state)
{
	const struct boot_params *const params = memory_at(BOOT_PARAMS_BASE);
	const struct shim_machine machine = {.type = SHIM_MICROVM, .ram_count = 1, .ram = {{0, RAM_BYTES}}};

	(void)state;
	assert_null(load());
	kernel_prepare(&kernel, &machine);
	assert_int_equal(params->acpi_rsdp_addr, ACPI_MICROVM_BASE);
}

static void no_fw_cfg_is_named(void **state)
{
	(void)state;
	vmm.fw_cfg.absent = true;
	assert_refused("no fw_cfg with DMA");
}

static void refused_transfer_is_named(void **state)
{
	(void)state;
	vmm.fw_cfg.refuses = true;
	assert_refused("no fw_cfg with DMA");
}

static void no_kernel_is_named(void **state)
{
	(void)state;
	setup_bytes = 0;
	assert_refused("no kernel");
}

static void header_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	setup_bytes = 512;
	assert_refused("not a bzImage");
}

static void setup_that_is_too_large_is_refused(void **state)
{
	(void)state;
	setup_bytes = UINT32_MAX;
	assert_refused("not a bzImage");
}

static void setup_of_another_size_than_it_says_is_refused(void **state)
{
	(void)state;
	header()->setup_sects++;
	assert_refused("not a bzImage");
}

static void other_magic_is_refused(void **state)
{
	(void)state;
	header()->header ^= 1;
	assert_refused("not a bzImage");
}

static void old_protocol_is_refused(void **state)
{
	(void)state;
	header()->version = 0x020b;
	assert_refused("no 64-bit entry");
}

static void kernel_of_32_bits_is_refused(void **state)
{
	(void)state;
	header()->xloadflags = 0;
	assert_refused("no 64-bit entry");
}

static void low_address_is_refused(void **state)
{
	(void)state;
	header()->pref_address = HIGH_RAM + SETUP_BYTES - 0x1000;
	assert_refused("preferred address");
}

static void unaligned_address_is_refused(void **state)
{
	(void)state;
	header()->pref_address++;
	assert_refused("preferred address");
}

static void address_above_the_ram_is_refused(void **state)
{
	(void)state;
	header()->pref_address = UINT64_MAX & ~0xfffull;
	assert_refused("kernel: not enough memory");
}

static void room_above_the_ram_is_refused(void **state)
{
	(void)state;
	header()->init_size = RAM_BYTES - PREFERRED + 1;
	assert_refused("kernel: not enough memory");
}

static void kernel_larger_than_its_room_is_refused(void **state)
{
	(void)state;
	image_bytes = ROOM + 1;
	assert_refused("larger than the room");
}

static void kernel_without_an_entry_is_refused(void **state)
{
	(void)state;
	image_bytes = 0x200;
	assert_refused("larger than the room");
}

static void command_line_longer_than_the_kernel_takes_is_refused(void **state)
{
	(void)state;
	header()->cmdline_size = (uint32_t)strlen(COMMAND_LINE) - 1;
	assert_refused("command line: too long");
}

static void command_line_without_room_is_refused(void **state)
{
	(void)state;
	header()->cmdline_size = UINT32_MAX;
	line_bytes = COMMAND_LINE_BYTES + 1;
	assert_refused("command line: too long");
}

static void command_line_of_no_bytes_is_refused(void **state)
{
	(void)state;
	line_bytes = 0;
	assert_refused("command line: too long");
}

static void command_line_without_a_zero_is_refused(void **state)
{
	(void)state;
	line_bytes = (uint32_t)strlen(COMMAND_LINE);
	assert_refused("no final zero");
}

static void initrd_larger_than_the_memory_is_refused(void **state)
{
	(void)state;
	initrd_bytes = (uint32_t)RAM_BYTES + 1;
	assert_refused("initrd: not enough memory");
}

static void initrd_over_the_kernel_is_refused(void **state)
{
	(void)state;
	initrd_bytes = (uint32_t)(RAM_BYTES - PREFERRED - ROOM + 1);
	assert_refused("initrd: not enough memory");
}

static void initrd_stays_where_the_kernel_finds_it(void **state)
{
	(void)state;
	header()->initrd_addr_max = 0x37ffff;
	assert_null(load());
	assert_true(kernel.initrd.base + kernel.initrd.bytes <= 0x380000);
}

/* A size that is a lie gets zeros from the VMM's file: they are measured as what they are. */
static void longer_size_than_the_file_is_measured(void **state)
{
	static uint8_t padded[INITRD_FILE + 5000];
	uint8_t digest[48];

	(void)state;
	initrd_bytes = sizeof(padded);
	memcpy(padded, initrd, sizeof(initrd));
	assert_null(load());
	assert_null(measure(&unbound));
	digest_of(padded, sizeof(padded), NULL, 0, digest);
	assert_extended(2, SHIM_RTMR_BOOT, digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(files_arrive_whole, good_files),
		cmocka_unit_test_setup(everything_is_read_once, good_files),
		cmocka_unit_test_setup(all_is_measured, good_files),
		cmocka_unit_test_setup(shared_memory_is_not_used_again, good_files),
		cmocka_unit_test_setup(what_changes_is_used_as_it_was_measured, good_files),
		cmocka_unit_test_setup(no_initrd_is_measured_as_none, good_files),
		cmocka_unit_test_setup(bound_files_start, good_files),
		cmocka_unit_test_setup(other_files_than_the_bound_ones_are_refused, good_files),
		cmocka_unit_test_setup(kernel_finds_its_parameters, good_files),
		cmocka_unit_test_setup(microvm_has_its_own_tables, good_files),
		cmocka_unit_test_setup(no_fw_cfg_is_named, good_files),
		cmocka_unit_test_setup(refused_transfer_is_named, good_files),
		cmocka_unit_test_setup(no_kernel_is_named, good_files),
		cmocka_unit_test_setup(header_that_is_cut_off_is_refused, good_files),
		cmocka_unit_test_setup(setup_that_is_too_large_is_refused, good_files),
		cmocka_unit_test_setup(setup_of_another_size_than_it_says_is_refused, good_files),
		cmocka_unit_test_setup(other_magic_is_refused, good_files),
		cmocka_unit_test_setup(old_protocol_is_refused, good_files),
		cmocka_unit_test_setup(kernel_of_32_bits_is_refused, good_files),
		cmocka_unit_test_setup(low_address_is_refused, good_files),
		cmocka_unit_test_setup(unaligned_address_is_refused, good_files),
		cmocka_unit_test_setup(address_above_the_ram_is_refused, good_files),
		cmocka_unit_test_setup(room_above_the_ram_is_refused, good_files),
		cmocka_unit_test_setup(kernel_larger_than_its_room_is_refused, good_files),
		cmocka_unit_test_setup(kernel_without_an_entry_is_refused, good_files),
		cmocka_unit_test_setup(command_line_longer_than_the_kernel_takes_is_refused, good_files),
		cmocka_unit_test_setup(command_line_without_room_is_refused, good_files),
		cmocka_unit_test_setup(command_line_of_no_bytes_is_refused, good_files),
		cmocka_unit_test_setup(command_line_without_a_zero_is_refused, good_files),
		cmocka_unit_test_setup(initrd_larger_than_the_memory_is_refused, good_files),
		cmocka_unit_test_setup(initrd_over_the_kernel_is_refused, good_files),
		cmocka_unit_test_setup(initrd_stays_where_the_kernel_finds_it, good_files),
		cmocka_unit_test_setup(longer_size_than_the_file_is_measured, good_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
