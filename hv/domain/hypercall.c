/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls for domains: arguments that are addresses of the root guest are checked here, the rest
 * where it is used.
 */
#include "hypercall.h"

#include "machine/machine.h"
#include "memory.h"

static struct pool_view view_of(const struct cpu *cpu)
{
	return (struct pool_view){cpu->machine->pool, cpu->machine->paging, cpu->index};
}

/* A whole page of the root guest's RAM. */
static bool is_root_page(const struct cpu *cpu, gpa_t address)
{
	return machine_is_ram(cpu->machine, address, PAGE_BYTES);
}

static int64_t create(const struct cpu *cpu, const struct hypercall_arguments *a)
{
	const struct pool_view view = view_of(cpu);
	struct domain_params params;

	if (a->rcx != 0)
		return HC_E_ARGUMENT;
	if (!is_root_page(cpu, gpa(a->rdi)))
		return HC_E_BUFFER;
	window_read(view.paging, cpu->index, paddr(a->rdi), &params, sizeof(params));
	return domain_create(&view, a->rsi, a->rdx, &params);
}

static int64_t add_table(const struct pool_view *view, struct td *td, const struct hypercall_arguments *a)
{
	if (a->rcx != 0)
		return HC_E_ARGUMENT;
	return domain_add_table(view, td, gpa(a->rsi & ~PAGE_MASK), a->rsi & PAGE_MASK, a->rdx);
}

static int64_t add_page(const struct cpu *cpu, const struct pool_view *view, struct td *td,
			const struct hypercall_arguments *a)
{
	if (!is_root_page(cpu, gpa(a->rcx)))
		return HC_E_BUFFER;
	return domain_add_page(view, td, gpa(a->rsi & ~DOMAIN_EXTEND), (a->rsi & DOMAIN_EXTEND) != 0, a->rdx,
			       paddr(a->rcx));
}

/* The calls that work on one domain, which is locked. */
static int64_t call_domain(const struct cpu *cpu, const struct pool_view *view, struct td *td, uint64_t number,
			   const struct hypercall_arguments *a)
{
	switch (number) {
	case HC_VCPU_CREATE:
		return domain_add_vcpu(view, td, a->rsi, a->rdx, a->rcx);
	case HC_TABLE_ADD:
		return add_table(view, td, a);
	case HC_PAGE_ADD:
		return add_page(cpu, view, td, a);
	case HC_PAGE_RECLAIM:
		return a->rcx != 0 ? HC_E_ARGUMENT : domain_reclaim(view, td, a->rsi, a->rdx);
	default:
		break;
	}
	if ((a->rsi | a->rdx | a->rcx) != 0)
		return HC_E_ARGUMENT;
	return number == HC_DOMAIN_FINALIZE ? domain_finalize(td) : domain_stop(td);
}

int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	const struct pool_view view = view_of(cpu);
	struct td *td;

	if (number == HC_DOMAIN_CREATE)
		return create(cpu, a);
	int64_t result = domain_enter(&view, a->rdi, &td);

	if (result != 0)
		return result;
	result = call_domain(cpu, &view, td, number, a);
	domain_leave(&view, td);
	return result;
}

int64_t domain_read_info(const struct cpu *cpu, uint64_t domain, struct domain_info *info)
{
	const struct pool_view view = view_of(cpu);
	struct td *td;
	const int64_t result = domain_enter(&view, domain, &td);

	if (result != 0)
		return result;
	domain_describe(td, info);
	domain_leave(&view, td);
	return 0;
}
