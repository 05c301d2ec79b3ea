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

/*
 * What vm->memory has of a guest page: nothing, the pool's page as a value, SHARED, or the VMM's page, pinned. Page 0
 * of the pool is the hypervisor's.
 */
#define SHARED xa_mk_value(0) /* the guest released it by MapGPA */

/* Tables of both halves for 2 MiB each, and the few above them; ranges begin and end within one. */
static unsigned long tables_for(u64 pages, u32 ranges)
{
	return 2 * DIV_ROUND_UP(pages, POOL_LARGE) + 2 * DIV_ROUND_UP(pages, POOL_LARGE * 512ul) + 12 * ranges;
}

static int reserve(struct vm *vm)
{
	u64 pages = vm->params->firmware.bytes / PAGE_SIZE;
	unsigned long left;
	u32 i;

	for (i = 0; i < vm->params->ram_count; i++)
		pages += vm->params->ram[i].bytes / PAGE_SIZE;
	pages += tables_for(pages, vm->params->ram_count + 1) + DOMAIN_VCPU_PAGES * DOMAIN_MAX_VCPUS + 2;
	if (pool_reserve(pages, &left)) {
		vm->reserved = pages;
		return 0;
	}
	pr_warn_ratelimited("a guest needs %llu MiB of the pool, %lu of %lu are free: set pool_mib in cloister.conf\n",
			    DIV_ROUND_UP_ULL(pages, 256), left / 256, pool_pages() / 256);
	return -ENOMEM;
}

int memory_create_domain(struct vm *vm)
{
	long page = -ENOMEM;
	int error = slots_layout(&vm->slots, vm->params);

	if (error)
		return error;
	vm->params->max_vcpus = vm->vcpu_count;
	error = reserve(vm);
	if (error)
		return error;
	vm->pages = __vmalloc_array(BITS_TO_LONGS(pool_pages()), sizeof(long), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (vm->pages)
		page = memory_spend(vm, HC_DOMAIN_CREATE, virt_to_phys(vm->params), 0, 2);
	if (page < 0) {
		memory_end(vm);
		return page;
	}
	WRITE_ONCE(vm->domain, page);
	return 0;
}

static long propose(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long first)
{
	if (number == HC_DOMAIN_CREATE)
		return hypercall_patiently(number, what, first, first + 1, 0);
	if (number == HC_VCPU_CREATE)
		return hypercall_patiently(number, vm->domain, first, what, more);
	return hypercall_patiently(number, vm->domain, what, first, more);
}

long memory_spend(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long count)
{
	long result = HC_E_PAGE;
	int tries;

	if (vm->spent + count > vm->reserved)
		return -ENOMEM;
	for (tries = 0; result == HC_E_PAGE && tries < TRIES; tries++) {
		const unsigned long first = pool_take(count, count == POOL_LARGE ? POOL_LARGE : 1);

		if (first == POOL_NONE)
			return -ENOMEM;
		result = propose(vm, number, what, more, first);
		if (result == 0) {
			bitmap_set(vm->pages, first, count);
			vm->spent += count;
			return first;
		}
		if (result != HC_E_PAGE)
			pool_give(first, count);
	}
	return result == HC_E_MAPPING ? -EEXIST : hypercall_errno(result);
}

/* EEXIST: it is there, or what is above it says no to the next one, too. */
int memory_add_tables(struct vm *vm, u64 gpa)
{
	static const struct {
		u64 level, span;
	} tables[] = {
		{DOMAIN_LEVEL_1GIB, 1ull << 39}, {DOMAIN_LEVEL_2MIB, 1ull << 30}, {DOMAIN_LEVEL_4KIB, 1ull << 21}};
	long result = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(tables) && (result >= 0 || result == -EEXIST); i++)
		result = memory_spend(vm, HC_TABLE_ADD, (gpa & ~(tables[i].span - 1)) | tables[i].level, 0, 1);
	return result == -EEXIST ? 0 : min(result, 0l);
}

/* The guest's pages from @guest_page on have these of the pool. One walk, for 512 come at once. */
static int note(struct vm *vm, unsigned long guest_page, unsigned long page, unsigned long count)
{
	XA_STATE(xas, &vm->memory, guest_page);

	do {
		xas_lock(&xas);
		for (; xas.xa_index < guest_page + count; xas_next(&xas)) {
			xas_store(&xas, xa_mk_value(page + (xas.xa_index - guest_page)));
			if (xas_error(&xas))
				break;
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL_ACCOUNT));
	return xas_error(&xas);
}

/* Private memory, from the guest's address in @what on. */
static int add_private(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long count)
{
	const long first = memory_spend(vm, number, what, more, count);

	return first < 0 ? first : note(vm, what / PAGE_SIZE, first, count);
}

/* One page, with the tables that it needs. */
static int add_private_page(struct vm *vm, unsigned long number, u64 what, u64 more)
{
	int error = add_private(vm, number, what, more, 1);

	if (error == -EEXIST)
		error = memory_add_tables(vm, what & PAGE_MASK) ?: add_private(vm, number, what, more, 1);
	return error;
}

int memory_add(struct vm *vm, u64 gpa, bool measured)
{
	return add_private_page(vm, HC_PAGE_ADD, gpa | (measured ? DOMAIN_EXTEND : 0), virt_to_phys(vm->params));
}

/* All of 2 MiB in one piece, where nothing of it is there. What is no RAM of it, the hypervisor refuses. */
int memory_populate(struct vm *vm, u64 gpa)
{
	const unsigned long wanted = gpa / PAGE_SIZE, first = round_down(wanted, (unsigned long)POOL_LARGE);
	const unsigned long last = first + POOL_LARGE - 1;
	unsigned long at = first;

	if (xa_load(&vm->memory, wanted))
		return 0; /* it came meanwhile, or is about to be converted: the guest tries again */
	if (!xa_find(&vm->memory, &at, last, XA_PRESENT) &&
	    add_private(vm, HC_PAGE_AUG, first * PAGE_SIZE | DOMAIN_LEVEL_2MIB, 0, POOL_LARGE) == 0)
		return 0;
	for (at = first; at <= last; at++) {
		const int error = xa_load(&vm->memory, at) ? 0 : add_private_page(vm, HC_PAGE_AUG, at * PAGE_SIZE, 0);

		if (error && error != -EEXIST && at == wanted)
			return error;
	}
	return 0;
}

static void unpin(struct vm *vm, struct page *page)
{
	unpin_user_pages_dirty_lock(&page, 1, true); /* by the guest */
	atomic64_dec(&vm->mm->pinned_vm);
}

/*
 * The VMM's page, pinned for as long as the guest may use it. It is charged to the VMM's memory cgroup as any other of
 * its pages; VmPin in /proc/PID/status counts it.
 */
static int share_page(struct vm *vm, u64 gpa, unsigned long user)
{
	struct page *page;
	long result;

	if (pin_user_pages_fast(user, 1, FOLL_WRITE | FOLL_LONGTERM, &page) != 1)
		return -EFAULT;
	atomic64_inc(&vm->mm->pinned_vm);
	result = hypercall_patiently(HC_SHARED_MAP, vm->domain, gpa, page_to_phys(page), 0);
	if (result == HC_E_MAPPING && memory_add_tables(vm, gpa | vm->slots.limit) == 0)
		result = hypercall_patiently(HC_SHARED_MAP, vm->domain, gpa, page_to_phys(page), 0);
	if (result == 0) {
		xa_store(&vm->memory, gpa / PAGE_SIZE, page, GFP_KERNEL); /* in the place of SHARED: needs no memory */
		return 0;
	}
	unpin(vm, page);
	return result == HC_E_MAPPING ? 0 : hypercall_errno(result);
}

/* Where it is not SHARED yet, or no more, it is about to be converted: the guest tries again. */
int memory_share(struct vm *vm, u64 gpa)
{
	const u64 block = round_down(gpa, (u64)POOL_LARGE * PAGE_SIZE);
	const struct slot *slot = slots_find(&vm->slots, gpa);
	unsigned long at, first, last;
	void *entry;

	if (!slot)
		return -EFAULT;
	first = max(block, slot->gpa) / PAGE_SIZE;
	last = min(block + POOL_LARGE * PAGE_SIZE, slot->gpa + slot->bytes) / PAGE_SIZE - 1;
	xa_for_each_range(&vm->memory, at, entry, first, last)
	{
		const u64 from = at * PAGE_SIZE;
		const int error = entry == SHARED ? share_page(vm, from, slot->user + (from - slot->gpa)) : 0;

		if (error && from == round_down(gpa, PAGE_SIZE))
			return error;
	}
	return 0;
}

/* A page that the guest could still reach stays pinned. */
void memory_unshare(struct vm *vm, u64 gpa, u64 bytes)
{
	unsigned long at;
	void *entry;
	long result;

	xa_for_each_range(&vm->memory, at, entry, gpa / PAGE_SIZE, (gpa + bytes) / PAGE_SIZE - 1)
	{
		cond_resched();
		if (xa_is_value(entry))
			continue;
		result = hypercall_patiently(HC_SHARED_UNMAP, vm->domain, at * PAGE_SIZE | DOMAIN_LEVEL_4KIB, 0, 0);
		if (result != 0) {
			pr_err_ratelimited("a shared page is kept until its guest ends: the hypervisor answered %ld\n",
					   result);
			continue;
		}
		unpin(vm, entry);
		xa_store(&vm->memory, at, SHARED, GFP_KERNEL); /* needs no memory */
	}
}

/* The hypervisor has freed what the page had of the pool. */
static int released(struct vm *vm, unsigned long guest_page)
{
	void *entry = xa_load(&vm->memory, guest_page);

	if (entry && !xa_is_value(entry))
		return 0; /* it was shared before */
	if (entry && entry != SHARED) {
		bitmap_clear(vm->pages, xa_to_value(entry), 1);
		vm->spent--;
		pool_give(xa_to_value(entry), 1);
	}
	return xa_err(xa_store(&vm->memory, guest_page, SHARED, GFP_KERNEL_ACCOUNT));
}

int memory_converted(struct vm *vm, u64 gpa, u64 bytes, bool shared)
{
	const unsigned long first = gpa / PAGE_SIZE, last = (gpa + bytes) / PAGE_SIZE - 1;
	unsigned long at;
	void *entry;
	int error = 0;

	for (at = first; shared && at <= last && !error; at++)
		error = released(vm, at);
	if (shared)
		return error;
	memory_unshare(vm, gpa, bytes);
	xa_for_each_range(&vm->memory, at, entry, first, last)
	{
		if (entry == SHARED)
			xa_erase(&vm->memory, at);
	}
	return 0;
}

/* All pages among these 2 MiB of the pool that are the domain's. */
static void reclaim_block(struct vm *vm, unsigned long first)
{
	const unsigned long end = min(first + POOL_LARGE, pool_pages());
	unsigned long at = find_next_bit(vm->pages, end, first), last;
	long result;

	if (at == end)
		return;
	result = hypercall_patiently(HC_PAGE_RECLAIM, vm->domain, first, end - first, 0);
	if (result < 0) {
		pr_err_ratelimited("pages %lu to %lu of the pool are lost: the hypervisor answered %ld\n", first,
				   end - 1, result);
		return;
	}
	for_each_set_bitrange_from(at, last, vm->pages, end) pool_give(at, last - at);
}

/* The domain's own page goes last, when no other is left. */
static void reclaim(struct vm *vm)
{
	const unsigned long own = round_down(vm->domain, (unsigned long)POOL_LARGE);
	unsigned long block;

	for (block = 0; block < pool_pages(); block += POOL_LARGE) {
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
	WRITE_ONCE(vm->domain, 0);
	xa_for_each(&vm->memory, index, entry)
	{
		if (!xa_is_value(entry))
			unpin(vm, entry);
		xa_erase(&vm->memory, index); /* xa_destroy() would have interrupts off until all are gone */
		cond_resched();
	}
	vfree(vm->pages);
	vm->pages = NULL;
	pool_unreserve(vm->reserved);
	vm->reserved = vm->spent = 0;
}
