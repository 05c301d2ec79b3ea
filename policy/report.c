/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser of a signed report. Little-endian; it is read field by field, whatever this machine is. */
#include "policy/report.h"

static void read_domain(struct reader *r, struct report_domain *d)
{
	d->domain = read_le32(r);
	d->vcpus = read_le32(r);
	d->started_us = read_le64(r);
	d->removed_pages = read_le64(r);
	d->vector_first = read_u8(r);
	d->vector_last = read_u8(r);
	d->gpa_bits = read_u8(r);
	d->lazy = read_u8(r);
	read_copy(r, d->cpuid_hash, sizeof(d->cpuid_hash));
}

static void read_tcb_info(struct reader *r, struct report_tcb_info *t)
{
	t->valid = read_le64(r);
	read_copy(r, t->svn, sizeof(t->svn));
	read_copy(r, t->mrseam, sizeof(t->mrseam));
	read_copy(r, t->mrsignerseam, sizeof(t->mrsignerseam));
	t->attributes = read_le64(r);
	read_copy(r, t->svn2, sizeof(t->svn2));
	read_domain(r, &t->domain);
	read_copy(r, t->reserved, sizeof(t->reserved));
}

static void read_td_info(struct reader *r, struct report_td_info *t)
{
	t->attributes = read_le64(r);
	t->xfam = read_le64(r);
	read_copy(r, t->mrtd, sizeof(t->mrtd));
	read_copy(r, t->mrconfigid, sizeof(t->mrconfigid));
	read_copy(r, t->mrowner, sizeof(t->mrowner));
	read_copy(r, t->mrownerconfig, sizeof(t->mrownerconfig));
	read_copy(r, t->rtmr, sizeof(t->rtmr));
	read_copy(r, t->servtd_hash, sizeof(t->servtd_hash));
	read_copy(r, t->reserved, sizeof(t->reserved));
}

bool hk_report_parse(struct bytes raw, struct hk_report *report)
{
	struct reader r = reader_of(raw);

	read_copy(&r, report->magic, sizeof(report->magic));
	report->version = read_le32(&r);
	report->bytes = read_le32(&r);
	read_copy(&r, report->boot_id, sizeof(report->boot_id));
	read_copy(&r, report->data, sizeof(report->data));
	read_tcb_info(&r, &report->tcb_info);
	read_copy(&r, report->reserved, sizeof(report->reserved));
	read_td_info(&r, &report->td_info);
	read_copy(&r, report->signature, sizeof(report->signature));
	return read_done(&r) && memcmp(report->magic, HK_REPORT_MAGIC, sizeof(report->magic)) == 0 &&
	       report->version == HK_REPORT_VERSION && report->bytes == sizeof(*report);
}
