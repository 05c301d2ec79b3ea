/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INIT, as far as the local APIC is concerned. */
#include "apic.h"

#include "x86/msr.h"
#include "x86/instructions.h"

void apic_reset(void)
{
	const unsigned last_lvt = rdmsr(IA32_X2APIC_VERSION) >> 16 & 0xff;

	for (uint32_t msr = IA32_X2APIC_LVT_TIMER; msr <= IA32_X2APIC_LVT_ERROR; msr++) {
		if ((msr != IA32_X2APIC_LVT_THERMAL || last_lvt >= 5) && (msr != IA32_X2APIC_LVT_PMI || last_lvt >= 4))
			wrmsr(msr, 1u << 16); /* masked */
	}
	wrmsr(IA32_X2APIC_INIT_COUNT, 0);
	wrmsr(IA32_X2APIC_DIV_CONF, 0);
	wrmsr(IA32_X2APIC_TPR, 0);
	for (uint32_t i = 0; i < 8; i++) { /* interrupts in service end */
		for (uint64_t bits = rdmsr(IA32_X2APIC_ISR0 + i); bits != 0; bits &= bits - 1)
			wrmsr(IA32_X2APIC_EOI, 0);
	}
	wrmsr(IA32_X2APIC_SIVR, 0xff);
}
