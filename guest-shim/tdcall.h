/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the shim asks of the hypervisor and, through it, of the VMM (docs/guest-abi.md, sections 4 and 6). A call that
 * the hypervisor refuses is fatal; what the VMM answers is for the caller to check.
 */
#ifndef GUEST_SHIM_TDCALL_H
#define GUEST_SHIM_TDCALL_H

#include <stdint.h>

#define TD_TEXT_BYTES 64u

/** Ends the guest with words for its owner, on its console and to the VMM. @text: at most TD_TEXT_BYTES */
_Noreturn void td_fatal(const char *text);

/** New memory needs no acceptance from here on: it comes as zeros, when it is first touched. */
void td_accept_lazily(void);

/** The number of vCPUs that the guest was built with. */
uint32_t td_vcpus(void);

/** RTMR @rtmr = SHA-384(RTMR | @digest); @digest: 48 bytes */
void td_extend(uint32_t rtmr, const uint8_t *digest);

/** Whole pages of the guest become the VMM's. @bit: the shared bit */
void td_share(uint64_t base, uint64_t bytes, uint64_t bit);

/** A port of the VMM's devices; @bytes: 1, 2 or 4 */
void td_out(uint16_t port, uint32_t bytes, uint32_t value);
uint32_t td_in(uint16_t port, uint32_t bytes);

#endif
