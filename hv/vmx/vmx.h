/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the VT-x files share among themselves. */
#ifndef CLOISTER_VMX_VMX_H
#define CLOISTER_VMX_VMX_H

#include "vcpu/exit.h"
#include "instructions.h"

struct vcpu;

struct segment {
	uint16_t selector;
	uint32_t rights, limit;
	uint64_t base;
};

void vmx_write_segment(enum vmcs_segment which, const struct segment *segment);

/* All segments of a vCPU that starts: @data is DS's and all others'; neither GDT, IDT nor LDT, and a TSS. */
void vmx_reset_segments(const struct segment *code, const struct segment *data);

/*
 * Of the masked bits those that the guest has as it writes them. MCE is always set in its CR4: without it, a machine
 * check is a shutdown of the CPU in place of an exit, and nothing is wiped (SDM 3B 15.10.4.1).
 */
#define CR4_SHOWN (CR4_MIRRORED | CR4_MCE)

/*
 * MOV to CR4 of a value that differs in a bit of CR4_MASK. True: the guest executes it again, without an exit. False:
 * #GP.
 */
bool vmx_cr4_write(struct vcpu *vcpu, uint64_t value);

/* CR0 as VMX operation with an unrestricted guest wants it (SDM 3C 23.8): @cr0 with the fixed bits. */
uint64_t vmx_guest_cr0(uint64_t cr0);

/* The guest's second-level table, from its next entry on. */
static inline void vmx_set_stage2(paddr_t root)
{
	vmwrite(EPT_POINTER, root.value | EPTP_4_LEVELS | EPTP_WRITE_BACK);
}

/* Triple fault of the guest. */
_Noreturn void vmx_guest_shutdown(struct vcpu *vcpu);

/* The guest can take an NMI now. */
void vmx_exit_nmi_window(struct vcpu *vcpu);

/* Ends what vcpu_nmi_arrived() or vcpu_detour() asked for. */
void vmx_trap_flag_off(const struct vcpu *vcpu);

/*
 * Entry points from entry.S: answers an exit; VMLAUNCH or VMRESUME failed without entering, and it returns where
 * VMLAUNCH is to be tried.
 */
void vmx_exit(struct vcpu *vcpu);
void vmx_entry_failed(struct vcpu *vcpu);

/* Port I/O, by its exit qualification (SDM 3C table 27-5), without REP and the instruction's length. */
static inline struct io_access vmx_io_access(uint64_t qualification)
{
	return (struct io_access){
		.port = IO_PORT(qualification),
		.bytes = IO_BYTES(qualification),
		.in = IO_IN(qualification),
		.string = IO_STRING(qualification),
	};
}

#endif
