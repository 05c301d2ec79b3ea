/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain, and its lock: taken once at a time, given back, and of no use where another CPU has it. */
#ifndef DOMAIN_LOCK_H
#define DOMAIN_LOCK_H

#include "domain/domain.h"
#include "proof.h"

static struct td td;
static bool locked, busy; /* by the code that is proved; by another CPU */

enum pool_lock pool_lock_domain(const struct pool_view *view, uint64_t domain)
{
	PROVE(!locked && domain == td.info.domain);
	locked = !busy;
	return busy ? POOL_BUSY : POOL_LOCKED;
}

void pool_unlock_domain(const struct pool_view *view, uint64_t domain)
{
	PROVE(locked && domain == td.info.domain);
	locked = false;
}

#endif
