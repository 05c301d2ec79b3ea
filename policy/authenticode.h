/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What UEFI firmware measures of a program: the Authenticode digest of its PE image. */
#ifndef POLICY_AUTHENTICODE_H
#define POLICY_AUTHENTICODE_H

#include "policy/crypto.h"
#include "policy/sha384.h"

/**
 * Authenticode SHA-256 of a PE32+ image (Microsoft, "Windows Authenticode Portable Executable Signature Format",
 * "Calculating the PE Image Hash"), as firmware extends it into PCR 4: the file as it is, without padding.
 * NULL if it worked, else what is wrong with the image.
 */
const char *authenticode_sha256(struct bytes image, struct digest *digest);

/** The same in SHA-384, as a TDX guest's firmware extends it into RTMR 1. */
const char *authenticode_sha384(struct bytes image, uint8_t digest[SHA384_BYTES]);

#endif
