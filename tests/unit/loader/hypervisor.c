/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-cpu */
/* links: loader/memory.c loader/elf.c loader/ranges.c loader/uefi.c */
/*
 * Where the hypervisor's memory may lie and how it is given back, and what is left of the TPM's random bytes after its
 * preparation.
 */
#include "loader_test.h"

#include <cloister/errors.h>
#include <cloister/statement.h>
#include <elf.h>

#include "cpu.h"
#include "hypervisor.h"
#include "memory.h"
#include "uefi.h"

uint32_t mock_physical_bits;
struct cpuid mock_vendor;

static EFI_PHYSICAL_ADDRESS asked_below;
static uint64_t freed_pages;

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE type, EFI_MEMORY_TYPE memory, UINTN pages,
					EFI_PHYSICAL_ADDRESS *address)
{
	assert_int_equal(type, AllocateMaxAddress);
	assert_int_equal(memory, EfiUnusableMemory);
	asked_below = *address;
	*address = (*address - pages * 4096 + 1) & ~0xfffull; /* as high as allowed */
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages)
{
	assert_int_equal(address % 4096, 0);
	freed_pages += pages;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI no_protocol(EFI_GUID *protocol, VOID *registration, VOID **instance)
{
	(void)protocol, (void)registration, (void)instance;
	return EFI_NOT_FOUND;
}

static void reserved_below(uint32_t bits, uint64_t limit)
{
	EFI_BOOT_SERVICES services = {.AllocatePages = allocate_pages, .FreePages = free_pages};
	struct boot_range range;
	struct failure failure;

	boot_services = &services;
	mock_physical_bits = bits;
	assert_true(memory_reserve(4ull << 20, LOADER_E_MEMORY_REGION, &range, &failure));
	assert_int_equal(asked_below, limit - 1);
	assert_int_equal(range.base % (2ull << 20), 0);
	assert_true(range.base + range.bytes <= limit);
}

static void reservation_stays_below_the_physical_width(void **state)
{
	(void)state;
	reserved_below(39, 1ull << 39);
	reserved_below(47, 1ull << 47);
	reserved_below(48, 1ull << 47);
	reserved_below(52, 1ull << 47);
}

static bool path_of(const char vendor[12], const struct config *config, const char **path, struct failure *failure)
{
	memcpy(&mock_vendor.ebx, vendor, 4);
	memcpy(&mock_vendor.edx, vendor + 4, 4);
	memcpy(&mock_vendor.ecx, vendor + 8, 4);
	return hypervisor_path(config, path, failure);
}

/* An image for each vendor, and none for others. */
static void each_vendor_has_its_image(void **state)
{
	static const struct config config = {.image_svm = "svm", .image_vmx = "vmx"};
	struct failure failure;
	const char *path;
	(void)state;

	assert_true(path_of("AuthenticAMD", &config, &path, &failure));
	assert_string_equal(path, "svm");
	assert_true(path_of("HygonGenuine", &config, &path, &failure));
	assert_string_equal(path, "svm");
	assert_true(path_of("GenuineIntel", &config, &path, &failure));
	assert_string_equal(path, "vmx");
	assert_fails(path_of("CentaurHauls", &config, &path, &failure), failure, "LOADER_E_CPU_VENDOR",
		     "'CentaurHauls'");
}

static void absurd_physical_widths_are_refused(void **state)
{
	static const uint32_t wrong[] = {0, 35, 53, 255};
	struct boot_info info = {.ram_leaf_bytes = BOOT_LEAF_2MIB};
	struct failure failure;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		mock_physical_bits = wrong[i];
		assert_fails(hypervisor_reserve(&(struct elf_image){0}, 0, &info, &failure), failure, "HV_E_PHYS_BITS",
			     "CPUID leaf 80000008");
		assert_int_equal(info.region.bytes, 0);
	}
}

/* From the region's end downwards, in copies that no longer depend on where the file was read; never into the image. */
static void files_are_staged(void **state)
{
	static uint8_t region[4096], file[100];
	const struct boot_info info = {.region = {(uint64_t)region, sizeof(region)}, .image_bytes = 4096 - 150};
	const struct file_content content = {file, sizeof(file)}, small = {file, 50};
	struct file_content staged, second;
	struct failure failure;
	uint64_t used = 0;
	(void)state;

	memset(file, 0x5a, sizeof(file));
	assert_true(hypervisor_stage(&info, &content, &used, &staged, &failure));
	assert_ptr_equal(staged.data, region + 4096 - 100);
	assert_int_equal(staged.bytes, 100);
	memset(file, 0xa5, sizeof(file)); /* a device */
	assert_int_equal(staged.data[0], 0x5a);
	assert_int_equal(staged.data[99], 0x5a);
	assert_fails(hypervisor_stage(&info, &content, &used, &second, &failure), failure, "LOADER_E_MEMORY_REGION",
		     "200 bytes of files, room for 150");
	assert_true(hypervisor_stage(&info, &small, &used, &second, &failure));
	assert_ptr_equal(second.data, region + 4096 - 150);
	assert_int_equal(region[4096 - 151], 0);
}

/* What is staged is checked where it is, and has the size that room was made for. */
static void staged_image_is_checked(void **state)
{
	static uint8_t file[64];
	struct boot_info info = {.image_bytes = 4096};
	struct elf_image image;
	struct failure failure;
	(void)state;

	assert_fails(hypervisor_load(&(struct file_content){file, sizeof(file)}, &image, &info, &failure), failure,
		     "LOADER_E_IMAGE_HEADER", "");
}

/* Room was made for an image of another size. */
static void image_of_another_size(void **state)
{
	static const struct {
		Elf64_Ehdr header;
		Elf64_Phdr text;
	} file = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			   .e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1},
		.text = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = sizeof(file), .p_memsz = 4096},
	};
	static uint8_t region[3 * 4096];
	const struct file_content staged = {(uint8_t *)(uintptr_t)&file, sizeof(file)};
	EFI_BOOT_SERVICES services = {.LocateProtocol = no_protocol};
	struct boot_info info = {.region = {(uint64_t)region, sizeof(region)}, .image_bytes = 8192};
	struct elf_image image;
	struct failure failure;
	(void)state;

	boot_services = &services;
	assert_fails(hypervisor_load(&staged, &image, &info, &failure), failure, "LOADER_E_FILE_CHANGED",
		     "image of 4096 bytes, 8192 before");
	assert_int_equal(region[0], 0);
	info.image_bytes = 4096;
	assert_true(hypervisor_load(&staged, &image, &info, &failure));
	assert_memory_equal(region, &file, sizeof(file));
}

/* The firmware's two variables, by the names that the TCG gives them; -1 for one that is not there. */
static struct {
	int request, lock;
	bool refuses;
	unsigned int writes;
} wipe_at;

static int *variable_named(const CHAR16 *name, const EFI_GUID *guid)
{
	static const CHAR16 request[] = L"MemoryOverwriteRequestControl", lock[] = L"MemoryOverwriteRequestControlLock";

	if (!memcmp(name, request, sizeof(request)) && guid->Data1 == 0xe20939be)
		return &wipe_at.request;
	assert_memory_equal(name, lock, sizeof(lock));
	assert_int_equal(guid->Data1, 0xbb983ccf);
	return &wipe_at.lock;
}

static EFI_STATUS EFIAPI get_variable(CHAR16 *name, EFI_GUID *guid, UINT32 *attributes, UINTN *bytes, void *data)
{
	const int value = *variable_named(name, guid);

	assert_int_equal(*bytes, 1);
	if (value < 0)
		return EFI_NOT_FOUND;
	*attributes = 7;
	*(uint8_t *)data = (uint8_t)value;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_variable(CHAR16 *name, EFI_GUID *guid, UINT32 attributes, UINTN bytes, void *data)
{
	int *const value = variable_named(name, guid);

	assert_int_equal(attributes, 7);
	assert_int_equal(bytes, 1);
	if (wipe_at.refuses || (value == &wipe_at.request && wipe_at.lock > 0))
		return EFI_ACCESS_DENIED;
	assert_true(value == &wipe_at.request || (wipe_at.request & 1)); /* locked once it is what it should be */
	*value = *(uint8_t *)data;
	wipe_at.writes++;
	return EFI_SUCCESS;
}

static const char *wipe_requested(int request, int lock, bool refuses)
{
	static EFI_RUNTIME_SERVICES runtime = {.GetVariable = get_variable, .SetVariable = set_variable};
	static EFI_SYSTEM_TABLE table = {.RuntimeServices = &runtime};

	system_table = &table;
	wipe_at.request = request;
	wipe_at.lock = lock;
	wipe_at.refuses = refuses;
	wipe_at.writes = 0;
	return memory_wipe_at_reset();
}

static void memory_is_wiped_at_reset(void **state)
{
	(void)state;
	assert_null(wipe_requested(0x10, 0, false));
	assert_int_equal(wipe_at.request, 0x11); /* the other bits are the firmware's */
	assert_int_equal(wipe_at.lock, 1);
	assert_null(wipe_requested(1, 1, false)); /* all of it is done already */
	assert_int_equal(wipe_at.writes, 0);
	assert_null(wipe_requested(0x11, 2, true)); /* locked with a key, by the firmware */
	assert_non_null(strstr(wipe_requested(0, -1, false), "no lock"));
	assert_int_equal(wipe_at.request, 1);
	assert_non_null(strstr(wipe_requested(1, 0, true), "no lock"));
	assert_non_null(strstr(wipe_requested(0, 1, false), "refuses"));
	assert_non_null(strstr(wipe_requested(-1, -1, false), "does not wipe"));
	assert_int_equal(wipe_at.writes, 0);
}

static uint32_t prepare_error;
static struct boot_out prepare_out;
static uint8_t seen[32];

static uint32_t fake_prepare(struct boot_info *info)
{
	memcpy(seen, info->tpm_random, sizeof(seen));
	info->out = prepare_out;
	return prepare_error;
}

/* Whether the preparation succeeds or not. */
static void random_is_wiped(void **state)
{
	static const uint8_t zeros[32];
	const struct elf_image image = {.entry = 0};
	struct boot_info info;
	struct failure failure;
	bool small_leaves;
	(void)state;

	for (prepare_error = HV_OK; prepare_error <= HV_OK + 1; prepare_error++) {
		info = (struct boot_info){.region = {.base = (uint64_t)fake_prepare}};
		memset(info.tpm_random, 0x5a, sizeof(info.tpm_random));
		/* It gives back no addresses. */
		assert_false(hypervisor_prepare(&image, &info, &small_leaves, &failure));
		assert_false(small_leaves);
		assert_int_equal(seen[31], 0x5a);
		assert_memory_equal(info.tpm_random, zeros, sizeof(zeros));
	}
}

/* The place of an error of hv_prepare() is shown as far as there is one. */
static void prepare_failure_has_its_place(void **state)
{
	static const struct {
		uint32_t error, cpu;
		uint64_t where;
		const char *shown;
	} cases[] = {
		{HV_E_NO_SVM, 0, 0, "hv_prepare, CPU 0"},
		{HV_E_BOOT_INFO, 3, 0, "hv_prepare, CPU 3"},
		{HV_E_DMA_TABLE, HV_NO_CPU, 0xfed90000, "hv_prepare, at 0xfed90000"},
		{HV_E_REGION, HV_NO_CPU, 0, "hv_prepare"},
	};
	const struct elf_image image = {.entry = 0};
	struct failure failure;
	bool small_leaves;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct boot_info info = {.region = {.base = (uint64_t)fake_prepare}};

		prepare_error = cases[i].error;
		prepare_out = (struct boot_out){.error_cpu = cases[i].cpu, .error_where = cases[i].where};
		assert_false(hypervisor_prepare(&image, &info, &small_leaves, &failure));
		assert_string_equal(failure.where, cases[i].shown);
	}
}

/*
 * Of an image whose preparation says that all is well, the addresses are looked at: what is measured and called is in
 * the region.
 */
static bool prepared_with(struct boot_out out)
{
	const struct elf_image image = {.entry = 0};
	struct boot_info info = {.region = {(uint64_t)fake_prepare, 0x4000}, .image_bytes = 0x1000};
	struct failure failure;
	bool small_leaves;

	out.cpu_check += info.region.base;
	out.cpu_launch += info.region.base;
	out.statement += info.region.base;
	prepare_error = HV_OK;
	prepare_out = out;
	const bool prepared = hypervisor_prepare(&image, &info, &small_leaves, &failure);

	if (!prepared)
		assert_string_equal(failure.name, "LOADER_E_PREPARED");
	return prepared;
}

static void prepared_within_the_region(void **state)
{
	const uint32_t bytes = sizeof(struct hk_statement);
	const struct boot_out good = {
		.cpu_check = 8, .cpu_launch = 0xfff, .statement = 0x4000 - bytes, .statement_bytes = bytes};
	struct boot_out out;
	(void)state;

	assert_true(prepared_with(good));
	out = good;
	out.statement++;
	assert_false(prepared_with(out));
	out.statement = UINT64_MAX; /* before the region */
	assert_false(prepared_with(out));
	out = good;
	out.statement_bytes--;
	assert_false(prepared_with(out));
	out = good;
	out.cpu_check = 0x1000;
	assert_false(prepared_with(out));
	out = good;
	out.cpu_launch = 0x1000;
	assert_false(prepared_with(out));
}

/* The one failure after which another try makes sense; and all memory comes back for it, wiped. */
static void asks_for_small_leaves(void **state)
{
	static _Alignas(4096) uint8_t region[2 * 4096], pool[4096];
	EFI_BOOT_SERVICES services = {.FreePages = free_pages};
	const struct elf_image image = {.entry = 0};
	struct boot_info info = {.region = {.base = (uint64_t)fake_prepare}};
	struct failure failure;
	bool small_leaves;
	(void)state;

	boot_services = &services;
	prepare_error = HV_E_SMALL_PAGES;
	assert_false(hypervisor_prepare(&image, &info, &small_leaves, &failure));
	assert_true(small_leaves);
	info.region = (struct boot_range){(uint64_t)region, sizeof(region)};
	info.pool = (struct boot_range){(uint64_t)pool, sizeof(pool)};
	region[sizeof(region) - 1] = 0x5a;
	freed_pages = 0;
	hypervisor_remove(&info);
	assert_int_equal(region[sizeof(region) - 1], 0);
	assert_int_equal(freed_pages, 3);
	assert_int_equal(info.region.bytes, 0);
	assert_int_equal(info.pool.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reservation_stays_below_the_physical_width),
		cmocka_unit_test(each_vendor_has_its_image),
		cmocka_unit_test(absurd_physical_widths_are_refused),
		cmocka_unit_test(files_are_staged),
		cmocka_unit_test(staged_image_is_checked),
		cmocka_unit_test(image_of_another_size),
		cmocka_unit_test(memory_is_wiped_at_reset),
		cmocka_unit_test(random_is_wiped),
		cmocka_unit_test(prepare_failure_has_its_place),
		cmocka_unit_test(prepared_within_the_region),
		cmocka_unit_test(asks_for_small_leaves),
	};

	return cmocka_run_group_tests_name("loader_hypervisor", tests, NULL, NULL);
}
