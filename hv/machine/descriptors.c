/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDT, TSS and IDT (SDM 3A 3.4.5, 6.14, 8.7). */
#include "descriptors.h"

#include "host.inc"
#include "x86/registers.h"
#include "x86/segments.h"

_Static_assert(CR0_HOST == (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), "host.inc");
_Static_assert(CR4_HOST == (CR4_SMAP | CR4_SMEP | CR4_OSXSAVE | CR4_MCE | CR4_PAE), "host.inc");
_Static_assert(CR4_KEPT == CR4_VMXE, "host.inc");

#define VECTORS 32

#define DESCRIPTOR_CODE64 0x00209b0000000000ull /* present, accessed, execute/read, L */
#define DESCRIPTOR_DATA   0x0000930000000000ull /* present, accessed, read/write */
#define DESCRIPTOR_TSS    0x0000890000000000ull /* present, 64-bit TSS, available */
#define GATE_INTERRUPT    0x8e00u               /* present, 64-bit interrupt gate */

struct gate {
	uint16_t offset_low, selector, type, offset_mid;
	uint32_t offset_high, reserved;
};

static struct gate idt[VECTORS];

/* exception_stubs.S: one stub a vector, 16 bytes each. */
extern const char exception_stubs[];

void descriptors_build(uint64_t gdt[GDT_ENTRIES], const struct tss *tss)
{
	const uint64_t base = (uintptr_t)tss;

	gdt[HOST_CS / 8] = DESCRIPTOR_CODE64;
	gdt[HOST_DS / 8] = DESCRIPTOR_DATA;
	gdt[HOST_TR / 8] =
		DESCRIPTOR_TSS | (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	gdt[HOST_TR / 8 + 1] = base >> 32;
}

/* Those that can come at any moment have stacks that are known to be good. */
static const uint8_t ist_of[VECTORS] = {[VECTOR_NMI] = IST_NMI, [VECTOR_DF] = IST_DF, [VECTOR_MC] = IST_MC};

void descriptors_build_idt(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++) {
		const uint64_t stub = (uintptr_t)exception_stubs + 16ull * vector;

		idt[vector] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = HOST_CS,
			.type = (uint16_t)(GATE_INTERRUPT | ist_of[vector]),
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
}

void descriptors_load(const uint64_t gdt[GDT_ENTRIES])
{
	const struct descriptor_table gdtr = {GDT_ENTRIES * 8 - 1, (uintptr_t)gdt};
	const struct descriptor_table idtr = {sizeof(idt) - 1, (uintptr_t)idt};

	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\n\t"
			 "movl %3, %%ds\n\t"
			 "movl %3, %%es\n\t"
			 "movl %3, %%ss\n\t"
			 "movl %4, %%fs\n\t"
			 "movl %4, %%gs\n\t"
			 "lldt %w4\n\t"
			 "ltr %w5"
			 :
			 : "m"(gdtr), "m"(idtr), "i"(HOST_CS), "r"(HOST_DS), "r"(0), "r"(HOST_TR)
			 : "rax", "memory");
}
