/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/report.c, HC_QUOTE: for every report that the host hands in, whatever its hashes are, HK signs only where
 * its type is right, both parts have the hashes that the MAC covers, and the MAC is this hypervisor's own; and it signs
 * these parts and the guest's data as they came. HK is used under its lock, which is free afterwards unless another CPU
 * has it: then nothing is signed. Assumed: the hash and HK do what their headers say.
 */
#include "proof.h"

#include "attest/attestation.h"
#include "attest/hk_report.h"
#include "domain/report.h"
#include "machine/machine.h"

static struct attestation attestation;
static struct machine m = {.attestation = &attestation};
static struct report report;
static struct hk_report answer;
static uint8_t hash[2][REPORT_HASH_BYTES];
static uint32_t at; /* any byte */
static bool own, other_has_it, hashed[2], was_signed;
static int signed_result;

/* CBMC has none of its own under these names. */
int __builtin_memcmp(const void *a, const void *b, __CPROVER_size_t bytes)
{
	int differ = 0;

	for (__CPROVER_size_t i = 0; i < bytes; i++)
		differ |= ((const uint8_t *)a)[i] ^ ((const uint8_t *)b)[i];
	return differ;
}

void *__builtin_memcpy(void *to, const void *from, __CPROVER_size_t bytes)
{
	for (__CPROVER_size_t i = 0; i < bytes; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

/* The hash of one of the two parts. */
void sha384_of(const void *bytes, size_t length, uint8_t digest[SHA384_BYTES])
{
	const bool second = bytes == &report.td_info;

	PROVE(second || bytes == &report.tcb_info);
	PROVE(length == (second ? sizeof(report.td_info) : sizeof(report.tcb_info)));
	hashed[second] = true;
	for (uint32_t i = 0; i < REPORT_HASH_BYTES; i++)
		digest[i] = hash[second][i];
}

bool hk_report_is_own(const struct hk *hk, const struct report_mac *mac)
{
	PROVE(hk == &attestation.hk && mac == &report.mac && attestation.lock.held && !other_has_it);
	return own;
}

int hk_sign_report(struct hk *hk, struct hk_report *of)
{
	PROVE(hk == &attestation.hk && of == &answer && attestation.lock.held && !other_has_it && own && !was_signed);
	PROVE(at >= sizeof(of->tcb_info) ||
	      ((const uint8_t *)&of->tcb_info)[at] == ((const uint8_t *)&report.tcb_info)[at]);
	PROVE(at >= sizeof(of->td_info) ||
	      ((const uint8_t *)&of->td_info)[at] == ((const uint8_t *)&report.td_info)[at]);
	PROVE(at >= sizeof(of->data) || of->data[at] == report.mac.data[at]);
	was_signed = true;
	return signed_result;
}

void prove_report_sign(void)
{
	__CPROVER_havoc_object(&report);
	__CPROVER_havoc_object(hash);
	__CPROVER_havoc_object(&at);
	__CPROVER_havoc_object(&signed_result);
	own = any_bool();
	other_has_it = any_bool();
	attestation.lock.held = other_has_it;
	const int64_t result = report_sign(&m, &report, &answer);

	PROVE(hashed[0] && hashed[1] && attestation.lock.held == other_has_it);
	PROVE(result == (was_signed ? signed_result : other_has_it && result == HC_E_BUSY ? HC_E_BUSY : HC_E_ARGUMENT));
	if (was_signed) {
		PROVE(report.mac.type == 0x81);
		PROVE(at >= REPORT_HASH_BYTES || report.mac.tcb_info_hash[at] == hash[0][at]);
		PROVE(at >= REPORT_HASH_BYTES || report.mac.td_info_hash[at] == hash[1][at]);
	}
	REACHABLE(was_signed && at == 47);
	REACHABLE(result == HC_E_BUSY && !was_signed);
	REACHABLE(!was_signed && own && !other_has_it);
}
