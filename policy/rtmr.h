/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runtime measurement registers of a TDX guest (TDX Module Base Specification, TDG.MR.RTMR.EXTEND). */
#ifndef POLICY_RTMR_H
#define POLICY_RTMR_H

#include "policy/sha384.h"

#define RTMR_BYTES SHA384_BYTES

/** What the register is after a digest: SHA-384(register || digest). */
void rtmr_extend(uint8_t rtmr[RTMR_BYTES], const uint8_t digest[SHA384_BYTES]);

/** The same with the digest of 'data'. */
void rtmr_extend_by(uint8_t rtmr[RTMR_BYTES], struct bytes data);

#endif
