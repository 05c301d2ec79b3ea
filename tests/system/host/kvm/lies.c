/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lies.h"

#include <asm/bootparam.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "guest-shim/fw_cfg.h"
#include "guest-shim/layout.h"
#include "tests/unit/support/fw_cfg_device.h"
#include "vm.h"

#define COM1       0x3f8
#define TEXT_BYTES 64u /* of TDG.VP.VMCALL<ReportFatalError> */
#define ALL        (~0ull)

#define HOB_HANDOFF  1u
#define HOB_RESOURCE 3u
#define HOB_OTHER    4u
#define HOB_END      0xffffu
#define UNACCEPTED   7u
#define ADDED        0u

#define KERNEL_BYTES 0x1000u
#define ENTRY        0x200u

/* What the VMM has for the guest; a lie changes something of it. */
static struct boot_params setup;
static uint8_t kernel[KERNEL_BYTES];
static const uint8_t initrd[] = "an initrd";
static char line[] = "quiet";
static uint32_t numbers[FW_CFG_KEYS];
static struct fw_cfg_device fw_cfg;
static uint8_t hob[HOB_BYTES];
static size_t hob_used;

/* What it comes to. */
static struct vm vm;
static char console[256], fatal[TEXT_BYTES + 1];
static size_t console_used;

/* TDG.VP.VMCALL<Instruction.IO>: a byte to END_PORT. */
static const uint8_t KERNEL_CODE[] = {
	0x31, 0xc0,                                   /* xor eax, eax */
	0xb9, 0x00, 0xfc,     0x00, 0x00,             /* mov ecx, 0xfc00: R10 to R15 are passed */
	0x45, 0x31, 0xd2,                             /* xor r10d, r10d */
	0x41, 0xbb, 0x1e,     0x00, 0x00, 0x00,       /* mov r11d, 30 */
	0x41, 0xbc, 0x01,     0x00, 0x00, 0x00,       /* mov r12d, 1 */
	0x41, 0xbd, 0x01,     0x00, 0x00, 0x00,       /* mov r13d, 1 */
	0x41, 0xbe, END_PORT, 0x00, 0x00, 0x00,       /* mov r14d, END_PORT */
	0x45, 0x31, 0xff,     0x66, 0x0f, 0x01, 0xcc, /* xor r15d, r15d; tdcall */
};

static void hob_block(uint16_t type, uint16_t length)
{
	memcpy(hob + hob_used, &type, sizeof(type));
	memcpy(hob + hob_used + 2, &length, sizeof(length));
	hob_used += length;
}

static void hob_ram(uint32_t type, uint64_t base, uint64_t bytes)
{
	memcpy(hob + hob_used + 24, &type, sizeof(type));
	memcpy(hob + hob_used + 32, &base, sizeof(base));
	memcpy(hob + hob_used + 40, &bytes, sizeof(bytes));
	hob_block(HOB_RESOURCE, 48);
}

/* The list's beginning, and the page that the list itself is in; the rest is a lie's. */
static void hob_begin(void)
{
	memset(hob, 0, sizeof(hob));
	hob_used = 0;
	hob_block(HOB_HANDOFF, 56);
	hob_ram(UNACCEPTED, 0, HOB_BASE);
	hob_ram(ADDED, HOB_BASE, HOB_BYTES);
}

static void hob_end(void)
{
	hob_block(HOB_END, 8);
}

static void hob_of(uint64_t base, uint64_t bytes)
{
	hob_begin();
	hob_ram(UNACCEPTED, base, bytes);
	hob_end();
}

static void offer(enum fw_cfg_key key, uint32_t number)
{
	numbers[key] = number;
	fw_cfg_device_number(&fw_cfg, key, &numbers[key]);
}

static void honest(void)
{
	hob_of(HOB_BASE + HOB_BYTES, RAM_BYTES - HOB_BASE - HOB_BYTES);
	memset(&setup, 0, sizeof(setup));
	setup.hdr = (struct setup_header){.setup_sects = sizeof(setup) / 512 - 1,
					  .boot_flag = 0xaa55,
					  .header = 0x53726448,
					  .version = 0x020f,
					  .initrd_addr_max = 0x7fffffff,
					  .xloadflags = XLF_KERNEL_64,
					  .cmdline_size = 2047,
					  .pref_address = 16ul << 20,
					  .init_size = 2 * KERNEL_BYTES};
	memcpy(kernel + ENTRY, KERNEL_CODE, sizeof(KERNEL_CODE));
	fw_cfg = (struct fw_cfg_device){.refuses = false};
	offer(FW_CFG_SETUP_SIZE, sizeof(setup));
	offer(FW_CFG_KERNEL_SIZE, sizeof(kernel));
	offer(FW_CFG_CMDLINE_SIZE, sizeof(line));
	offer(FW_CFG_INITRD_SIZE, sizeof(initrd));
	fw_cfg.files[FW_CFG_SETUP_DATA] = (struct fw_cfg_file){&setup, sizeof(setup)};
	fw_cfg.files[FW_CFG_KERNEL_DATA] = (struct fw_cfg_file){kernel, sizeof(kernel)};
	fw_cfg.files[FW_CFG_CMDLINE_DATA] = (struct fw_cfg_file){line, sizeof(line)};
	fw_cfg.files[FW_CFG_INITRD_DATA] = (struct fw_cfg_file){initrd, sizeof(initrd)};
}

static void no_fw_cfg(void)
{
	fw_cfg.absent = true;
}

static void refusal(void)
{
	fw_cfg.refuses = true;
}

static void no_kernel(void)
{
	offer(FW_CFG_SETUP_SIZE, 0);
}

static void short_setup(void)
{
	offer(FW_CFG_SETUP_SIZE, sizeof(setup) - 512);
}

static void endless_setup(void)
{
	offer(FW_CFG_SETUP_SIZE, ~0u);
}

static void no_64_bit_entry(void)
{
	setup.hdr.xloadflags = 0;
}

static void low_kernel(void)
{
	setup.hdr.pref_address = HOB_BASE;
}

static void endless_kernel(void)
{
	offer(FW_CFG_KERNEL_SIZE, ~0u);
}

static void kernel_of_no_bytes(void)
{
	offer(FW_CFG_KERNEL_SIZE, 0);
}

static void kernel_beyond_ram(void)
{
	setup.hdr.pref_address = ALL << 12;
}

static void kernel_too_large(void)
{
	setup.hdr.init_size = RAM_BYTES;
}

static void endless_line(void)
{
	offer(FW_CFG_CMDLINE_SIZE, ~0u);
}

static void line_without_end(void)
{
	offer(FW_CFG_CMDLINE_SIZE, sizeof(line) - 1);
}

static void endless_initrd(void)
{
	offer(FW_CFG_INITRD_SIZE, ~0u);
}

static void initrd_over_kernel(void)
{
	offer(FW_CFG_INITRD_SIZE, RAM_BYTES / 2);
}

static void hob_without_end(void)
{
	hob_begin();
	while (hob_used < sizeof(hob))
		hob_block(HOB_OTHER, 8);
}

static void hob_of_no_length(void)
{
	hob_begin();
	hob_block(HOB_RESOURCE, 0);
}

static void hob_without_ram(void)
{
	memset(hob, 0, sizeof(hob));
	hob_used = 0;
	hob_block(HOB_HANDOFF, 56);
	hob_end();
}

static void no_ram_at_zero(void)
{
	memset(hob, 0, sizeof(hob));
	hob_used = 0;
	hob_block(HOB_HANDOFF, 56);
	hob_ram(UNACCEPTED, HIGH_RAM, RAM_BYTES);
	hob_end();
}

static void overlapping_ram(void)
{
	hob_of(HOB_BASE, RAM_BYTES);
}

static void empty_ram(void)
{
	hob_of(HOB_BASE + HOB_BYTES, 0);
}

static void ram_of_all(void)
{
	hob_of(HOB_BASE + HOB_BYTES, ALL & ~0xfffull);
}

static void half_pages(void)
{
	hob_of(HOB_BASE + HOB_BYTES, RAM_BYTES + 2048);
}

static void ram_in_the_shared_half(void)
{
	hob_of(shared_bit, RAM_BYTES);
}

static void ram_over_devices(void)
{
	hob_of(HOB_BASE + HOB_BYTES, 0xd0000000);
}

/* The initrd goes where no memory is. */
static void ram_that_is_not_there(void)
{
	hob_of(HOB_BASE + HOB_BYTES, 0x40000000);
}

#define NOWHERE "where no memory is"

/* What the shim says to it; null: it starts the kernel. NOWHERE: the guest ends at an access. */
static const struct lie {
	void (*tell)(void);
	const char *says;
} LIES[] = {
	{honest, 0},
	{no_fw_cfg, "the host has no fw_cfg with DMA: use QEMU"},
	{refusal, "the host has no fw_cfg with DMA: use QEMU"},
	{no_kernel, "no kernel: start QEMU with -kernel"},
	{short_setup, "kernel: not a bzImage"},
	{endless_setup, "kernel: not a bzImage"},
	{no_64_bit_entry, "kernel: no 64-bit entry"},
	{low_kernel, "kernel: its preferred address is not usable"},
	{endless_kernel, "kernel: larger than the room that it asks for"},
	{kernel_of_no_bytes, "kernel: larger than the room that it asks for"},
	{kernel_beyond_ram, "kernel: not enough memory: give the guest more"},
	{kernel_too_large, "kernel: not enough memory: give the guest more"},
	{endless_line, "command line: too long for this kernel"},
	{line_without_end, "command line: no final zero"},
	{endless_initrd, "initrd: not enough memory: give the guest more"},
	{initrd_over_kernel, "initrd: not enough memory: give the guest more"},
	{hob_without_end, "HOB: the list has no end"},
	{hob_of_no_length, "HOB: a block of a wrong length"},
	{hob_without_ram, "HOB: too little RAM at address 0"},
	{no_ram_at_zero, "HOB: too little RAM at address 0"},
	{overlapping_ram, "HOB: RAM that overlaps, or is not sorted"},
	{empty_ram, "HOB: RAM that is no whole pages"},
	{ram_of_all, "HOB: RAM above the guest's addresses"},
	{half_pages, "HOB: RAM that is no whole pages"},
	{ram_in_the_shared_half, "HOB: RAM above the guest's addresses"},
	{ram_over_devices, "HOB: RAM where devices are"},
	{ram_that_is_not_there, NOWHERE},
	{honest, 0},
};

/* No PCI is there: microvm. False: the guest has come to its end. */
static bool port_access(const struct kvm_run *run)
{
	uint8_t *const data = vm_port_data(&vm, 0);

	if (run->io.direction == KVM_EXIT_IO_IN)
		memset(data, 0xff, run->io.size);
	else if (run->io.port == FW_CFG_DMA_LOW)
		return fw_cfg_device_dma(&fw_cfg, vm.ram + SHARED_BASE, SHARED_BASE, SHARED_BYTES);
	else if (run->io.port == COM1 && console_used < sizeof(console) - 1)
		console[console_used++] = (char)*data;
	return run->io.port != END_PORT;
}

/* R14, R15, RBX, RDI, RSI, R8, R9, RDX by KVM's numbers (Guest-Host Communication Interface 1.5, 3.4). */
static void note_fatal(const struct kvm_run *run)
{
	static const uint8_t registers[] = {14, 15, 3, 7, 6, 8, 9, 2};

	for (unsigned i = 0; i < sizeof(registers); i++)
		memcpy(fatal + 8 * i, (const void *)&run->system_event.data[registers[i]], 8);
}

/* The last exit's reason. */
static int run_to_end(void)
{
	for (;;) {
		const int reason = vm_run(&vm, 0);

		if (reason == KVM_EXIT_SYSTEM_EVENT && vm.run[0]->system_event.type == EVENT_TDX_FATAL)
			note_fatal(vm.run[0]);
		if (reason == KVM_EXIT_HYPERCALL || (reason == KVM_EXIT_IO && port_access(vm.run[0])))
			continue;
		return reason;
	}
}

static bool is_said(const char *words)
{
	char expected[sizeof(console)];

	snprintf(expected, sizeof(expected), "guest-shim: %s\n", words);
	const bool good = strcmp(console, expected) == 0 && strncmp(fatal, expected, strlen(expected) - 1) == 0 &&
			  strlen(fatal) == strlen(expected) - 1;

	if (!good)
		printf("# console: %s# fatal: %s\n", console, fatal);
	return good;
}

/* Each file is read once: what is measured is what is used. */
static bool is_started(int reason)
{
	const bool good = reason == KVM_EXIT_IO && vm.run[0]->io.port == END_PORT && console_used == 0 &&
			  fw_cfg.reads[FW_CFG_SETUP_DATA] == 1 && fw_cfg.reads[FW_CFG_KERNEL_DATA] == 1 &&
			  fw_cfg.reads[FW_CFG_CMDLINE_DATA] == 1 && fw_cfg.reads[FW_CFG_INITRD_DATA] == 1;

	if (!good)
		printf("# exit %d, console: %s\n", reason, console);
	return good;
}

static bool answers(const struct lie *lie, const uint8_t image[FIRMWARE_BYTES])
{
	console_used = 0;
	memset(console, 0, sizeof(console));
	memset(fatal, 0, sizeof(fatal));
	honest();
	lie->tell();
	if (!vm_create(&vm, 1, RAM_BYTES))
		return false;
	memcpy(vm.firmware, image, FIRMWARE_BYTES);
	memcpy(vm.ram + HOB_BASE, hob, sizeof(hob));
	if (!vm_load(&vm, HOB_BASE, HOB_BYTES) || !vm_finish(&vm))
		return false;
	const int reason = run_to_end();

	if (!lie->says)
		return is_started(reason);
	if (strcmp(lie->says, NOWHERE) == 0)
		return reason == KVM_EXIT_INTERNAL_ERROR && console_used == 0;
	return reason == KVM_EXIT_SYSTEM_EVENT && is_said(lie->says);
}

int lies(const char *image)
{
	static uint8_t bytes[FIRMWARE_BYTES];
	FILE *const file = fopen(image, "r");

	if (!file || fread(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
		return perror(image), 1;
	fclose(file);
	for (size_t i = 0; i < sizeof(LIES) / sizeof(LIES[0]); i++) {
		check(answers(&LIES[i], bytes), LIES[i].says ? LIES[i].says : "the kernel is started");
		vm_end(&vm);
	}
	check_plan();
	return 0;
}
