/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * /dev/cloister as programs see it. The layouts are the same for 32- and 64-bit callers: fixed-width
 * members, naturally aligned, no padding, the user pointer as a 64-bit number.
 */
#ifndef CLOISTER_IOCTL_H
#define CLOISTER_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include "cloister/report.h"
#include "cloister/statement.h"

/* Part of one of the hypervisor's read-only objects (enum hv_object in cloister/hypercall.h). */
struct cloister_read {
	__u32 object;
	__u32 length; /* 1 to 4096 */
	__u64 offset;
	__u64 buffer; /* user pointer to 'length' bytes */
	__u64 page;   /* of the pool, for objects of domains (cloister/domain.h); 0 for all others */
};

/* A fresh signature by the hypervisor's key. */
struct cloister_sign {
	__u8 qualifying_data[32];
	struct hk_fresh fresh; /* out */
};

/* A protected guest's report, signed by the hypervisor's key. */
struct cloister_quote {
	struct report report;
	struct hk_report signed_report; /* out */
};

/*
 * CLOISTER_READ returns the number of bytes copied, 0 at or past the object's end.
 * Errors of all: EINVAL (an argument out of range), EFAULT (user pointer), EINTR (killed while waiting),
 * EIO (the hypervisor refused what it must accept; see the kernel log), ENODEV (the hypervisor is gone: the machine
 * was suspended to RAM and resumed without it).
 * Of CLOISTER_READ: ENOENT (no such domain), EBUSY (other CPUs work on it all the time).
 * Of CLOISTER_SIGN, CLOISTER_QUOTE: EKEYREVOKED (the hypervisor wiped its key), EBUSY (other CPUs sign all the time).
 * Of CLOISTER_QUOTE: EINVAL also where the report is none of this boot, or was changed.
 * CLOISTER_VMM, of a domain's number, returns the process that runs it, as the caller's PID namespace has it; ENOENT:
 * none that the caller knows.
 */
#define CLOISTER_READ  _IOW(0xCB, 0x01, struct cloister_read)
#define CLOISTER_SIGN  _IOWR(0xCB, 0x02, struct cloister_sign)
#define CLOISTER_VMM   _IOW(0xCB, 0x03, __u64)
#define CLOISTER_QUOTE _IOWR(0xCB, 0x04, struct cloister_quote)

_Static_assert(sizeof(struct cloister_read) == 32, "ioctl layout");
_Static_assert(sizeof(struct cloister_sign) == 248, "ioctl layout");
_Static_assert(sizeof(struct cloister_quote) == 1968, "ioctl layout");

#endif
