/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/cloister for programs: whole objects instead of pages. */
#ifndef HOST_DEVICE_H
#define HOST_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cloister/hypercall.h"
#include "cloister/report.h"
#include "cloister/statement.h"

#define DEVICE_DEFAULT "/dev/cloister"

/**
 * Opens the hypervisor's device.
 * Returns a file descriptor, or -ENOENT (no hypervisor, or its module is not loaded) or another negative errno.
 */
int device_open(const char *path);

/**
 * Reads a whole object.
 * @capacity: size of 'buffer' in bytes
 * Returns the object's length, or a negative errno; -EFBIG if it is longer than 'capacity'.
 */
ssize_t device_read(int device, enum hv_object object, void *buffer, size_t capacity);

/**
 * Reads an object that has exactly 'bytes' bytes.
 * Returns 0 or a negative errno; -EPROTO if its length is another one.
 */
int device_read_exactly(int device, enum hv_object object, void *buffer, size_t bytes);

/**
 * Reads what an object of domains (cloister/domain.h) has of a page of the pool.
 * @bytes: what that is, at most 4096
 * Returns 0 or a negative errno; -ENOENT: no domain there; -EPROTO if it has not exactly 'bytes' bytes.
 */
int device_read_page(int device, enum hv_object object, uint32_t page, void *buffer, size_t bytes);

/** The process that runs a domain, or a negative errno; -ENOENT: none that the caller may know. */
pid_t device_vmm(int device, uint32_t domain);

/** Has the hypervisor sign its present state together with 'qualifying_data'. Returns 0 or a negative errno. */
int device_sign(int device, const uint8_t qualifying_data[32], struct hk_fresh *fresh);

/**
 * Has the hypervisor sign a protected guest's report.
 * Returns 0 or a negative errno; -EINVAL: the report is none of this boot, or was changed.
 */
int device_quote(int device, const struct report *report, struct hk_report *signed_report);

/** The hypervisor's counters. Returns 0 or a negative errno; -EPROTO if they are of another version. */
int device_stats(int device, struct hv_stats *stats);

#endif
