/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls, with the instruction of the CPU's vendor. */
#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#define PAGES 16u

FORM(form_vmmcall, "vmmcall");
FORM(form_vmcall, "vmcall");

static uint8_t pages[PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static unsigned int pages_used;

bool hypervisor_present(void)
{
	const struct cpuid_result r = cpuid(HV_CPUID_BASE, 0);

	return r.ebx == HV_CPUID_EBX && r.ecx == HV_CPUID_ECX && r.edx == HV_CPUID_EDX;
}

bool cpu_is_amd(void)
{
	return cpuid(0, 0).ebx == 0x68747541; /* "Auth"enticAMD */
}

const void *hypercall_form(void)
{
	static const char *form; /* CPUID exits, and exits are counted: asked once */

	if (!form)
		form = cpu_is_amd() ? form_vmmcall : form_vmcall;
	return form;
}

int64_t hypercall(const struct hypercall *call)
{
	struct gprs r = {.rax = call->number, .rdi = call->rdi, .rsi = call->rsi, .rdx = call->rdx, .rcx = call->rcx};
	const struct outcome o = attempt(hypercall_form(), &r);

	if (o.vector != NO_FAULT)
		bail_out("hypercall %lx faults with vector %u: no hypervisor", call->number, o.vector);
	return (int64_t)r.rax;
}

void *page_get(void)
{
	if (pages_used == PAGES)
		bail_out("more than %u pages asked for", PAGES);
	return pages[pages_used++];
}

struct hv_stats stats_read(void)
{
	static struct hv_stats stats __attribute__((aligned(512)));
	struct gprs r = {.rax = HC_READ, .rdi = HV_OBJECT_STATS, .rdx = (uint64_t)&stats, .rcx = sizeof(stats)};
	const struct outcome o = attempt(hypercall_form(), &r);

	if (o.vector != NO_FAULT || r.rax != sizeof(stats))
		stats = (struct hv_stats){0};
	return stats;
}
