/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's reports: made for its guest, checked, and signed for whoever asks the host. */
#ifndef CLOISTER_DOMAIN_REPORT_H
#define CLOISTER_DOMAIN_REPORT_H

#include "cloister/report.h"
#include "vcpu.h"

struct machine;

enum report_answer { REPORT_MADE, REPORT_BUSY, REPORT_REFUSED };

/**
 * TDG.MR.REPORT. The domain is locked.
 * @report: data is filled in; gets the rest
 * Returns REPORT_BUSY while another CPU signs, REPORT_REFUSED without a key.
 */
enum report_answer report_make(const struct td_vcpu *vcpu, struct report *report);

/* TDG.MR.VERIFYREPORT: REPORT_MADE by this hypervisor, in this boot, or not. */
enum report_answer report_verify(const struct td_vcpu *vcpu, const struct report_mac *report);

/**
 * HC_QUOTE: signs a report that is right.
 * Returns 0, HC_E_ARGUMENT (it is none of this boot, or was changed), HC_E_BUSY, HC_E_WIPED.
 */
int64_t report_sign(struct machine *m, const struct report *report, struct hk_report *signed_report);

#endif
