/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The specification of the hypercalls for domains, and of what their guests do with their memory. */
#include "ghost.h"

#include "domain/domain.h"

#define SMALL 0x1000ull
#define LARGE 0x200000ull

void ghost_start(struct ghost *ghost, uint64_t base, uint32_t pages, uint32_t gpa_bits)
{
	__builtin_memset(ghost->page, 0, pages * sizeof(ghost->page[0]));
	__builtin_memset(ghost->domain, 0, pages * sizeof(ghost->domain[0]));
	for (uint32_t i = 0; i < GHOST_UNITS; i++)
		ghost->unit[i].base = ghost->unit[i].owner = 0;
	ghost->base = base;
	ghost->pages = pages;
	ghost->gpa_bits = gpa_bits;
	ghost->small_only = false;
	ghost->records = (pages + 511) / 512;
	for (uint32_t i = 0; i < ghost->records; i++)
		ghost->page[i].kind = PAGE_RECORDS;
}

/* Are @count pages from @page on there, and free? */
static bool are_free(const struct ghost *ghost, uint64_t page, uint64_t count)
{
	if (page >= ghost->pages || count > ghost->pages - page)
		return false;
	for (uint64_t i = page; i < page + count; i++) {
		if (ghost->page[i].kind != PAGE_FREE)
			return false;
	}
	return true;
}

static void take(struct ghost *ghost, uint64_t page, uint64_t count, struct ghost_page as)
{
	for (uint64_t i = page; i < page + count; i++)
		ghost->page[i] = as;
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
	return SMALL << (9 * (level + 1));
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

/* In what size memory at @address comes and goes; 0: it cannot. */
static uint64_t grain(const struct ghost *ghost, uint32_t domain, uint64_t address)
{
	if (has_table(ghost, domain, address, DOMAIN_LEVEL_4KIB))
		return SMALL;
	return has_table(ghost, domain, address, DOMAIN_LEVEL_2MIB) ? LARGE : 0;
}

const struct ghost_unit *ghost_look(const struct ghost *ghost, uint32_t domain, uint64_t address)
{
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		const struct ghost_unit *const unit = &ghost->unit[i];

		if (unit->owner == domain && unit->base == address - address % LARGE)
			return unit;
	}
	return 0;
}

/* The first 4 KiB at @address; what belongs to the same 2 MiB follows. */
static struct ghost_place *places(struct ghost *ghost, uint32_t domain, uint64_t address)
{
	struct ghost_unit *unit = (struct ghost_unit *)ghost_look(ghost, domain, address);

	for (uint32_t i = 0; !unit && i < GHOST_UNITS; i++) {
		if (ghost->unit[i].owner != 0)
			continue;
		unit = &ghost->unit[i];
		unit->owner = domain;
		unit->base = address - address % LARGE;
		for (uint32_t k = 0; k < GHOST_PLACES; k++)
			unit->place[k] = (struct ghost_place){.state = GHOST_NEW};
	}
	if (!unit)
		__builtin_trap(); /* more memory than GHOST_UNITS */
	return &unit->place[address % LARGE / SMALL];
}

static bool all_are(const struct ghost_place *place, uint64_t count, enum ghost_state state)
{
	for (uint64_t i = 0; i < count; i++) {
		if (place[i].state != state)
			return false;
	}
	return true;
}

static bool has_page(const struct ghost_place *place)
{
	return place->state >= GHOST_BLOCKED;
}

/* All get the same state; pages of the pool that they had are free. */
static void set(struct ghost *ghost, struct ghost_place *place, uint64_t count, enum ghost_state state)
{
	for (uint64_t i = 0; i < count; i++) {
		if (has_page(&place[i]))
			ghost->page[place[i].page] = (struct ghost_page){.kind = PAGE_FREE};
		place[i].state = state;
	}
}

/* Pages from @page on lie there now. */
static void put(struct ghost *ghost, uint32_t domain, struct ghost_place *place, uint64_t count, uint64_t page,
		enum ghost_state state)
{
	take(ghost, page, count, (struct ghost_page){.kind = PAGE_PRIVATE, .owner = domain});
	for (uint64_t i = 0; i < count; i++) {
		place[i].state = state;
		place[i].page = (uint32_t)(page + i);
	}
}

/* Every vCPU that runs may use yet what was taken away now. */
static void take_away(struct ghost_domain *self)
{
	for (uint32_t i = 0; i < self->vcpu_count; i++)
		self->vcpu[i].behind = self->vcpu[i].runs_on != 0;
}

/* May another CPU than @cpu use what was taken away? */
static bool is_used(const struct ghost_domain *self, uint32_t cpu)
{
	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		const struct ghost_vcpu *const vcpu = &self->vcpu[i];

		if (vcpu->behind && vcpu->runs_on != 0 && vcpu->runs_on != cpu + 1)
			return true;
	}
	return false;
}

/* Pages of the pool go, and @state is left; false: not yet. */
static bool take_pages(struct ghost *ghost, uint32_t cpu, uint32_t domain, struct ghost_place *place, uint64_t count,
		       enum ghost_state state)
{
	if (place->state == GHOST_ACCEPTED) {
		for (uint64_t i = 0; i < count; i++)
			place[i].state = GHOST_BLOCKED;
		take_away(&ghost->domain[domain]);
	}
	if (place->state == GHOST_BLOCKED && is_used(&ghost->domain[domain], cpu))
		return false;
	set(ghost, place, count, state);
	return true;
}

/* No page of the root guest's from @address on; where it mapped 2 MiB as one, none of them. */
static void clear_shared(struct ghost *ghost, uint32_t domain, uint64_t address, uint64_t bytes)
{
	const bool small = has_table(ghost, domain, address | ghost_shared_bit(ghost), DOMAIN_LEVEL_4KIB);
	struct ghost_place *const place = places(ghost, domain, small ? address : address - address % LARGE);

	for (uint64_t i = 0; i < (small ? bytes : LARGE) / SMALL; i++) {
		if (place[i].shared != 0)
			take_away(&ghost->domain[domain]);
		place[i].shared = 0;
	}
}

static struct ghost_vcpu *find_vcpu(struct ghost_domain *self, uint64_t page)
{
	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		if (self->vcpu[i].page == page)
			return &self->vcpu[i];
	}
	return 0;
}

static bool has_apic_id(const struct ghost_domain *self, uint64_t apic_id)
{
	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		if (self->vcpu[i].apic_id == apic_id)
			return true;
	}
	return false;
}

static int64_t create(struct ghost *ghost, const struct ghost_call *call)
{
	const uint64_t *const a = call->argument;

	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (!call->is_ram)
		return HC_E_BUFFER;
	if (a[1] >= ghost->pages || a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (!domain_params_sane(call->params, ghost->gpa_bits))
		return HC_E_ARGUMENT;
	if (!are_free(ghost, a[1], 1) || !are_free(ghost, a[2], 1) || a[1] == a[2])
		return HC_E_PAGE;
	ghost->page[a[1]] = (struct ghost_page){.kind = PAGE_DOMAIN, .owner = (uint32_t)a[1]};
	ghost->page[a[2]] = (struct ghost_page){.kind = PAGE_TABLE, .owner = (uint32_t)a[1], .level = DOMAIN_LEVEL_TOP};
	ghost->domain[a[1]] = (struct ghost_domain){.state = DOMAIN_BUILDING, .params = *call->params};
	return 0;
}

static int64_t create_vcpu(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	struct ghost_domain *const self = &ghost->domain[domain];

	if (self->state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (self->vcpu_count == self->params.max_vcpus)
		return HC_E_FULL;
	if (a[2] >= UINT32_MAX || has_apic_id(self, a[2]))
		return HC_E_ARGUMENT;
	if (!are_free(ghost, a[1], DOMAIN_VCPU_PAGES))
		return HC_E_PAGE;
	if (self->vcpu_count == GHOST_VCPUS)
		__builtin_trap();
	take(ghost, a[1], DOMAIN_VCPU_PAGES, (struct ghost_page){.kind = PAGE_VCPU, .owner = domain});
	self->vcpu[self->vcpu_count++] = (struct ghost_vcpu){.page = (uint32_t)a[1], .apic_id = (uint32_t)a[2]};
	return 0;
}

/* Private memory is the same in 2 MiB and in 4 KiB; what the root guest mapped as 2 MiB stays so. */
static int64_t add_table(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	const uint64_t level = a[1] & 0xfff, address = a[1] - level, below = address & ~ghost_shared_bit(ghost);

	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (ghost->domain[domain].state == DOMAIN_STOPPED)
		return HC_E_STATE;
	if (level > DOMAIN_LEVEL_1GIB || address >= 1ull << ghost->gpa_bits || address % table_span(level) != 0)
		return HC_E_ARGUMENT;
	if (a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (!has_table(ghost, domain, address, level + 1) || has_table(ghost, domain, address, level))
		return HC_E_MAPPING;
	if (level == DOMAIN_LEVEL_4KIB && below != address && ghost_look(ghost, domain, below) &&
	    ghost_look(ghost, domain, below)->place[0].shared != 0)
		return HC_E_MAPPING;
	if (level == DOMAIN_LEVEL_4KIB && below == address && ghost_look(ghost, domain, address) &&
	    ghost_look(ghost, domain, address)->place[0].state == GHOST_BLOCKED)
		return HC_E_BUSY;
	if (!are_free(ghost, a[2], 1))
		return HC_E_PAGE;
	ghost->page[a[2]] =
		(struct ghost_page){.kind = PAGE_TABLE, .owner = domain, .address = address, .level = level};
	return 0;
}

static bool in_range(const struct domain_range *range, uint64_t address, uint64_t bytes)
{
	return address >= range->base && address - range->base < range->bytes &&
	       bytes <= range->bytes - (address - range->base);
}

static bool is_ram(const struct domain_params *params, uint64_t address, uint64_t bytes)
{
	for (uint32_t i = 0; i < params->ram_count; i++) {
		if (in_range(&params->ram[i], address, bytes))
			return true;
	}
	return false;
}

/* Of 4 KiB or 2 MiB? */
static bool is_ram_page(const struct ghost *ghost, uint32_t domain, uint64_t address, uint64_t level)
{
	const uint64_t bytes = level == DOMAIN_LEVEL_4KIB ? SMALL : LARGE;

	return level <= DOMAIN_LEVEL_2MIB && address % bytes == 0 &&
	       is_ram(&ghost->domain[domain].params, address, bytes);
}

static int64_t add_page(struct ghost *ghost, uint32_t domain, const uint64_t a[4], bool from_ram)
{
	const uint64_t address = a[1] & ~DOMAIN_EXTEND;
	const struct ghost_domain *const self = &ghost->domain[domain];

	if (!from_ram)
		return HC_E_BUFFER;
	if (self->state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (address % SMALL != 0 ||
	    (!is_ram(&self->params, address, SMALL) && !in_range(&self->params.firmware, address, SMALL)))
		return HC_E_ARGUMENT;
	if (a[2] >= ghost->pages)
		return HC_E_PAGE;
	if (grain(ghost, domain, address) != SMALL || has_page(places(ghost, domain, address)))
		return HC_E_MAPPING;
	if (!are_free(ghost, a[2], 1))
		return HC_E_PAGE;
	put(ghost, domain, places(ghost, domain, address), 1, a[2], GHOST_ACCEPTED);
	return 0;
}

static int64_t augment(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	const uint64_t level = a[1] & 0xfff, address = a[1] - level, bytes = level == 0 ? SMALL : LARGE;
	const struct ghost_domain *const self = &ghost->domain[domain];

	if (a[3] != 0 || level > (ghost->small_only ? DOMAIN_LEVEL_4KIB : DOMAIN_LEVEL_2MIB))
		return HC_E_ARGUMENT;
	if (self->state != DOMAIN_READY)
		return HC_E_STATE;
	if (!is_ram_page(ghost, domain, address, level))
		return HC_E_ARGUMENT;
	if (a[2] >= ghost->pages || (ghost->base + a[2] * SMALL) % bytes != 0)
		return HC_E_PAGE;
	struct ghost_place *const place = places(ghost, domain, address);

	if (grain(ghost, domain, address) != bytes || (place->state != GHOST_NEW && place->state != GHOST_EMPTY))
		return HC_E_MAPPING;
	if (!are_free(ghost, a[2], bytes / SMALL))
		return HC_E_PAGE;
	put(ghost, domain, place, bytes / SMALL, a[2],
	    self->lazy && place->state == GHOST_NEW ? GHOST_ACCEPTED : GHOST_PENDING);
	return 0;
}

static int64_t remove(struct ghost *ghost, uint32_t cpu, uint32_t domain, uint64_t address, uint64_t level)
{
	const uint64_t bytes = level == 0 ? SMALL : LARGE;
	struct ghost_place *place;

	if (ghost->domain[domain].state != DOMAIN_READY)
		return HC_E_STATE;
	if (!is_ram_page(ghost, domain, address, level))
		return HC_E_ARGUMENT;
	place = places(ghost, domain, address);
	if (grain(ghost, domain, address) != bytes || !has_page(place))
		return HC_E_MAPPING;
	return take_pages(ghost, cpu, domain, place, bytes / SMALL, GHOST_EMPTY) ? (int64_t)(bytes / SMALL) : HC_E_BUSY;
}

static int64_t map_shared(struct ghost *ghost, uint32_t domain, const uint64_t a[4], bool from_ram)
{
	const uint64_t level = a[1] & 0xfff, address = a[1] - level, bytes = level == 0 ? SMALL : LARGE;

	if (a[3] != 0 || level > DOMAIN_LEVEL_2MIB)
		return HC_E_ARGUMENT;
	if (!from_ram)
		return HC_E_BUFFER;
	if (ghost->domain[domain].state != DOMAIN_READY)
		return HC_E_STATE;
	if (!is_ram_page(ghost, domain, address, level) || a[2] % bytes != 0)
		return HC_E_ARGUMENT;
	struct ghost_place *const place = places(ghost, domain, address);

	if (!all_are(place, bytes / SMALL, GHOST_RELEASED) || place->shared != 0 ||
	    grain(ghost, domain, address | ghost_shared_bit(ghost)) != bytes)
		return HC_E_MAPPING;
	for (uint64_t i = 0; i < bytes / SMALL; i++)
		place[i].shared = a[2] + i * SMALL;
	return 0;
}

static int64_t unmap_shared(struct ghost *ghost, uint32_t cpu, uint32_t domain, uint64_t address, uint64_t level)
{
	if (ghost->domain[domain].state != DOMAIN_READY)
		return HC_E_STATE;
	if (!is_ram_page(ghost, domain, address, level))
		return HC_E_ARGUMENT;
	clear_shared(ghost, domain, address, level == 0 ? SMALL : LARGE);
	return is_used(&ghost->domain[domain], cpu) ? HC_E_BUSY : 0;
}

static int64_t run(struct ghost_domain *self, uint64_t page, uint32_t cpu, bool is_ram)
{
	struct ghost_vcpu *const vcpu = find_vcpu(self, page);

	if (!vcpu)
		return HC_E_PAGE;
	if (self->state != DOMAIN_READY)
		return HC_E_STATE;
	if (vcpu->runs_on != 0 || (vcpu->loaded_on != 0 && vcpu->loaded_on != cpu + 1))
		return HC_E_BUSY;
	if (!is_ram)
		return HC_E_BUFFER;
	vcpu->loaded_on = vcpu->runs_on = cpu + 1;
	vcpu->behind = false;
	return 0;
}

static int64_t flush(struct ghost_domain *self, uint64_t page, uint32_t cpu)
{
	struct ghost_vcpu *const vcpu = find_vcpu(self, page);

	if (!vcpu)
		return HC_E_PAGE;
	if (vcpu->loaded_on != cpu + 1)
		return HC_E_STATE;
	vcpu->loaded_on = 0;
	return 0;
}

static int64_t interrupt(struct ghost_domain *self, const uint64_t a[4])
{
	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (!find_vcpu(self, a[1]))
		return HC_E_PAGE;
	if (self->state != DOMAIN_READY)
		return HC_E_STATE;
	return a[2] < 0x20 || a[2] > 0xea || a[2] == 0x80 ? HC_E_ARGUMENT : 0;
}

static int64_t finalize(struct ghost_domain *self)
{
	if (self->state != DOMAIN_BUILDING || self->vcpu_count == 0)
		return HC_E_STATE;
	self->state = DOMAIN_READY;
	return 0;
}

static int64_t destroy(struct ghost_domain *self)
{
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

static bool is_loaded(const struct ghost_domain *self)
{
	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		if (self->vcpu[i].loaded_on != 0)
			return true;
	}
	return false;
}

static void forget(struct ghost *ghost, uint32_t domain)
{
	ghost->page[domain] = (struct ghost_page){.kind = PAGE_FREE};
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		if (ghost->unit[i].owner == domain)
			ghost->unit[i].owner = 0;
	}
}

static int64_t reclaim(struct ghost *ghost, uint32_t domain, const uint64_t a[4])
{
	int64_t freed = 0;

	if (a[3] != 0)
		return HC_E_ARGUMENT;
	if (ghost->domain[domain].state != DOMAIN_STOPPED)
		return HC_E_STATE;
	if (is_loaded(&ghost->domain[domain]))
		return HC_E_BUSY;
	if (a[2] == 0 || a[2] > DOMAIN_CALL_PAGES || a[1] >= ghost->pages || a[2] > ghost->pages - a[1])
		return HC_E_ARGUMENT;
	for (uint64_t i = a[1]; i < a[1] + a[2]; i++) {
		if (i < ghost->records || i == domain || ghost->page[i].owner != domain)
			continue;
		ghost->page[i] = (struct ghost_page){.kind = PAGE_FREE};
		freed++;
	}
	if (owned(ghost, domain) == 1 && domain >= a[1] && domain < a[1] + a[2]) {
		forget(ghost, domain);
		freed++;
	}
	return freed;
}

/* Calls with one argument beside the domain. */
static int64_t call_with_one(struct ghost *ghost, uint32_t domain, const struct ghost_call *call)
{
	const uint64_t *const a = call->argument;
	const uint64_t level = a[1] & 0xfff, address = a[1] - level;

	if ((a[2] | a[3]) != 0)
		return HC_E_ARGUMENT;
	switch (call->number) {
	case HC_PAGE_REMOVE:
		return remove(ghost, call->cpu, domain, address, level);
	case HC_SHARED_UNMAP:
		return unmap_shared(ghost, call->cpu, domain, address, level);
	case HC_VCPU_FLUSH:
		return flush(&ghost->domain[domain], a[1], call->cpu);
	default:
		break;
	}
	if (a[1] != 0)
		return HC_E_ARGUMENT;
	return call->number == HC_DOMAIN_FINALIZE ? finalize(&ghost->domain[domain]) : destroy(&ghost->domain[domain]);
}

int64_t ghost_call(struct ghost *ghost, const struct ghost_call *call)
{
	const uint64_t *const a = call->argument;
	const uint32_t domain = (uint32_t)a[0];

	if (call->number == HC_DOMAIN_CREATE)
		return create(ghost, call);
	if (call->number == HC_VCPU_RUN && a[3] != 0)
		return HC_E_ARGUMENT;
	if (!is_domain(ghost, a[0]))
		return HC_E_DOMAIN;
	switch (call->number) {
	case HC_VCPU_CREATE:
		return create_vcpu(ghost, domain, a);
	case HC_TABLE_ADD:
		return add_table(ghost, domain, a);
	case HC_PAGE_ADD:
		return add_page(ghost, domain, a, call->is_ram);
	case HC_PAGE_AUG:
		return augment(ghost, domain, a);
	case HC_SHARED_MAP:
		return map_shared(ghost, domain, a, call->is_ram);
	case HC_VCPU_RUN:
		return run(&ghost->domain[domain], a[1], call->cpu, call->is_ram);
	case HC_INTERRUPT:
		return interrupt(&ghost->domain[domain], a);
	case HC_PAGE_RECLAIM:
		return reclaim(ghost, domain, a);
	default:
		return call_with_one(ghost, domain, call);
	}
}

static void accept(struct ghost_place *place, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		place[i].state = GHOST_ACCEPTED;
}

/* 2 MiB that come in 4 KiB: all or none. */
static enum memory_answer accept_small(struct ghost_place *place)
{
	for (uint32_t i = 0; i < GHOST_PLACES; i++) {
		if (place[i].state == GHOST_BLOCKED)
			return MEMORY_REPEAT;
		if (!has_page(&place[i]))
			return place[i].state == GHOST_RELEASED ? MEMORY_INVALID : MEMORY_NO_PAGE;
	}
	if (all_are(place, GHOST_PLACES, GHOST_ACCEPTED))
		return MEMORY_ALREADY;
	if (!all_are(place, GHOST_PLACES, GHOST_PENDING))
		return MEMORY_MIXED;
	accept(place, GHOST_PLACES);
	return MEMORY_DONE;
}

enum memory_answer ghost_accept(struct ghost *ghost, uint32_t domain, uint64_t address, uint64_t level)
{
	const uint64_t bytes = level == 0 ? SMALL : LARGE, size = grain(ghost, domain, address);

	if (!is_ram_page(ghost, domain, address, level))
		return MEMORY_INVALID;
	struct ghost_place *const place = places(ghost, domain, address);

	if (bytes == LARGE && size == SMALL)
		return accept_small(place);
	switch (place->state) {
	case GHOST_ACCEPTED:
		return MEMORY_ALREADY;
	case GHOST_RELEASED:
		return MEMORY_INVALID;
	case GHOST_PENDING:
	case GHOST_BLOCKED:
		break;
	default:
		return MEMORY_NO_PAGE;
	}
	if (size != bytes)
		return MEMORY_NO_TABLE;
	if (place->state == GHOST_BLOCKED)
		return MEMORY_REPEAT;
	accept(place, bytes / SMALL);
	return MEMORY_DONE;
}

enum memory_answer ghost_convert(struct ghost *ghost, uint32_t cpu, uint32_t domain, uint64_t address, uint64_t *bytes,
				 bool shared)
{
	const uint64_t wanted = *bytes, size = grain(ghost, domain, address);

	if (!is_ram(&ghost->domain[domain].params, address, wanted))
		return MEMORY_INVALID;
	*bytes = size != 0 && address % size == 0 && size <= wanted ? size : 0;
	if (*bytes == 0)
		return MEMORY_NO_TABLE;
	struct ghost_place *const place = places(ghost, domain, address);

	if (shared)
		return take_pages(ghost, cpu, domain, place, size / SMALL, GHOST_RELEASED) ? MEMORY_DONE
											   : MEMORY_REPEAT;
	clear_shared(ghost, domain, address, size);
	if (place->state != GHOST_RELEASED)
		return MEMORY_DONE;
	if (is_used(&ghost->domain[domain], cpu))
		return MEMORY_REPEAT;
	set(ghost, place, size / SMALL, GHOST_EMPTY);
	return MEMORY_DONE;
}

uint64_t ghost_record(const struct ghost *ghost, uint32_t page)
{
	return (uint64_t)ghost->page[page].owner << 32 | ghost->page[page].kind;
}
