/* SPDX-License-Identifier: GPL-2.0-or-later */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "memory.h"

#include <linux/bitmap.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/vmalloc.h>

#include <asm/processor.h>

#include "hypercall.h"
#include "pool.h"

#define TRIES 16 /* pages that were not free, left by an earlier kernel */

/* Tables of both halves for 2 MiB each, and the few above them. */
static unsigned long tables_for(u64 pages)
{
	return 2 * DIV_ROUND_UP(pages, POOL_LARGE) + 2 * DIV_ROUND_UP(pages, POOL_LARGE * 512ul) + 16;
}

static u64 shared_bit(const struct vm *vm)
{
	return vm->slots.limit;
}

/* The range and entry of a guest page, or null. */
static u32 *backing_of(struct vm *vm, u64 page, struct ram **range)
{
	u32 i;

	for (i = 0; i < DOMAIN_MAX_RAM; i++) {
		*range = &vm->ram[i];
		if (page - (*range)->first < (*range)->count)
			return &(*range)->backing[page - (*range)->first];
	}
	return NULL;
}

static int allocate_backing(struct vm *vm)
{
	u32 i;

	for (i = 0; i < vm->params->ram_count; i++) {
		const u64 count = vm->params->ram[i].bytes / PAGE_SIZE;

		vm->ram[i].backing = __vmalloc_array(count, sizeof(u32), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!vm->ram[i].backing)
			return -ENOMEM;
		vm->ram[i].first = vm->params->ram[i].base / PAGE_SIZE;
		vm->ram[i].count = count;
	}
	return 0;
}

static void free_backing(struct vm *vm)
{
	u32 i;

	for (i = 0; i < DOMAIN_MAX_RAM; i++) {
		vfree(vm->ram[i].backing);
		vm->ram[i] = (struct ram){0};
	}
}

static int reserve(struct vm *vm)
{
	u64 pages = vm->params->firmware.bytes / PAGE_SIZE;
	unsigned long left;
	u32 i;

	for (i = 0; i < vm->params->ram_count; i++)
		pages += vm->params->ram[i].bytes / PAGE_SIZE;
	pages += tables_for(pages) + DOMAIN_VCPU_PAGES * DOMAIN_MAX_VCPUS + 2;
	if (pages <= pool_pages() && pool_reserve(pages, &left)) {
		vm->reserved = pages;
		return 0;
	}
	if (pages > pool_pages())
		left = pool_pages();
	pr_warn("a guest needs %llu MiB of the pool, %lu of %lu are free: set pool_mib in cloister.conf\n",
		DIV_ROUND_UP_ULL(pages, 256), left / 256, pool_pages() / 256);
	return -ENOMEM;
}

int memory_create_domain(struct vm *vm)
{
	int error = slots_layout(&vm->slots, vm->params);

	if (error)
		return error;
	vm->params->max_vcpus = vm->vcpu_count;
	error = reserve(vm);
	if (error)
		return error;
	vm->pages = __vmalloc_array(BITS_TO_LONGS(pool_pages()), sizeof(long), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	error = vm->pages ? allocate_backing(vm) : -ENOMEM;
	if (!error)
		error = memory_spend(vm, HC_DOMAIN_CREATE, virt_to_phys(vm->params), 0, 2, &vm->domain);
	if (error)
		memory_end(vm);
	return error;
}

static long propose(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long first)
{
	if (number == HC_DOMAIN_CREATE)
		return hypercall_patiently(number, what, first, first + 1, 0);
	if (number == HC_VCPU_CREATE)
		return hypercall_patiently(number, vm->domain, first, what, more);
	return hypercall_patiently(number, vm->domain, what, first, more);
}

int memory_spend(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long count, unsigned long *page)
{
	long result = HC_E_PAGE;
	int tries;

	for (tries = 0; result == HC_E_PAGE && tries < TRIES; tries++) {
		const unsigned long first = pool_take(count, count == POOL_LARGE ? POOL_LARGE : 1);

		if (first == POOL_NONE)
			return -ENOMEM;
		result = propose(vm, number, what, more, first);
		if (result == 0) {
			bitmap_set(vm->pages, first, count);
			*page = first;
		} else if (result != HC_E_PAGE) {
			pool_give(first, count);
		}
	}
	return result == HC_E_MAPPING ? -EEXIST : result ? hypercall_errno(result) : 0;
}

/* EEXIST: it is there, or what is above it says no to the next one, too. */
int memory_add_tables(struct vm *vm, u64 gpa)
{
	static const struct {
		u64 level, span;
	} tables[] = {
		{DOMAIN_LEVEL_1GIB, 1ull << 39}, {DOMAIN_LEVEL_2MIB, 1ull << 30}, {DOMAIN_LEVEL_4KIB, 1ull << 21}};
	unsigned long page;
	int i, error = 0;

	for (i = 0; i < ARRAY_SIZE(tables) && (error == 0 || error == -EEXIST); i++)
		error = memory_spend(vm, HC_TABLE_ADD, (gpa & ~(tables[i].span - 1)) | tables[i].level, 0, 1, &page);
	return error == -EEXIST ? 0 : error;
}

/* One page, with the tables that it needs. */
static int add_small(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long *page)
{
	int error = memory_spend(vm, number, what, more, 1, page);

	if (error == -EEXIST)
		error = memory_add_tables(vm, what & PAGE_MASK) ?: memory_spend(vm, number, what, more, 1, page);
	return error;
}

int memory_add(struct vm *vm, u64 gpa, bool measured)
{
	struct ram *range;
	u32 *backing = backing_of(vm, gpa / PAGE_SIZE, &range);
	unsigned long page = 0;
	const int error =
		add_small(vm, HC_PAGE_ADD, gpa | (measured ? DOMAIN_EXTEND : 0), virt_to_phys(vm->params), &page);

	if (!error && backing)
		*backing = page;
	return error;
}

/* All of 2 MiB in one piece? Nothing of it may be there. */
static bool populate_large(struct vm *vm, u32 *backing, u64 first)
{
	unsigned long page;
	u32 i;

	for (i = 0; i < POOL_LARGE; i++) {
		if (backing[i] != BACKING_NONE)
			return false;
	}
	if (memory_spend(vm, HC_PAGE_AUG, first * PAGE_SIZE | DOMAIN_LEVEL_2MIB, 0, POOL_LARGE, &page) != 0)
		return false;
	for (i = 0; i < POOL_LARGE; i++)
		backing[i] = page + i;
	return true;
}

/* The part of the 2 MiB around @page that lies in its range. */
static void block_of(const struct ram *range, u64 page, u64 *first, u64 *end)
{
	*first = max(round_down(page, (u64)POOL_LARGE), range->first);
	*end = min(round_down(page, (u64)POOL_LARGE) + POOL_LARGE, range->first + range->count);
}

int memory_populate(struct vm *vm, u64 gpa)
{
	const u64 wanted = gpa / PAGE_SIZE;
	struct ram *range;
	u32 *backing = backing_of(vm, wanted, &range);
	unsigned long page;
	u64 first, end, at;

	if (!backing)
		return -EFAULT;
	if (*backing != BACKING_NONE)
		return 0; /* it came meanwhile, or is about to be converted: the guest tries again */
	block_of(range, wanted, &first, &end);
	if (end - first == POOL_LARGE && populate_large(vm, &range->backing[first - range->first], first))
		return 0;
	for (at = first; at < end; at++) {
		int error;

		backing = &range->backing[at - range->first];
		if (*backing != BACKING_NONE)
			continue;
		error = add_small(vm, HC_PAGE_AUG, at * PAGE_SIZE, 0, &page);
		if (!error)
			*backing = page;
		else if (error != -EEXIST && at == wanted)
			return error;
	}
	return 0;
}

/*
 * The VMM's page, pinned for as long as the guest may use it. It is charged to the VMM's memory cgroup as any other of
 * its pages; VmPin in /proc/PID/status counts it.
 */
static int pin(struct vm *vm, const struct slot *slot, u64 guest_page)
{
	const unsigned long user = slot->user + (guest_page * PAGE_SIZE - slot->gpa);
	struct page *page;
	int error;

	if (pin_user_pages_fast(user, 1, FOLL_WRITE | FOLL_LONGTERM, &page) != 1)
		return -EFAULT;
	error = xa_err(xa_store(&vm->pinned, guest_page, page, GFP_KERNEL_ACCOUNT));
	if (error)
		unpin_user_page(page);
	else
		atomic64_inc(&vm->mm->pinned_vm);
	return error;
}

static void unpin(struct vm *vm, u64 guest_page)
{
	unpin_user_page(xa_erase(&vm->pinned, guest_page));
	atomic64_dec(&vm->mm->pinned_vm);
}

/* A page that the guest could still reach stays pinned. */
static void unshare(struct vm *vm, u64 guest_page)
{
	const long result =
		hypercall_patiently(HC_SHARED_UNMAP, vm->domain, guest_page * PAGE_SIZE | DOMAIN_LEVEL_4KIB, 0, 0);

	if (result == 0)
		unpin(vm, guest_page);
	else
		pr_err("a shared page is kept until its guest ends: the hypervisor answered %ld\n", result);
}

static int share_page(struct vm *vm, const struct slot *slot, u64 guest_page)
{
	const u64 gpa = guest_page * PAGE_SIZE;
	int error = pin(vm, slot, guest_page);
	u64 address;
	long result;

	if (error)
		return error;
	address = page_to_phys((struct page *)xa_load(&vm->pinned, guest_page));
	result = hypercall_patiently(HC_SHARED_MAP, vm->domain, gpa, address, 0);
	if (result == HC_E_MAPPING && memory_add_tables(vm, gpa | shared_bit(vm)) == 0)
		result = hypercall_patiently(HC_SHARED_MAP, vm->domain, gpa, address, 0);
	if (result == 0)
		return 0;
	unpin(vm, guest_page);
	return result == HC_E_MAPPING ? 0 : hypercall_errno(result);
}

int memory_share(struct vm *vm, u64 gpa)
{
	const u64 wanted = gpa / PAGE_SIZE;
	const struct slot *slot = slots_find(&vm->slots, gpa);
	struct ram *range;
	u32 *backing = backing_of(vm, wanted, &range);
	u64 first, end, at;

	if (!backing || !slot)
		return -EFAULT;
	if (*backing != BACKING_SHARED)
		return 0; /* about to be converted: the guest tries again */
	block_of(range, wanted, &first, &end);
	first = max(first, slot->gpa / PAGE_SIZE);
	end = min(end, (slot->gpa + slot->bytes) / PAGE_SIZE);
	for (at = first; at < end; at++) {
		int error;

		if (range->backing[at - range->first] != BACKING_SHARED || xa_load(&vm->pinned, at))
			continue;
		error = share_page(vm, slot, at);
		if (error && at == wanted)
			return error;
	}
	return 0;
}

void memory_unshare(struct vm *vm, u64 gpa, u64 bytes)
{
	const unsigned long first = gpa / PAGE_SIZE, last = (gpa + bytes) / PAGE_SIZE - 1;
	unsigned long index;
	void *entry;

	xa_for_each_range(&vm->pinned, index, entry, first, last) unshare(vm, index);
}

void memory_converted(struct vm *vm, u64 gpa, u64 bytes, bool shared)
{
	u64 page;

	for (page = gpa / PAGE_SIZE; page < (gpa + bytes) / PAGE_SIZE; page++) {
		struct ram *range;
		u32 *backing = backing_of(vm, page, &range);

		if (!backing)
			continue;
		if (shared && *backing != BACKING_NONE && *backing != BACKING_SHARED) {
			bitmap_clear(vm->pages, *backing, 1);
			pool_give(*backing, 1);
		}
		if (!shared && *backing != BACKING_SHARED)
			continue;
		*backing = shared ? BACKING_SHARED : BACKING_NONE;
	}
	if (!shared)
		memory_unshare(vm, gpa, bytes);
}

/* All pages among these 2 MiB of the pool that are the domain's. */
static void reclaim_block(struct vm *vm, unsigned long first)
{
	const unsigned long end = min(first + POOL_LARGE, pool_pages());
	const long result = hypercall_patiently(HC_PAGE_RECLAIM, vm->domain, first, end - first, 0);
	unsigned long at, last;

	if (result < 0) {
		pr_err("pages %lu to %lu of the pool are lost: the hypervisor answered %ld\n", first, end - 1, result);
		return;
	}
	for (at = find_next_bit(vm->pages, end, first); at < end; at = find_next_bit(vm->pages, end, last)) {
		last = find_next_zero_bit(vm->pages, end, at);
		pool_give(at, last - at);
	}
}

/* The domain's own page goes last, when no other is left. */
static void reclaim(struct vm *vm)
{
	const unsigned long own = round_down(vm->domain, (unsigned long)POOL_LARGE);
	unsigned long block, at;

	for (at = find_first_bit(vm->pages, pool_pages()); at < pool_pages();
	     at = find_next_bit(vm->pages, pool_pages(), block + POOL_LARGE)) {
		block = round_down(at, (unsigned long)POOL_LARGE);
		if (block != own)
			reclaim_block(vm, block);
		cond_resched();
	}
	reclaim_block(vm, own);
}

/* Nothing of the VMM's memory can be reached once no vCPU is on a CPU. */
void memory_end(struct vm *vm)
{
	unsigned long index;
	void *entry;

	if (vm->domain != 0)
		reclaim(vm);
	vm->domain = 0;
	xa_for_each(&vm->pinned, index, entry) unpin(vm, index);
	free_backing(vm);
	vfree(vm->pages);
	vm->pages = NULL;
	pool_unreserve(vm->reserved);
	vm->reserved = 0;
}
