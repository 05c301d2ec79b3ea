/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/domain/debug/compare.c hv/domain/debug/ghost.c hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c */
/* links: tests/unit/support/domain_host.c tests/unit/support/domain_calls.c */
/* links: tests/unit/support/domain_choices.c tests/unit/support/ghost_compare.c */
/*
 * Domains as the host builds and ends them: each call with what it refuses, and a second model of the pool beside
 * random calls.
 */
#include "hv_test.h"

#include <openssl/evp.h>
#include <sys/mman.h>

#include "domain/vcpu.h"
#include "domain_calls.h"
#include "domain_host.h"
#include "guest_format.h"

#define POOL_PAGES 1024u
#define FIRST_FREE 2u /* after the records */

#define DOMAIN 2u
#define TABLE  3u
#define NEXT   4u /* first free page after a domain's own two */

static int start(void **state)
{
	struct host *const host = calloc(1, sizeof(*host));

	host_start(host, POOL_PAGES);
	*state = host;
	return 0;
}

static int stop(void **state)
{
	host_stop(*state);
	free(*state);
	return 0;
}

static uint64_t record(enum page_kind kind, uint64_t owner)
{
	return owner << 32 | kind;
}

static bool page_is_zero(const struct host *host, uint32_t page)
{
	for (uint64_t i = 0; i < PAGE_BYTES; i++) {
		if (host->pool[page * PAGE_BYTES + i] != 0)
			return false;
	}
	return true;
}

/* A domain with tables down to its first 2 MiB of RAM. */
static void build(struct host *host)
{
	const struct domain_params params = host_params();

	assert_int_equal(host_create(host, &params, DOMAIN, TABLE), 0);
	for (uint64_t level = DOMAIN_LEVEL_1GIB, page = NEXT;; level--, page++) {
		assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, level, page, 0), 0);
		if (level == DOMAIN_LEVEL_4KIB)
			break;
	}
}

#define FIRST_PAGE (NEXT + 3) /* free after build() */

static struct domain_info info_of(struct host *host, uint64_t domain)
{
	union domain_object read;

	assert_int_equal(domain_read(&host->cpu[0], HV_OBJECT_DOMAIN | domain << 32, &read), sizeof(read.info));
	return read.info;
}

static void a_new_pool_is_zero_but_for_its_records(void **state)
{
	const struct host *const host = *state;

	for (uint32_t page = 0; page < POOL_PAGES; page++)
		assert_int_equal(host_record(host, page), record(page < FIRST_FREE ? PAGE_RECORDS : PAGE_FREE, 0));
	for (uint32_t page = FIRST_FREE; page < POOL_PAGES; page++)
		assert_true(page_is_zero(host, page));
}

static void a_domain_is_two_pages(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	host->machine.boot.tsc_khz = 2500000;
	assert_int_equal(host_create(host, &params, DOMAIN, TABLE), 0);
	assert_int_equal(host_record(host, DOMAIN), record(PAGE_DOMAIN, DOMAIN));
	assert_int_equal(host_record(host, TABLE), record(PAGE_TABLE, DOMAIN));
	const struct domain_info info = info_of(host, DOMAIN);

	assert_int_equal(info.state, DOMAIN_BUILDING);
	assert_int_equal(info.version, 2);
	assert_int_equal(info.bytes, sizeof(info));
	assert_int_equal(info.domain, DOMAIN);
	assert_int_equal(info.tsc_khz, 2500000);
	assert_int_equal(info.tables, 1);
	assert_int_equal(info.pages, 2);
	assert_int_equal(info.private_pages + info.pending_pages + info.shared_pages + info.vcpus, 0);
	assert_memory_equal(&info.params, &params, sizeof(params));
}

static void pages_that_are_not_free_make_no_domain(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();
	const uint64_t bad[] = {0,          FIRST_FREE - 1, POOL_PAGES,           UINT32_MAX,
				1ull << 32, UINT64_MAX,     (1ull << 32) + DOMAIN};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(host_create(host, &params, bad[i], TABLE), HC_E_PAGE);
		assert_int_equal(host_create(host, &params, DOMAIN, bad[i]), HC_E_PAGE);
	}
	assert_int_equal(host_create(host, &params, DOMAIN, DOMAIN), HC_E_PAGE);
	for (uint32_t page = FIRST_FREE; page < POOL_PAGES; page++) {
		assert_int_equal(host_record(host, page), 0);
		assert_true(page_is_zero(host, page));
	}
}

static void assert_refused(struct host *host, const struct domain_params *params)
{
	assert_int_equal(host_create(host, params, DOMAIN, TABLE), HC_E_ARGUMENT);
	assert_int_equal(host_record(host, DOMAIN), 0);
	assert_int_equal(host_record(host, TABLE), 0);
}

#define REFUSED(host, change)                           \
	do {                                            \
		struct domain_params p = host_params(); \
		change;                                 \
		assert_refused(host, &p);               \
	} while (0)

static void parameters_out_of_range_are_refused(void **state)
{
	struct host *const host = *state;

	REFUSED(host, p.version = 2);
	REFUSED(host, p.reserved = 1);
	REFUSED(host, p.attributes = 0);
	REFUSED(host, p.attributes |= 1);
	REFUSED(host, p.xfam = 1);
	REFUSED(host, p.xfam = 1ull << 63 | 3);
	REFUSED(host, p.max_vcpus = 0);
	REFUSED(host, p.max_vcpus = DOMAIN_MAX_VCPUS + 1);
	REFUSED(host, p.ram_count = 0);
	REFUSED(host, p.ram_count = DOMAIN_MAX_RAM + 1);
	REFUSED(host, p.ram[0].bytes = 0);
	REFUSED(host, p.ram[0].base = 1);
	REFUSED(host, p.ram[1].bytes = 0x1800);
	REFUSED(host, p.ram[1].base = 0xfff000);            /* overlaps the first */
	REFUSED(host, p.ram[1].bytes = DOMAIN_SHARED_BIT);  /* reaches the shared half */
	REFUSED(host, p.ram[1].base = DOMAIN_SHARED_BIT);   /* lies in it */
	REFUSED(host, p.ram[1].bytes = UINT64_MAX - 0xfff); /* wraps around */
	REFUSED(host, p.firmware.bytes = DOMAIN_SHARED_BIT);
	REFUSED(host, p.firmware.base = 12);
}

static void parameters_are_read_from_whole_pages_of_ram_only(void **state)
{
	struct host *const host = *state;
	const uint64_t bad[] = {host_ram(host, 0) + 8, host_ram(host, RAM_PAGES), 0, (uintptr_t)host->pool,
				UINT64_MAX - 0xfff};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(host_call(host, 0, HC_DOMAIN_CREATE, bad[i], DOMAIN, TABLE, 0), HC_E_BUFFER);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_CREATE, host_ram(host, 0), DOMAIN, TABLE, 1), HC_E_ARGUMENT);
}

static void calls_for_no_domain_are_refused(void **state)
{
	struct host *const host = *state;
	const uint64_t ram = host_ram(host, 0);

	build(host);
	for (uint64_t number = HC_VCPU_CREATE; number < HC_QUOTE; number++) {
		assert_int_equal(host_call(host, 0, number, TABLE, 0, ram, 0), HC_E_DOMAIN);
		assert_int_equal(host_call(host, 0, number, 0, 0, ram, 0), HC_E_DOMAIN);
		assert_int_equal(host_call(host, 0, number, POOL_PAGES, 0, ram, 0), HC_E_DOMAIN);
		assert_int_equal(host_call(host, 0, number, (1ull << 32) + DOMAIN, 0, ram, 0), HC_E_DOMAIN);
	}
}

static void a_domain_that_another_cpu_has_is_busy(void **state)
{
	struct host *const host = *state;
	const struct pool_view other = host_view(host, 1);
	struct td *td;

	build(host);
	assert_int_equal(domain_enter(&other, DOMAIN, &td), 0);
	for (uint64_t number = HC_VCPU_CREATE; number < HC_QUOTE; number++)
		assert_int_equal(host_call(host, 0, number, DOMAIN, 0, host_ram(host, 0), 0), HC_E_BUSY);
	domain_leave(&other, td);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
}

static void tables_come_from_the_top_down_once_each(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	assert_int_equal(host_create(host, &params, DOMAIN, TABLE), 0);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_4KIB, NEXT, 0), HC_E_MAPPING);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_2MIB, NEXT, 0), HC_E_MAPPING);
	assert_int_equal(host_record(host, NEXT), 0);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_1GIB, NEXT, 0), 0);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_1GIB, NEXT + 1, 0), HC_E_MAPPING);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_2MIB, TABLE, 0), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_2MIB, POOL_PAGES, 0), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_2MIB, NEXT + 1, 0), 0);
	assert_int_equal(info_of(host, DOMAIN).tables, 3);
}

static void a_table_at_a_wrong_address_is_refused(void **state)
{
	struct host *const host = *state;

	build(host);
	const uint64_t bad[] = {DOMAIN_LEVEL_TOP,
				0xfff,
				0x1000 | DOMAIN_LEVEL_4KIB,
				0x200000 | DOMAIN_LEVEL_2MIB,
				0x40000000 | DOMAIN_LEVEL_1GIB,
				1ull << DOMAIN_GPA_BITS,
				UINT64_MAX & ~0x1fffffull};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, bad[i], FIRST_PAGE, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, DOMAIN_LEVEL_4KIB, FIRST_PAGE, 1), HC_E_ARGUMENT);
	assert_int_equal(host_record(host, FIRST_PAGE), 0);
}

static void a_page_has_the_contents_of_its_source(void **state)
{
	struct host *const host = *state;

	build(host);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0x5000 | DOMAIN_EXTEND, FIRST_PAGE, host_ram(host, 3)),
			 0);
	assert_int_equal(host_record(host, FIRST_PAGE), record(PAGE_PRIVATE, DOMAIN));
	assert_memory_equal(host->pool + FIRST_PAGE * PAGE_BYTES, host->ram + 3 * PAGE_BYTES, PAGE_BYTES);
	const uint64_t *const entries = (const void *)(host->pool + (FIRST_PAGE - 1) * PAGE_BYTES);

	assert_int_equal(entries[5], stage2_private(paddr((uintptr_t)host->pool + FIRST_PAGE * PAGE_BYTES), 1));
	assert_int_equal(info_of(host, DOMAIN).private_pages, 1);
}

static void pages_are_added_to_memory_only(void **state)
{
	struct host *const host = *state;

	build(host);
	const uint64_t bad[] = {0x1000000, 0xffbff000, 0x100200000, 0x1008, DOMAIN_SHARED_BIT, 1ull << DOMAIN_GPA_BITS};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, bad[i], FIRST_PAGE, host_ram(host, 0)),
				 HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0x200000, FIRST_PAGE, host_ram(host, 0)),
			 HC_E_MAPPING);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, TABLE, host_ram(host, 0)), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, POOL_PAGES, host_ram(host, 0)), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, FIRST_PAGE, (uintptr_t)host->pool), HC_E_BUFFER);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, FIRST_PAGE, host_ram(host, 0) + 1), HC_E_BUFFER);
	assert_int_equal(host_record(host, FIRST_PAGE), 0);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, FIRST_PAGE, host_ram(host, 0)), 0);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, FIRST_PAGE + 1, host_ram(host, 0)), HC_E_MAPPING);
}

#define SECOND (FIRST_PAGE + DOMAIN_VCPU_PAGES) /* free where the first free ones became a vCPU */

static void x2apic_ids_may_have_holes_but_no_twins(void **state)
{
	struct host *const host = *state;

	build(host);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE, 4, 0x1234), 0);
	for (uint32_t page = FIRST_PAGE; page < SECOND; page++)
		assert_int_equal(host_record(host, page), record(PAGE_VCPU, DOMAIN));
	assert_int_equal(host_record(host, SECOND), 0);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND, 4, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND, UINT32_MAX, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND, (1ull << 32) + 9, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND, 9, 0), 0);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND + DOMAIN_VCPU_PAGES, 10, 0), HC_E_FULL);
	assert_int_equal(host_record(host, SECOND + DOMAIN_VCPU_PAGES), 0);
	assert_int_equal(info_of(host, DOMAIN).vcpus, 2);
}

/* All of its pages, or none. */
static void pages_that_are_not_free_make_no_vcpu(void **state)
{
	struct host *const host = *state;
	const uint64_t bad[] = {FIRST_PAGE - 1, POOL_PAGES, POOL_PAGES - 1,
				UINT32_MAX,     1ull << 32, UINT64_MAX,
				FIRST_FREE - 1, FIRST_PAGE, (1ull << 32) + FIRST_PAGE};

	build(host);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, FIRST_PAGE + 1, host_ram(host, 0)), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, bad[i], 0, 0), HC_E_PAGE);
	assert_int_equal(host_record(host, FIRST_PAGE), 0);
	assert_int_equal(host_record(host, POOL_PAGES - 1), 0);
	assert_int_equal(info_of(host, DOMAIN).vcpus, 0);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, POOL_PAGES - DOMAIN_VCPU_PAGES, 0, 0), 0);
}

static void the_build_ends_once_and_with_a_vcpu(void **state)
{
	struct host *const host = *state;

	build(host);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 1, 0, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), 0);
	const struct domain_info before = info_of(host, DOMAIN);

	assert_int_equal(before.state, DOMAIN_READY);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0, SECOND, host_ram(host, 0)), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, SECOND, 1, 0), HC_E_STATE);
	const struct domain_info after = info_of(host, DOMAIN);

	assert_memory_equal(&before, &after, sizeof(before));
}

static struct td *td_of(struct host *host)
{
	return (void *)(host->pool + DOMAIN * PAGE_BYTES);
}

static const struct td_vcpu *vcpu_of(const struct host *host)
{
	return (const void *)(host->pool + FIRST_PAGE * PAGE_BYTES);
}

/* With one vCPU, at FIRST_PAGE. */
static void build_ready(struct host *host)
{
	build(host);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), 0);
}

static int64_t interrupt(struct host *host, uint64_t vcpu, uint64_t vector)
{
	return host_call(host, 0, HC_INTERRUPT, DOMAIN, vcpu, vector, 0);
}

/* A device's vectors alone: neither exceptions, nor INT 80h, nor those that the hypervisor sends. */
static void devices_interrupt_by_their_vectors(void **state)
{
	struct host *const host = *state;
	const uint64_t vectors[] = {0, 0x1f, 0x80, 0xeb, 0xff, 0x100, UINT64_MAX, (1ull << 32) + 0x30};
	const uint64_t vcpus[] = {FIRST_PAGE + 1, DOMAIN, TABLE, SECOND, POOL_PAGES, (1ull << 32) + FIRST_PAGE};

	build_ready(host);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(interrupt(host, FIRST_PAGE, vectors[i]), HC_E_ARGUMENT);
	for (size_t i = 0; i < sizeof(vcpus) / sizeof(vcpus[0]); i++)
		assert_int_equal(interrupt(host, vcpus[i], 0x30), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_INTERRUPT, DOMAIN, FIRST_PAGE, 0x30, 1), HC_E_ARGUMENT);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(vcpu_of(host)->lapic.reg[LAPIC_IRR + i], 0);
	assert_int_equal(interrupt(host, FIRST_PAGE, 0x20), 0);
	assert_int_equal(interrupt(host, FIRST_PAGE, 0xea), 0);
	assert_int_equal(vcpu_of(host)->lapic.reg[LAPIC_IRR + 1], 1u << (0x20 - 0x20));
	assert_int_equal(vcpu_of(host)->lapic.reg[LAPIC_IRR + 7], 1u << (0xea - 0xe0));
	assert_int_equal(host->kicks[0] + host->kicks[1], 0);
	td_of(host)->vcpu[0].runs_on = 2;
	assert_int_equal(interrupt(host, FIRST_PAGE, 0x20), 0);
	assert_int_equal(host->kicks[1], 1);
}

/* Its pages may be another's: here those of a domain that is not stopped. */
static void a_stopped_domain_gets_no_interrupt(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	build_ready(host);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(interrupt(host, FIRST_PAGE, 0x30), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_PAGE, DOMAIN_VCPU_PAGES, 0),
			 DOMAIN_VCPU_PAGES);
	assert_int_equal(interrupt(host, FIRST_PAGE, 0x30), HC_E_STATE);
	assert_true(page_is_zero(host, FIRST_PAGE));
	assert_int_equal(host_create(host, &params, 100, FIRST_PAGE), 0);
	assert_int_equal(interrupt(host, FIRST_PAGE, 0x30), HC_E_STATE);
	assert_true(page_is_zero(host, FIRST_PAGE));
}

/* And leaves it at once. */
static int64_t run(struct host *host, unsigned cpu)
{
	const int64_t result = host_run(host, cpu, DOMAIN, FIRST_PAGE, host_ram(host, 1), 0);

	if (result == 0)
		host_leave_vcpu(host, DOMAIN, FIRST_PAGE);
	return result;
}

static int64_t flush(struct host *host, unsigned cpu)
{
	return host_call(host, cpu, HC_VCPU_FLUSH, DOMAIN, FIRST_PAGE, 0, 0);
}

/* What a CPU holds of it is given up before another one has it, or its pages are free. */
static void a_vcpu_is_on_one_cpu(void **state)
{
	struct host *const host = *state;

	build_ready(host);
	assert_int_equal(flush(host, 0), HC_E_STATE);
	assert_int_equal(run(host, 0), 0);
	assert_int_equal(run(host, 0), 0);
	assert_int_equal(run(host, 1), HC_E_BUSY);
	assert_int_equal(flush(host, 1), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_VCPU_FLUSH, DOMAIN, FIRST_PAGE + 1, 0, 0), HC_E_PAGE);
	assert_int_equal(host_call(host, 0, HC_VCPU_FLUSH, DOMAIN, FIRST_PAGE, 1, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_VCPU_FLUSH, DOMAIN, FIRST_PAGE, 0, 1), HC_E_ARGUMENT);
	assert_int_equal(host->flushed.value, 0);
	host->cpu[0].guest_page[VCPU_TAG(FIRST_PAGE)] = FIRST_PAGE;
	assert_int_equal(flush(host, 0), 0);
	assert_int_equal(host->flushed.value, (uintptr_t)host->pool + (FIRST_PAGE + VCPU_CONTROL) * PAGE_BYTES);
	assert_int_equal(host->cpu[0].guest_page[VCPU_TAG(FIRST_PAGE)], 0);
	assert_int_equal(run(host, 1), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 16, 0), HC_E_BUSY);
	assert_int_equal(host_record(host, FIRST_PAGE), record(PAGE_VCPU, DOMAIN));
	assert_int_equal(flush(host, 1), 0);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 16, 0), 5 + DOMAIN_VCPU_PAGES);
}

static void only_a_vcpu_that_can_run_does(void **state)
{
	struct host *const host = *state;

	build(host);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE, 0, 0), 0);
	assert_int_equal(run(host, 0), HC_E_STATE); /* the build is not over */
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(host_run(host, 0, DOMAIN, FIRST_PAGE, host_ram(host, 1), 1), HC_E_ARGUMENT);
	assert_int_equal(host_run(host, 0, DOMAIN, FIRST_PAGE, host_ram(host, 1) + 8, 0), HC_E_BUFFER);
	assert_int_equal(host_run(host, 0, DOMAIN, FIRST_PAGE, (uintptr_t)host->pool, 0), HC_E_BUFFER);
	assert_int_equal(host_run(host, 0, TABLE, FIRST_PAGE, host_ram(host, 1), 0), HC_E_DOMAIN);
	assert_int_equal(host_run(host, 0, DOMAIN, FIRST_PAGE + 1, host_ram(host, 1), 0), HC_E_PAGE);
	assert_int_equal(host_run(host, 0, DOMAIN, TABLE, host_ram(host, 1), 0), HC_E_PAGE);
	td_of(host)->vcpu[0].runs_on = td_of(host)->vcpu[0].loaded_on = 2;
	assert_int_equal(run(host, 0), HC_E_BUSY);
	td_of(host)->vcpu[0].runs_on = td_of(host)->vcpu[0].loaded_on = 0;
	((struct td_vcpu *)vcpu_of(host))->dead = true;
	assert_int_equal(run(host, 0), HC_E_STATE);
	((struct td_vcpu *)vcpu_of(host))->dead = false;
	assert_int_equal(td_of(host)->vcpu[0].loaded_on, 0);
	assert_int_equal(run(host, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(run(host, 0), HC_E_STATE);
}

/* Who is in it is kicked out. */
static void a_domain_that_ends_is_left(void **state)
{
	struct host *const host = *state;

	build_ready(host);
	td_of(host)->vcpu[0].runs_on = 2;
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(host->kicks[1], 1);
}

static void hash_record(EVP_MD_CTX *hash, const char *name, uint64_t address)
{
	uint8_t bytes[128] = {0};

	memcpy(bytes, name, strlen(name));
	memcpy(bytes + 16, &address, sizeof(address));
	EVP_DigestUpdate(hash, bytes, sizeof(bytes));
}

static void hash_contents(EVP_MD_CTX *hash, uint64_t address, const uint8_t *page)
{
	for (uint64_t at = 0; at < PAGE_BYTES; at += 256) {
		hash_record(hash, "MR.EXTEND", address + at);
		EVP_DigestUpdate(hash, page + at, 256);
	}
}

static void mrtd_is_what_was_built_in_its_order(void **state)
{
	struct host *const host = *state;
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();
	uint8_t expected[48];

	build(host);
	EVP_DigestInit(hash, EVP_sha384());
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0x7000, FIRST_PAGE, host_ram(host, 1)), 0);
	hash_record(hash, "MEM.PAGE.ADD", 0x7000);
	assert_int_equal(
		host_call(host, 0, HC_PAGE_ADD, DOMAIN, 0x2000 | DOMAIN_EXTEND, FIRST_PAGE + 1, host_ram(host, 2)), 0);
	hash_record(hash, "MEM.PAGE.ADD", 0x2000);
	hash_contents(hash, 0x2000, host->ram + 2 * PAGE_BYTES);
	EVP_DigestFinal(hash, expected, 0);
	EVP_MD_CTX_free(hash);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE + 2, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), 0);
	assert_memory_equal(info_of(host, DOMAIN).mrtd, expected, sizeof(expected));
}

static void a_domain_is_reclaimed_only_when_it_is_stopped(void **state)
{
	struct host *const host = *state;

	build(host);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 16, 0), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_TABLE_ADD, DOMAIN, 0x200000, FIRST_PAGE, 0), HC_E_STATE);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 0, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, DOMAIN_CALL_PAGES + 1, 0),
			 HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, POOL_PAGES - 1, 2, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, UINT64_MAX, 2, 0), HC_E_ARGUMENT);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, DOMAIN, 1, 0), 0); /* its own page is the last */
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 16, 0), 5);
	for (uint32_t page = FIRST_FREE; page < POOL_PAGES; page++) {
		assert_int_equal(host_record(host, page), 0);
		assert_true(page_is_zero(host, page));
	}
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, DOMAIN, FIRST_FREE, 16, 0), HC_E_DOMAIN);
}

static void one_domain_does_not_reclaim_anothers_pages(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	build(host);
	assert_int_equal(host_create(host, &params, 100, 101), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, 100, 0, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_PAGE_RECLAIM, 100, 0, 200, 0), 2);
	assert_int_equal(host_record(host, DOMAIN), record(PAGE_DOMAIN, DOMAIN));
	assert_int_equal(info_of(host, DOMAIN).tables, 4);
}

/* What another CPU gets from a domain that is being made. */
static void look_at_new_domain(struct host *host, enum window window)
{
	if (window != WINDOW_DOMAIN)
		return;
	host->meanwhile = 0;
	assert_int_equal(host_call(host, 1, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), HC_E_BUSY);
}

static void a_domain_that_is_being_made_is_busy(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	host->meanwhile = look_at_new_domain;
	assert_int_equal(host_create(host, &params, DOMAIN, TABLE), 0);
	assert_null(host->meanwhile);
	assert_int_equal(host_call(host, 1, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
}

/* Another CPU gives it up as this one looks who has it. */
static void give_domain_up(struct host *host, enum window window)
{
	const struct pool_view view = host_view(host, 1);

	(void)window;
	host->meanwhile = 0;
	pool_unlock_domain(&view, DOMAIN);
}

static void await_second_look(struct host *host, enum window window)
{
	(void)window;
	host->meanwhile = give_domain_up;
}

static void a_domain_that_was_busy_is_one(void **state)
{
	struct host *const host = *state;
	const struct pool_view view = host_view(host, 1);

	build(host);
	assert_int_equal(pool_lock_domain(&view, DOMAIN), POOL_LOCKED);
	host->meanwhile = await_second_look;
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), HC_E_BUSY);
	assert_null(host->meanwhile);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
}

static void what_is_measured_is_what_the_domain_has(void **state)
{
	struct host *const host = *state;
	uint8_t expected[48];
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();

	build(host);
	host->change_after_read = true;
	assert_int_equal(host_call(host, 0, HC_PAGE_ADD, DOMAIN, DOMAIN_EXTEND, FIRST_PAGE, host_ram(host, 2)), 0);
	assert_memory_not_equal(host->ram + 2 * PAGE_BYTES, host->pool + FIRST_PAGE * PAGE_BYTES, PAGE_BYTES);
	EVP_DigestInit(hash, EVP_sha384());
	hash_record(hash, "MEM.PAGE.ADD", 0);
	hash_contents(hash, 0, host->pool + FIRST_PAGE * PAGE_BYTES);
	EVP_DigestFinal(hash, expected, 0);
	EVP_MD_CTX_free(hash);
	assert_int_equal(host_call(host, 0, HC_VCPU_CREATE, DOMAIN, FIRST_PAGE + 2, 0, 0), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_FINALIZE, DOMAIN, 0, 0, 0), 0);
	assert_memory_equal(info_of(host, DOMAIN).mrtd, expected, sizeof(expected));
}

static uint32_t next_random(void *seed, uint32_t limit)
{
	uint64_t *const x = seed;

	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 20) % limit;
}

static void random_calls_are_answered_as_specified(void **state)
{
	uint64_t seed = 88172645463325252ull;
	struct calls calls = {.choices = {.next = next_random, .from = &seed}};

	(void)state;
	for (unsigned round = 0; round < 1000; round++)
		calls_run(&calls, 400);
	for (unsigned i = 0; i < CALL_NUMBERS; i++) /* each is often done and often refused */
		assert_true(calls.done[i] > 100 && calls.refused[i] > 100);
	for (unsigned i = 0; i < ANSWERS; i++)
		assert_true(calls.accepts[i] > 2);
	assert_true(calls.converts[MEMORY_DONE] > 100 && calls.converts[MEMORY_NO_TABLE] > 100);
	assert_true(calls.converts[MEMORY_INVALID] > 100 && calls.converts[MEMORY_REPEAT] > 20);
	assert_true(calls.large > 100);
}

static void what_is_read_of_no_domain_is_an_error(void **state)
{
	struct host *const host = *state;
	const uint64_t none[] = {0, DOMAIN - 1, TABLE, POOL_PAGES, UINT32_MAX};
	union domain_object read;

	build(host);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(domain_read(&host->cpu[0], HV_OBJECT_DOMAIN | none[i] << 32, &read), HC_E_DOMAIN);
}

static struct domain_list list_from(struct host *host, uint64_t page)
{
	union domain_object read;

	memset(&read, 0xa5, sizeof(read));
	assert_int_equal(domain_read(&host->cpu[1], HV_OBJECT_DOMAINS | page << 32, &read), sizeof(read.list));
	assert_int_equal(read.list.version, 1);
	assert_int_equal(read.list.bytes, sizeof(read.list));
	return read.list;
}

static void the_list_has_each_domain_once(void **state)
{
	struct host *const host = *state;
	const struct domain_params params = host_params();

	assert_int_equal(list_from(host, 0).count, 0);
	assert_int_equal(list_from(host, 0).next, 0);
	assert_int_equal(host_create(host, &params, DOMAIN, TABLE), 0);
	assert_int_equal(host_create(host, &params, POOL_PAGES - 1, POOL_PAGES - 2), 0);
	assert_int_equal(host_call(host, 0, HC_DOMAIN_DESTROY, DOMAIN, 0, 0, 0), 0);
	const struct domain_list all = list_from(host, 0), rest = list_from(host, DOMAIN + 1);

	assert_int_equal(all.count, 2);
	assert_int_equal(all.domain[0], DOMAIN);
	assert_int_equal(all.domain[1], POOL_PAGES - 1);
	assert_int_equal(all.next, 0);
	assert_int_equal(rest.count, 1);
	assert_int_equal(rest.domain[0], POOL_PAGES - 1);
	assert_int_equal(rest.domain[1], 0);
	assert_int_equal(list_from(host, POOL_PAGES - 1).count, 1);
	assert_int_equal(list_from(host, POOL_PAGES).count, 0);
	assert_int_equal(list_from(host, POOL_PAGES).next, 0);
	assert_int_equal(list_from(host, UINT32_MAX).count, 0);
	assert_int_equal(list_from(host, UINT32_MAX).next, 0);
}

/* A pool of which the records alone are looked at. */
static void a_look_at_a_large_pool_has_a_bound(void **state)
{
	struct host *const host = *state;
	const uint32_t pages = 2 * DOMAIN_CALL_PAGES * 512 + 1000, bound = DOMAIN_CALL_PAGES * 512;
	const size_t bytes = pages * PAGE_BYTES;
	uint8_t *const memory =
		mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t *const records = (void *)memory;

	assert_ptr_not_equal(memory, MAP_FAILED);
	host->pool = memory;
	host->pages = host->records.pages = pages;
	host->records.base = paddr((uintptr_t)memory);
	for (uint32_t i = 0; i <= pages / 512; i++)
		records[i] = record(PAGE_RECORDS, 0);
	records[bound - 1] = record(PAGE_DOMAIN, bound - 1) | 8; /* locked */
	for (uint32_t i = 0; i <= DOMAIN_LIST_MAX; i++)
		records[bound + 3 * i] = record(PAGE_DOMAIN, bound + 3 * i);
	const struct domain_list first = list_from(host, 0), later = list_from(host, 700);

	assert_int_equal(first.count, 1);
	assert_int_equal(first.domain[0], bound - 1);
	assert_int_equal(first.next, bound);
	assert_int_equal(later.count, DOMAIN_LIST_MAX); /* as many pages of records, but the array is full */
	assert_int_equal(later.next, bound + 3 * (DOMAIN_LIST_MAX - 2) + 1);
	assert_int_equal(list_from(host, later.next).count, 2);
	assert_int_equal(list_from(host, later.next).next, 2 * bound);
	assert_int_equal(list_from(host, 2 * bound).next, 0);
	assert_int_equal(munmap(memory, bytes), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_pool_is_zero_but_for_its_records),
		TEST(a_domain_is_two_pages),
		TEST(pages_that_are_not_free_make_no_domain),
		TEST(parameters_out_of_range_are_refused),
		TEST(parameters_are_read_from_whole_pages_of_ram_only),
		TEST(calls_for_no_domain_are_refused),
		TEST(a_domain_that_another_cpu_has_is_busy),
		TEST(tables_come_from_the_top_down_once_each),
		TEST(a_table_at_a_wrong_address_is_refused),
		TEST(a_page_has_the_contents_of_its_source),
		TEST(pages_are_added_to_memory_only),
		TEST(x2apic_ids_may_have_holes_but_no_twins),
		TEST(pages_that_are_not_free_make_no_vcpu),
		TEST(the_build_ends_once_and_with_a_vcpu),
		TEST(devices_interrupt_by_their_vectors),
		TEST(a_stopped_domain_gets_no_interrupt),
		TEST(a_vcpu_is_on_one_cpu),
		TEST(only_a_vcpu_that_can_run_does),
		TEST(a_domain_that_ends_is_left),
		TEST(mrtd_is_what_was_built_in_its_order),
		TEST(a_domain_is_reclaimed_only_when_it_is_stopped),
		TEST(one_domain_does_not_reclaim_anothers_pages),
		TEST(a_domain_that_is_being_made_is_busy),
		TEST(a_domain_that_was_busy_is_one),
		TEST(what_is_measured_is_what_the_domain_has),
		TEST(random_calls_are_answered_as_specified),
		TEST(what_is_read_of_no_domain_is_an_error),
		TEST(the_list_has_each_domain_once),
		TEST(a_look_at_a_large_pool_has_a_bound),
	};

	return cmocka_run_group_tests_name("hv_domain", tests, 0, 0);
}
