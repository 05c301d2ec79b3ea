/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OVMF's image, after QEMU's table loader, of as many commands as the first byte says. */
#include "fuzz/shared/harness.h"
#include "policy/ovmf_measure.h"

#define COMMAND_BYTES 128u

void fuzz_one(struct bytes input)
{
	static const uint8_t zeros[RTMR_BYTES];
	struct reader r = reader_of(input);
	const size_t commands = read_u8(&r);
	const struct ovmf_acpi acpi = {.loader = read_bytes(&r, commands * COMMAND_BYTES)};
	const struct bytes image = {r.at, r.left};
	struct shim_machine machine;
	uint8_t rtmr[RTMR_BYTES];

	PROMISE(shim_machine(SHIM_Q35, 3ull << 30, &machine));
	const char *wrong = ovmf_measure_machine(image, &machine, &acpi, rtmr);

	PROMISE(wrong ? wrong[0] != '\0' : memcmp(rtmr, zeros, sizeof(zeros)) != 0);
}
