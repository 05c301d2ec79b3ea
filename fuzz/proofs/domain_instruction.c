/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/exit.c, instructions, and hv/svm/guest_mov.c: for every content of the vCPU's registers and every byte of
 * its code. What is refused gets its exception, over a double fault the vCPU's end, and no register has changed. What
 * is answered is stepped over, without an event and without the host, and changes the registers that the manual says
 * and no other bit. Nothing reaches XCR0 or CR4 that the guest may not have there.
 * Assumed: the local APIC (lapic.c), TDCALL (tdcall.c), CPUID, MSRs and the reader of the guest's code answer as their
 * headers say: each is another proof's subject, or the unit tests'.
 */
#include "domain_exit.h"

#include "domain/code.h"
#include "domain/cpuid.h"
#include "domain/tdcall.h"
#include "svm.h"

/* What the guest's CPU and the rest of hv/domain say; any. */
static struct {
	enum guest_mode mode;
	bool msr_done, is_tdcall, cr4_fits;
	unsigned cpl;
	uint64_t msr;
	struct cpuid_result leaf1, leaf7, leaf;
	uint8_t code[4];
	uint32_t readable; /* bytes of it */
} is;

static struct vmcb vmcb;

static bool passed_on, wrote_cr4, wrote_xcr0, wrote_tpr;
static uint64_t cr4, xcr0, tpr;
static uint32_t asked_leaf, asked_subleaf; /* of CPUID, at last */

unsigned vcpu_cpl(const struct vcpu *of)
{
	check_vcpu(of);
	return is.cpl;
}

enum guest_mode vcpu_guest_mode(const struct vcpu *of)
{
	check_vcpu(of);
	return is.mode;
}

/* Completes the instruction, or refuses it. */
bool vcpu_guest_write_cr4(struct vcpu *of, uint64_t value, unsigned bytes)
{
	check_vcpu(of);
	PROVE(!wrote_cr4);
	wrote_cr4 = true;
	cr4 = value;
	if (is.cr4_fits)
		vcpu_advance(of, bytes);
	return is.cr4_fits;
}

void xsetbv(uint32_t index, uint64_t value)
{
	PROVE(index == 0 && !wrote_xcr0);
	wrote_xcr0 = true;
	xcr0 = value;
}

void guest_cpuid(const struct td_vcpu *of, uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	check_vcpu(&of->vcpu);
	asked_leaf = leaf;
	asked_subleaf = subleaf;
	*r = leaf == 1 ? is.leaf1 : leaf == 7 ? is.leaf7 : is.leaf;
}

bool guest_msr_read(struct td_vcpu *of, uint32_t msr, uint64_t *value)
{
	check_vcpu(&of->vcpu);
	PROVE(msr == (uint32_t)before.frame.guest.rcx);
	*value = is.msr;
	return is.msr_done;
}

bool guest_msr_write(struct td_vcpu *of, uint32_t msr, uint64_t value)
{
	check_vcpu(&of->vcpu);
	PROVE(msr == (uint32_t)before.frame.guest.rcx && (uint32_t)value == (uint32_t)before.frame.guest.rax);
	PROVE(value >> 32 == (uint32_t)before.frame.guest.rdx);
	return is.msr_done;
}

bool guest_code_read(struct vcpu *of, uint32_t from, void *buffer, uint32_t bytes)
{
	check_vcpu(of);
	PROVE(from <= 1 && bytes <= 3);
	for (uint32_t i = 0; i < 3; i++) {
		if (i < bytes)
			((uint8_t *)buffer)[i] = is.code[from + i];
	}
	return from + bytes <= is.readable;
}

bool code_is(struct td_vcpu *of, uint32_t expected)
{
	check_vcpu(&of->vcpu);
	PROVE(expected == 0xcc010f66);
	return is.is_tdcall;
}

void tdcall(struct td_vcpu *of)
{
	check_vcpu(&of->vcpu);
	PROVE(is.cpl == 0 && is.mode == GUEST_64BIT && !passed_on);
	passed_on = true;
}

/* The task's priority has eight bits. */
bool lapic_write(struct td_vcpu *of, uint32_t msr, uint64_t value)
{
	PROVE(!left && of == vcpu && msr == 0x808 && value <= 0xff && !wrote_tpr);
	wrote_tpr = true;
	tpr = value;
	return true;
}

static void make_instruction(void)
{
	set_up();
	__CPROVER_havoc_object(&is);
	is.msr_done = any_bool();
	is.is_tdcall = any_bool();
	is.cr4_fits = any_bool();
	ASSUME(is.cpl <= 3 && (uint32_t)is.mode <= GUEST_64BIT);
	__CPROVER_havoc_object(&vmcb);
	vcpu->vcpu.vendor.vmcb = &vmcb;
}

/* No event, and not to the host: the instruction is done. */
static void check_done(unsigned bytes)
{
	check();
	PROVE(advanced == bytes && !left && exception == NONE && !ve);
}

static void check_completed(bool done, unsigned bytes)
{
	if (done)
		check_done(bytes);
	else
		check_exception(13, 0);
}

void prove_instruction_cpuid(void)
{
	make_instruction();
	const struct registers *const was = &before.frame.guest, *const got = &after.frame.guest;
	const uint32_t leaf = (uint32_t)was->rax;
	const struct cpuid_result *const r = leaf == 1 ? &is.leaf1 : leaf == 7 ? &is.leaf7 : &is.leaf;

	guest_exit_cpuid(&vcpu->vcpu);
	check_done(2);
	check_registers(true, true);
	PROVE(asked_leaf == leaf && asked_subleaf == (uint32_t)was->rcx);
	PROVE(got->rax == r->eax && got->rbx == r->ebx && got->rcx == r->ecx && got->rdx == r->edx);
	REACHABLE(was->rax >> 32 != 0 && got->rax == UINT32_MAX);
}

void prove_instruction_msr(void)
{
	const bool writes = any_bool();

	make_instruction();
	if (writes)
		guest_exit_wrmsr(&vcpu->vcpu);
	else
		guest_exit_rdmsr(&vcpu->vcpu);
	check_completed(is.msr_done, 2);
	check_registers(is.msr_done && !writes, false);
	if (is.msr_done && !writes)
		PROVE(after.frame.guest.rax == (uint32_t)is.msr && after.frame.guest.rdx == is.msr >> 32);
	REACHABLE(advanced == 2 && writes);
	REACHABLE(exception == 13 && !writes);
	REACHABLE(ended);
}

/* SDM 1 13.3: x87 always; AVX with SSE; AVX-512 whole, with AVX; MPX and AMX whole. */
static bool xcr0_fits(uint64_t value)
{
	const uint64_t avx512 = value & 0xe0, mpx = value & 0x18, amx = value & 0x60000;

	return (value & ~td.info.params.xfam) == 0 && (value & 1) != 0 && ((value & 4) == 0 || (value & 2) != 0) &&
	       (avx512 == 0 || (avx512 == 0xe0 && (value & 4) != 0)) && (mpx == 0 || mpx == 0x18) &&
	       (amx == 0 || amx == 0x60000);
}

/* What XSETBV would refuse does not reach it. */
void prove_instruction_xsetbv(void)
{
	make_instruction();
	const struct registers *const guest = &before.frame.guest;
	const uint64_t value = guest->rdx << 32 | (uint32_t)guest->rax;
	const bool fits = is.cpl == 0 && (uint32_t)guest->rcx == 0 && xcr0_fits(value);

	guest_exit_xsetbv(&vcpu->vcpu);
	check_completed(fits, 3);
	check_registers(false, false);
	PROVE(wrote_xcr0 == fits && (!fits || xcr0 == value));
	REACHABLE(fits && value == 0xe7);
	REACHABLE(exception == 13 && is.cpl == 3);
}

/* Bits of CR4 by number (SDM 3A 2.5): those that every CPU has, and those that CPUID shows. */
static bool cr4_fits(uint64_t value)
{
	const uint64_t always = 0x6ff, fsgsbase = is.leaf7.ebx & 1, smep = is.leaf7.ebx >> 7 & 1,
		       smap = is.leaf7.ebx >> 20 & 1, umip = is.leaf7.ecx >> 2 & 1, pcid = is.leaf1.ecx >> 17 & 1,
		       xsave = is.leaf1.ecx >> 26 & 1;

	return (value & ~(always | umip << 11 | fsgsbase << 16 | pcid << 17 | xsave << 18 | smep << 20 | smap << 21)) ==
	       0;
}

static void check_cr4(uint64_t value, unsigned bytes)
{
	const bool fits = cr4_fits(value);

	check_completed(fits && is.cr4_fits, bytes);
	check_registers(false, false);
	PROVE(wrote_cr4 == fits && (!fits || cr4 == value));
}

void prove_instruction_cr4(void)
{
	uint64_t value;
	unsigned bytes;

	ASSUME(bytes == 3 || bytes == 4);
	make_instruction();
	guest_exit_cr4(&vcpu->vcpu, value, bytes);
	check_cr4(value, bytes);
	REACHABLE(advanced == 4 && value == 0x370eff);
	REACHABLE(exception == 13 && value == 1 << 11);
	REACHABLE(exception == 13 && wrote_cr4);
}

/* The upper half of the task's priority (SDM 3A 11.8.6). */
static void check_cr8(uint64_t value)
{
	check_completed(value <= 15, 4);
	check_registers(false, false);
	PROVE(wrote_tpr == (value <= 15) && (!wrote_tpr || tpr == value << 4));
}

void prove_instruction_cr8(void)
{
	uint64_t value;

	make_instruction();
	PROVE(guest_cr8(&vcpu->vcpu) == before.lapic.reg[LAPIC_TPR] >> 4);
	guest_exit_cr8(&vcpu->vcpu, value);
	check_cr8(value);
	REACHABLE(advanced == 4 && value == 15);
	REACHABLE(exception == 13 && value == 16);
}

/* By its number in an instruction (SDM 2A table 2-2). */
static uint64_t register_of(unsigned number)
{
	const struct registers *const guest = &before.frame.guest;
	const uint64_t registers[16] = {guest->rax, guest->rcx, guest->rdx, guest->rbx, vmcb.rsp,   guest->rbp,
					guest->rsi, guest->rdi, guest->r8,  guest->r9,  guest->r10, guest->r11,
					guest->r12, guest->r13, guest->r14, guest->r15};

	return registers[number];
}

/* MOV (SDM 2B): REX or not, 0F 22, a register to a control register. Whatever is no such MOV is refused. */
void prove_instruction_mov_cr(void)
{
	const unsigned control = any_bool() ? 8 : 4;

	make_instruction();
	const bool rex = is.code[0] >> 4 == 4;
	const unsigned bytes = rex ? 4 : 3, modrm = is.code[bytes - 1];
	const unsigned number = (modrm & 7) + (rex && (is.code[0] & 1) != 0 ? 8 : 0);
	const unsigned to = (modrm >> 3 & 7) + (rex && (is.code[0] & 4) != 0 ? 8 : 0);
	const uint64_t value = register_of(number);

	svm_guest_mov_cr(&vcpu->vcpu, control);
	if (is.readable < bytes || is.code[bytes - 3] != 0x0f || is.code[bytes - 2] != 0x22 || modrm < 0xc0 ||
	    to != control)
		check_exception(13, 0);
	else if (control == 8)
		check_cr8(value);
	else
		check_cr4(is.mode == GUEST_64BIT ? value : (uint32_t)value, bytes);
	REACHABLE(control == 8 && advanced == 4 && number == 15);
	REACHABLE(control == 4 && advanced == 3 && number == 4);
	REACHABLE(exception == 13 && is.readable == 3 && rex);
}

/* It wakes up again where interrupts are on. */
void prove_instruction_hlt(void)
{
	make_instruction();
	guest_exit_hlt(&vcpu->vcpu);
	check_done(1);
	check_registers(false, false);
	PROVE(after.halt == (interrupts_on ? HALTED : HALTED_FOR_GOOD));
	REACHABLE(after.halt == HALTED && before.halt == NOT_HALTED);
	REACHABLE(after.halt == HALTED_FOR_GOOD);
}

/* The kernel's 64-bit code has TDCALL; whoever else has #UD. */
void prove_instruction_tdcall(void)
{
	const bool known = any_bool();

	make_instruction();
	guest_exit_tdcall(&vcpu->vcpu, known);
	PROVE(passed_on == (is.cpl == 0 && is.mode == GUEST_64BIT && (known || is.is_tdcall)));
	if (passed_on)
		check_done(0);
	else
		check_exception(6, 0);
	REACHABLE(passed_on && !known);
	REACHABLE(exception == 6 && is.is_tdcall && is.cpl == 3);
	REACHABLE(exception == 6 && known && is.mode == GUEST_COMPATIBILITY);
}
