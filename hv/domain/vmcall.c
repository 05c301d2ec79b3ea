/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TDG.VP.VMCALL: what a guest asks of the hypervisor and, through it, of the host (docs/guest-abi.md, section 6). Of
 * the guest's registers the host sees those that the guest passed for the purpose.
 */
#include "cpuid.h"
#include "run.h"
#include "tdcall.h"
#include "tdx/abi.h"

#define MASK_ALLOWED 0xffccull /* RDX, RBX, RSI, RDI, R8 to R15 */
#define ARGUMENTS    0xfc00ull /* R10 to R15 */
#define CHUNK_BYTES  0x200000ull
#define QUOTE_BYTES  0x20000ull
#define IO_WIDTHS    (1u << 1 | 1u << 2 | 1u << 4) /* in bytes */
#define MMIO_WIDTHS  (IO_WIDTHS | 1u << 8)
#define NO_STATUS    UINT64_MAX /* the call is complete already, or is to be repeated */

/* Completes the instruction with a status in R10. */
static void complete(struct td_vcpu *vcpu, uint64_t status)
{
	struct registers *const guest = &vcpu->vcpu.frame->guest;

	guest->rax = TDX_SUCCESS;
	guest->r10 = status;
	vcpu_advance(&vcpu->vcpu, TDCALL_BYTES);
}

/* The same, before the host's answer. @bytes: of the value that goes to R11 */
static uint64_t ask_host(struct td_vcpu *vcpu, const struct domain_exit *exit, uint32_t bytes)
{
	complete(vcpu, VMCALL_SUCCESS);
	vcpu->asked = true;
	vcpu->answer_bytes = bytes;
	run_leave(vcpu, exit);
	return NO_STATUS;
}

static bool is_shared(const struct td *td, uint64_t address)
{
	return (address & td_shared_bit(td)) != 0 && address >> td->gpa_bits == 0;
}

/* Without the shared bit. */
static gpa_t plain(const struct td *td, uint64_t address)
{
	return gpa(address & ~td_shared_bit(td));
}

/* Whole pages of one half? */
static bool is_ram(const struct td *td, uint64_t address, uint64_t bytes)
{
	return bytes != 0 && address >> td->gpa_bits == 0 && domain_is_ram(td, plain(td, address), bytes);
}

static uint64_t access(struct td_vcpu *vcpu, const struct registers *guest, enum domain_exit_kind kind,
		       uint64_t address, uint32_t widths)
{
	const uint32_t bytes = (uint32_t)guest->r12;
	const bool write = guest->r13 != 0;

	if (guest->r12 > 8 || (widths >> bytes & 1) == 0 || guest->r13 > 1)
		return VMCALL_INVALID_OPERAND;
	const uint64_t value = bytes == 8 ? guest->r15 : guest->r15 & ((1ull << 8 * bytes) - 1);
	const struct domain_exit exit = {
		.kind = kind, .bytes = bytes, .address = address, .write = write, .value = write ? value : 0};

	return ask_host(vcpu, &exit, write ? 0 : bytes);
}

static uint64_t mmio(struct td_vcpu *vcpu, const struct registers *guest)
{
	const uint64_t bytes = guest->r12, address = guest->r14;
	const gpa_t device = plain(vcpu->td, address);

	if (!is_shared(vcpu->td, address) || bytes > PAGE_BYTES - (address & PAGE_MASK) ||
	    domain_is_ram(vcpu->td, gpa(device.value & ~PAGE_MASK), PAGE_BYTES))
		return VMCALL_INVALID_OPERAND;
	return access(vcpu, guest, DOMAIN_EXIT_MMIO, device.value, MMIO_WIDTHS);
}

static uint64_t cpuid_instruction(struct td_vcpu *vcpu, struct registers *guest)
{
	struct cpuid_result r;

	guest_cpuid(vcpu, (uint32_t)guest->r12, (uint32_t)guest->r13, &r);
	guest->r12 = r.eax;
	guest->r13 = r.ebx;
	guest->r14 = r.ecx;
	guest->r15 = r.edx;
	return VMCALL_SUCCESS;
}

static uint64_t rdmsr_instruction(struct td_vcpu *vcpu, struct registers *guest)
{
	uint64_t value;

	if (guest->r12 > UINT32_MAX || !guest_msr_read(vcpu, (uint32_t)guest->r12, &value))
		return VMCALL_INVALID_OPERAND;
	guest->r11 = value;
	return VMCALL_SUCCESS;
}

static uint64_t wrmsr_instruction(struct td_vcpu *vcpu, const struct registers *guest)
{
	const bool done = guest->r12 <= UINT32_MAX && guest_msr_write(vcpu, (uint32_t)guest->r12, guest->r13);

	return done ? VMCALL_SUCCESS : VMCALL_INVALID_OPERAND;
}

/* Converts from @start on, as much as one answer to the host names. What the last entry could not do is in @answer. */
static uint64_t convert(struct td_vcpu *vcpu, gpa_t start, uint64_t bytes, bool shared, enum memory_answer *answer)
{
	const uint64_t wanted = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;
	uint64_t done = 0;

	*answer = MEMORY_DONE;
	while (done < wanted) {
		uint64_t unit = wanted - done;

		*answer = domain_convert(&vcpu->view, vcpu->td, gpa(start.value + done), &unit, shared);
		if (*answer != MEMORY_DONE)
			break;
		done += unit;
	}
	return done;
}

/*
 * Part by part: after each the guest is told to go on (RETRY), and the host learns what has changed. Where a page is
 * not yet free for the change, the guest repeats the call.
 */
static uint64_t map_gpa(struct td_vcpu *vcpu, struct registers *guest)
{
	const uint64_t start = guest->r12, bytes = guest->r13;
	const bool aligned = ((start | bytes) & PAGE_MASK) == 0, shared = is_shared(vcpu->td, start);
	const gpa_t first = plain(vcpu->td, start);
	const struct pool_view view = vcpu->view;
	const uint32_t domain = vcpu->td->info.domain;
	enum memory_answer answer;

	if (!aligned || !is_ram(vcpu->td, start, bytes)) {
		guest->r11 = start;
		return aligned ? VMCALL_INVALID_OPERAND : VMCALL_ALIGN_ERROR;
	}
	if (pool_lock_domain(&view, domain) != POOL_LOCKED)
		return NO_STATUS;
	const uint64_t done = convert(vcpu, first, bytes, shared, &answer);
	const struct domain_exit exit = {
		.kind = DOMAIN_EXIT_MAP_GPA, .address = first.value, .value = done, .write = shared};

	if (done != 0) {
		guest->r11 = start + done;
		complete(vcpu, (uint64_t)(done == bytes ? VMCALL_SUCCESS : VMCALL_RETRY));
		run_leave(vcpu, &exit);
	} else {
		(void)tdcall_needs_host(vcpu, answer, first);
	}
	pool_unlock_domain(&view, domain);
	return NO_STATUS;
}

static uint64_t get_quote(struct td_vcpu *vcpu, const struct registers *guest)
{
	const uint64_t address = guest->r12, bytes = guest->r13;
	const struct domain_exit exit = {
		.kind = DOMAIN_EXIT_GET_QUOTE, .address = plain(vcpu->td, address).value, .bytes = (uint32_t)bytes};

	if (((address | bytes) & PAGE_MASK) != 0 || bytes > QUOTE_BYTES || !is_shared(vcpu->td, address) ||
	    !is_ram(vcpu->td, address, bytes))
		return VMCALL_INVALID_OPERAND;
	return ask_host(vcpu, &exit, 0);
}

/* Of the registers of the text that the guest did not pass the host sees nothing. */
static uint64_t fatal_error(struct td_vcpu *vcpu, struct registers *guest)
{
	static const uint8_t order[] = {14, 15, 3, 7, 6, 8, 9, 2}; /* R14, R15, RBX, RDI, RSI, R8, R9, RDX */
	uint64_t text[sizeof(order)];

	for (unsigned i = 0; i < sizeof(order); i++)
		text[i] = (guest->rcx >> order[i] & 1) != 0 ? *registers_at(guest, order[i]) : 0;
	run_end(vcpu, &(struct domain_exit){.kind = DOMAIN_EXIT_FATAL, .value = guest->r12}, text);
	return NO_STATUS;
}

static uint64_t standard(struct td_vcpu *vcpu, struct registers *guest)
{
	switch (guest->r11) {
	case VMCALL_CPUID:
		return cpuid_instruction(vcpu, guest);
	case VMCALL_HLT:
		vcpu->halt = guest->r12 != 0 ? HALTED_FOR_GOOD : HALTED;
		return VMCALL_SUCCESS;
	case VMCALL_IO:
		return guest->r14 > UINT16_MAX ? VMCALL_INVALID_OPERAND
					       : access(vcpu, guest, DOMAIN_EXIT_IO, guest->r14, IO_WIDTHS);
	case VMCALL_RDMSR:
		return rdmsr_instruction(vcpu, guest);
	case VMCALL_WRMSR:
		return wrmsr_instruction(vcpu, guest);
	case VMCALL_MMIO:
		return mmio(vcpu, guest);
	case VMCALL_GET_INFO:
		guest->r11 = guest->r12 = guest->r13 = guest->r14 = 0;
		return VMCALL_SUCCESS;
	case VMCALL_WBINVD:
		return VMCALL_SUCCESS;
	case VMCALL_MAP_GPA:
		return map_gpa(vcpu, guest);
	case VMCALL_GET_QUOTE:
		return get_quote(vcpu, guest);
	case VMCALL_FATAL_ERROR:
		return fatal_error(vcpu, guest);
	default:
		return VMCALL_SUBFUNC_UNSUPPORTED;
	}
}

void vmcall(struct td_vcpu *vcpu)
{
	struct registers *const guest = &vcpu->vcpu.frame->guest;
	uint64_t status = VMCALL_INVALID_OPERAND; /* somebody's own calls; arguments that are not passed */

	if ((guest->rcx & ~MASK_ALLOWED) != 0) {
		guest->rax = TDX_OPERAND_INVALID | OPERAND_RCX;
		return vcpu_advance(&vcpu->vcpu, TDCALL_BYTES);
	}
	if (guest->r10 == 0 && (guest->rcx & ARGUMENTS) == ARGUMENTS)
		status = standard(vcpu, guest);
	if (status != NO_STATUS)
		complete(vcpu, status);
}
