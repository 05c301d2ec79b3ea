/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests, for /v1/metrics. Reading them walks the records of the whole pool, and anybody may ask: the list is kept,
 * and is read again when it is a second old, and so old that a twentieth of the time goes to reading it.
 */
#ifndef ATTESTD_GUEST_LIST_H
#define ATTESTD_GUEST_LIST_H

#include <pthread.h>
#include <stdbool.h>

#include "clock.h"
#include "domains.h"

struct guest_list {
	pthread_mutex_t lock;
	struct domains domains;
	bool known;
	int64_t again_ms; /* when it is to be read again */
};

void guest_list_init(struct guest_list *list);
void guest_list_free(struct guest_list *list);

/** Locks the list and returns it, or NULL if it cannot be read; guest_list_done() follows in either case. */
const struct domains *guest_list_take(struct guest_list *list, int device);
void guest_list_done(struct guest_list *list);

#endif
