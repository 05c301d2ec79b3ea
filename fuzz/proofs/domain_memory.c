/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/memory.c: for every argument of HC_TABLE_ADD, HC_PAGE_ADD, HC_PAGE_REMOVE, HC_SHARED_MAP and
 * HC_SHARED_UNMAP, every state of stage 2 on the way to the address that is meant, and every state of the pool's
 * records: the answer is the specification's (debug/ghost.c), and so is each entry and each record afterwards. No other
 * page has changed; what became free was wiped, and only once no CPU can use it; only tables of the domain are walked,
 * and only its own pages filled. Nothing is measured but what is added while the domain is built, after it was copied
 * once. What is assumed of the places, their pages and the domain's counts holds again afterwards. HC_PAGE_AUG and the
 * guest's requests are not in here.
 * Assumed: tables of two entries and addresses of 16 bits, which is stage 2 with one bit for each level in place of
 * nine, and no level above the top table's for HC_TABLE_ADD; a pool of 12 pages at one address, for HC_PAGE_REMOVE also
 * a page higher, in which the tables on the way have fixed numbers; up to two vCPUs and two ranges of RAM; the numbers
 * of flushes and of shared pages do not come round.
 */
#include "domain_state.h"

#include "domain/measure.h"
#include "lib/wipe.h"

#define SMALL   0x1000ull
#define LARGE   0x2000ull
#define HALF    GHOST_SHARED_BIT
#define ENTRIES 2u
#define POOL    0x400000000000ull
#define TOP     3u

/* What an entry says, by number: a wrong constant of memory.c is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)
#define PRIVATE  0x7ull
#define SHARED   0x8000000000000007ull
#define LEAF     0x80ull

/* Levels are those of ghost_page: of the leaves that a table leads to. */
#define LEVELS 3u

#define ELSEWHERE (1ull << 63) /* where a table is that is not on the way */

static struct hypercall_arguments arguments;
static uint64_t memory[PAGES][ENTRIES], memory_before[PAGES][ENTRIES], source[ENTRIES];
static uint64_t place_base;                  /* of the LARGE that is meant, below the shared bit */
static uint32_t path[2][LEVELS];             /* the tables on the way there, private and shared; 0: none */
static uint64_t entries[2][LEVELS][ENTRIES]; /* what each says, and its page, or 0 */
static uint32_t on_the_way[2][LEVELS][ENTRIES];
static struct ghost_place place[ENTRIES], place_before[ENTRIES]; /* there */
static struct td td_before;
static uint32_t pending_elsewhere, shared_elsewhere; /* pages that are no part of the place */
static uint64_t table_window[ENTRIES], target_window[ENTRIES], table, target;
static bool ram[ENTRIES], kicked, copied, measured_page, measured_contents;
static uint64_t ram_address; /* of the root guest's, whose pages ram[] says there are */

/* Page by page: where the number of an element is not fixed, CBMC takes all bytes of the array for one value. */
static void show(uint64_t contents[ENTRIES], uint64_t page)
{
	for (uint32_t k = 1; k < PAGES; k++) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			contents[i] = k == page ? memory[k][i] : contents[i];
	}
}

static void keep(const uint64_t contents[ENTRIES], uint64_t page)
{
	for (uint32_t k = 1; k < PAGES; k++) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			memory[k][i] = k == page ? contents[i] : memory[k][i];
	}
}

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t page = opened(window, at);

	if (window == WINDOW_RECORDS) {
		PROVE(page == 0);
		return records;
	}
	if (window == WINDOW_DOMAIN) {
		PROVE(page == DOMAIN && (records[page] & LOCKED) != 0);
		return &td;
	}
	PROVE((window == WINDOW_TABLE && !open[WINDOW_TARGET]) || window == WINDOW_TARGET);
	PROVE(records[page] >> 32 == DOMAIN && page != DOMAIN);
	PROVE(window != WINDOW_TABLE || (records[page] & 7) == PAGE_TABLE);
	if (window == WINDOW_TABLE) {
		table = page;
		show(table_window, page);
		return table_window;
	}
	PROVE(!open[WINDOW_TABLE] || table != page);
	target = page;
	show(target_window, page);
	return target_window;
}

/* What is written to a window of memory is there from now on. */
void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	closed(window);
	if (window == WINDOW_TABLE)
		keep(table_window, table);
	if (window == WINDOW_TARGET)
		keep(target_window, target);
}

/* Of what the guest could use only what no CPU can use any more. */
void secure_wipe_through(void *of, size_t bytes)
{
	PROVE(open[WINDOW_TARGET] && of == target_window && bytes == 4096 && (records[target] & 7) == PAGE_PRIVATE);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const enum ghost_state state = place_before[i].state;
		const bool was_used =
			(place_before[i].page == target) & ((state == GHOST_ACCEPTED) | (state == GHOST_BLOCKED));

		for (uint32_t k = 0; k < DOMAIN_MAX_VCPUS; k++)
			PROVE(!was_used | (k >= td.info.vcpus) | (td.vcpu[k].runs_on != 2) |
			      (td.vcpu[k].epoch == td.epoch));
		target_window[i] = 0;
	}
	wiped[target] = true;
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(cpu == &cpus[1]);
	kicked = true;
}

/* Page by page. */
bool machine_is_ram(const struct machine *machine, gpa_t address, uint64_t bytes)
{
	const bool second = address.value != ram_address;

	PROVE(bytes == 4096 && (!second || (ram[0] && address.value == ram_address + SMALL)));
	return ram[second];
}

/* Once, into a page that is the domain's by now. */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(!copied && td.info.state == DOMAIN_BUILDING && ram[0] && address.value == ram_address && bytes == 4096);
	PROVE(open[WINDOW_TARGET] && target == arguments.rdx && buffer == target_window);
	for (uint32_t i = 0; i < ENTRIES; i++)
		target_window[i] = source[i];
	copied = true;
}

void measure_page(struct sha384 *mrtd, gpa_t address)
{
	PROVE(mrtd == &td.mrtd_hash && td.info.state == DOMAIN_BUILDING && copied && !measured_page);
	PROVE(address.value == (arguments.rsi & ~1ull));
	measured_page = true;
}

void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents)
{
	PROVE(mrtd == &td.mrtd_hash && measured_page && !measured_contents && (arguments.rsi & 1) != 0);
	PROVE(address.value == (arguments.rsi & ~1ull) && open[WINDOW_TARGET] && contents == target_window);
	PROVE(target_window[0] == source[0] && target_window[1] == source[1]);
	measured_contents = true;
}

static uint64_t page_address(uint32_t page)
{
	return pool.base.value + page * SMALL;
}

static bool has_page(uint32_t i)
{
	return place[i].state >= GHOST_BLOCKED;
}

static uint32_t pending_pages(void)
{
	return pending_elsewhere + (place[0].state == GHOST_PENDING) + (place[1].state == GHOST_PENDING);
}

static uint32_t shared_pages(void)
{
	return shared_elsewhere + (place[0].shared != 0) + (place[1].shared != 0);
}

static bool place_sane(uint32_t i)
{
	const enum ghost_state state = place[i].state;
	const uint64_t shared = place[i].shared;
	const uint32_t page = place[i].page;
	const bool owned = records[page % PAGES] == ((uint64_t)DOMAIN << 32 | PAGE_PRIVATE);
	const bool building = td.info.state == DOMAIN_BUILDING; /* nothing was taken away yet, and all is accepted */

	return (!building | (state == GHOST_NEW) | (state == GHOST_ACCEPTED)) & ((uint32_t)state <= GHOST_ACCEPTED) &
	       ((shared == 0) | (state == GHOST_RELEASED)) & (shared % SMALL == 0) & (shared < 1ull << 47) &
	       (!has_page(i) | ((page < PAGES) & owned));
}

/* No page is at two places, nothing lies where no table leads, and what one entry says is the same for all of it. */
static bool places_sane(void)
{
	const enum ghost_state a = place[0].state, b = place[1].state;
	const uint64_t shared_a = place[0].shared, shared_b = place[1].shared;
	const uint32_t page_a = place[0].page, page_b = place[1].page;
	const bool small = path[0][0] != 0, none = path[0][1] == 0;
	const bool shared_small = path[1][0] != 0, shared_none = path[1][1] == 0;

	return place_sane(0) & place_sane(1) & (!has_page(0) | !has_page(1) | (page_a != page_b)) &
	       (!none | ((a == GHOST_NEW) & (b == GHOST_NEW))) & (small | (a == b)) &
	       (small | !has_page(0) | ((page_b == (uint64_t)page_a + 1) & (page_address(page_a) % LARGE == 0))) &
	       (!shared_none | ((shared_a | shared_b) == 0)) &
	       (shared_small | ((shared_a == 0) & (shared_b == 0)) |
		((shared_a != 0) & (shared_a % LARGE == 0) & (shared_b == (shared_a | SMALL))));
}

/* Where the table begins that is on the way. */
static uint64_t table_base(uint32_t half, uint32_t level)
{
	return (place_base & ~((SMALL << (level + 1)) - 1)) | (half != 0 ? HALF : 0);
}

/* Pages TOP + 1 and so on; each table is there only where those above it are. Others lead elsewhere. */
static void make_tables(void)
{
	const uint32_t depth[2];

	ASSUME(depth[0] <= LEVELS && depth[1] <= LEVELS);
	ASSUME(ghost.page[TOP].kind == PAGE_TABLE && ghost.page[TOP].owner == DOMAIN);
	for (uint32_t i = 1; i < PAGES; i++)
		ghost.page[i].address = ELSEWHERE;
	ghost.page[TOP].address = 0;
	ghost.page[TOP].level = DOMAIN_LEVEL_TOP;
	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++) {
			const uint32_t i = TOP + 1 + half * LEVELS + level;
			const bool is = level + depth[half] >= LEVELS;
			struct ghost_page *const page = &ghost.page[i];

			ASSUME(!is | ((page->kind == PAGE_TABLE) & (page->owner == DOMAIN)));
			page->address = is ? table_base(half, level) : ELSEWHERE;
			page->level = level;
			path[half][level] = is ? i : 0;
		}
	}
	td.table = TOP;
}

static uint64_t table_entry(uint32_t page)
{
	return page == 0 ? 0 : page_address(page) | 7;
}

/* @i: of the place; @leaf: LEAF or 0 */
static uint64_t private_entry(uint32_t i, uint64_t leaf)
{
	const uint64_t address = page_address(place[i].page);
	const enum ghost_state state = place[i].state;

	return state == GHOST_EMPTY      ? HAD_PAGE
	       : state == GHOST_RELEASED ? RELEASED | HAD_PAGE
	       : state == GHOST_BLOCKED  ? address | BLOCKED | HAD_PAGE
	       : state == GHOST_PENDING  ? address | PENDING | HAD_PAGE
	       : state == GHOST_ACCEPTED ? address | PRIVATE | leaf
					 : 0;
}

static uint64_t shared_entry(uint32_t i, uint64_t leaf)
{
	const uint64_t shared = place[i].shared;

	return shared == 0 ? 0 : shared | SHARED | leaf;
}

/* What entry @i of a table on the way must say; only where @i is on the way, too. */
static uint64_t entry_of(uint32_t half, uint32_t level, uint32_t i)
{
	const uint32_t first = level == 0 ? i : 0;
	const uint64_t leaf = level == 0 ? 0 : LEAF;
	const uint64_t end = level > 1 ? 0 : half == 0 ? private_entry(first, leaf) : shared_entry(first, leaf);

	return level != 0 && path[half][level - 1] != 0 ? table_entry(path[half][level - 1]) : end;
}

static void find_entries(void)
{
	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++) {
			for (uint32_t i = 0; i < ENTRIES; i++) {
				const bool on_way = level == 0 || i == place_base / (SMALL << level) % ENTRIES;

				on_the_way[half][level][i] = on_way ? path[half][level] : 0;
				entries[half][level][i] = entry_of(half, level, i);
			}
		}
	}
}

/* What lies at a page's entry @i now: of a table on the way what the specification says, else what was there. */
static uint64_t contents_of(uint32_t page, uint32_t i)
{
	uint64_t contents = page == TOP ? table_entry(path[i][LEVELS - 1]) : memory_before[page][i];

	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++)
			contents = page == on_the_way[half][level][i] ? entries[half][level][i] : contents;
	}
	return contents;
}

static void make_memory(void)
{
	find_entries();
	for (uint32_t page = 1; page < PAGES; page++) {
		for (uint32_t i = 0; i < ENTRIES; i++) {
			const uint64_t contents = contents_of(page, i);

			memory_before[page][i] = memory[page][i] = before[page] == 0 ? 0 : contents;
		}
	}
}

static bool range_sane(const struct domain_range *range)
{
	return ((range->base | range->bytes) & 4095) == 0 && range->base < HALF && range->bytes <= HALF - range->base;
}

static void make_domain(void)
{
	struct ghost_domain self;

	ASSUME(range_sane(&self.params.ram[0]) && range_sane(&self.params.ram[1]) && range_sane(&self.params.firmware));
	self.lazy = any_bool();
	make_td(&self);
	ASSUME(td.epoch < 1ull << 63 && td.removed_pages < 1ull << 63);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++) {
		struct ghost_vcpu *const vcpu = &ghost.domain[DOMAIN].vcpu[i];

		ASSUME(vcpu->runs_on <= 2 && td.vcpu[i].epoch <= td.epoch);
		vcpu->behind = td.vcpu[i].epoch != td.epoch;
		td.vcpu[i].runs_on = vcpu->runs_on;
	}
}

static void count_elsewhere(void)
{
	uint32_t pending, shared;

	ASSUME(pending < PAGES && shared < 1u << 31);
	pending_elsewhere = pending;
	shared_elsewhere = shared;
	td.info.pending_pages = pending_pages();
	td.info.shared_pages = shared_pages();
}

static void set_up(uint64_t pool_base)
{
	__CPROVER_havoc_object(&td);
	__CPROVER_havoc_object(memory_before);
	__CPROVER_havoc_object(source);
	ram[0] = any_bool();
	ram[1] = any_bool();
	arguments = any_arguments(DOMAIN);
	place_base = arguments.rsi & (HALF - 1) & ~(LARGE - 1);
	make_records(true, pool_base);
	make_cpus();
	make_tables();
	make_domain();
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct ghost_place any;

		place[i] = any;
	}
	ghost.unit[0].place = place;
	ghost.unit[0].owner = DOMAIN;
	ghost.unit[0].base = place_base;
	ASSUME(places_sane());
	count_elsewhere();
	make_memory();
	td_before = td;
	for (uint32_t i = 0; i < ENTRIES; i++)
		place_before[i] = place[i];
}

static void check_memory(void)
{
	find_entries();
	for (uint32_t page = 1; page < PAGES; page++) {
		const bool free = ghost.page[page].kind == PAGE_FREE, new = (page == arguments.rdx) & copied;

		for (uint32_t i = 0; i < ENTRIES; i++) {
			const uint64_t contents = contents_of(page, i);

			PROVE(memory[page][i] == (free ? 0 : new ? source[i] : contents));
		}
	}
}

static void check_td(void)
{
	const struct ghost_domain *const self = &ghost.domain[DOMAIN];

	PROVE(td.info.domain == DOMAIN && td.table == TOP && td.info.state == self->state && td.lazy == self->lazy);
	PROVE(td.info.state == td_before.info.state && td.info.vcpus == td_before.info.vcpus);
	PROVE(td.info.tables == count(PAGE_TABLE));
	PROVE(td.info.private_pages == count(PAGE_PRIVATE));
	PROVE(td.info.pending_pages == pending_pages() && td.info.shared_pages == shared_pages());
	PROVE(td.info.pages - td.info.tables - td.info.private_pages ==
	      td_before.info.pages - td_before.info.tables - td_before.info.private_pages);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++)
		PROVE(i >= td.info.vcpus || td.vcpu[i].runs_on == 0 ||
		      self->vcpu[i].behind == (td.vcpu[i].epoch != td.epoch));
}

static void check(void)
{
	if (!locked) {
		PROVE(places_sane());
		check_td();
	}
	check_memory();
}

static int64_t memory_call(uint64_t number)
{
	const int64_t result = call(number, &arguments);

	check();
	PROVE(number == HC_PAGE_ADD || (!copied && !measured_page && !measured_contents));
	return result;
}

/* With RAM of the root guest at @address, two pages if @large. */
static int64_t memory_call_with_ram(uint64_t number, uint64_t address, bool large)
{
	ram_address = address;
	ASSUME(!ram[0] || (address % SMALL == 0 && address < 1ull << 47)); /* machine_is_ram() is within one page */
	is_ram = ram[0] && (!large || ram[1]);
	return memory_call(number);
}

/* 2 MiB of pages begin at an even number, or at an odd one. */
static uint64_t any_pool(void)
{
	return any_bool() ? POOL : POOL + SMALL;
}

/* By the level: a division by a number that is not fixed takes CBMC long. */
static int64_t table_add(uint64_t level)
{
	set_up(POOL);
	arguments.rsi = (arguments.rsi & ~4095ull) | level;
	const uint32_t half = (arguments.rsi & HALF) != 0;
	const int64_t result = call(HC_TABLE_ADD, &arguments);

	if (result == 0)
		path[half][level] = (uint32_t)arguments.rdx;
	check();
	PROVE(!kicked && !copied && !measured_page && !measured_contents);
	REACHABLE(result == 0 && half == 0);
	REACHABLE(result == 0 && half != 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_MAPPING);
	return result;
}

/* For leaves of 4 KiB: in parts of 2 MiB that are one leaf, or for nothing yet. */
void prove_memory_table_add_4kib(void)
{
	const int64_t result = table_add(DOMAIN_LEVEL_4KIB);

	REACHABLE(result == 0 && place[1].state == GHOST_ACCEPTED && path[0][0] == arguments.rdx);
	REACHABLE(result == HC_E_MAPPING && place[0].shared != 0);
	REACHABLE(result == HC_E_BUSY && !locked);
}

void prove_memory_table_add_2mib(void)
{
	(void)table_add(DOMAIN_LEVEL_2MIB);
}

void prove_memory_table_add_1gib(void)
{
	(void)table_add(DOMAIN_LEVEL_1GIB);
}

/* There is one top table. */
void prove_memory_table_add_top(void)
{
	set_up(POOL);
	arguments.rsi = (arguments.rsi & ~4095ull) | DOMAIN_LEVEL_TOP;
	const int64_t result = memory_call(HC_TABLE_ADD);

	PROVE(!kicked && result < 0);
	REACHABLE(result == HC_E_ARGUMENT && arguments.rcx == 0);
}

void prove_memory_page_add(void)
{
	set_up(POOL);
	const int64_t result = memory_call_with_ram(HC_PAGE_ADD, arguments.rcx, false);

	PROVE((result == 0) == copied && copied == measured_page && !kicked);
	PROVE(measured_contents == (measured_page && (arguments.rsi & 1) != 0));
	REACHABLE(measured_contents);
	REACHABLE(result == 0 && !measured_contents);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_BUFFER);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_MAPPING);
}

void prove_memory_page_remove(void)
{
	set_up(any_pool());
	const int64_t result = memory_call(HC_PAGE_REMOVE);

	PROVE(result != HC_E_BUSY || locked || kicked);
	PROVE(td.removed_pages == td_before.removed_pages + (result > 0 ? (uint64_t)result : 0));
	REACHABLE(result == 1);
	REACHABLE(result == 2 && place_before[0].state == GHOST_PENDING);
	REACHABLE(result == 2 && place_before[0].state == GHOST_BLOCKED);
	REACHABLE(result == HC_E_BUSY && place_before[0].state == GHOST_ACCEPTED);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_MAPPING);
}

void prove_memory_shared_map(void)
{
	set_up(POOL);
	ASSUME(arguments.rdx != 0 || !ram[0]); /* the specification says none by it */
	const int64_t result = memory_call_with_ram(HC_SHARED_MAP, arguments.rdx, (arguments.rsi & 4095) == 1);

	PROVE(!kicked);
	REACHABLE(result == 0 && (arguments.rsi & 1) != 0 && path[0][0] != 0);
	REACHABLE(result == 0 && (arguments.rsi & 1) == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_BUFFER && ram[0]);
	REACHABLE(result == HC_E_MAPPING);
}

void prove_memory_shared_unmap(void)
{
	set_up(POOL);
	const int64_t result = memory_call(HC_SHARED_UNMAP);

	PROVE(result != HC_E_BUSY || locked || kicked);
	REACHABLE(result == 0 && place_before[1].shared != 0 && (arguments.rsi & 1) != 0);
	REACHABLE(result == HC_E_BUSY && kicked);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}
