/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/rtmr.h"

void rtmr_extend(uint8_t rtmr[RTMR_BYTES], const uint8_t digest[SHA384_BYTES])
{
	uint8_t both[RTMR_BYTES + SHA384_BYTES];

	memcpy(both, rtmr, RTMR_BYTES);
	memcpy(both + RTMR_BYTES, digest, SHA384_BYTES);
	sha384_of((struct bytes){both, sizeof(both)}, rtmr);
}

void rtmr_extend_by(uint8_t rtmr[RTMR_BYTES], struct bytes data)
{
	uint8_t digest[SHA384_BYTES];

	sha384_of(data, digest);
	rtmr_extend(rtmr, digest);
}
