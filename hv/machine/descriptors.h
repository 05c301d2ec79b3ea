/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDT, TSS and IDT of the hypervisor. */
#ifndef CLOISTER_MACHINE_DESCRIPTORS_H
#define CLOISTER_MACHINE_DESCRIPTORS_H

#include "cpu.h"
#include "exception.inc"

/* What the exception stubs (exception.S) push, lowest address first. */
struct exception_frame {
	uint64_t EXCEPTION_REGISTERS;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Fills a CPU's GDT; @tss stays where it is. */
void descriptors_build(uint64_t gdt[GDT_ENTRIES], const struct tss *tss);

/* Fills the IDT that all CPUs share. Once, at boot. */
void descriptors_build_idt(void);

/* Loads GDT, segment registers, TR and IDT of this CPU. */
void descriptors_load(const uint64_t gdt[GDT_ENTRIES]);

#endif
