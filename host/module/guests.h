/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protected guests: /dev/kvm. */
#ifndef MODULE_GUESTS_H
#define MODULE_GUESTS_H

#include <linux/types.h>

/* Kbuild says for which kernels there are guests. */
#ifdef CLOISTER_GUESTS

/* Makes the node where the hypervisor has a pool; says what is missing otherwise. */
void guests_init(void);
void guests_exit(void);

/* Is there one now? */
bool guests_exist(void);

#else

static inline void guests_init(void)
{
}

static inline void guests_exit(void)
{
}

static inline bool guests_exist(void)
{
	return false;
}

#endif

#endif
