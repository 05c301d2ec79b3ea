/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random calls of /dev/kvm's ioctls. */
#ifndef KVM_FUZZ_H
#define KVM_FUZZ_H

/* So many seconds of it, on two threads, as a user without privileges. Returns the exit code. */
int fuzz(unsigned seconds, unsigned seed);

#endif
