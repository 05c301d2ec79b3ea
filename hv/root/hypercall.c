/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls of the root guest (include/cloister/hypercall.h). */
#include "attest/attestation.h"
#include "domain/hypercall.h"
#include "iommu/iommu.h"
#include "machine/cpu.h"
#include "memory/window.h"
#include "root.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

static void fill_stats(const struct machine *m, struct hv_stats *stats)
{
	*stats = (struct hv_stats){
		.version = 1,
		.bytes = sizeof(*stats),
		.cpus_in_control = __atomic_load_n(&m->cpus_in_control, __ATOMIC_RELAXED),
		.cpus_parked = __atomic_load_n(&m->cpus_parked, __ATOMIC_RELAXED),
		.uptime_us = machine_uptime_us(m),
		.region_bytes = m->boot.region.bytes,
		.pool_bytes = m->boot.pool.bytes,
		.refused_dma = __atomic_load_n(&m->iommu->faults, __ATOMIC_RELAXED),
		.lost_dma = __atomic_load_n(&m->iommu->overflows, __ATOMIC_RELAXED),
		.iommu_units = m->iommu->unit_count,
	};
	for (uint32_t i = 0; i < m->boot.cpu_count; i++) {
		for (unsigned kind = 0; kind < HV_EXIT_KINDS; kind++)
			stats->exits[kind] += __atomic_load_n(&m->root->vcpus[i]->exits[kind], __ATOMIC_RELAXED);
	}
}

/* Copies the part of an object that HC_READ asks for; less at the end. Returns the bytes copied. */
static int64_t copy_out(struct vcpu *vcpu, const struct hypercall_arguments *a, const void *object, uint64_t length)
{
	if (a->rsi >= length)
		return 0;
	const uint32_t count = (uint32_t)(length - a->rsi < a->rcx ? length - a->rsi : a->rcx);

	window_write(vcpu->cpu->machine->paging, vcpu->cpu->index, paddr(a->rdx), (const uint8_t *)object + a->rsi,
		     count);
	return count;
}

static int64_t copy_console_out(struct vcpu *vcpu, const struct hypercall_arguments *a)
{
	const struct hypercall_arguments whole = {.rdx = a->rdx, .rcx = a->rcx};
	struct console *const console = &vcpu->cpu->machine->console;
	uint8_t part[256];
	uint32_t count = 0;

	lock_take(&console->lock);
	for (const uint32_t length = console_length(console);
	     count < sizeof(part) && count < a->rcx && a->rsi < length && count < length - a->rsi; count++)
		part[count] = (uint8_t)console_byte(console, (uint32_t)a->rsi + count);
	lock_release(&console->lock);
	return copy_out(vcpu, &whole, part, count);
}

static int64_t hypercall_read(struct vcpu *vcpu, const struct hypercall_arguments *a)
{
	struct machine *const m = vcpu->cpu->machine;
	struct hv_stats stats;
	const uint32_t object = (uint32_t)a->rdi;
	union domain_object read;
	int64_t bytes;

	if (object >= HV_OBJECT_COUNT || (object < HV_OBJECT_DOMAIN && a->rdi != object) || a->rcx == 0 ||
	    a->rcx > PAGE_BYTES)
		return HC_E_ARGUMENT;
	if (!machine_is_ram(m, gpa(a->rdx), a->rcx))
		return HC_E_BUFFER;
	iommu_poll(m);
	switch ((enum hv_object)object) {
	case HV_OBJECT_STATEMENT:
		return copy_out(vcpu, a, &m->attestation->statement, sizeof(m->attestation->statement));
	case HV_OBJECT_LOG:
		return copy_out(vcpu, a, m->attestation->log, m->boot.log_bytes);
	case HV_OBJECT_CONSOLE:
		return copy_console_out(vcpu, a);
	case HV_OBJECT_STATS:
		fill_stats(m, &stats);
		return copy_out(vcpu, a, &stats, sizeof(stats));
	case HV_OBJECT_DOMAIN:
	case HV_OBJECT_DOMAINS:
		bytes = domain_read(vcpu->cpu, a->rdi, &read);
		return bytes < 0 ? bytes : copy_out(vcpu, a, &read, (uint64_t)bytes);
	default:
		return HC_E_ARGUMENT;
	}
}

/* The machine's state as of now. */
static void fill_fresh(const struct machine *m, struct hk_fresh *fresh)
{
	*fresh = (struct hk_fresh){
		.flags = (m->attestation->statement.flags & ~HK_FLAG_DMA_PRESENT) |
			 (iommu_translates(m) ? HK_FLAG_DMA_PRESENT : 0),
		.cpus_in_control = __atomic_load_n(&m->cpus_in_control, __ATOMIC_RELAXED),
		.cpus_parked = __atomic_load_n(&m->cpus_parked, __ATOMIC_RELAXED),
		.pool_mib = (uint32_t)(m->boot.pool.bytes >> 20),
		.uptime_us = machine_uptime_us(m),
		.refused_dma = __atomic_load_n(&m->iommu->faults, __ATOMIC_RELAXED),
	};
	for (uint32_t i = 0; i < m->boot.cpu_count; i++) {
		const struct vcpu *const vcpu = m->root->vcpus[i];

		fresh->refused_memory += __atomic_load_n(&vcpu->refused_memory, __ATOMIC_RELAXED);
		fresh->refused_msr += __atomic_load_n(&vcpu->refused_msr, __ATOMIC_RELAXED);
		fresh->refused_io += __atomic_load_n(&vcpu->refused_io, __ATOMIC_RELAXED);
		fresh->refused_instruction += __atomic_load_n(&vcpu->refused_instruction, __ATOMIC_RELAXED);
		fresh->refused_hypercall += __atomic_load_n(&vcpu->refused_hypercall, __ATOMIC_RELAXED);
	}
}

/* Apart, so that no other hypercall has to save the registers that this one uses. */
static __attribute__((noinline)) int64_t hypercall_sign(struct vcpu *vcpu, const struct hypercall_arguments *a)
{
	struct machine *const m = vcpu->cpu->machine;
	struct hk_fresh fresh;

	if (a->rdx != 0 || a->rcx != 0)
		return HC_E_ARGUMENT;
	if (!machine_is_ram(m, gpa(a->rdi), sizeof(fresh.qualifying_data)) ||
	    !machine_is_ram(m, gpa(a->rsi), sizeof(fresh)))
		return HC_E_BUFFER;
	iommu_poll(m);
	fill_fresh(m, &fresh);
	window_read(m->paging, vcpu->cpu->index, paddr(a->rdi), fresh.qualifying_data, sizeof(fresh.qualifying_data));
	if (!lock_try(&m->attestation->lock))
		return HC_E_BUSY;
	const int error = hk_sign_fresh(&m->attestation->hk, &fresh);

	lock_release(&m->attestation->lock);
	if (error == 0)
		window_write(m->paging, vcpu->cpu->index, paddr(a->rsi), &fresh, sizeof(fresh));
	return error;
}

static int64_t hypercall(struct vcpu *vcpu, uint64_t number, const struct hypercall_arguments *a)
{
	switch (number) {
	case HC_READ:
		return hypercall_read(vcpu, a);
	case HC_SIGN:
		return hypercall_sign(vcpu, a);
	case HC_DOMAIN_CREATE ... HC_DOMAIN_LAST:
		return domain_hypercall(vcpu->cpu, number, a);
	default:
		return HC_E_NUMBER;
	}
}

void exit_hypercall(struct vcpu *vcpu)
{
	struct registers *const guest = &vcpu->frame->guest;
	const struct hypercall_arguments arguments = {guest->rdi, guest->rsi, guest->rdx, guest->rcx};

	vcpu->exits[HV_EXIT_HYPERCALL]++;
	if (vcpu_cpl(vcpu) != 0) {
		exit_refused(vcpu);
		return;
	}
	const int64_t result = hypercall(vcpu, guest->rax, &arguments);

	guest->rax = result == HC_ENTERS ? 0 : (uint64_t)result;
	vcpu_advance(vcpu, VMCALL_BYTES);
	if (result == HC_ENTERS)
		domain_run(vcpu);
	if (result < 0 && result != HC_E_BUSY && result != HC_E_WIPED)
		vcpu->refused_hypercall++;
}
