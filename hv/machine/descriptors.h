/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDT, TSS and IDT of the hypervisor. */
#ifndef CLOISTER_MACHINE_DESCRIPTORS_H
#define CLOISTER_MACHINE_DESCRIPTORS_H

#include "cpu.h"

/* Fills a CPU's GDT; @tss stays where it is. */
void descriptors_build(uint64_t gdt[GDT_ENTRIES], const struct tss *tss);

/* Fills the IDT that all CPUs share. Once, at boot. */
void descriptors_build_idt(void);

/* Loads GDT, segment registers, TR and IDT of this CPU. */
void descriptors_load(const uint64_t gdt[GDT_ENTRIES]);

#endif
