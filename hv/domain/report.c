/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TDREPORT_STRUCT of a domain (include/cloister/report.h). */
#include "report.h"

#include "attest/attestation.h"
#include "attest/hk_report.h"
#include "cpuid.h"
#include "machine/cpu.h"
#include "run.h"

static void fill_tcb_info(const struct hk_statement *statement, const struct td *td, struct report_tcb_info *info)
{
	info->valid = REPORT_VALID;
	__builtin_memcpy(info->svn, &statement->svn, sizeof(statement->svn));
	__builtin_memcpy(info->mrseam, statement->image_sha256, sizeof(statement->image_sha256));
	__builtin_memcpy(info->mrsignerseam, REPORT_SIGNER, sizeof(REPORT_SIGNER));
	info->domain = (struct report_domain){
		.domain = td->info.domain,
		.vcpus = td->info.vcpus,
		.started_us = td->info.started_us,
		.removed_pages = td->removed_pages,
		.vector_first = VECTOR_DEVICE_FIRST,
		.vector_last = VECTOR_DEVICE_LAST,
		.gpa_bits = (uint8_t)td->gpa_bits,
		.lazy = td->lazy,
	};
	guest_cpuid_hash(info->domain.cpuid_hash);
}

static void fill_td_info(const struct td *td, struct report_td_info *info)
{
	info->attributes = td->info.params.attributes;
	info->xfam = td->info.params.xfam;
	__builtin_memcpy(info->mrtd, td->info.mrtd, sizeof(info->mrtd));
	__builtin_memcpy(info->mrconfigid, td->info.params.mrconfigid, sizeof(info->mrconfigid));
	__builtin_memcpy(info->mrowner, td->info.params.mrowner, sizeof(info->mrowner));
	__builtin_memcpy(info->mrownerconfig, td->info.params.mrownerconfig, sizeof(info->mrownerconfig));
	__builtin_memcpy(info->rtmr, td->rtmr, sizeof(info->rtmr));
}

/* The MAC covers the hashes of the two parts, not the parts. */
static void hash_parts(const struct report *report, struct report_mac *mac)
{
	sha384_of(&report->tcb_info, sizeof(report->tcb_info), mac->tcb_info_hash);
	sha384_of(&report->td_info, sizeof(report->td_info), mac->td_info_hash);
}

enum report_answer report_make(const struct td_vcpu *vcpu, struct report *report)
{
	struct attestation *const attestation = vcpu->vcpu.cpu->machine->attestation;
	const struct hk_statement *const statement = &attestation->statement;
	struct report_mac *const mac = &report->mac;

	fill_tcb_info(statement, vcpu->td, &report->tcb_info);
	fill_td_info(vcpu->td, &report->td_info);
	mac->type = REPORT_TYPE;
	__builtin_memcpy(mac->cpusvn, &statement->hv_version, sizeof(statement->hv_version));
	__builtin_memcpy(mac->cpusvn + sizeof(statement->hv_version), &statement->svn, sizeof(statement->svn));
	hash_parts(report, mac);
	if (!lock_try(&attestation->lock))
		return REPORT_BUSY;
	const bool made = hk_report_mac(&attestation->hk, mac, mac->mac);

	lock_release(&attestation->lock);
	return made ? REPORT_MADE : REPORT_REFUSED;
}

enum report_answer report_verify(const struct td_vcpu *vcpu, const struct report_mac *report)
{
	struct attestation *const attestation = vcpu->vcpu.cpu->machine->attestation;

	if (!lock_try(&attestation->lock))
		return REPORT_BUSY;
	const bool own = hk_report_is_own(&attestation->hk, report);

	lock_release(&attestation->lock);
	return own ? REPORT_MADE : REPORT_REFUSED;
}

static bool is_whole(const struct report *report)
{
	struct report_mac mac = report->mac;

	hash_parts(report, &mac);
	return mac.type == REPORT_TYPE && __builtin_memcmp(&mac, &report->mac, sizeof(mac)) == 0;
}

int64_t report_sign(struct machine *m, const struct report *report, struct hk_report *signed_report)
{
	struct attestation *const attestation = m->attestation;
	int64_t result = HC_E_ARGUMENT;

	if (!is_whole(report))
		return HC_E_ARGUMENT;
	*signed_report = (struct hk_report){.tcb_info = report->tcb_info, .td_info = report->td_info};
	__builtin_memcpy(signed_report->data, report->mac.data, sizeof(signed_report->data));
	if (!lock_try(&attestation->lock))
		return HC_E_BUSY;
	if (hk_report_is_own(&attestation->hk, &report->mac))
		result = hk_sign_report(&attestation->hk, signed_report);
	lock_release(&attestation->lock);
	return result;
}
