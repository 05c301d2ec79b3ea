/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest_list.h"

#define LEAST_MS 1000
#define SHARE    20 /* of the time, one part may go to reading */

void guest_list_init(struct guest_list *list)
{
	*list = (struct guest_list){.known = false};
	pthread_mutex_init(&list->lock, NULL);
}

void guest_list_free(struct guest_list *list)
{
	domains_free(&list->domains);
	pthread_mutex_destroy(&list->lock);
}

static void read_again(struct guest_list *list, int device)
{
	const int64_t began_ms = clock_ms();
	int64_t end_ms;

	domains_free(&list->domains);
	list->known = domains_read(device, &list->domains) == 0;
	end_ms = clock_ms();
	list->again_ms = end_ms + LEAST_MS + SHARE * (end_ms - began_ms);
}

const struct domains *guest_list_take(struct guest_list *list, int device)
{
	pthread_mutex_lock(&list->lock);
	if (clock_ms() >= list->again_ms)
		read_again(list, device);
	return list->known ? &list->domains : NULL;
}

void guest_list_done(struct guest_list *list)
{
	pthread_mutex_unlock(&list->lock);
}
