/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports and the registers in them (docs/guest-abi.md, section 11). */
#include "attest/sha384.h"
#include "suite.h"

#define RTMRS       4u
#define EXTENDED    3u /* the register that firmware leaves to the guest's owner */
#define VERSION_1_5 0x301ffull
#define XFAM_LEGACY 3ull /* x87, SSE */
#define LEAF_XSAVE  0x0du

static struct report first __attribute__((aligned(1024))), second __attribute__((aligned(1024)));
static uint8_t data_of_report[REPORT_DATA_BYTES] __attribute__((aligned(64)));
static struct report_mac changed __attribute__((aligned(256)));
static uint8_t digest[REPORT_HASH_BYTES] __attribute__((aligned(64)));

static uint64_t address_of(const void *object)
{
	return (uint64_t)object;
}

uint64_t report_get(struct report *report, const uint8_t data[REPORT_DATA_BYTES])
{
	return tdcall(TDG_MR_REPORT, address_of(report), address_of(data), 0, 0).rax;
}

static bool is_zero(const void *bytes, uint64_t count)
{
	const uint8_t *byte = bytes;

	while (count > 0 && *byte == 0) {
		byte++;
		count--;
	}
	return count == 0;
}

static bool is_hash_of(const uint8_t hash[REPORT_HASH_BYTES], const void *bytes, size_t count)
{
	uint8_t expected[SHA384_BYTES];

	sha384_of(bytes, count, expected);
	return memcmp(hash, expected, sizeof(expected)) == 0;
}

static void test_mac_part(const struct report_mac *mac)
{
	begin("TDX module ABI specification, REPORTMACSTRUCT");
	tdx_is(REPORT_TYPE, mac->type, "the type is TDX");
	tdx_is(0, mac->subtype, "the subtype is 0");
	tdx_ok(is_zero(mac->reserved1, sizeof(mac->reserved1)) && is_zero(mac->reserved2, sizeof(mac->reserved2)),
	       "reserved bytes are 0");
	tdx_ok(memcmp(mac->data, data_of_report, sizeof(data_of_report)) == 0, "it has the guest's data");
	tdx_ok(!is_zero(mac->mac, sizeof(mac->mac)), "it has a MAC");
	tdx_ok(is_hash_of(mac->tcb_info_hash, &first.tcb_info, sizeof(first.tcb_info)),
	       "it has the hash of TEE_TCB_INFO");
	tdx_ok(is_hash_of(mac->td_info_hash, &first.td_info, sizeof(first.td_info)), "and that of TDINFO");
	cloister_is(0, mac->version, "the version is 0");
}

static void test_guest_part(const struct report_td_info *info)
{
	const struct cpuid_result xsave = cpuid(LEAF_XSAVE, 0);
	const uint64_t shown = (uint64_t)xsave.edx << 32 | xsave.eax;

	begin("TDX module ABI specification, TDINFO_STRUCT");
	tdx_is(tdcall(TDG_VP_INFO, 0, 0, 0, 0).rdx, info->attributes, "the attributes are those of TDG.VP.INFO");
	tdx_is(XFAM_LEGACY, info->xfam & XFAM_LEGACY, "XFAM has x87 and SSE");
	tdx_is(shown, info->xfam & shown, "and what CPUID shows");
	tdx_ok(!is_zero(info->mrtd, sizeof(info->mrtd)), "MRTD is a measurement");
	tdx_ok(is_zero(info->rtmr, sizeof(info->rtmr)), "RTMRs are 0 before they are extended");
	tdx_ok(is_zero(info->reserved, sizeof(info->reserved)) && is_zero(first.reserved, sizeof(first.reserved)),
	       "reserved bytes are 0");
	data("mrtd", info->mrtd, sizeof(info->mrtd));
}

static void test_host_part(const struct report_tcb_info *info)
{
	const struct gprs vp = tdcall(TDG_VP_INFO, 0, 0, 0, 0);

	begin("TDX module ABI specification, TEE_TCB_INFO; docs/guest-abi.md, section 11");
	tdx_is(0x1ff, info->valid & 0x1ff, "the fields are valid");
	tdx_ok(!is_zero(info->mrseam, sizeof(info->mrseam)), "MRSEAM is a measurement");
	cloister_is(VERSION_1_5, info->valid, "the fields are those of TDX 1.5");
	cloister_is(0, info->attributes, "the module has no attributes");
	cloister_is((uint32_t)vp.r8, info->domain.vcpus, "it has the number of vCPUs");
	cloister_is(vp.rcx, info->domain.gpa_bits, "and the width of addresses");
	cloister_is(0, info->domain.lazy, "and that acceptance is not lazy");
	cloister_is(0, info->domain.removed_pages, "and that no page was removed");
	cloister_ok(info->domain.vector_first == 0x20 && info->domain.vector_last == 0xea,
		    "and the vectors that the host can raise");
	cloister_ok(!is_zero(info->domain.cpuid_hash, sizeof(info->domain.cpuid_hash)), "and the table of CPUID");
}

static uint64_t verify(const struct report_mac *report)
{
	return tdcall(TDG_MR_VERIFYREPORT, address_of(report), 0, 0, 0).rax;
}

/* One bit of one byte, at each place. */
static uint64_t verify_changed(uint32_t byte)
{
	changed = first.mac;
	((uint8_t *)&changed)[byte] ^= 1;
	return verify(&changed);
}

static void test_verify(void)
{
	static const uint8_t places[] = {offsetof(struct report_mac, type),
					 offsetof(struct report_mac, cpusvn),
					 offsetof(struct report_mac, tcb_info_hash),
					 offsetof(struct report_mac, td_info_hash),
					 offsetof(struct report_mac, data),
					 offsetof(struct report_mac, mac),
					 sizeof(struct report_mac) - 1};

	begin("TDX module ABI specification, TDG.MR.VERIFYREPORT");
	tdx_is(TDX_SUCCESS, verify(&first.mac), "a report is known where it was made");
	for (uint32_t i = 0; i < COUNT(places); i++) {
		const uint64_t status = verify_changed(places[i]);

		diag("byte %u is changed: %lx", places[i], status);
		tdx_ok(status != TDX_SUCCESS, "one that was changed is not");
		cloister_is(INVALID(OPERAND_RCX), status, "and is a wrong operand");
	}
	changed = first.mac;
	tdx_is(TDX_SUCCESS, verify(&changed), "nor does it matter where it lies");
}

static uint64_t extend(uint64_t index)
{
	return tdcall(TDG_MR_RTMR_EXTEND, address_of(digest), index, 0, 0).rax;
}

static void test_extend(void)
{
	uint8_t both[2 * REPORT_HASH_BYTES] = {0};

	for (uint32_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(i + 1);
	memcpy(both + REPORT_HASH_BYTES, digest, sizeof(digest));
	begin("TDX module ABI specification, TDG.MR.RTMR.EXTEND");
	tdx_is(TDX_SUCCESS, extend(EXTENDED), "RTMR 3 is extended");
	tdx_is(TDX_SUCCESS, report_get(&second, data_of_report), "there is a new report");
	tdx_ok(is_hash_of(second.td_info.rtmr[EXTENDED], both, sizeof(both)),
	       "it has SHA-384 of the old value and the new");
	tdx_ok(is_zero(second.td_info.rtmr, EXTENDED * REPORT_HASH_BYTES), "the others are as before");
	tdx_ok(memcmp(second.td_info.mrtd, first.td_info.mrtd, sizeof(first.td_info.mrtd)) == 0, "so is MRTD");
	tdx_ok(memcmp(second.mac.mac, first.mac.mac, sizeof(first.mac.mac)) != 0, "and the MAC is another");
	tdx_is(TDX_SUCCESS, verify(&second.mac), "which is right, too");
	tdx_is(INVALID(OPERAND_RDX), extend(RTMRS), "there is no fifth RTMR");
	tdx_is(INVALID(OPERAND_RDX), extend(1ull << 32), "nor one whose number has 33 bits");
}

/* Operands that are no addresses for a leaf. What is at a private address without RAM is a question to the VMM. */
static void test_operands(void)
{
	const uint64_t to = address_of(&second), from = address_of(data_of_report), beyond = 1ull << 52;
	const struct leaf_case cases[] = {
		{"RTMR.EXTEND: an address that is not aligned",
		 {.rax = TDG_MR_RTMR_EXTEND, .rcx = from + 8},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"RTMR.EXTEND: a shared address",
		 {.rax = TDG_MR_RTMR_EXTEND, .rcx = from | shared_bit},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"RTMR.EXTEND: beyond the width",
		 {.rax = TDG_MR_RTMR_EXTEND, .rcx = beyond},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"REPORT: an address that is not aligned",
		 {.rax = TDG_MR_REPORT, .rcx = to + 512, .rdx = from},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"REPORT: a shared address",
		 {.rax = TDG_MR_REPORT, .rcx = to | shared_bit, .rdx = from},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"REPORT: beyond the width",
		 {.rax = TDG_MR_REPORT, .rcx = beyond, .rdx = from},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"REPORT: data that are not aligned",
		 {.rax = TDG_MR_REPORT, .rcx = to, .rdx = from + 32},
		 INVALID(OPERAND_RDX),
		 TDX},
		{"REPORT: data that are shared",
		 {.rax = TDG_MR_REPORT, .rcx = to, .rdx = from | shared_bit},
		 INVALID(OPERAND_RDX),
		 TDX},
		{"REPORT: another subtype",
		 {.rax = TDG_MR_REPORT, .rcx = to, .rdx = from, .r8 = 1},
		 INVALID(OPERAND_R8),
		 TDX},
		{"REPORT: the last subtype",
		 {.rax = TDG_MR_REPORT, .rcx = to, .rdx = from, .r8 = ~0ull},
		 INVALID(OPERAND_R8),
		 TDX},
		{"VERIFYREPORT: not aligned", {.rax = TDG_MR_VERIFYREPORT, .rcx = to + 128}, INVALID(OPERAND_RCX), TDX},
		{"VERIFYREPORT: a shared address",
		 {.rax = TDG_MR_VERIFYREPORT, .rcx = to | shared_bit},
		 INVALID(OPERAND_RCX),
		 TDX},
	};

	begin("TDX module ABI specification: operands in memory");
	check_leaves(cases, COUNT(cases));
}

void test_reports(void)
{
	for (uint32_t i = 0; i < sizeof(data_of_report); i++)
		data_of_report[i] = (uint8_t)(0x80 | i);
	begin("TDX module ABI specification, TDG.MR.REPORT");
	tdx_is(TDX_SUCCESS, report_get(&first, data_of_report), "there is a report");
	test_mac_part(&first.mac);
	test_guest_part(&first.td_info);
	test_host_part(&first.tcb_info);
	test_verify();
	test_extend();
	test_operands();
}
