/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's life: created, built, closed, stopped, and its pages free again. */
#include "domain.h"

#define XFAM_X87_SSE 3ull

int64_t domain_enter(const struct pool_view *view, uint64_t domain, struct td **td)
{
	if (!pool_has(view, domain))
		return HC_E_DOMAIN;
	switch (pool_lock_domain(view, (uint32_t)domain)) {
	case POOL_LOCKED:
		*td = pool_open(view, WINDOW_DOMAIN, (uint32_t)domain);
		return 0;
	case POOL_BUSY:
		return HC_E_BUSY;
	default:
		return HC_E_DOMAIN;
	}
}

void domain_leave(const struct pool_view *view, const struct td *td)
{
	const uint32_t domain = td->page;
	const bool gone = td->pages == 0;

	pool_close(view, WINDOW_DOMAIN);
	if (gone)
		pool_free(view, domain); /* its lock goes with it */
	else
		pool_unlock_domain(view, domain);
}

/* Whole pages below the shared bit. */
static bool range_sane(const struct domain_range *range)
{
	return ((range->base | range->bytes) & PAGE_MASK) == 0 && range->base < DOMAIN_SHARED_BIT &&
	       range->bytes <= DOMAIN_SHARED_BIT - range->base;
}

static bool ranges_sane(const struct domain_params *params)
{
	uint64_t end = 0;

	if (params->ram_count == 0 || params->ram_count > DOMAIN_MAX_RAM || !range_sane(&params->firmware))
		return false;
	for (uint32_t i = 0; i < params->ram_count; i++) {
		const struct domain_range *const ram = &params->ram[i];

		if (!range_sane(ram) || ram->bytes == 0 || ram->base < end)
			return false;
		end = ram->base + ram->bytes;
	}
	return true;
}

bool domain_params_sane(const struct domain_params *params)
{
	return params->version == 1 && params->reserved == 0 && params->attributes == DOMAIN_ATTRIBUTES &&
	       params->xfam == XFAM_X87_SSE && params->max_vcpus != 0 && params->max_vcpus <= DOMAIN_MAX_VCPUS &&
	       ranges_sane(params);
}

int64_t domain_create(const struct pool_view *view, uint64_t domain, uint64_t table, const struct domain_params *params)
{
	if (!pool_has(view, domain) || !pool_has(view, table))
		return HC_E_PAGE;
	if (!domain_params_sane(params))
		return HC_E_ARGUMENT;
	if (!pool_claim(view, (uint32_t)domain, PAGE_DOMAIN, (uint32_t)domain))
		return HC_E_PAGE;
	if (!pool_claim(view, (uint32_t)table, PAGE_TABLE, (uint32_t)domain)) {
		pool_free(view, (uint32_t)domain);
		return HC_E_PAGE;
	}
	struct td *const td = pool_open(view, WINDOW_DOMAIN, (uint32_t)domain);

	td->page = (uint32_t)domain;
	td->table = (uint32_t)table;
	td->state = DOMAIN_BUILDING;
	td->pages = 2;
	td->tables = 1;
	td->params = *params;
	sha384_start(&td->mrtd_hash);
	domain_leave(view, td);
	return 0;
}

static bool apic_id_taken(const struct td *td, uint64_t apic_id)
{
	for (uint32_t i = 0; i < td->vcpu_count; i++) {
		if (td->vcpu[i].apic_id == apic_id)
			return true;
	}
	return false;
}

int64_t domain_add_vcpu(const struct pool_view *view, struct td *td, uint64_t page, uint64_t apic_id, uint64_t rcx)
{
	if (td->state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (td->vcpu_count >= td->params.max_vcpus)
		return HC_E_FULL;
	if (apic_id >= UINT32_MAX || apic_id_taken(td, apic_id)) /* all ones: a broadcast */
		return HC_E_ARGUMENT;
	if (!pool_has(view, page) || !pool_claim(view, (uint32_t)page, PAGE_VCPU, td->page))
		return HC_E_PAGE;
	struct td_vcpu *const vcpu = pool_open(view, WINDOW_VCPU, (uint32_t)page);

	*vcpu = (struct td_vcpu){td->page, td->vcpu_count, (uint32_t)apic_id, rcx};
	pool_close(view, WINDOW_VCPU);
	td->vcpu[td->vcpu_count++] = (struct domain_vcpu){(uint32_t)page, (uint32_t)apic_id};
	td->pages++;
	return 0;
}

int64_t domain_finalize(struct td *td)
{
	if (td->state != DOMAIN_BUILDING || td->vcpu_count == 0)
		return HC_E_STATE;
	sha384_finish(&td->mrtd_hash, td->mrtd);
	td->state = DOMAIN_READY;
	return 0;
}

int64_t domain_stop(struct td *td)
{
	if (td->state == DOMAIN_STOPPED)
		return HC_E_STATE;
	td->state = DOMAIN_STOPPED;
	return 0;
}

/*
 * Frees @page if it belongs to the domain; the domain's own page only as the last one, in
 * domain_leave().
 */
static bool reclaim_page(const struct pool_view *view, struct td *td, uint32_t page)
{
	switch (pool_kind(view, page, td->page)) {
	case PAGE_VCPU:
	case PAGE_TABLE:
	case PAGE_PRIVATE:
		pool_free(view, page);
		td->pages--;
		return true;
	default:
		return false;
	}
}

int64_t domain_reclaim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count)
{
	int64_t freed = 0;

	if (td->state != DOMAIN_STOPPED)
		return HC_E_STATE;
	if (count == 0 || count > DOMAIN_CALL_PAGES || !pool_has(view, first) || count > view->pool->pages - first)
		return HC_E_ARGUMENT;
	for (uint64_t page = first; page < first + count; page++)
		freed += reclaim_page(view, td, (uint32_t)page);
	if (td->pages == 1 && td->page >= first && td->page - first < count) {
		td->pages = 0;
		freed++;
	}
	return freed;
}

void domain_describe(const struct td *td, struct domain_info *info)
{
	*info = (struct domain_info){
		.version = 1,
		.bytes = sizeof(*info),
		.domain = td->page,
		.state = td->state,
		.vcpus = td->vcpu_count,
		.max_vcpus = td->params.max_vcpus,
		.tables = td->tables,
		.private_pages = td->private_pages,
		.attributes = td->params.attributes,
		.xfam = td->params.xfam,
	};
	__builtin_memcpy(info->mrtd, td->mrtd, sizeof(info->mrtd));
	__builtin_memcpy(info->mrconfigid, td->params.mrconfigid, sizeof(info->mrconfigid));
	__builtin_memcpy(info->mrowner, td->params.mrowner, sizeof(info->mrowner));
	__builtin_memcpy(info->mrownerconfig, td->params.mrownerconfig, sizeof(info->mrownerconfig));
}
