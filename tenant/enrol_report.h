/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'cloister enrol' says: for people, and for programs. */
#ifndef TENANT_ENROL_REPORT_H
#define TENANT_ENROL_REPORT_H

#include "policy/ek.h"
#include "tenant/hosts.h"

struct enrol_result {
	const struct enrolled *host; /* enrolled if nothing was refused; its name is set in any case */
	const struct ek_certificate *certificate;
	const struct verdict *verdict;
	bool rsa; /* the kind of endorsement key */
};

/** Both write to standard output; false if that failed. */
bool enrol_print(const struct enrol_result *result);
bool enrol_print_json(const struct enrol_result *result);

#endif
