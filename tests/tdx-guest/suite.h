/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks of a protected guest's interface, made by the guest. Their names say whose promise it is: "TDX" what
 * Intel's documents demand on any host, "Cloister" what docs/guest-abi.md adds, which is a skip on other hosts. The
 * document and its section are the name of the test (begin() of tap.h).
 */
#ifndef TDX_GUEST_SUITE_H
#define TDX_GUEST_SUITE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cloister/report.h"
#include "cpu.h"
#include "tap.h"
#include "tdx.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define INVALID(operand) (TDX_OPERAND_INVALID | (operand))

/* What the first vCPU had in its registers at its first instruction. */
struct start {
	uint64_t gpa_bits, index, version;
};

/* One check; @found is shown where it is not @expected. Returns whether it is. */
bool tdx_is(uint64_t expected, uint64_t found, const char *name);
bool cloister_is(uint64_t expected, uint64_t found, const char *name);

/* One check. */
bool tdx_ok(bool passed, const char *name);
bool cloister_ok(bool passed, const char *name);

/* Is the host Cloister? Known once suite_learn_host() has been called. */
bool on_cloister(void);
void suite_learn_host(void);

/* An instruction raises this exception, with an error code of 0. */
bool raises(const void *form, struct gprs registers, uint32_t vector);

/* A call of TDCALL, and the status that it has. */
struct leaf_case {
	const char *name;
	struct gprs in;
	uint64_t status;
	enum { TDX, CLOISTER } whose; /* calls of the latter kind are not made on other hosts */
};
void check_leaves(const struct leaf_case *cases, uint32_t count);

/* The same for sub-functions of TDG.VP.VMCALL: 'status' is that of R10. */
void check_vmcalls(const struct leaf_case *cases, uint32_t count);

/* A report of this guest with @data; its status. */
uint64_t report_get(struct report *report, const uint8_t data[REPORT_DATA_BYTES]);

void test_leaves(const struct start *start);
void test_reports(void);
void test_cpuid(const struct start *start);
void test_msrs(void);
void test_exceptions(void);
void test_virtualization_exceptions(void);
void test_vmcalls(void);
void test_memory(void);
void test_interrupts(void);
void test_second_vcpu(void);

#endif
