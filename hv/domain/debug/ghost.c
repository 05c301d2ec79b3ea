/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The specification of the hypercalls for domains. */
#include "ghost.h"

#include "domain/domain.h"

void ghost_start(struct ghost *ghost, uint32_t pages)
{
	*ghost = (struct ghost){.pages = pages, .records = (pages + 511) / 512};
	for (uint32_t i = 0; i < ghost->records; i++)
		ghost->page[i].kind = PAGE_RECORDS;
}

static bool is_free(const struct ghost *ghost, uint64_t page)
{
	return page < ghost->pages && ghost->page[page].kind == PAGE_FREE;
}

static bool is_domain(const struct ghost *ghost, uint64_t page)
{
	return page < ghost->pages && ghost->page[page].kind == PAGE_DOMAIN;
}

uint32_t ghost_count(const struct ghost *ghost, uint32_t domain, enum page_kind kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ghost->pages; i++)
		count += ghost->page[i].kind == kind && ghost->page[i].owner == domain;
	return count;
}

static uint64_t table_span(uint64_t level)
{
	return 4096ull << (9 * (level + 1));
}

/* Is there a table of @level for @address? */
static bool has_table(const struct ghost *ghost, uint32_t domain, uint64_t address, uint64_t level)
{
	for (uint32_t i = 0; i < ghost->pages; i++) {
		const struct ghost_page *const page = &ghost->page[i];

		if (page->kind == PAGE_TABLE && page->owner == domain && page->level == level &&
		    address - address % table_span(level) == page->address)
			return true;
	}
	return false;
}

static bool has_page(const struct ghost *ghost, uint32_t domain, uint64_t address)
{
	for (uint32_t i = 0; i < ghost->pages; i++) {
		const struct ghost_page *const page = &ghost->page[i];

		if (page->kind == PAGE_PRIVATE && page->owner == domain && page->address == address)
			return true;
	}
	return false;
}

static bool has_apic_id(const struct ghost *ghost, uint32_t domain, uint64_t apic_id)
{
	for (uint32_t i = 0; i < ghost->pages; i++) {
		const struct ghost_page *const page = &ghost->page[i];

		if (page->kind == PAGE_VCPU && page->owner == domain && page->apic_id == apic_id)
			return true;
	}
	return false;
}

static int64_t create(struct ghost *ghost, const uint64_t a[4], bool is_ram, const struct domain_params *params)
{
	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (!is_ram)
		return HC_E_BUFFER;
	if (a[1] >= ghost->pages || a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (!domain_params_sane(params))
		return HC_E_ARGUMENT;
	if (!is_free(ghost, a[1]) || !is_free(ghost, a[2]) || a[1] == a[2])
		return HC_E_PAGE;
	ghost->page[a[1]] = (struct ghost_page){.kind = PAGE_DOMAIN, .owner = (uint32_t)a[1], .params = *params};
	ghost->page[a[2]] = (struct ghost_page){.kind = PAGE_TABLE, .owner = (uint32_t)a[1], .level = DOMAIN_LEVEL_TOP};
	return 0;
}

static int64_t create_vcpu(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	const struct ghost_page *const self = &ghost->page[domain];

	if (self->state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (ghost_count(ghost, domain, PAGE_VCPU) == self->params.max_vcpus)
		return HC_E_FULL;
	if (a[2] >= UINT32_MAX || has_apic_id(ghost, domain, a[2]))
		return HC_E_ARGUMENT;
	if (!is_free(ghost, a[1]))
		return HC_E_PAGE;
	ghost->page[a[1]] = (struct ghost_page){.kind = PAGE_VCPU, .owner = domain, .apic_id = (uint32_t)a[2]};
	return 0;
}

static int64_t add_table(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	const uint64_t level = a[1] & 0xfff, address = a[1] - level;

	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (ghost->page[domain].state == DOMAIN_STOPPED)
		return HC_E_STATE;
	if (level > DOMAIN_LEVEL_1GIB || address >= 1ull << DOMAIN_GPA_BITS || address % table_span(level) != 0)
		return HC_E_ARGUMENT;
	if (a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (!has_table(ghost, domain, address, level + 1) || has_table(ghost, domain, address, level))
		return HC_E_MAPPING;
	if (!is_free(ghost, a[2]))
		return HC_E_PAGE;
	ghost->page[a[2]] =
		(struct ghost_page){.kind = PAGE_TABLE, .owner = domain, .address = address, .level = level};
	return 0;
}

static bool in_range(const struct domain_range *range, uint64_t address)
{
	return address >= range->base && address < range->base + range->bytes;
}

static bool is_memory(const struct domain_params *params, uint64_t address)
{
	for (uint32_t i = 0; i < params->ram_count; i++) {
		if (in_range(&params->ram[i], address))
			return true;
	}
	return in_range(&params->firmware, address);
}

static int64_t add_page(struct ghost *ghost, uint32_t domain, const uint64_t a[4], bool is_ram)
{
	const uint64_t address = a[1] & ~DOMAIN_EXTEND;

	if (!is_ram)
		return HC_E_BUFFER;
	if (ghost->page[domain].state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (address % 4096 != 0 || !is_memory(&ghost->page[domain].params, address))
		return HC_E_ARGUMENT;
	if (a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (!has_table(ghost, domain, address, DOMAIN_LEVEL_4KIB) || has_page(ghost, domain, address))
		return HC_E_MAPPING;
	if (!is_free(ghost, a[2]))
		return HC_E_PAGE;
	ghost->page[a[2]] = (struct ghost_page){.kind = PAGE_PRIVATE, .owner = domain, .address = address};
	return 0;
}

static int64_t finalize(struct ghost *ghost, uint32_t domain)
{
	struct ghost_page *const self = &ghost->page[domain];

	if (self->state != DOMAIN_BUILDING || ghost_count(ghost, domain, PAGE_VCPU) == 0)
		return HC_E_STATE;
	self->state = DOMAIN_READY;
	return 0;
}

static int64_t destroy(struct ghost *ghost, uint32_t domain)
{
	struct ghost_page *const self = &ghost->page[domain];

	if (self->state == DOMAIN_STOPPED)
		return HC_E_STATE;
	self->state = DOMAIN_STOPPED;
	return 0;
}

static uint32_t owned(const struct ghost *ghost, uint32_t domain)
{
	uint32_t count = 0;

	for (uint32_t i = ghost->records; i < ghost->pages; i++)
		count += ghost->page[i].kind != PAGE_FREE && ghost->page[i].owner == domain;
	return count;
}

static int64_t reclaim(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	int64_t freed = 0;

	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (ghost->page[domain].state != DOMAIN_STOPPED)
		return HC_E_STATE;
	if (a[2] == 0 || a[2] > DOMAIN_CALL_PAGES || a[1] >= ghost->pages || a[2] > ghost->pages - a[1])
		return HC_E_ARGUMENT;
	for (uint64_t i = a[1]; i < a[1] + a[2]; i++) {
		if (i < ghost->records || i == domain || ghost->page[i].owner != domain || is_free(ghost, i))
			continue;
		ghost->page[i] = (struct ghost_page){.kind = PAGE_FREE};
		freed++;
	}
	if (owned(ghost, domain) == 1 && domain >= a[1] && domain < a[1] + a[2]) {
		ghost->page[domain] = (struct ghost_page){.kind = PAGE_FREE};
		freed++;
	}
	return freed;
}

int64_t ghost_call(struct ghost *ghost, uint64_t number, const uint64_t a[4], bool is_ram,
		   const struct domain_params *params)
{
	const uint32_t domain = (uint32_t)a[0];

	if (number == HC_DOMAIN_CREATE)
		return create(ghost, a, is_ram, params);
	if (!is_domain(ghost, a[0]))
		return HC_E_DOMAIN;
	switch (number) {
	case HC_VCPU_CREATE:
		return create_vcpu(ghost, domain, a);
	case HC_TABLE_ADD:
		return add_table(ghost, domain, a);
	case HC_PAGE_ADD:
		return add_page(ghost, domain, a, is_ram);
	case HC_PAGE_RECLAIM:
		return reclaim(ghost, domain, a);
	default:
		break;
	}
	if ((a[1] | a[2] | a[3]) != 0)
		return HC_E_ARGUMENT;
	return number == HC_DOMAIN_FINALIZE ? finalize(ghost, domain) : destroy(ghost, domain);
}

uint64_t ghost_record(const struct ghost *ghost, uint32_t page)
{
	return (uint64_t)ghost->page[page].owner << 32 | ghost->page[page].kind;
}
