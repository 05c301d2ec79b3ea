/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management interrupts. "smm" is its own SMM: the bed's usual firmware leaves it where a CPU has it after
 * reset, in memory that is the root guest's (SDM volume 3, 33.4). Its handler must find the guest's registers, and
 * its changes must reach the guest. "smm-firmware" runs on a firmware with SMM, which alone writes its variables:
 * the program asks for that, as any OS does.
 */
#include <efi.h>

#include "acpi.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#define SMM_BASE  0x30000u
#define SMM_BYTES 0x10000u
#define SMM_CODE  (SMM_BASE + 0x8000u)
#define SMM_COUNT (SMM_BASE + 0x9000u)

/* ICH9 data sheet, 13.8.3.7: SMI_EN. */
#define SMI_EN      0x30u
#define GBL_SMI_EN  (1u << 0)
#define APMC_EN     (1u << 5)
#define SMI_COMMAND 0xb2u
#define COMMAND     0x55u /* nothing to the chipset */

/*
 * Counts, adds RCX to RAX, writes RBX and R15: in the state that RSM loads (APM volume 2, table 10-1). At entry, DS
 * begins at 0 and has no limit.
 */
extern const char smm_code[], smm_code_end[];
__asm__(".pushsection .text\n.code16\nsmm_code:\n"
	"addr32 incl 0x39000\n"
	"addr32 movl 0x3fff0, %eax\n"
	"addr32 addl %eax, 0x3fff8\n"
	"addr32 movl $0x5a5a1234, 0x3ffe0\n"
	"addr32 movl $0x77777777, 0x3ff80\n"
	"rsm\n"
	"smm_code_end:\n.code64\n.popsection");

static uint32_t taken(void)
{
	return *(volatile uint32_t *)SMM_COUNT;
}

static bool is_free(uint64_t base, uint64_t bytes)
{
	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *const range = &memory_map[i];

		if (range->kind == MEMORY_FREE && range->base <= base && range->base + range->bytes >= base + bytes)
			return true;
	}
	return false;
}

/* The SMI may arrive some instructions later: RDI counts them. */
FORM(raise_smi, "outb %al, %dx\n movl $20000, %edi\n 1: pause\n decl %edi\n jnz 1b");

static void test_own(void)
{
	const uint16_t enable = (uint16_t)(acpi_fadt()->pm1a_event + SMI_EN);
	struct gprs r = {
		.rdx = SMI_COMMAND, .rax = COMMAND, .rcx = 0x10000, .rbx = 1, .rsi = 0x1122334455667788, .r14 = 3};

	begin("SMM at its reset place");
	if (!is_free(SMM_BASE, SMM_BYTES))
		bail_out("the memory at %x is not free", SMM_BASE);
	for (const char *from = smm_code; from < smm_code_end; from++)
		((volatile char *)SMM_CODE)[from - smm_code] = *from;
	*(volatile uint32_t *)SMM_COUNT = 0;
	outl(enable, inl(enable) | GBL_SMI_EN | APMC_EN);
	const struct outcome o = attempt(raise_smi, &r);

	ok(completed(&o) && taken() == 1, "an SMI is taken once");
	diag("%u times, rax %lx, rbx %lx, r15 %lx", taken(), r.rax, r.rbx, r.r15);
	ok((uint32_t)r.rax == 0x10000 + COMMAND, "SMM finds the guest's registers");
	ok((uint32_t)r.rbx == 0x5a5a1234 && (uint32_t)r.r15 == 0x77777777, "what SMM changes reaches the guest");
	ok(r.rcx == 0x10000 && r.rdx == SMI_COMMAND && r.rsi == 0x1122334455667788 && r.r14 == 3,
	   "what SMM leaves alone is as it was");
	for (uint32_t i = 0; i < 100; i++)
		(void)attempt(raise_smi, &(struct gprs){.rdx = SMI_COMMAND, .rax = COMMAND});
	ok(taken() == 101, "so are a hundred more");
}

static void test_firmware(void)
{
	static CHAR16 name[] = L"CloisterTest";
	static EFI_GUID vendor = {0x3f6c6a5e, 0x8d0b, 0x4d3e, {0x9c, 0x51, 0x0e, 0x55, 0x11, 0x22, 0x33, 0x44}};
	const EFI_RUNTIME_SERVICES *const services = runtime_services;
	uint64_t written = 0x0123456789abcdef, read = 0;
	UINTN bytes = sizeof(read);

	begin("variables that the firmware writes in SMM");
	const EFI_STATUS set = services->SetVariable(name, &vendor,
						     EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS |
							     EFI_VARIABLE_RUNTIME_ACCESS,
						     sizeof(written), &written);
	const EFI_STATUS get = services->GetVariable(name, &vendor, NULL, &bytes, &read);

	ok(set == EFI_SUCCESS && get == EFI_SUCCESS && read == written, "a variable is written and read back");
	diag("SetVariable %lx, GetVariable %lx", set, get);
}

static bool has_key(void)
{
	uint8_t *page = page_get();

	return hypercall(&(struct hypercall){HC_SIGN, (uint64_t)page, (uint64_t)page + 1024, 0, 0}) == 0;
}

void test_main(void)
{
	const uint64_t before = stats_read().exits[HV_EXIT_SMI];

	ok(hypervisor_present() && has_key(), "the hypervisor has its key");
	if (program_argument[0] == 'f')
		test_firmware();
	else
		test_own();
	if (cpu_is_amd())
		ok(stats_read().exits[HV_EXIT_SMI] > before, "the hypervisor saw them");
	else
		skip("the hypervisor saw them", "VT-x takes SMIs without an exit");
	ok(has_key() && stats_read().cpus_parked == 0, "the hypervisor goes on, with its key");
}
