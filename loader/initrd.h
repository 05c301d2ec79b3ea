/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initrd for a Linux kernel's EFI stub. */
#ifndef LOADER_INITRD_H
#define LOADER_INITRD_H

#include "failure.h"

/** Offers this file of the loader's own volume where the kernel looks for its initrd; it is read when the kernel asks.
 */
bool initrd_offer(const char *path, struct failure *failure);

#endif
