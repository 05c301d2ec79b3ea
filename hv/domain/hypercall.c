/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls for domains: arguments that are addresses of the root guest are checked here, the rest
 * where it is used.
 */
#include "hypercall.h"

#include "memory.h"
#include "report.h"
#include "run.h"

/* Whole pages of the root guest's RAM. */
static bool is_root_ram(const struct cpu *cpu, uint64_t address, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		if (!machine_is_ram(cpu->machine, gpa(address + at), PAGE_BYTES))
			return false;
	}
	return true;
}

static int64_t create(const struct cpu *cpu, const struct pool_view *view, const struct hypercall_arguments *a)
{
	struct domain_params params;

	if (!is_root_ram(cpu, a->rdi, PAGE_BYTES))
		return HC_E_BUFFER;
	window_read(view->paging, view->cpu, paddr(a->rdi), &params, sizeof(params));
	return domain_create(view, a->rsi, a->rdx, &params, machine_uptime_us(cpu->machine));
}

/* Executable leaves of 2 MiB invite the page size change machine check where the root guest has none either. */
static bool level_allowed(const struct cpu *cpu, struct place place)
{
	return place.level == 1 || (place.level == 2 && cpu->machine->boot.ram_leaf_bytes != BOOT_LEAF_4KIB);
}

static int64_t map_shared(const struct cpu *cpu, const struct pool_view *view, struct td *td, struct place place,
			  uint64_t source)
{
	if (place.level > 2)
		return HC_E_ARGUMENT;
	if (!is_root_ram(cpu, source, stage2_span(place.level)))
		return HC_E_BUFFER;
	return domain_map_shared(view, td, place, paddr(source));
}

/* The calls that work on one domain, which is locked. */
static int64_t call_domain(const struct cpu *cpu, const struct pool_view *view, struct td *td, uint64_t number,
			   const struct hypercall_arguments *a)
{
	const struct place place = place_of(a->rsi);

	switch (number) {
	case HC_VCPU_CREATE:
		return domain_add_vcpu(view, td, a->rsi, a->rdx, a->rcx);
	case HC_TABLE_ADD:
		return domain_add_table(view, td, place, a->rdx);
	case HC_PAGE_ADD:
		if (!is_root_ram(cpu, a->rcx, PAGE_BYTES))
			return HC_E_BUFFER;
		return domain_add_page(view, td, a->rsi, a->rdx, paddr(a->rcx));
	case HC_DOMAIN_FINALIZE:
		return domain_finalize(td);
	case HC_DOMAIN_DESTROY:
		return domain_stop(view, td);
	case HC_PAGE_RECLAIM:
		return domain_reclaim(view, td, a->rsi, a->rdx);
	case HC_PAGE_AUG:
		return level_allowed(cpu, place) ? domain_augment(view, td, place, a->rdx) : HC_E_ARGUMENT;
	case HC_PAGE_REMOVE:
		return domain_remove_page(view, td, place);
	case HC_SHARED_MAP:
		return map_shared(cpu, view, td, place, a->rdx);
	case HC_SHARED_UNMAP:
		return domain_unmap_shared(view, td, place);
	case HC_VCPU_FLUSH:
		return run_flush(view, td, a->rsi);
	case HC_INTERRUPT:
		return run_interrupt(view, td, a->rsi, a->rdx);
	default:
		return HC_E_NUMBER;
	}
}

static int64_t quote(const struct cpu *cpu, const struct pool_view *view, const struct hypercall_arguments *a)
{
	struct hk_report signed_report;
	struct report report;

	if (!machine_is_ram(cpu->machine, gpa(a->rdi), sizeof(report)) ||
	    !machine_is_ram(cpu->machine, gpa(a->rsi), sizeof(signed_report)))
		return HC_E_BUFFER;
	window_read(view->paging, view->cpu, paddr(a->rdi), &report, sizeof(report));
	const int64_t result = report_sign(cpu->machine, &report, &signed_report);

	if (result == 0)
		window_write(view->paging, view->cpu, paddr(a->rsi), &signed_report, sizeof(signed_report));
	return result;
}

/* Registers that a call has no use for are 0. */
static bool unused_are_zero(uint64_t number, const struct hypercall_arguments *a)
{
	if (number == HC_VCPU_CREATE || number == HC_PAGE_ADD)
		return true;
	if (number == HC_DOMAIN_FINALIZE || number == HC_DOMAIN_DESTROY)
		return (a->rsi | a->rdx | a->rcx) == 0;
	if (number == HC_PAGE_REMOVE || number == HC_SHARED_UNMAP || number == HC_VCPU_FLUSH || number == HC_QUOTE)
		return (a->rdx | a->rcx) == 0;
	return a->rcx == 0;
}

int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	const struct pool_view view = pool_view_of(cpu);
	const bool sane = unused_are_zero(number, a);
	struct td *td;

	if (pool_is_closed(&view))
		return HC_E_WIPED;
	switch (number) {
	case HC_VCPU_RUN:
		return sane ? run_prepare(&view, a->rdi, a->rsi, paddr(a->rdx)) : HC_E_ARGUMENT;
	case HC_DOMAIN_CREATE:
		return sane ? create(cpu, &view, a) : HC_E_ARGUMENT;
	case HC_QUOTE:
		return sane ? quote(cpu, &view, a) : HC_E_ARGUMENT;
	default:
		break;
	}
	int64_t result = domain_enter(&view, a->rdi, &td);

	if (result != 0)
		return result;
	result = sane ? call_domain(cpu, &view, td, number, a) : HC_E_ARGUMENT;
	domain_leave(&view, td);
	return result;
}

int64_t domain_read(const struct cpu *cpu, uint64_t object, union domain_object *read)
{
	const struct pool_view view = pool_view_of(cpu);
	struct td *td;

	if ((uint32_t)object == HV_OBJECT_DOMAINS) {
		pool_list_domains(&view, object >> 32, &read->list);
		return sizeof(read->list);
	}
	const int64_t result = domain_enter(&view, object >> 32, &td);

	if (result != 0)
		return result;
	domain_describe(td, &read->info);
	read->info.tsc_khz = cpu->machine->boot.tsc_khz;
	domain_leave(&view, td);
	return sizeof(read->info);
}
