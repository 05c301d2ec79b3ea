/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/measure.c: for every address of a page, what is added to MRTD is what the Intel TDX module adds
 * (TDH.MEM.PAGE.ADD, TDH.MR.EXTEND): a record of 128 bytes, and each 256 bytes of the page after a record of its own,
 * from the first on. Nothing else is added. Assumed: the page lies below 2^63.
 */
#include "proof.h"

#include "domain/measure.h"

static struct sha384 mrtd;
static uint8_t contents[4096];
static uint64_t address;
static uint32_t at; /* any byte of a record */
static const char *name;
static unsigned added;

/* Its name in 16 bytes, the address in 8, zeros. */
static uint8_t expected(uint64_t of)
{
	if (at < 16)
		return (uint8_t)name[at];
	return at < 24 ? (uint8_t)(of >> 8 * (at - 16)) : 0;
}

/* Records and contents take turns, where there are contents. */
void sha384_add(struct sha384 *hash, const void *bytes, size_t length)
{
	const unsigned chunk = added / 2;

	PROVE(hash == &mrtd);
	if (added % 2 != 0) {
		PROVE(bytes == contents + chunk * 256 && length == 256);
	} else {
		PROVE(length == 128 && ((const uint8_t *)bytes)[at] == expected(address + chunk * 256));
		REACHABLE(at == 0);
		REACHABLE(at == 127);
	}
	added++;
}

static void set_up(const char record[16])
{
	uint64_t any;
	uint32_t byte;

	ASSUME(any < 1ull << 63 && byte < 128);
	address = any;
	at = byte;
	name = record;
}

void prove_measure_page(void)
{
	static const char record[16] = "MEM.PAGE.ADD";

	set_up(record);
	measure_page(&mrtd, gpa(address));
	PROVE(added == 1);
}

void prove_measure_contents(void)
{
	static const char record[16] = "MR.EXTEND";

	set_up(record);
	measure_contents(&mrtd, gpa(address), contents);
	PROVE(added == 2 * 4096 / 256);
}
