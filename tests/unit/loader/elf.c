/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF loader on an image of the test's own making: text, rodata with relocations, data. */
#include "loader_test.h"

#include <elf.h>

#include "elf.h"

#define BASE 0x7e000000ull

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segment[5];
	uint8_t text[64];
	Elf64_Rela rela[2];
	Elf64_Dyn dynamic[4];
	uint64_t data[2];
};

static struct file file;
static struct elf_image image;
static struct failure failure;
static uint8_t memory[0x4000];

enum { TEXT, RODATA, DATA, DYNAMIC, STACK };

static Elf64_Phdr load(uint64_t address, size_t offset, uint64_t file_bytes, uint64_t memory_bytes, uint32_t flags)
{
	return (Elf64_Phdr){.p_type = PT_LOAD,
			    .p_flags = flags,
			    .p_offset = offset,
			    .p_vaddr = address,
			    .p_filesz = file_bytes,
			    .p_memsz = memory_bytes};
}

static int good_image(void **state)
{
	const size_t rodata = offsetof(struct file, rela), data = offsetof(struct file, data);
	(void)state;

	memset(memory, 0, sizeof(memory));
	file = (struct file){
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			   .e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_entry = offsetof(struct file, text),
			   .e_phoff = offsetof(struct file, segment),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 5},
		.text = {0xc3},
		.rela = {{0x2000, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x10},
			 {0x2ff8, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x3000}},
		.dynamic = {{DT_RELA, {0x1000}},
			    {DT_RELASZ, {2 * sizeof(Elf64_Rela)}},
			    {DT_RELAENT, {sizeof(Elf64_Rela)}}},
		.data = {1, 2},
	};
	file.segment[TEXT] = load(0, 0, rodata, rodata, PF_R | PF_X);
	file.segment[RODATA] = load(0x1000, rodata, data - rodata, data - rodata, PF_R);
	file.segment[DATA] = load(0x2000, data, sizeof(file.data), 0x1000, PF_R | PF_W);
	file.segment[DYNAMIC] = load(0x1000 + sizeof(file.rela), 0, 0, sizeof(file.dynamic), PF_R);
	file.segment[DYNAMIC].p_type = PT_DYNAMIC;
	file.segment[STACK].p_type = PT_GNU_STACK;
	return 0;
}

/* Works on a copy that ends where the file ends, and in memory that ends where the image ends. */
static bool check_bytes(size_t bytes)
{
	uint8_t *copy = malloc(bytes);

	memcpy(copy, &file, bytes);
	const bool done = elf_check(copy, bytes, &image, &failure);
	free(copy);
	return done;
}

static bool check(void)
{
	return check_bytes(sizeof(file));
}

static bool place(void)
{
	uint8_t *to = calloc(1, image.bytes);
	const bool done = elf_place((const uint8_t *)&file, &image, to, BASE, &failure);

	memcpy(memory, to, image.bytes);
	free(to);
	return done;
}

static uint64_t word(uint64_t offset)
{
	uint64_t value;

	memcpy(&value, memory + offset, sizeof(value));
	return value;
}

static void refused(const char *error)
{
	assert_fails(check() && place(), failure, error, "");
}

static void places_and_relocates(void **state)
{
	(void)state;
	assert_true(check());
	assert_int_equal(image.bytes, 0x3000);
	assert_int_equal(image.segment_count, 3);
	assert_int_equal(image.segment[1].flags, PF_R);
	assert_true(place());
	assert_int_equal(memory[image.entry], 0xc3);
	assert_int_equal(word(0x2000), BASE + 0x10);
	assert_int_equal(word(0x2008), 2);
	assert_int_equal(word(0x2ff8), BASE + 0x3000);
}

static void without_relocations(void **state)
{
	(void)state;
	file.header.e_phnum = 3;
	assert_true(check());
	assert_true(place());
	assert_int_equal(word(0x2000), 1);
}

static void a_cut_file_is_refused_at_every_length(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes < sizeof(file); bytes++)
		assert_false(check_bytes(bytes));
}

static void bad_header(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} bad[] = {
		{0, 0},
		{EI_CLASS, ELFCLASS32},
		{EI_DATA, ELFDATA2MSB},
		{offsetof(Elf64_Ehdr, e_type), ET_EXEC},
		{offsetof(Elf64_Ehdr, e_machine), EM_386},
		{offsetof(Elf64_Ehdr, e_phentsize), 32},
		{offsetof(Elf64_Ehdr, e_phnum), 0},
		{offsetof(Elf64_Ehdr, e_phnum), 200},
		{offsetof(Elf64_Ehdr, e_phoff) + 7, 0xff},
		{offsetof(Elf64_Ehdr, e_phoff) + 1, 0x40},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_image(NULL);
		((uint8_t *)&file)[bad[i].offset] = bad[i].value;
		refused("LOADER_E_IMAGE_HEADER");
	}
}

static void bad_segment(uint32_t index, Elf64_Phdr segment)
{
	good_image(NULL);
	file.segment[index] = segment;
	refused("LOADER_E_IMAGE_SEGMENT");
}

static void bad_segments(void **state)
{
	(void)state;
	bad_segment(TEXT, load(0x1000, 0, 256, 256, PF_R | PF_X));        /* the first one is not at 0 */
	bad_segment(RODATA, load(0x1008, 0, 8, 8, PF_R));                 /* not on a page */
	bad_segment(RODATA, load(0, 0, 8, 8, PF_R));                      /* overlaps */
	bad_segment(DATA, load(0x2000, 0, 8, 8, PF_R | PF_W | PF_X));     /* writable and executable */
	bad_segment(DATA, load(0x2000, 0, 9, 8, PF_R | PF_W));            /* file part longer than memory */
	bad_segment(DATA, load(0x2000, 0, 0, 0, PF_R | PF_W));            /* empty */
	bad_segment(DATA, load(0x2000, sizeof(file) - 7, 8, 8, PF_R));    /* leaves the file */
	bad_segment(DATA, load(0x2000, UINT64_MAX, 8, 8, PF_R));          /* wraps */
	bad_segment(DATA, load(0x2000, 0, 8, ELF_MAX_IMAGE_BYTES, PF_R)); /* too large */
	bad_segment(DATA, load(UINT64_MAX & ~4095ull, 0, 8, 8, PF_R));    /* too far */
	bad_segment(STACK, (Elf64_Phdr){.p_type = PT_INTERP});
	bad_segment(STACK, (Elf64_Phdr){.p_type = PT_TLS});
}

static void bad_entry(void **state)
{
	static const uint64_t bad[] = {0x1000, 0x2000, 0x3000, UINT64_MAX, sizeof(struct file)};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file.header.e_entry = bad[i];
		refused("LOADER_E_IMAGE_SEGMENT");
	}
}

static void bad_dynamic(void **state)
{
	static const Elf64_Sxword refused_tags[] = {DT_NEEDED, DT_REL, DT_JMPREL, DT_RELR, DT_INIT, DT_INIT_ARRAY};
	(void)state;

	for (size_t i = 0; i < sizeof(refused_tags) / sizeof(refused_tags[0]); i++) {
		file.dynamic[3].d_tag = refused_tags[i];
		refused("LOADER_E_IMAGE_DYNAMIC");
	}
	good_image(NULL);
	file.segment[DYNAMIC].p_vaddr = 0x2ff8; /* leaves the image */
	refused("LOADER_E_IMAGE_DYNAMIC");
	file.segment[DYNAMIC].p_vaddr = UINT64_MAX;
	refused("LOADER_E_IMAGE_DYNAMIC");
}

static void bad_rela_table(void **state)
{
	static const struct {
		uint32_t tag;
		uint64_t value;
	} bad[] = {{0, 0x2ff0}, {0, UINT64_MAX}, {1, UINT64_MAX - 15}, {1, 25}, {2, 16}, {2, 0}};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_image(NULL);
		file.dynamic[bad[i].tag].d_un.d_val = bad[i].value;
		refused("LOADER_E_IMAGE_DYNAMIC");
	}
}

static void bad_relocations(void **state)
{
	static const Elf64_Rela bad[] = {
		{0x2000, ELF64_R_INFO(0, R_X86_64_64), 0},
		{0x2000, ELF64_R_INFO(1, R_X86_64_RELATIVE), 0},
		{0x2ff9, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0},
		{UINT64_MAX, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0},
		{0x2000, ELF64_R_INFO(0, R_X86_64_RELATIVE), 0x3001},
		{0x2000, ELF64_R_INFO(0, R_X86_64_RELATIVE), -1},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		good_image(NULL);
		file.rela[1] = bad[i];
		refused("LOADER_E_IMAGE_RELOCATION");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(places_and_relocates, good_image),
		cmocka_unit_test_setup(without_relocations, good_image),
		cmocka_unit_test_setup(a_cut_file_is_refused_at_every_length, good_image),
		cmocka_unit_test_setup(bad_header, good_image),
		cmocka_unit_test_setup(bad_segments, good_image),
		cmocka_unit_test_setup(bad_entry, good_image),
		cmocka_unit_test_setup(bad_dynamic, good_image),
		cmocka_unit_test_setup(bad_rela_table, good_image),
		cmocka_unit_test_setup(bad_relocations, good_image),
	};

	return cmocka_run_group_tests_name("loader_elf", tests, NULL, NULL);
}
