/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite.h"

static bool cloister;

static void show(uint64_t expected, uint64_t found)
{
	if (expected != found)
		diag("expected %lx, found %lx", expected, found);
}

bool tdx_ok(bool passed, const char *name)
{
	return ok(passed, "TDX: %s", name);
}

bool cloister_ok(bool passed, const char *name)
{
	return cloister ? ok(passed, "Cloister: %s", name) : ok(true, "Cloister: %s # SKIP the host is not", name);
}

bool tdx_is(uint64_t expected, uint64_t found, const char *name)
{
	show(expected, found);
	return tdx_ok(expected == found, name);
}

bool cloister_is(uint64_t expected, uint64_t found, const char *name)
{
	show(expected, found);
	return cloister_ok(expected == found, name);
}

bool on_cloister(void)
{
	return cloister;
}

/* By the signer in a report (docs/guest-abi.md, section 2). */
void suite_learn_host(void)
{
	static const uint8_t data[REPORT_DATA_BYTES] __attribute__((aligned(64)));
	static struct report report __attribute__((aligned(1024)));

	cloister = report_get(&report, data) == TDX_SUCCESS &&
		   memcmp(report.tcb_info.mrsignerseam, REPORT_SIGNER, sizeof(REPORT_SIGNER)) == 0;
	diag("the host is %s", cloister ? "Cloister" : "not Cloister");
}

bool raises(const void *form, struct gprs registers, uint32_t vector)
{
	const struct outcome outcome = attempt(form, &registers);

	return faulted(&outcome, vector, 0, form);
}

static void check(const struct leaf_case *c, uint64_t status)
{
	if (c->whose == TDX)
		tdx_is(c->status, status, c->name);
	else
		cloister_is(c->status, status, c->name);
}

void check_leaves(const struct leaf_case *cases, uint32_t count)
{
	for (const struct leaf_case *c = cases; c < cases + count; c++)
		check(c, c->whose == TDX || cloister ? tdcall_with(c->in).rax : 0);
}

void check_vmcalls(const struct leaf_case *cases, uint32_t count)
{
	for (const struct leaf_case *c = cases; c < cases + count; c++) {
		struct gprs call = c->in;

		call.rcx = call.rcx ? call.rcx : PASS_R10_TO_R15;
		if (c->whose == TDX || cloister)
			call = tdcall_with(call);
		check(c, call.rax == TDX_SUCCESS ? call.r10 : call.rax);
	}
}
