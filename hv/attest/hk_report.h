/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HK over domains' reports (include/cloister/report.h). Locking as in hk.h. */
#ifndef CLOISTER_ATTEST_HK_REPORT_H
#define CLOISTER_ATTEST_HK_REPORT_H

#include <stdbool.h>

#include "cloister/report.h"
#include "hk.h"

/* Computes the MAC of a report. False: there is no key any more. */
bool hk_report_mac(const struct hk *hk, const struct report_mac *report, uint8_t mac[32]);

/* Is it one that this hypervisor made, in this boot? */
bool hk_report_is_own(const struct hk *hk, const struct report_mac *report);

/**
 * Completes and signs a report. The caller has checked it, and filled in data, tcb_info and td_info.
 * Result: 0, or HC_E_WIPED if there is no key any more; the report is then wiped as well.
 */
int hk_sign_report(struct hk *hk, struct hk_report *report);

#endif
