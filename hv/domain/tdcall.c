/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The leaves of TDCALL. */
#include "tdcall.h"

#include "code.h"
#include "report.h"
#include "run.h"
#include "tdx/abi.h"

#define INVALID(operand)  (TDX_OPERAND_INVALID | (operand))
#define RTMR_ALIGNMENT    64u
#define ACCEPT_LEVEL(rcx) ((rcx) & 7)
#define ACCEPT_RESERVED   0xff8ull
#define REPEAT            UINT64_MAX /* no status: the guest executes the instruction again */
#define LOCKED_LEAVES \
	(1u << TDG_MR_RTMR_EXTEND | 1u << TDG_MR_REPORT | 1u << TDG_MEM_PAGE_ACCEPT | 1u << TDG_VM_RD | 1u << TDG_VM_WR)

bool tdcall_needs_host(struct td_vcpu *vcpu, enum memory_answer answer, gpa_t address)
{
	if (answer != MEMORY_NO_PAGE && answer != MEMORY_NO_TABLE)
		return false;
	run_leave(vcpu, &(struct domain_exit){
				.kind = answer == MEMORY_NO_PAGE ? DOMAIN_EXIT_PAGE : DOMAIN_EXIT_TABLE,
				.address = address.value,
			});
	return true;
}

static uint64_t leaf_info(struct td_vcpu *vcpu, struct registers *guest)
{
	const struct td *const td = vcpu->td;

	guest->rcx = td->gpa_bits;
	guest->rdx = td->info.params.attributes;
	guest->r8 = td->info.vcpus | (uint64_t)td->info.params.max_vcpus << 32;
	guest->r9 = vcpu->index;
	guest->r10 = guest->r11 = 0;
	return TDX_SUCCESS;
}

static uint64_t leaf_rtmr_extend(struct td_vcpu *vcpu, const struct registers *guest)
{
	uint8_t values[2][SHA384_BYTES]; /* what it is extended by comes after what it was */

	if (guest->rdx >= DOMAIN_RTMRS)
		return INVALID(OPERAND_RDX);
	if (guest->rcx % RTMR_ALIGNMENT != 0 || !private_read(vcpu, gpa(guest->rcx), values[1], SHA384_BYTES))
		return INVALID(OPERAND_RCX);
	uint8_t *const rtmr = vcpu->td->rtmr[guest->rdx];

	__builtin_memcpy(values[0], rtmr, SHA384_BYTES);
	sha384_of(values, sizeof(values), rtmr);
	return TDX_SUCCESS;
}

static uint64_t leaf_veinfo_get(struct td_vcpu *vcpu, struct registers *guest)
{
	const struct ve_info ve = vcpu->ve;

	vcpu->ve = (struct ve_info){.valid = false};
	guest->rcx = ve.reason;
	guest->rdx = ve.qualification;
	guest->r8 = ve.linear;
	guest->r9 = ve.physical;
	guest->r10 = ve.length;
	return ve.valid ? TDX_SUCCESS : TDX_NO_VALID_VE_INFO;
}

static uint64_t leaf_page_accept(struct td_vcpu *vcpu, const struct registers *guest)
{
	const uint64_t rcx = guest->rcx, level = ACCEPT_LEVEL(rcx);
	gpa_t address = gpa(rcx & ~PAGE_MASK);

	if ((rcx & ACCEPT_RESERVED) != 0)
		return INVALID(OPERAND_RCX);
	const enum memory_answer answer = domain_accept(&vcpu->view, vcpu->td, &address, level);

	if (answer == MEMORY_REPEAT || tdcall_needs_host(vcpu, answer, address))
		return REPEAT;
	if (answer == MEMORY_DONE)
		return TDX_SUCCESS;
	if (answer == MEMORY_ALREADY)
		return TDX_PAGE_ALREADY_ACCEPTED | level;
	return answer == MEMORY_MIXED ? TDX_PAGE_SIZE_MISMATCH | OPERAND_RCX : INVALID(OPERAND_RCX);
}

#define REPORT_ALIGNMENT     1024u
#define REPORT_MAC_ALIGNMENT 256u

/* Without a key there are no reports. */
static uint64_t leaf_report(struct td_vcpu *vcpu, const struct registers *guest)
{
	struct report report = {.mac = {.type = 0}};

	if (guest->r8 != 0)
		return INVALID(OPERAND_R8);
	if (guest->rdx % REPORT_DATA_BYTES != 0 ||
	    !private_read(vcpu, gpa(guest->rdx), report.mac.data, sizeof(report.mac.data)))
		return INVALID(OPERAND_RDX);
	if (guest->rcx % REPORT_ALIGNMENT != 0)
		return INVALID(OPERAND_RCX);
	const enum report_answer answer = report_make(vcpu, &report);

	if (answer != REPORT_MADE)
		return answer == REPORT_BUSY ? REPEAT : INVALID(OPERAND_RAX);
	return private_write(vcpu, gpa(guest->rcx), &report, sizeof(report)) ? TDX_SUCCESS : INVALID(OPERAND_RCX);
}

static uint64_t leaf_verify_report(struct td_vcpu *vcpu, const struct registers *guest)
{
	const uint64_t address = guest->rcx;
	struct report_mac report;

	if (address % REPORT_MAC_ALIGNMENT != 0 || !private_read(vcpu, gpa(address), &report, sizeof(report)))
		return INVALID(OPERAND_RCX);
	const enum report_answer answer = report_verify(vcpu, &report);

	if (answer == REPORT_BUSY)
		return REPEAT;
	return answer == REPORT_MADE ? TDX_SUCCESS : INVALID(OPERAND_RCX);
}

/* A field of the domain; of a value that is written, the bits that may be set, and those that have to be. */
struct field {
	uint64_t number, value;
	bool writable;
	uint64_t known, required;
};

static uint64_t field_write(struct td *td, const struct field *field, uint64_t value)
{
	if (!field->writable)
		return TDX_FIELD_NOT_WRITABLE;
	if ((value & ~field->known) != 0 || (field->required & ~value) != 0)
		return TDX_FIELD_VALUE_NOT_VALID;
	if (field->number == TD_CTLS)
		td->td_ctls = value;
	if (field->number == TD_CLOISTER_LAZY)
		td->lazy = value != 0;
	return TDX_SUCCESS;
}

/* TDG.VM.RD and TDG.VM.WR: R8 is the value as it was. */
static uint64_t leaf_field(struct td *td, struct registers *guest, bool write)
{
	const struct field fields[] = {
		{TD_ATTRIBUTES, td->info.params.attributes, false, 0, 0},
		{TD_CONFIG_FLAGS, CONFIG_FLEXIBLE_PENDING_VE, false, 0, 0},
		{TD_CTLS, td->td_ctls, true, TD_CTLS_KNOWN, TD_CTLS_PENDING_VE_DISABLE},
		{TD_NOTIFY_ENABLES, 0, true, 0, 0},
		{TD_NOTIFY_ENABLES_OLD, 0, true, 0, 0},
		{TD_TOPOLOGY_CONFIGURED, 1, false, 0, 0},
		{TD_CLOISTER_LAZY, td->lazy, true, 1, 0},
	};
	const uint64_t wanted = guest->r8, mask = guest->r9;
	uint64_t status = TDX_FIELD_ID_INCORRECT;

	guest->r8 = 0;
	if (guest->rcx != 0)
		return INVALID(OPERAND_RCX);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *const field = &fields[i];

		if (field->number != guest->rdx)
			continue;
		status = write ? field_write(td, field, (wanted & mask) | (field->value & ~mask)) : TDX_SUCCESS;
		guest->r8 = status == TDX_SUCCESS ? field->value : 0;
	}
	return status;
}

static uint64_t execute(struct td_vcpu *vcpu, struct registers *guest)
{
	switch (guest->rax) {
	case TDG_VP_INFO:
		return leaf_info(vcpu, guest);
	case TDG_MR_RTMR_EXTEND:
		return leaf_rtmr_extend(vcpu, guest);
	case TDG_VP_VEINFO_GET:
		return leaf_veinfo_get(vcpu, guest);
	case TDG_MR_REPORT:
		return leaf_report(vcpu, guest);
	case TDG_VP_CPUIDVE_SET:
		return guest->rcx <= 3 ? TDX_SUCCESS : INVALID(OPERAND_RCX);
	case TDG_MEM_PAGE_ACCEPT:
		return leaf_page_accept(vcpu, guest);
	case TDG_VM_RD:
	case TDG_VM_WR:
		return leaf_field(vcpu->td, guest, guest->rax == TDG_VM_WR);
	case TDG_VP_RD:
	case TDG_VP_WR:
		return TDX_FIELD_ID_INCORRECT;
	case TDG_MR_VERIFYREPORT:
		return leaf_verify_report(vcpu, guest);
	default:
		return INVALID(OPERAND_RAX); /* versions, too */
	}
}

/* Leaves that change what other vCPUs and the host look at: the domain is locked. */
static uint64_t execute_locked(struct td_vcpu *vcpu, struct registers *guest)
{
	if (guest->rax > TDG_VM_WR || (LOCKED_LEAVES >> guest->rax & 1) == 0)
		return execute(vcpu, guest);
	const struct pool_view view = vcpu->view;
	const uint32_t domain = vcpu->td->info.domain;

	if (pool_lock_domain(&view, domain) != POOL_LOCKED)
		return REPEAT; /* the host has it */
	const uint64_t status = execute(vcpu, guest);

	pool_unlock_domain(&view, domain);
	return status;
}

void tdcall(struct td_vcpu *vcpu)
{
	struct registers *const guest = &vcpu->vcpu.frame->guest;

	if (guest->rax == TDG_VP_VMCALL)
		return vmcall(vcpu);
	const uint64_t status = execute_locked(vcpu, guest);

	if (status == REPEAT)
		return;
	guest->rax = status;
	vcpu_advance(&vcpu->vcpu, TDCALL_BYTES);
}
