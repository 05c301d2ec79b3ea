/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/hypercall.c, HC_QUOTE: for every argument, the report is read once, from RAM of the root guest, and what
 * comes of it is written there only where it was signed. Registers that the call has no use for are 0, and after the
 * end of all domains nothing is signed. No domain is entered. Assumed: report_sign() does what report.h says (report.c).
 */
#include "proof.h"

#include "domain/hypercall.h"
#include "domain/pool.h"
#include "domain/report.h"
#include "machine/cpu.h"
#include "machine/machine.h"

static struct pool pool;
static struct paging paging;
static struct machine m = {.pool = &pool, .paging = &paging};
static struct cpu cpu = {.machine = &m};
static struct hypercall_arguments a;
static bool source_is_ram, target_is_ram, has_read, was_signed, has_written;
static int64_t signed_result;
static uint32_t at; /* any byte of the answer */
static uint8_t byte;

/* Of either buffer whole. */
bool machine_is_ram(const struct machine *machine, gpa_t address, uint64_t bytes)
{
	const bool source = bytes == sizeof(struct report);

	PROVE(machine == &m && (source || bytes == sizeof(struct hk_report)));
	PROVE(address.value == (source ? a.rdi : a.rsi));
	return source ? source_is_ram : target_is_ram;
}

void window_read(const struct paging *with, uint32_t index, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(with == &paging && index == cpu.index && source_is_ram && target_is_ram && !has_read);
	PROVE(address.value == a.rdi && bytes == sizeof(struct report));
	has_read = true;
}

int64_t report_sign(struct machine *machine, const struct report *report, struct hk_report *signed_report)
{
	PROVE(machine == &m && has_read && !was_signed && !pool.closed);
	was_signed = true;
	((uint8_t *)signed_report)[at] = byte;
	return signed_result;
}

void window_write(const struct paging *with, uint32_t index, paddr_t address, const void *buffer, uint32_t bytes)
{
	PROVE(with == &paging && index == cpu.index && was_signed && signed_result == 0 && !has_written);
	PROVE(address.value == a.rsi && bytes == sizeof(struct hk_report) && ((const uint8_t *)buffer)[at] == byte);
	has_written = true;
}

int64_t domain_enter(const struct pool_view *view, uint64_t domain, struct td **td)
{
	PROVE(false);
	return HC_E_DOMAIN;
}

void prove_quote(void)
{
	__CPROVER_havoc_object(&a);
	__CPROVER_havoc_object(&at);
	__CPROVER_havoc_object(&byte);
	__CPROVER_havoc_object(&signed_result);
	ASSUME(at < sizeof(struct hk_report));
	ASSUME(signed_result == 0 || signed_result == HC_E_ARGUMENT || signed_result == HC_E_BUSY ||
	       signed_result == HC_E_WIPED);
	pool.closed = any_bool();
	source_is_ram = any_bool();
	target_is_ram = any_bool();
	const int64_t result = domain_hypercall(&cpu, HC_QUOTE, &a);
	const bool sane = a.rdx == 0 && a.rcx == 0, in_ram = source_is_ram && target_is_ram;

	PROVE(result == (pool.closed ? HC_E_WIPED : !sane ? HC_E_ARGUMENT : !in_ram ? HC_E_BUFFER : signed_result));
	PROVE(was_signed == (!pool.closed && sane && in_ram));
	PROVE(has_written == (was_signed && signed_result == 0));
	REACHABLE(has_written && at == sizeof(struct hk_report) - 1);
	REACHABLE(result == HC_E_WIPED && pool.closed);
	REACHABLE(result == HC_E_ARGUMENT && a.rdx == 0 && !was_signed);
	REACHABLE(result == HC_E_BUFFER && source_is_ram);
	REACHABLE(result == HC_E_BUFFER && target_is_ram);
	REACHABLE(result == HC_E_BUSY);
}
