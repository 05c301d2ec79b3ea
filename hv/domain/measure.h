/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MRTD: what a domain was built of. SHA-384 over one record of 128 bytes for each page that was
 * added and for each 256 bytes of its contents, in the order in which the host built it (Intel TDX
 * module base specification, MRTD).
 */
#ifndef CLOISTER_DOMAIN_MEASURE_H
#define CLOISTER_DOMAIN_MEASURE_H

#include "attest/sha384.h"
#include "memory/address.h"

/* TDH.MEM.PAGE.ADD: a page at @address. */
void measure_page(struct sha384 *mrtd, gpa_t address);

/* TDH.MR.EXTEND, for each 256 bytes of the page at @address: its @contents. */
void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents);

#endif
