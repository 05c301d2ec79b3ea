/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's domains, for programs: which there are, what each has had, and who runs it. */
#ifndef HOST_DOMAINS_H
#define HOST_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cloister/domain.h"

#define DOMAIN_NAME_BYTES 64u

struct known_domain {
	struct domain_info info;
	pid_t vmm;                    /* of domains_find_vmms(): the process that runs it, or 0 */
	char name[DOMAIN_NAME_BYTES]; /* and what that process calls it, or "" */
};

struct domains {
	struct known_domain *domain; /* by their numbers */
	size_t count;
};

/**
 * Reads all domains. One that comes or goes meanwhile is in the list or not.
 * @domains: domains_free() frees what it gets
 * Returns 0 or a negative errno; -EPROTO if the hypervisor's answers make no sense.
 */
int domains_read(int device, struct domains *domains);
void domains_free(struct domains *domains);

/* Finds who runs them. A process may end, and another one have its number, at any time: a name is but a hint. */
void domains_find_vmms(int device, struct domains *domains);

/* The name of a kind of exit that the host is told of. */
const char *domains_exit_name(enum domain_exit_kind kind);

/* The name of a domain's state. */
const char *domains_state_name(uint32_t state);

/* Microseconds that its vCPUs ran. */
uint64_t domains_run_us(const struct domain_info *info);

/**
 * The name that a VMM's command line gives its guest: QEMU's "-name guest=NAME,..." or "-name NAME,...", which libvirt
 * fills in. Bytes that a terminal could take for commands become '?'.
 * @arguments: each with its terminating 0, as /proc/PID/cmdline has them
 * @name: "" where there is none
 */
void domains_name_of(const char *arguments, size_t bytes, char name[DOMAIN_NAME_BYTES]);

#endif
