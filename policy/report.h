/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a guest that HK signs, as received (include/cloister/report.h). */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include <cloister/report.h>

#include "policy/reader.h"

/** Reads a report. False if its size, magic or version are not what they must be. Its signature: hk_verify. */
bool hk_report_parse(struct bytes raw, struct hk_report *report);

#endif
