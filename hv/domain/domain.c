/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's life: created, built, closed, stopped, and its pages free again. */
#include "domain.h"

#include "cpuid.h"
#include "machine/cpu.h"
#include "machine/features.h"
#include "tdx/abi.h"
#include "vcpu.h"
#include "x86/cpuid.h"

int64_t domain_enter(const struct pool_view *view, uint64_t domain, struct td **td)
{
	const enum pool_lock lock = pool_lock_domain(view, domain);

	if (lock != POOL_LOCKED)
		return lock == POOL_BUSY ? HC_E_BUSY : HC_E_DOMAIN;
	*td = pool_open(view, WINDOW_DOMAIN, domain);
	return 0;
}

void domain_leave(const struct pool_view *view, const struct td *td)
{
	const uint32_t domain = td->info.domain;
	const bool gone = td->info.pages == 0;

	pool_close(view, WINDOW_DOMAIN);
	if (gone)
		pool_free(view, domain); /* its lock goes with it */
	else
		pool_unlock_domain(view, domain);
}

/* Whole pages below the shared bit. */
static bool range_sane(const struct domain_range *range, uint64_t shared_bit)
{
	return ((range->base | range->bytes) & PAGE_MASK) == 0 && range->base < shared_bit &&
	       range->bytes <= shared_bit - range->base;
}

static bool ranges_sane(const struct domain_params *params, uint64_t shared_bit)
{
	uint64_t end = 0;

	if (params->ram_count == 0 || params->ram_count > DOMAIN_MAX_RAM || !range_sane(&params->firmware, shared_bit))
		return false;
	for (uint32_t i = 0; i < params->ram_count; i++) {
		const struct domain_range *const ram = &params->ram[i];

		if (!range_sane(ram, shared_bit) || ram->bytes == 0 || ram->base < end)
			return false;
		end = ram->base + ram->bytes;
	}
	return true;
}

/* x87 and SSE at least; of the rest what the CPU has, and a vCPU has room for. */
bool domain_xfam_sane(uint64_t xfam)
{
	const uint64_t known = XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512;

	return xcr0_valid(xfam, known & cpu_leaf(LEAF_XSAVE, 0).eax) && (xfam & XCR0_SSE) != 0 &&
	       guest_xsave_bytes(xfam) <= VCPU_XSAVE_BYTES;
}

bool domain_params_sane(const struct domain_params *params, uint32_t gpa_bits)
{
	return params->version == 1 && params->reserved == 0 && params->attributes == DOMAIN_ATTRIBUTES &&
	       domain_xfam_sane(params->xfam) && params->max_vcpus != 0 && params->max_vcpus <= DOMAIN_MAX_VCPUS &&
	       ranges_sane(params, domain_shared_bit(gpa_bits));
}

int64_t domain_create(const struct pool_view *view, uint64_t domain, uint64_t table, const struct domain_params *params,
		      uint64_t now_us)
{
	if (!pool_has(view, domain) || !pool_has(view, table))
		return HC_E_PAGE;
	if (!domain_params_sane(params, view->pool->guest.gpa_bits))
		return HC_E_ARGUMENT;
	if (!pool_claim(view, domain, PAGE_DOMAIN, (uint32_t)domain))
		return HC_E_PAGE;
	if (pool_is_closed(view) || !pool_claim(view, table, PAGE_TABLE, (uint32_t)domain)) {
		pool_free(view, domain);
		return pool_is_closed(view) ? HC_E_WIPED : HC_E_PAGE;
	}
	struct td *const td = pool_open(view, WINDOW_DOMAIN, domain);

	td->info = (struct domain_info){
		.version = 2,
		.bytes = sizeof(td->info),
		.domain = (uint32_t)domain,
		.state = DOMAIN_BUILDING,
		.pages = 2,
		.tables = 1,
		.started_us = now_us,
		.params = *params,
	};
	td->table = (uint32_t)table;
	td->td_ctls = TD_CTLS_PENDING_VE_DISABLE;
	td->gpa_bits = view->pool->guest.gpa_bits;
	sha384_start(&td->mrtd_hash);
	domain_leave(view, td);
	return 0;
}

bool domain_claim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count, enum page_kind kind)
{
	if (!pool_has(view, first) || count > view->pool->pages - first)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (pool_claim(view, first + i, kind, td->info.domain))
			continue;
		while (i > 0)
			pool_free(view, first + --i);
		return false;
	}
	td->info.pages += (uint32_t)count;
	return true;
}

static bool apic_id_taken(const struct td *td, uint64_t apic_id)
{
	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		if (td->vcpu[i].apic_id == apic_id)
			return true;
	}
	return false;
}

/*
 * As it runs first (docs/guest-abi.md, section 9). Its page is zero; an area of XSAVE that nothing was saved in says
 * nothing of MXCSR, which is loaded all the same. @rcx: the host's word, which the guest must not trust
 */
static void make_vcpu(const struct pool_view *view, const struct td *td, struct td_vcpu *vcpu, uint32_t apic_id,
		      uint64_t rcx)
{
	vcpu->owner = td->info.domain;
	vcpu->index = td->info.vcpus;
	vcpu->apic_id = apic_id;
	vcpu->domain = view->pool->guest.maps;
	vcpu->domain.stage2.root = pool_address(view->pool, td->table);
	vcpu->frame.guest = (struct registers){
		.rbx = td->gpa_bits,
		.rcx = rcx,
		.r8 = rcx,
		.rdx = view->pool->guest.cpuid_version,
		.rsi = vcpu->index,
	};
	vcpu->state.xcr0 = XCR0_X87;
	vcpu->xsave[XSAVE_MXCSR] = MXCSR_RESET;
	lapic_reset(&vcpu->lapic, apic_id);
}

int64_t domain_add_vcpu(const struct pool_view *view, struct td *td, uint64_t page, uint64_t apic_id, uint64_t rcx)
{
	if (td->info.state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (td->info.vcpus >= td->info.params.max_vcpus)
		return HC_E_FULL;
	if (apic_id >= UINT32_MAX || apic_id_taken(td, apic_id)) /* all ones: a broadcast */
		return HC_E_ARGUMENT;
	if (!domain_claim(view, td, page, DOMAIN_VCPU_PAGES, PAGE_VCPU))
		return HC_E_PAGE;
	struct td_vcpu *const vcpu = pool_open(view, WINDOW_VCPU, page);

	make_vcpu(view, td, vcpu, (uint32_t)apic_id, rcx);
	vcpu->vcpu.tag = VCPU_GUEST_TAG + (uint32_t)VCPU_TAG(page);
	pool_close(view, WINDOW_VCPU);
	td->vcpu[td->info.vcpus++] = (struct domain_vcpu){.page = (uint32_t)page, .apic_id = (uint32_t)apic_id};
	return 0;
}

int64_t domain_finalize(struct td *td)
{
	if (td->info.state != DOMAIN_BUILDING || td->info.vcpus == 0)
		return HC_E_STATE;
	sha384_finish(&td->mrtd_hash, td->info.mrtd);
	td->info.state = DOMAIN_READY;
	return 0;
}

/* Who is in it leaves it: the state is looked at before each entry. */
int64_t domain_stop(const struct pool_view *view, struct td *td)
{
	if (td->info.state == DOMAIN_STOPPED)
		return HC_E_STATE;
	__atomic_store_n(&td->info.state, DOMAIN_STOPPED, __ATOMIC_SEQ_CST);
	domain_start_flush(td);
	(void)domain_is_flushed(view, td);
	return 0;
}

/* Is any CPU in one of its vCPUs, or may write to one's pages yet? */
static bool is_loaded(const struct td *td)
{
	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		if (__atomic_load_n(&td->vcpu[i].runs_on, __ATOMIC_ACQUIRE) != 0 ||
		    __atomic_load_n(&td->vcpu[i].loaded_on, __ATOMIC_ACQUIRE) != 0)
			return true;
	}
	return false;
}

int64_t domain_reclaim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count)
{
	if (td->info.state != DOMAIN_STOPPED)
		return HC_E_STATE;
	if (is_loaded(td))
		return HC_E_BUSY;
	if (count == 0 || count > DOMAIN_CALL_PAGES || !pool_has(view, first) || count > view->pool->pages - first)
		return HC_E_ARGUMENT;
	const uint32_t before = td->info.pages;

	for (uint64_t page = first; page < first + count; page++) {
		if (pool_is_part(view, page, td->info.domain)) {
			pool_free(view, page);
			td->info.pages--;
		}
	}
	if (td->info.pages == 1 && td->info.domain >= first && td->info.domain - first < count)
		td->info.pages = 0; /* domain_leave() frees its own one */
	return before - td->info.pages;
}

void domain_start_flush(struct td *td)
{
	__atomic_fetch_add(&td->epoch, 1, __ATOMIC_SEQ_CST);
}

bool domain_is_flushed(const struct pool_view *view, const struct td *td)
{
	const uint64_t epoch = __atomic_load_n(&td->epoch, __ATOMIC_SEQ_CST);
	bool flushed = true;

	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		const uint32_t runs_on = __atomic_load_n(&td->vcpu[i].runs_on, __ATOMIC_SEQ_CST);

		if (runs_on == 0 || runs_on == view->cpu + 1 ||
		    __atomic_load_n(&td->vcpu[i].epoch, __ATOMIC_SEQ_CST) == epoch)
			continue;
		cpu_kick(view->cpus[runs_on - 1]);
		flushed = false;
	}
	return flushed;
}

void domain_describe(const struct td *td, struct domain_info *info)
{
	*info = td->info;
	info->run_ticks = __atomic_load_n(&td->info.run_ticks, __ATOMIC_RELAXED);
	info->answered = __atomic_load_n(&td->info.answered, __ATOMIC_RELAXED);
	for (uint32_t kind = 0; kind < DOMAIN_EXIT_KINDS; kind++)
		info->exits[kind] = __atomic_load_n(&td->info.exits[kind], __ATOMIC_RELAXED);
}
