/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c */
/* links: tests/unit/support/domain_host.c */
/*
 * A domain's memory while its guest runs: pages that are pending, accepted, removed, released and shared; what other
 * CPUs may still use is neither free nor wiped; 2 MiB at once. No call that is refused changes anything.
 */
#include "hv_test.h"

#include "domain/memory.h"
#include "domain_host.h"
#include "guest_format.h"

#define LARGE      0x200000ull
#define PLACES     512u
#define POOL_PAGES (HOST_RUN + 2 * PLACES) /* two runs of 2 MiB */
#define NEXT_RUN   (HOST_RUN + PLACES)

#define DOMAIN 4u /* the pages before it are records */
#define TABLE  5u
#define FIRST  6u /* free when nothing else is built */

#define SMALL_HERE 0x3000ull    /* an address where memory comes in 4 KiB */
#define LARGE_HERE LARGE        /* and one where it comes in 2 MiB */
#define BEYOND     0x1000000ull /* the end of RAM */
#define PAGE_HERE  30u          /* of the pool, free */

/* By number: a wrong constant is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)

static struct host host;
static uint32_t next_page;

static int64_t call(uint64_t number, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	return host_call(&host, 0, number, DOMAIN, rsi, rdx, rcx);
}

/* The same, where it must be refused: nothing in the pool changes. */
static int64_t refused(uint64_t number, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	static uint8_t before[POOL_PAGES * PAGE_BYTES];

	memcpy(before, host.pool, sizeof(before));
	const int64_t result = call(number, rsi, rdx, rcx);

	assert_true(result < 0);
	assert_memory_equal(before, host.pool, sizeof(before));
	return result;
}

static void add_table(uint64_t address, uint64_t level)
{
	assert_int_equal(call(HC_TABLE_ADD, address | level, next_page++, 0), 0);
}

/* Tables for 1 GiB from @base on, those of 4 KiB for its first 2 MiB alone. */
static void add_tables(uint64_t base)
{
	for (uint64_t level = DOMAIN_LEVEL_TOP; level-- != 0;)
		add_table(base, level);
}

static int build(void **state)
{
	const struct domain_params params = host_params();

	(void)state;
	host_start(&host, POOL_PAGES);
	next_page = FIRST;
	assert_int_equal(host_create(&host, &params, DOMAIN, TABLE), 0);
	assert_int_equal(call(HC_VCPU_CREATE, next_page, 0, 0), 0);
	next_page += DOMAIN_VCPU_PAGES;
	add_tables(0);
	add_tables(DOMAIN_SHARED_BIT);
	return 0;
}

static int start(void **state)
{
	build(state);
	assert_int_equal(call(HC_DOMAIN_FINALIZE, 0, 0, 0), 0);
	assert_true(next_page < PAGE_HERE);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	host_stop(&host);
	return 0;
}

static struct td *domain(void)
{
	return (void *)(host.pool + DOMAIN * PAGE_BYTES);
}

static uint8_t *contents(uint64_t page)
{
	return host.pool + page * PAGE_BYTES;
}

static uint64_t address_of(uint64_t page)
{
	return (uintptr_t)contents(page);
}

static bool is_zero(uint64_t page)
{
	const uint8_t *const bytes = contents(page);

	return bytes[0] == 0 && memcmp(bytes, bytes + 1, PAGE_BYTES - 1) == 0;
}

static bool is_free(uint64_t page)
{
	return host_record(&host, (uint32_t)page) == PAGE_FREE && is_zero(page);
}

static bool is_private(uint64_t page)
{
	return host_record(&host, (uint32_t)page) == ((uint64_t)DOMAIN << 32 | PAGE_PRIVATE);
}

/* The entry that the hardware's walk for @address ends at. */
static uint64_t entry_at(uint64_t address)
{
	const uint64_t *table = (const void *)contents(TABLE);

	for (unsigned level = 4;; level--) {
		const uint64_t entry = table[address >> (12 + 9 * (level - 1)) & 511];

		if (level == 1 || !stage2_present(entry) || stage2_is_leaf(entry, level))
			return entry;
		table = region_pointer(stage2_address(entry));
	}
}

static enum memory_answer accept(uint64_t address, uint64_t level)
{
	const struct pool_view view = host_view(&host, 0);
	struct td *const td = host_enter(&host, 0, DOMAIN);
	gpa_t at = gpa(address);
	const enum memory_answer answer = domain_accept(&view, td, &at, level);

	host_leave(&host, 0, td);
	return answer;
}

static enum memory_answer convert_bytes(uint64_t address, uint64_t *bytes, bool shared)
{
	const struct pool_view view = host_view(&host, 0);
	struct td *const td = host_enter(&host, 0, DOMAIN);
	const enum memory_answer answer = domain_convert(&view, td, gpa(address), bytes, shared);

	host_leave(&host, 0, td);
	return answer;
}

static enum memory_answer convert(uint64_t address, uint64_t bytes, bool shared)
{
	uint64_t done = bytes;
	const enum memory_answer answer = convert_bytes(address, &done, shared);

	assert_int_equal(done, bytes);
	return answer;
}

static enum memory_state state_of(uint64_t address)
{
	const struct pool_view view = host_view(&host, 0);
	struct td *const td = host_enter(&host, 0, DOMAIN);
	const enum memory_state found = domain_memory_state(&view, td, gpa(address));

	host_leave(&host, 0, td);
	return found;
}

static uint64_t translate(uint64_t address)
{
	const struct pool_view view = host_view(&host, 0);
	struct td *const td = host_enter(&host, 0, DOMAIN);
	const uint64_t found = domain_translate(&view, td, gpa(address)).value;

	host_leave(&host, 0, td);
	return found;
}

static void augment(uint64_t place, uint64_t page)
{
	assert_int_equal(call(HC_PAGE_AUG, place, page, 0), 0);
}

/* A page that the guest uses. */
static void give(uint64_t address, uint64_t page)
{
	augment(address, page);
	assert_int_equal(accept(address, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	memset(contents(page), 0x5a, PAGE_BYTES);
}

static void give_large(void)
{
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_DONE);
	memset(contents(HOST_RUN), 0x5a, LARGE);
}

/* Has CPU 1 been in the guest since before now; and has it left it and come back. */
static void other_cpu_runs(void)
{
	domain()->vcpu[0].runs_on = 2;
	domain()->vcpu[0].epoch = domain()->epoch;
}

static void other_cpu_follows(void)
{
	domain()->vcpu[0].epoch = domain()->epoch;
}

/*
 * What is absent, pending, accepted.
 */
static void a_page_is_the_guests_once_it_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(state_of(SMALL_HERE), MEMORY_ABSENT);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_NO_PAGE);
	augment(SMALL_HERE, PAGE_HERE);
	assert_true(is_private(PAGE_HERE) && is_zero(PAGE_HERE));
	assert_int_equal(domain()->info.private_pages, 1);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PENDING);
	assert_false(stage2_present(entry_at(SMALL_HERE)));
	assert_int_equal(translate(SMALL_HERE), 0);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	assert_int_equal(entry_at(SMALL_HERE), stage2_private(paddr(address_of(PAGE_HERE)), 1));
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PRIVATE);
	assert_int_equal(translate(SMALL_HERE + 0x123), address_of(PAGE_HERE) + 0x123);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_ALREADY);
	assert_int_equal(domain()->epoch, 0); /* nothing was taken away */
}

static void lazy_acceptance_is_for_memory_that_is_new(void **state)
{
	(void)state;
	domain()->lazy = true;
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PRIVATE);
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), 1);
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PENDING);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	assert_int_equal(state_of(LARGE_HERE + 0x5000), MEMORY_PRIVATE);
}

/* Of a page that was pending, too; and of one that was there from the build on. */
static void what_was_removed_has_to_be_accepted_again(void **state)
{
	assert_int_equal(call(HC_PAGE_ADD, 0x1000, PAGE_HERE, host_ram(&host, 1)), 0);
	assert_int_equal(call(HC_DOMAIN_FINALIZE, 0, 0, 0), 0);
	(void)state;
	domain()->lazy = true;
	assert_int_equal(call(HC_PAGE_REMOVE, 0x1000, 0, 0), 1);
	assert_true(is_free(PAGE_HERE));
	augment(0x1000, PAGE_HERE);
	assert_int_equal(state_of(0x1000), MEMORY_PENDING);
	assert_int_equal(call(HC_PAGE_REMOVE, 0x1000, 0, 0), 1);
	augment(0x1000, PAGE_HERE);
	assert_int_equal(state_of(0x1000), MEMORY_PENDING);
}

static void a_removed_page_is_wiped_and_free(void **state)
{
	(void)state;
	give(SMALL_HERE, PAGE_HERE);
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), 1);
	assert_true(is_free(PAGE_HERE));
	assert_int_equal(entry_at(SMALL_HERE), HAD_PAGE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_ABSENT);
	assert_int_equal(domain()->info.private_pages, 0);
	assert_int_equal(domain()->epoch, 1);
	assert_int_equal(refused(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_MAPPING);
}

static void pages_are_augmented_in_ram_of_a_ready_domain(void **state)
{
	const uint64_t bad[] = {BEYOND,
				0xffc00000, /* firmware */
				DOMAIN_SHARED_BIT,
				DOMAIN_SHARED_BIT | SMALL_HERE,
				1ull << DOMAIN_GPA_BITS,
				UINT64_MAX & ~0xfffull,
				0x1000 | DOMAIN_LEVEL_2MIB,
				BEYOND | DOMAIN_LEVEL_2MIB,
				SMALL_HERE | DOMAIN_LEVEL_1GIB,
				0 | DOMAIN_LEVEL_1GIB,
				SMALL_HERE | 0xfff};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refused(HC_PAGE_AUG, bad[i], HOST_RUN, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE, 1), HC_E_ARGUMENT);
	assert_int_equal(call(HC_DOMAIN_DESTROY, 0, 0, 0), 0);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE, 0), HC_E_STATE);
}

static void nothing_but_added_pages_before_the_end_of_the_build(void **state)
{
	(void)state;
	assert_int_equal(call(HC_PAGE_ADD, SMALL_HERE, PAGE_HERE, host_ram(&host, 1)), 0);
	assert_int_equal(refused(HC_PAGE_AUG, 0x1000, PAGE_HERE + 1, 0), HC_E_STATE);
	assert_int_equal(refused(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_STATE);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 1), 0), HC_E_STATE);
	assert_int_equal(refused(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), HC_E_STATE);
	assert_int_equal(refused(HC_INTERRUPT, FIRST, 0x30, 0), HC_E_STATE);
}

static void only_free_pages_are_augmented(void **state)
{
	const uint64_t bad[] = {
		0, DOMAIN, TABLE, FIRST, POOL_PAGES, UINT32_MAX, 1ull << 32, (1ull << 32) + PAGE_HERE, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, bad[i], 0), HC_E_PAGE);
}

static void one_address_has_one_page(void **state)
{
	(void)state;
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE + 1, 0), HC_E_MAPPING); /* pending */
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE + 1, 0), HC_E_MAPPING);       /* accepted */
	assert_int_equal(refused(HC_PAGE_AUG, 0 | DOMAIN_LEVEL_2MIB, HOST_RUN, 0), HC_E_MAPPING); /* a table is there */
	assert_int_equal(refused(HC_PAGE_AUG, LARGE_HERE, PAGE_HERE + 1, 0), HC_E_MAPPING);       /* none is */
	assert_int_equal(refused(HC_PAGE_AUG, 0x100000000, PAGE_HERE + 1, 0), HC_E_MAPPING);
	assert_int_equal(convert(0x5000, PAGE_BYTES, true), MEMORY_DONE);
	assert_int_equal(refused(HC_PAGE_AUG, 0x5000, PAGE_HERE + 1, 0), HC_E_MAPPING); /* a shared one is wanted */
}

static void what_is_not_there_is_not_removed(void **state)
{
	(void)state;
	assert_int_equal(refused(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_MAPPING);
	assert_int_equal(refused(HC_PAGE_REMOVE, 0 | DOMAIN_LEVEL_2MIB, 0, 0), HC_E_MAPPING); /* a table */
	assert_int_equal(refused(HC_PAGE_REMOVE, 0x100000000, 0, 0), HC_E_MAPPING);
	give_large();
	assert_int_equal(refused(HC_PAGE_REMOVE, LARGE_HERE, 0, 0), HC_E_MAPPING); /* a part */
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_DONE);
	assert_int_equal(refused(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_MAPPING);
	const uint64_t bad[] = {BEYOND, 0xffc00000, DOMAIN_SHARED_BIT, 0x1000 | DOMAIN_LEVEL_2MIB, DOMAIN_LEVEL_1GIB};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refused(HC_PAGE_REMOVE, bad[i], 0, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 1, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 0, 1), HC_E_ARGUMENT);
	assert_int_equal(call(HC_DOMAIN_DESTROY, 0, 0, 0), 0);
	assert_int_equal(refused(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 0, 0), HC_E_STATE);
}

static void requests_for_what_is_no_ram_are_invalid(void **state)
{
	const uint64_t bad[] = {BEYOND,
				0xffc00000,
				DOMAIN_SHARED_BIT,
				SMALL_HERE | DOMAIN_SHARED_BIT,
				1ull << DOMAIN_GPA_BITS,
				UINT64_MAX & ~0xfffull};

	(void)state;
	give(SMALL_HERE, PAGE_HERE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(accept(bad[i], DOMAIN_LEVEL_4KIB), MEMORY_INVALID);
		assert_int_equal(convert(bad[i], PAGE_BYTES, true), MEMORY_INVALID);
		assert_int_equal(convert(bad[i], PAGE_BYTES, false), MEMORY_INVALID);
	}
	assert_int_equal(convert(BEYOND - PAGE_BYTES, 2 * PAGE_BYTES, true), MEMORY_INVALID);
	assert_int_equal(convert(SMALL_HERE, UINT64_MAX - 0xfff, true), MEMORY_INVALID);
	assert_int_equal(accept(0x1000, DOMAIN_LEVEL_2MIB), MEMORY_INVALID);
	for (uint64_t level = DOMAIN_LEVEL_1GIB; level < 8; level++)
		assert_int_equal(accept(0, level), MEMORY_INVALID);
	assert_true(is_private(PAGE_HERE));
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PRIVATE);
}

/*
 * Other CPUs.
 */

/* Neither free nor wiped; the guest cannot reach it, and nothing comes in its place. */
static void a_page_that_a_cpu_may_use_is_blocked(void **state)
{
	static uint8_t pattern[PAGE_BYTES];

	(void)state;
	memset(pattern, 0x5a, sizeof(pattern));
	give(SMALL_HERE, PAGE_HERE);
	other_cpu_runs();
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_BUSY);
	assert_int_equal(host.kicks[1], 1);
	assert_int_equal(host.kicks[0], 0);
	assert_true(is_private(PAGE_HERE));
	assert_memory_equal(contents(PAGE_HERE), pattern, sizeof(pattern));
	assert_int_equal(entry_at(SMALL_HERE), address_of(PAGE_HERE) | BLOCKED | HAD_PAGE);
	assert_int_equal(translate(SMALL_HERE), 0);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_ABSENT);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_REPEAT);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE + 1, 0), HC_E_MAPPING);
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_BUSY); /* and again */
	assert_int_equal(host.kicks[1], 2);
	assert_memory_equal(contents(PAGE_HERE), pattern, sizeof(pattern));
	assert_int_equal(domain()->info.private_pages, 1);
	other_cpu_follows();
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), 1);
	assert_true(is_free(PAGE_HERE));
	assert_int_equal(entry_at(SMALL_HERE), HAD_PAGE);
	assert_int_equal(domain()->info.private_pages, 0);
	assert_int_equal(host.kicks[1], 2);
}

/* The caller's own CPU has left its guest, or asks for it: it has new translations before it goes on. */
static void the_own_cpu_is_not_waited_for(void **state)
{
	(void)state;
	give(SMALL_HERE, PAGE_HERE);
	domain()->vcpu[0].runs_on = 1;
	domain()->vcpu[0].epoch = domain()->epoch;
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_DONE);
	assert_true(is_free(PAGE_HERE));
	assert_int_equal(host.kicks[0], 0);
	assert_true(domain()->vcpu[0].epoch != domain()->epoch); /* it has to flush */
}

/* No CPU can have a translation to what was never accepted. */
static void a_pending_page_goes_at_once(void **state)
{
	(void)state;
	augment(SMALL_HERE, PAGE_HERE);
	augment(0x5000, PAGE_HERE + 1);
	other_cpu_runs();
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), 1);
	assert_true(is_free(PAGE_HERE));
	assert_int_equal(convert(0x5000, PAGE_BYTES, true), MEMORY_DONE);
	assert_true(is_free(PAGE_HERE + 1));
	assert_int_equal(host.kicks[1], 0);
	assert_int_equal(domain()->epoch, 0);
}

static void counts_of_flushes_do_not_come_round(void **state)
{
	(void)state;
	give(SMALL_HERE, PAGE_HERE);
	domain()->vcpu[0].runs_on = 2;
	domain()->vcpu[0].epoch = 0;
	domain()->epoch = UINT32_MAX;
	assert_int_equal(call(HC_PAGE_REMOVE, SMALL_HERE, 0, 0), HC_E_BUSY);
	assert_true(is_private(PAGE_HERE) && !is_zero(PAGE_HERE));
}

/*
 * Released and shared memory.
 */
static void a_released_page_is_wiped_and_free(void **state)
{
	(void)state;
	give(SMALL_HERE + PAGE_BYTES, PAGE_HERE + 1);
	domain()->lazy = true;
	augment(SMALL_HERE, PAGE_HERE);
	memset(contents(PAGE_HERE), 0x5a, PAGE_BYTES);
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_DONE);
	assert_true(is_free(PAGE_HERE));
	assert_true(is_private(PAGE_HERE + 1) && !is_zero(PAGE_HERE + 1)); /* its neighbour */
	assert_int_equal(entry_at(SMALL_HERE), RELEASED | HAD_PAGE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_RELEASED);
	assert_int_equal(translate(SMALL_HERE), 0);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_INVALID);
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_DONE); /* it is so */
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, false), MEMORY_DONE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_ABSENT);
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PENDING); /* lazy or not */
}

static void release_waits_for_other_cpus(void **state)
{
	(void)state;
	give(SMALL_HERE, PAGE_HERE);
	other_cpu_runs();
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_REPEAT);
	assert_true(is_private(PAGE_HERE) && !is_zero(PAGE_HERE));
	assert_false(stage2_present(entry_at(SMALL_HERE)));
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 1), 0), HC_E_MAPPING);
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_REPEAT);
	assert_int_equal(host.kicks[1], 2);
	assert_true(is_private(PAGE_HERE) && !is_zero(PAGE_HERE));
	other_cpu_follows();
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, true), MEMORY_DONE);
	assert_true(is_free(PAGE_HERE));
	assert_int_equal(state_of(SMALL_HERE), MEMORY_RELEASED);
}

static void release_an_address(uint64_t address)
{
	assert_int_equal(convert(address, PAGE_BYTES, true), MEMORY_DONE);
}

/* Never executable; the private half has no page meanwhile. */
static void ram_of_the_host_is_shared_where_the_guest_wants_it(void **state)
{
	const uint64_t ram = host_ram(&host, 2);

	(void)state;
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, ram, 0), HC_E_MAPPING);
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, ram, 0), HC_E_MAPPING);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, ram, 0), HC_E_MAPPING);
	release_an_address(SMALL_HERE);
	assert_int_equal(call(HC_SHARED_MAP, SMALL_HERE, ram, 0), 0);
	assert_int_equal(entry_at(SMALL_HERE | DOMAIN_SHARED_BIT), stage2_shared(paddr(ram), 1));
	assert_true((entry_at(SMALL_HERE | DOMAIN_SHARED_BIT) & NPT_NX) != 0);
	assert_false(stage2_present(entry_at(SMALL_HERE)));
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 3), 0), HC_E_MAPPING);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE, 0), HC_E_MAPPING);
	assert_int_equal(translate(SMALL_HERE), 0);
	assert_int_equal(call(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), 0);
	assert_int_equal(entry_at(SMALL_HERE | DOMAIN_SHARED_BIT), 0);
	assert_int_equal(state_of(SMALL_HERE), MEMORY_RELEASED);
	assert_int_equal(call(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 3), 0), 0);
}

static void only_whole_pages_of_ram_are_shared(void **state)
{
	const uint64_t ram = host_ram(&host, 1);
	const uint64_t buffers[] = {ram + 8, 0, (uintptr_t)host.pool, host_ram(&host, RAM_PAGES), UINT64_MAX - 0xfff};
	const uint64_t large[] = {HOST_FAR_RAM + HOST_FAR_BYTES - LARGE + PAGE_BYTES, HOST_FAR_RAM - PAGE_BYTES, ram,
				  UINT64_MAX - 0xfff, UINT64_MAX - LARGE + 1};
	const uint64_t places[] = {BEYOND, 0xffc00000, SMALL_HERE | DOMAIN_SHARED_BIT, SMALL_HERE | DOMAIN_LEVEL_1GIB,
				   SMALL_HERE | 0xfff};

	(void)state;
	release_an_address(SMALL_HERE);
	assert_int_equal(convert(LARGE_HERE, LARGE, true), MEMORY_DONE);
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, buffers[i], 0), HC_E_BUFFER);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		assert_int_equal(refused(HC_SHARED_MAP, LARGE_HERE | DOMAIN_LEVEL_2MIB, large[i], 0), HC_E_BUFFER);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_int_equal(refused(HC_SHARED_MAP, places[i], ram, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, ram, 1), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_SHARED_MAP, LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_FAR_RAM + PAGE_BYTES, 0),
			 HC_E_ARGUMENT);                                            /* not aligned */
	assert_int_equal(refused(HC_SHARED_MAP, LARGE_HERE, ram, 0), HC_E_MAPPING); /* no table of 4 KiB */
	assert_int_equal(call(HC_DOMAIN_DESTROY, 0, 0, 0), 0);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, ram, 0), HC_E_STATE);
}

static void two_mib_are_shared_where_all_is_released(void **state)
{
	const uint64_t place = LARGE_HERE | DOMAIN_LEVEL_2MIB;

	(void)state;
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	for (uint64_t i = 0; i < PLACES; i++) {
		assert_int_equal(call(HC_SHARED_MAP, place, HOST_FAR_RAM, 0), HC_E_MAPPING);
		release_an_address(LARGE_HERE + (i + 1) % PLACES * PAGE_BYTES); /* the first one comes last */
	}
	add_table(DOMAIN_SHARED_BIT | LARGE_HERE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(refused(HC_SHARED_MAP, place, HOST_FAR_RAM, 0), HC_E_MAPPING); /* a table is there */
	assert_int_equal(call(HC_SHARED_MAP, LARGE_HERE, HOST_FAR_RAM, 0), 0);
}

/* All of a leaf goes, and is not handed down to a table: the host maps the rest again. */
static void a_shared_leaf_comes_and_goes_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(convert(LARGE_HERE, LARGE, true), MEMORY_DONE);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(state_of(LARGE_HERE + 0x7000), MEMORY_RELEASED);
	assert_int_equal(call(HC_SHARED_MAP, LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_FAR_RAM, 0), 0);
	assert_int_equal(entry_at(LARGE_HERE + 0x7000 + DOMAIN_SHARED_BIT), stage2_shared(paddr(HOST_FAR_RAM), 2));
	assert_int_equal(refused(HC_TABLE_ADD, LARGE_HERE | DOMAIN_SHARED_BIT, next_page, 0), HC_E_MAPPING);
	assert_int_equal(convert(LARGE_HERE + 0x7000, PAGE_BYTES, false), MEMORY_DONE);
	assert_int_equal(entry_at(LARGE_HERE | DOMAIN_SHARED_BIT), 0);
	assert_int_equal(refused(HC_SHARED_MAP, LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_FAR_RAM, 0), HC_E_MAPPING);
	release_an_address(LARGE_HERE + 0x7000);
	assert_int_equal(call(HC_SHARED_MAP, LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_FAR_RAM, 0), 0);
	assert_int_equal(call(HC_SHARED_UNMAP, LARGE_HERE + 0x1000, 0, 0), 0);
	assert_int_equal(entry_at(LARGE_HERE | DOMAIN_SHARED_BIT), 0);
}

static void what_is_unmapped_no_cpu_has_any_more(void **state)
{
	(void)state;
	release_an_address(SMALL_HERE);
	assert_int_equal(call(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 2), 0), 0);
	other_cpu_runs();
	assert_int_equal(call(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), HC_E_BUSY);
	assert_int_equal(entry_at(SMALL_HERE | DOMAIN_SHARED_BIT), 0);
	assert_int_equal(call(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), HC_E_BUSY);
	assert_int_equal(host.kicks[1], 2);
	other_cpu_follows();
	assert_int_equal(call(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), 0);
	assert_int_equal(call(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), 0); /* of nothing: nobody is waited for */
	assert_int_equal(host.kicks[1], 2);
	const uint64_t bad[] = {BEYOND, 0xffc00000, SMALL_HERE | DOMAIN_SHARED_BIT, 0x1000 | DOMAIN_LEVEL_2MIB,
				DOMAIN_LEVEL_1GIB};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refused(HC_SHARED_UNMAP, bad[i], 0, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_SHARED_UNMAP, SMALL_HERE, 1, 0), HC_E_ARGUMENT);
	assert_int_equal(refused(HC_SHARED_UNMAP, SMALL_HERE, 0, 1), HC_E_ARGUMENT);
	assert_int_equal(call(HC_DOMAIN_DESTROY, 0, 0, 0), 0);
	assert_int_equal(refused(HC_SHARED_UNMAP, SMALL_HERE, 0, 0), HC_E_STATE);
}

/* An address never has a private and a shared page, nor a CPU the one while the other comes. */
static void private_memory_comes_after_the_shared_is_gone(void **state)
{
	(void)state;
	release_an_address(SMALL_HERE);
	assert_int_equal(call(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 2), 0), 0);
	other_cpu_runs();
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, false), MEMORY_REPEAT);
	assert_int_equal(entry_at(SMALL_HERE | DOMAIN_SHARED_BIT), 0);
	assert_int_equal(host.kicks[1], 1);
	assert_int_equal(refused(HC_PAGE_AUG, SMALL_HERE, PAGE_HERE, 0), HC_E_MAPPING);
	assert_int_equal(call(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 2), 0), 0); /* the host's right yet */
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, false), MEMORY_REPEAT);
	other_cpu_follows();
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, false), MEMORY_DONE);
	assert_int_equal(entry_at(SMALL_HERE | DOMAIN_SHARED_BIT), 0);
	assert_int_equal(refused(HC_SHARED_MAP, SMALL_HERE, host_ram(&host, 2), 0), HC_E_MAPPING);
	augment(SMALL_HERE, PAGE_HERE);
	assert_int_equal(accept(SMALL_HERE, DOMAIN_LEVEL_4KIB), MEMORY_DONE);
	assert_int_equal(convert(SMALL_HERE, PAGE_BYTES, false), MEMORY_DONE); /* it is so */
	assert_int_equal(state_of(SMALL_HERE), MEMORY_PRIVATE);
}

/*
 * 2 MiB.
 */
static void two_mib_come_and_go_at_once(void **state)
{
	(void)state;
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	assert_int_equal(domain()->info.private_pages, PLACES);
	assert_int_equal(entry_at(LARGE_HERE), address_of(HOST_RUN) | PENDING | HAD_PAGE);
	assert_int_equal(accept(LARGE_HERE + 0x5000, DOMAIN_LEVEL_4KIB), MEMORY_NO_TABLE);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_DONE);
	assert_int_equal(entry_at(LARGE_HERE), stage2_private(paddr(address_of(HOST_RUN)), 2));
	assert_int_equal(translate(LARGE_HERE + 0x5123), address_of(HOST_RUN + 5) + 0x123);
	assert_int_equal(accept(LARGE_HERE + 0x5000, DOMAIN_LEVEL_4KIB), MEMORY_ALREADY);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_ALREADY);
	memset(contents(HOST_RUN), 0x5a, LARGE);
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 0, 0), PLACES);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_true(is_free(HOST_RUN + i));
	assert_int_equal(domain()->info.private_pages, 0);
	assert_int_equal(entry_at(LARGE_HERE), HAD_PAGE);
	give_large();
	assert_int_equal(convert(LARGE_HERE, LARGE, true), MEMORY_DONE);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_true(is_free(HOST_RUN + i));
}

/* Its pages follow each other from a multiple of 2 MiB on, and all of them are free, or none is taken. */
static void a_run_is_whole_and_aligned(void **state)
{
	const uint64_t place = LARGE_HERE | DOMAIN_LEVEL_2MIB;

	(void)state;
	assert_int_equal(refused(HC_PAGE_AUG, place, HOST_RUN + 1, 0), HC_E_PAGE);
	assert_int_equal(refused(HC_PAGE_AUG, place, POOL_PAGES - 1, 0), HC_E_PAGE);
	assert_int_equal(refused(HC_PAGE_AUG, place, HOST_RUN + 2 * PLACES, 0), HC_E_PAGE);
	assert_int_equal(refused(HC_PAGE_AUG, place, UINT64_MAX, 0), HC_E_PAGE);
	augment(SMALL_HERE, NEXT_RUN - 1);
	assert_int_equal(refused(HC_PAGE_AUG, place, HOST_RUN, 0), HC_E_PAGE);
	augment(place, NEXT_RUN);
	assert_int_equal(refused(HC_PAGE_AUG, place, HOST_RUN, 0), HC_E_MAPPING);
}

/* The pool may end in the middle of 2 MiB. */
static void a_run_ends_in_the_pool(void **state)
{
	(void)state;
	host.records.pages = NEXT_RUN + PLACES - 1;
	assert_int_equal(refused(HC_PAGE_AUG, LARGE_HERE | DOMAIN_LEVEL_2MIB, NEXT_RUN, 0), HC_E_PAGE);
	host.records.pages = NEXT_RUN + PLACES;
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, NEXT_RUN);
}

static void no_leaf_of_2_mib_where_the_root_guest_has_none(void **state)
{
	(void)state;
	host.machine.boot.ram_leaf_bytes = BOOT_LEAF_4KIB;
	assert_int_equal(refused(HC_PAGE_AUG, LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN, 0), HC_E_ARGUMENT);
	augment(SMALL_HERE, PAGE_HERE);
}

/* Whatever 2 MiB are, each 4 KiB of the new table are that. */
static void a_table_has_what_was_there(void **state)
{
	(void)state;
	give_large();
	assert_int_equal(refused(HC_TABLE_ADD, LARGE_HERE, TABLE, 0), HC_E_PAGE);
	assert_int_equal(refused(HC_TABLE_ADD, LARGE_HERE, HOST_RUN, 0), HC_E_PAGE);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_int_equal(entry_at(LARGE_HERE + i * PAGE_BYTES),
				 stage2_private(paddr(address_of(HOST_RUN + i)), 1));
	assert_int_equal(refused(HC_TABLE_ADD, LARGE_HERE, next_page, 0), HC_E_MAPPING);
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE + 0x5000, 0, 0), 1);
	assert_true(is_free(HOST_RUN + 5));
	assert_true(is_private(HOST_RUN + 4) && is_private(HOST_RUN + 6) && !is_zero(HOST_RUN + 6));
	assert_int_equal(domain()->info.private_pages, PLACES - 1);
}

static void a_table_has_what_the_guest_may_not_use(void **state)
{
	(void)state;
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_int_equal(entry_at(LARGE_HERE + i * PAGE_BYTES), address_of(HOST_RUN + i) | PENDING | HAD_PAGE);
	augment((2 * LARGE) | DOMAIN_LEVEL_2MIB, NEXT_RUN);
	assert_int_equal(call(HC_PAGE_REMOVE, (2 * LARGE) | DOMAIN_LEVEL_2MIB, 0, 0), PLACES);
	add_table(2 * LARGE, DOMAIN_LEVEL_4KIB); /* empty, but not new */
	domain()->lazy = true;
	augment(2 * LARGE + 0x5000, PAGE_HERE);
	assert_int_equal(state_of(2 * LARGE + 0x5000), MEMORY_PENDING);
	assert_int_equal(convert(3 * LARGE, LARGE, true), MEMORY_DONE);
	add_table(3 * LARGE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(state_of(4 * LARGE - PAGE_BYTES), MEMORY_RELEASED);
}

static void what_is_blocked_gets_no_table(void **state)
{
	(void)state;
	give_large();
	other_cpu_runs();
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 0, 0), HC_E_BUSY);
	assert_int_equal(refused(HC_TABLE_ADD, LARGE_HERE, next_page, 0), HC_E_BUSY);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_REPEAT);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_true(is_private(HOST_RUN + i) && !is_zero(HOST_RUN + i));
	other_cpu_follows();
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE | DOMAIN_LEVEL_2MIB, 0, 0), PLACES);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(entry_at(LARGE_HERE + 0x5000), HAD_PAGE);
}

static void assert_all(enum memory_state expected)
{
	for (uint64_t i = 0; i < PLACES; i++)
		assert_int_equal(state_of(LARGE_HERE + i * PAGE_BYTES), expected);
}

/* 2 MiB in 4 KiB are accepted where all of them are pending. */
static void two_mib_of_pages_are_accepted_all_or_none(void **state)
{
	(void)state;
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_DONE);
	assert_all(MEMORY_PRIVATE);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_ALREADY);
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE + 0x5000, 0, 0), 1);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_NO_PAGE);
	augment(LARGE_HERE + 0x5000, HOST_RUN + 5);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_MIXED);
	assert_int_equal(state_of(LARGE_HERE + 0x5000), MEMORY_PENDING);
	assert_int_equal(convert(LARGE_HERE + 0x5000, PAGE_BYTES, true), MEMORY_DONE);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_INVALID);
	assert_int_equal(state_of(LARGE_HERE + 0x5000), MEMORY_RELEASED);
	other_cpu_runs();
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE, 0, 0), HC_E_BUSY);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_REPEAT);
}

/* The first that is missing decides, and no page before it is accepted. */
static void no_page_is_accepted_before_one_that_is_missing(void **state)
{
	(void)state;
	augment(LARGE_HERE | DOMAIN_LEVEL_2MIB, HOST_RUN);
	add_table(LARGE_HERE, DOMAIN_LEVEL_4KIB);
	assert_int_equal(call(HC_PAGE_REMOVE, LARGE_HERE + LARGE - PAGE_BYTES, 0, 0), 1);
	assert_int_equal(accept(LARGE_HERE, DOMAIN_LEVEL_2MIB), MEMORY_NO_PAGE);
	for (uint64_t i = 0; i < PLACES - 1; i++)
		assert_int_equal(state_of(LARGE_HERE + i * PAGE_BYTES), MEMORY_PENDING);
}

static void a_part_of_2_mib_is_not_converted(void **state)
{
	uint64_t bytes = PAGE_BYTES;

	(void)state;
	give_large();
	assert_int_equal(convert_bytes(LARGE_HERE + 0x5000, &bytes, true), MEMORY_NO_TABLE);
	assert_int_equal(bytes, 0);
	bytes = LARGE - PAGE_BYTES;
	assert_int_equal(convert_bytes(LARGE_HERE, &bytes, true), MEMORY_NO_TABLE);
	bytes = LARGE;
	assert_int_equal(convert_bytes(LARGE_HERE + PAGE_BYTES, &bytes, true), MEMORY_NO_TABLE);
	bytes = PAGE_BYTES;
	assert_int_equal(convert_bytes(0x100000000, &bytes, true), MEMORY_NO_TABLE); /* no table of 2 MiB */
	bytes = LARGE;
	assert_int_equal(convert_bytes(0, &bytes, true), MEMORY_DONE); /* 4 KiB of it */
	assert_int_equal(bytes, PAGE_BYTES);
	assert_int_equal(state_of(0), MEMORY_RELEASED);
	assert_int_equal(state_of(PAGE_BYTES), MEMORY_ABSENT);
	assert_int_equal(state_of(LARGE_HERE + 0x5000), MEMORY_PRIVATE);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, start, stop)
#define BUILD(name) cmocka_unit_test_setup_teardown(name, build, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_is_the_guests_once_it_is_accepted),
		TEST(lazy_acceptance_is_for_memory_that_is_new),
		BUILD(what_was_removed_has_to_be_accepted_again),
		TEST(a_removed_page_is_wiped_and_free),
		TEST(pages_are_augmented_in_ram_of_a_ready_domain),
		BUILD(nothing_but_added_pages_before_the_end_of_the_build),
		TEST(only_free_pages_are_augmented),
		TEST(one_address_has_one_page),
		TEST(what_is_not_there_is_not_removed),
		TEST(requests_for_what_is_no_ram_are_invalid),
		TEST(a_page_that_a_cpu_may_use_is_blocked),
		TEST(the_own_cpu_is_not_waited_for),
		TEST(a_pending_page_goes_at_once),
		TEST(counts_of_flushes_do_not_come_round),
		TEST(a_released_page_is_wiped_and_free),
		TEST(release_waits_for_other_cpus),
		TEST(ram_of_the_host_is_shared_where_the_guest_wants_it),
		TEST(only_whole_pages_of_ram_are_shared),
		TEST(two_mib_are_shared_where_all_is_released),
		TEST(a_shared_leaf_comes_and_goes_as_a_whole),
		TEST(what_is_unmapped_no_cpu_has_any_more),
		TEST(private_memory_comes_after_the_shared_is_gone),
		TEST(two_mib_come_and_go_at_once),
		TEST(a_run_is_whole_and_aligned),
		TEST(a_run_ends_in_the_pool),
		TEST(no_leaf_of_2_mib_where_the_root_guest_has_none),
		TEST(a_table_has_what_was_there),
		TEST(a_table_has_what_the_guest_may_not_use),
		TEST(what_is_blocked_gets_no_table),
		TEST(two_mib_of_pages_are_accepted_all_or_none),
		TEST(no_page_is_accepted_before_one_that_is_missing),
		TEST(a_part_of_2_mib_is_not_converted),
	};

	return cmocka_run_group_tests_name("hv_domain_memory", tests, 0, 0);
}
