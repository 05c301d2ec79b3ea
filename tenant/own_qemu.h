/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU of the owner's whose machine is looked at from outside, and never runs: commands of qtest over a socket
 * (QEMU's docs/devel/testing/qtest.rst). After a failure, which is said on standard error once, nothing is done any
 * more, and reads give zeros.
 */
#ifndef TENANT_OWN_QEMU_H
#define TENANT_OWN_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/own_qemu_words.h"

struct own_qemu {
	pid_t process;
	int socket;
	bool failed;
	char *answer; /* a line, as large as was needed so far */
	size_t answer_bytes;
};

/** Starts it. False: it could not be; own_qemu_stop has nothing to do then. */
bool own_qemu_start(struct own_qemu *qemu, const struct own_qemu_words *words);

void own_qemu_stop(struct own_qemu *qemu);

/** Port I/O of 1, 2 or 4 bytes. */
void own_qemu_out(struct own_qemu *qemu, unsigned width, uint16_t port, uint32_t value);
uint32_t own_qemu_in(struct own_qemu *qemu, unsigned width, uint16_t port);

/** Guest memory. @bytes: at most OWN_QEMU_MEMORY_MAX, and not 0 */
#define OWN_QEMU_MEMORY_MAX (1u << 20)
void own_qemu_write(struct own_qemu *qemu, uint64_t address, const void *from, size_t bytes);
void own_qemu_read(struct own_qemu *qemu, uint64_t address, void *to, size_t bytes);

/** A file of fw_cfg (QEMU's docs/specs/fw_cfg.rst); NULL if there is none, it is empty, or after a failure. Free it. */
uint8_t *own_qemu_file(struct own_qemu *qemu, const char *name, size_t *bytes);

#endif
