/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open connections and their age. */
#include "connections.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

static struct {
	bool open;
	int socket;
	int64_t since_ms;
} slots[CONNECTIONS_MAX];

/* A socket in the table is open: it is closed after it has left the table. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int connection_opened(int socket, int64_t now_ms)
{
	int slot = -1;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < CONNECTIONS_MAX && slot < 0; i++)
		if (!slots[i].open)
			slot = (int)i;
	if (slot >= 0) {
		slots[slot].open = true;
		slots[slot].socket = socket;
		slots[slot].since_ms = now_ms;
	}
	pthread_mutex_unlock(&lock);
	return slot;
}

void connection_closed(int slot)
{
	if (slot < 0)
		return;
	pthread_mutex_lock(&lock);
	slots[slot].open = false;
	pthread_mutex_unlock(&lock);
}

unsigned connections_expire(int64_t now_ms)
{
	unsigned expired = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		if (!slots[i].open || now_ms - slots[i].since_ms < CONNECTION_LIFE_MS)
			continue;
		shutdown(slots[i].socket, SHUT_RDWR);
		expired++;
	}
	pthread_mutex_unlock(&lock);
	return expired;
}
