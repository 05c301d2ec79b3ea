/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protected guests: /dev/kvm. */
#ifndef MODULE_GUESTS_H
#define MODULE_GUESTS_H

#include <linux/errno.h>
#include <linux/types.h>

/* Kbuild says for which kernels there are guests. */
#ifdef CLOISTER_GUESTS

/* Makes the node where the hypervisor has a pool; says what is missing otherwise. */
void guests_init(void);
void guests_exit(void);

/* Is there one now? */
bool guests_exist(void);

/* The process that runs a domain, by the caller's PID namespace; -ENOENT: none that it knows. May sleep. */
long guests_vmm(u64 domain);

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

static inline long guests_vmm(u64 domain)
{
	return -ENOENT;
}

#endif

#endif
