/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk of the guest's page tables, with private memory alone: four levels (SDM 3A 4.5; APM 2 5.3). Another vCPU may
 * change what is read at the same time: that is the guest's own affair.
 */
#include "code.h"

#include "memory.h"
#include "memory/pte.h"
#include "vcpu/guest_exit.h"

#define PTE_PS      (1ull << 7)
#define KERNEL_HALF (1ull << 63)

static paddr_t translate_private(struct td_vcpu *vcpu, gpa_t address)
{
	return address.value < td_shared_bit(vcpu->td) ? domain_translate(&vcpu->view, vcpu->td, address) : paddr(0);
}

/* False at the address 0, which is no page. */
static bool copy_in(struct td_vcpu *vcpu, paddr_t at, void *buffer, uint32_t bytes)
{
	if (at.value != 0)
		window_read(vcpu->view.paging, vcpu->view.cpu, at, buffer, bytes);
	return at.value != 0;
}

bool private_read(struct td_vcpu *vcpu, gpa_t address, void *buffer, uint32_t bytes)
{
	return copy_in(vcpu, translate_private(vcpu, address), buffer, bytes);
}

bool private_write(struct td_vcpu *vcpu, gpa_t address, const void *buffer, uint32_t bytes)
{
	const paddr_t at = translate_private(vcpu, address);

	if (at.value != 0)
		window_write(vcpu->view.paging, vcpu->view.cpu, at, buffer, bytes);
	return at.value != 0;
}

/* Where the guest's tables lead; where they do not, an address that is not private. */
static gpa_t walk(struct td_vcpu *vcpu, uint64_t linear)
{
	uint64_t entry = vcpu_guest_cr3(&vcpu->vcpu);

	for (unsigned shift = 39;; shift -= 9) {
		const gpa_t at = gpa((entry & PTE_ADDRESS) + (linear >> shift & 511) * sizeof(entry));
		const uint64_t span = (1ull << shift) - 1;

		if (!private_read(vcpu, at, &entry, sizeof(entry)) || (entry & PTE_P) == 0)
			return gpa(UINT64_MAX);
		if (shift == 12 || (shift < 39 && (entry & PTE_PS) != 0))
			return gpa((entry & PTE_ADDRESS & ~span) | (linear & span));
	}
}

/* Without paging the segment's base, which only starts at 0, is taken to be 0 yet. */
static paddr_t translate(struct td_vcpu *vcpu, uint64_t linear)
{
	const enum guest_mode mode = vcpu_guest_mode(&vcpu->vcpu);

	if (mode == GUEST_PAGED)
		return paddr(0);
	return translate_private(vcpu, mode == GUEST_UNPAGED ? gpa((uint32_t)linear) : walk(vcpu, linear));
}

bool guest_code_read(struct vcpu *of, uint32_t from, void *buffer, uint32_t bytes)
{
	struct td_vcpu *const vcpu = td_vcpu_of(of);
	const uint64_t start = vcpu_rip(of) + from;
	const uint32_t left = PAGE_BYTES - (uint32_t)(start & PAGE_MASK), part = bytes < left ? bytes : left;

	return copy_in(vcpu, translate(vcpu, start), buffer, part) &&
	       (part == bytes || copy_in(vcpu, translate(vcpu, start + part), (uint8_t *)buffer + part, bytes - part));
}

/* A kernel's code is the same under each CR3. */
static bool is_site(const struct td_vcpu *vcpu, uint64_t linear)
{
	const struct call_site *const site = &vcpu->site;

	return site->address.value != 0 && site->linear == linear &&
	       ((linear & KERNEL_HALF) != 0 || site->cr3 == vcpu_guest_cr3(&vcpu->vcpu));
}

/*
 * A guest calls from few places: the last one's page is kept, as in a TLB. A guest that puts other code there
 * is taken to execute what was there only as long as that page has it yet, and the new code is no valid instruction.
 */
bool code_is(struct td_vcpu *vcpu, uint32_t expected)
{
	const uint64_t rip = vcpu_rip(&vcpu->vcpu), offset = rip & PAGE_MASK, linear = rip - offset;
	uint32_t code;

	if (is_site(vcpu, linear) && offset <= PAGE_BYTES - sizeof(code) &&
	    copy_in(vcpu, paddr(vcpu->site.address.value + offset), &code, sizeof(code)) && code == expected)
		return true;
	if (!guest_code_read(&vcpu->vcpu, 0, &code, sizeof(code)) || code != expected)
		return false;
	vcpu->site = (struct call_site){linear, vcpu_guest_cr3(&vcpu->vcpu), translate(vcpu, linear)};
	return true;
}
