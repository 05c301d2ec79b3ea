/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the shim asks of the hypervisor and, through it, of the VMM (docs/guest-abi.md, sections 4 and 6). A call that
 * is refused is fatal; what the VMM answers is for the caller to check.
 */
#ifndef GUEST_SHIM_TDCALL_H
#define GUEST_SHIM_TDCALL_H

#include <stdbool.h>
#include <stdint.h>

#define TD_DIGEST_ALIGNMENT 64u

/** Ends the guest with "guest-shim: " and @text, 64 bytes at most, for its owner: on its console, and to the VMM. */
_Noreturn void td_fatal(const char *text);

/** Ends it where @holds does not. */
static inline void td_require(bool holds, const char *text)
{
	if (!holds)
		td_fatal(text);
}

/** New memory needs no acceptance from here on: it comes as zeros, when it is first touched. */
void td_accept_lazily(void);

/** The number of vCPUs that the guest was built with. */
uint32_t td_vcpus(void);

/** RTMR @rtmr = SHA-384(RTMR | @digest); @digest: 48 bytes, TD_DIGEST_ALIGNMENT */
void td_extend(uint32_t rtmr, const uint8_t *digest);

/** Whole pages of the guest become the VMM's. @bit: the shared bit */
void td_share(uint64_t base, uint64_t bytes, uint64_t bit);

/** A port of 32 bits of the VMM's devices. Returns what is read */
enum td_direction { TD_READ, TD_WRITE };
uint32_t td_port(uint16_t port, enum td_direction direction, uint32_t value);

#endif
