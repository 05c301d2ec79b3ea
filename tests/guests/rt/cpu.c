/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking a CPU over from the firmware, starting others, handing them work. */
#include "cpu.h"
#include "acpi.h"
#include "clock.h"
#include "tap.h"
#include "x86.h"

#define GDT_CODE      0x00209b0000000000ul
#define GDT_DATA      0x0000930000000000ul
#define GDT_USER_DATA 0x0000f30000000000ul
#define GDT_USER_CODE 0x0020fb0000000000ul
#define GDT_CODE_32   0x00cf9b000000fffful /* flat */
#define TSS_TYPE      0x89ul
#define CALL_BYTES    3u

#define SIVR_ENABLE    0x1ffu
#define INIT_SETTLE_US 10000u /* MP specification, appendix B.4 */
#define SIPI_SETTLE_US 200u

/* Parameters at the end of a trampoline page; trampoline.S knows the offsets. */
struct __attribute__((packed)) start_page {
	uint8_t code[0xf00];
	struct start_state state;
	struct start_call call, answer;
	uint8_t gap[0xf80 - 0xf00 - sizeof(struct start_state) - 2 * sizeof(struct start_call)];
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint16_t reserved0;
	uint64_t cr3;
	uint64_t cpu;
	uint64_t stack;
	uint64_t entry;
	uint32_t far_offset;
	uint16_t far_selector;
	uint16_t reserved1;
	uint64_t gdt[2];
};
_Static_assert(offsetof(struct start_page, call) == 0xf50, "start page layout");
_Static_assert(offsetof(struct start_page, answer) == 0xf64, "start page layout");
_Static_assert(offsetof(struct start_page, gdt_limit) == 0xf80, "start page layout");
_Static_assert(offsetof(struct start_page, far_offset) == 0xfa8, "start page layout");
_Static_assert(offsetof(struct start_page, gdt) == 0xfb0, "start page layout");
_Static_assert(sizeof(struct start_state) == 80, "trampoline.S knows the layout");

extern const uint8_t trampoline[] __attribute__((visibility("hidden")));
extern const uint8_t trampoline_call[] __attribute__((visibility("hidden")));
extern const uint8_t trampoline_long[] __attribute__((visibility("hidden")));
extern const uint8_t trampoline_end[] __attribute__((visibility("hidden")));

struct cpu cpus[CPU_MAX];
static struct start_page *pages[2];

static void segments_load(struct cpu *cpu)
{
	const uint64_t tss = (uint64_t)&cpu->tss;
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} gdtr = {sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt};

	cpu->gdt[SELECTOR_CODE / 8] = GDT_CODE;
	cpu->gdt[SELECTOR_DATA / 8] = GDT_DATA;
	cpu->gdt[SELECTOR_USER_DATA / 8] = GDT_USER_DATA;
	cpu->gdt[SELECTOR_USER_CODE / 8] = GDT_USER_CODE;
	cpu->gdt[SELECTOR_TSS / 8] =
		(sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | TSS_TYPE << 40 | (tss >> 24 & 0xff) << 56;
	cpu->gdt[SELECTOR_TSS / 8 + 1] = tss >> 32;
	cpu->gdt[SELECTOR_CODE_32 / 8] = GDT_CODE_32;
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%ss\n\t"
			 "movl %3, %%ds\n\t"
			 "movl %3, %%es\n\t"
			 "movl %3, %%fs\n\t"
			 "movl %3, %%gs\n\t"
			 "ltr %w4"
			 :
			 : "m"(gdtr), "i"(SELECTOR_CODE), "r"(SELECTOR_DATA), "r"(0), "r"(SELECTOR_TSS)
			 : "rax", "memory");
}

void cpu_take(struct cpu *cpu)
{
	cpu->self = cpu;
	cpu->index = (uint32_t)(cpu - cpus);
	cpu->attempt_rsp = 0;
	cpu->tss.rsp[0] = (uint64_t)cpu->trap_stack + CPU_STACK_BYTES;
	cpu->tss.ist[0] = (uint64_t)cpu->fault_stack + CPU_STACK_BYTES;
	cpu->tss.iopb = sizeof(struct tss);
	segments_load(cpu);
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
	idt_load();
	write_cr0((read_cr0() & ~(CR0_CD | CR0_NW)) | CR0_AM | 0x10033u); /* WP, NE, ET, MP, PE */
	/* A TDX guest may not clear MCE (TDX module base specification, "CR4"). */
	write_cr4((read_cr4() & CR4_MCE) | CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE);
	cpu->apic_base_at_start = rdmsr(MSR_APIC_BASE);
	/* In xAPIC mode the enable bit is set already; x2APIC is on top of it. */
	if (!(cpu->apic_base_at_start & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE, cpu->apic_base_at_start | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	wrmsr(MSR_X2APIC_SIVR, SIVR_ENABLE);
	cpu->apic_id = (uint32_t)rdmsr(MSR_X2APIC_ID);
}

void trampoline_set(uint64_t page0, uint64_t page1)
{
	pages[0] = (struct start_page *)page0;
	pages[1] = (struct start_page *)page1;
}

void ipi_send(uint32_t apic_id, uint32_t command)
{
	/* WRMSR to the x2APIC does not order earlier stores (APM volume 2, section 16.13). */
	__asm__ volatile("mfence; lfence" : : : "memory");
	wrmsr(MSR_X2APIC_ICR, (uint64_t)apic_id << 32 | command);
}

void cpu_serve(struct cpu *cpu)
{
	cpu_take(cpu);
	cpu->work = NULL;
	cpu->starts++;
	for (;;) {
		if (cpu->work) {
			cpu->work(cpu->argument);
			cpu->work = NULL;
		}
		cpu_relax();
	}
}

uint8_t start_prepare(struct cpu *cpu, unsigned int page)
{
	struct start_page *p = pages[page];

	*p = (struct start_page){0};
	for (const uint8_t *b = trampoline; b < trampoline_end; b++)
		p->code[b - trampoline] = *b;
	p->gdt_limit = sizeof(p->gdt) - 1;
	p->gdt_base = (uint32_t)(uint64_t)&p->gdt;
	p->gdt[1] = GDT_CODE;
	p->cr3 = read_cr3();
	p->cpu = (uint64_t)cpu;
	p->stack = (uint64_t)cpu->stack + CPU_STACK_BYTES;
	p->entry = (uint64_t)cpu_serve;
	p->far_offset = (uint32_t)(uint64_t)p + (uint32_t)(trampoline_long - trampoline);
	p->far_selector = SELECTOR_CODE;
	return (uint8_t)((uint64_t)p >> 12);
}

uint8_t start_prepare_call(struct cpu *cpu, unsigned int page, const void *instruction, const struct start_call *call)
{
	const uint8_t vector = start_prepare(cpu, page);
	const uint8_t *byte = instruction;

	pages[page]->call = *call;
	for (uint32_t i = 0; i < CALL_BYTES; i++)
		pages[page]->code[trampoline_call - trampoline + i] = byte[i];
	return vector;
}

const struct start_call *start_answer(unsigned int page)
{
	return &pages[page]->answer;
}

const struct start_state *start_recorded(unsigned int page)
{
	return &pages[page]->state;
}

bool cpu_start(struct cpu *cpu, unsigned int page)
{
	return cpu_start_at(cpu, start_prepare(cpu, page));
}

bool cpu_start_at(struct cpu *cpu, uint8_t vector)
{
	const uint32_t before = cpu->starts;

	ipi_send(cpu->apic_id, ICR_INIT | ICR_ASSERT);
	delay_us(INIT_SETTLE_US);
	ipi_send(cpu->apic_id, ICR_STARTUP | ICR_ASSERT | vector);
	delay_us(SIPI_SETTLE_US);
	ipi_send(cpu->apic_id, ICR_STARTUP | ICR_ASSERT | vector);
	return wait_until(cpu->starts != before, PATIENCE_US);
}

/* The first enabled CPU of the MADT that is not this one. */
static bool find_second(uint32_t *apic_id)
{
	const uint32_t count = acpi_cpus();

	for (uint32_t i = 0; i < count; i++) {
		*apic_id = acpi_cpu(i);
		if (*apic_id != cpus[0].apic_id)
			return true;
	}
	return false;
}

struct cpu *second_cpu(void)
{
	struct cpu *cpu = &cpus[1];

	if (cpu->starts)
		return cpu;
	if (!find_second(&cpu->apic_id))
		return NULL;
	if (!cpu_start(cpu, 0))
		bail_out("the CPU with APIC ID %u does not start", cpu->apic_id);
	return cpu;
}

void cpu_run(struct cpu *cpu, cpu_work work, void *argument)
{
	cpu->argument = argument;
	cpu->work = work;
}

bool cpu_wait(struct cpu *cpu, uint64_t timeout_us)
{
	return wait_until(!cpu->work, timeout_us);
}
