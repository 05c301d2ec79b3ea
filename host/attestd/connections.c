/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open connections, their age, and each address's share of them. */
#include "connections.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "metrics.h"

#define NO_SLOT (-1)

/* An address, while it has connections. */
struct source {
	uint64_t address;
	unsigned connections; /* in 'slots', shut down or not; 0: the entry is free */
	unsigned reading;     /* without a whole request */
	unsigned answers;     /* in memory */
};

struct slot {
	struct source *source; /* NULL: free */
	int socket;
	bool ending; /* was shut down, and counts no more */
	bool answer; /* has one in memory */
	enum connection_phase phase;
	int64_t opened_ms, entered_ms;
};

static struct source sources[CONNECTIONS_MAX];
static struct slot slots[CONNECTIONS_MAX];
static unsigned open_count, answer_count;

/* For all of the above. A socket in the table is open: it is closed after it has left the table. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* IPv4 addresses and the first half of IPv6 addresses never meet: 0 in the upper 32 bits is no network. */
static uint64_t address_of(const struct sockaddr *peer)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;
	uint64_t network = 0;

	if (peer && peer->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr);
	if (!peer || peer->sa_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return ntohl(v6->sin6_addr.s6_addr32[3]);
	memcpy(&network, &v6->sin6_addr, sizeof(network));
	return network;
}

/* The entry of an address, or a free one for it: there are as many as slots. */
static struct source *source_of(uint64_t address)
{
	struct source *free_one = NULL;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (sources[i].connections == 0)
			free_one = free_one ? free_one : &sources[i];
		else if (sources[i].address == address)
			return &sources[i];
	}
	if (free_one)
		*free_one = (struct source){.address = address};
	return free_one;
}

static bool reads(const struct slot *slot)
{
	return slot->phase <= CONNECTION_BODY;
}

/* Takes back what a connection counts for. */
static void uncount(struct slot *slot)
{
	if (slot->ending)
		return;
	open_count--;
	slot->source->reading -= reads(slot);
	slot->source->answers -= slot->answer;
	answer_count -= slot->answer;
	slot->answer = false;
}

/* Its end shows to libmicrohttpd, which then closes it. */
static void shut_down(struct slot *slot)
{
	uncount(slot);
	slot->ending = true;
	shutdown(slot->socket, SHUT_RDWR);
}

/* Where 'count' is the highest; NULL if it is 0 everywhere. @offset: of the count, in struct source */
static struct source *most(size_t offset)
{
	struct source *found = NULL;
	unsigned highest = 0;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const unsigned count = *(const unsigned *)(const void *)((const char *)&sources[i] + offset);

		if (sources[i].connections > 0 && count > highest) {
			highest = count;
			found = &sources[i];
		}
	}
	return found;
}

/* The oldest connection of an address in one of the phases in 'wanted'; NULL without one. */
static struct slot *oldest(const struct source *source, bool (*wanted)(const struct slot *))
{
	struct slot *found = NULL;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct slot *slot = &slots[i];

		if (slot->source == source && !slot->ending && wanted(slot) &&
		    (!found || slot->opened_ms < found->opened_ms))
			found = slot;
	}
	return found;
}

static void displace(struct slot *slot)
{
	if (!slot)
		return;
	shut_down(slot);
	count(COUNT_DISPLACED);
}

/* Drops one of those that have not asked yet. */
static void make_room(void)
{
	const struct source *source = most(offsetof(struct source, reading));

	if (source)
		displace(oldest(source, reads));
}

static int free_slot(void)
{
	for (int i = 0; i < (int)CONNECTIONS_MAX; i++)
		if (!slots[i].source)
			return i;
	return NO_SLOT;
}

int connection_opened(int socket, const struct sockaddr *peer, int64_t now_ms)
{
	struct source *source;
	int slot;

	pthread_mutex_lock(&lock);
	if (open_count >= CONNECTIONS_OPEN)
		make_room();
	slot = free_slot();
	source = slot >= 0 ? source_of(address_of(peer)) : NULL;
	if (source) {
		slots[slot] =
			(struct slot){.source = source, .socket = socket, .opened_ms = now_ms, .entered_ms = now_ms};
		source->connections++;
		source->reading++;
		open_count++;
	}
	pthread_mutex_unlock(&lock);
	return slot;
}

void connection_enters(int slot, enum connection_phase phase, int64_t now_ms)
{
	if (slot < 0)
		return;
	pthread_mutex_lock(&lock);
	if (!slots[slot].ending)
		slots[slot].source->reading -= reads(&slots[slot]) && phase > CONNECTION_BODY;
	slots[slot].phase = phase;
	slots[slot].entered_ms = now_ms;
	pthread_mutex_unlock(&lock);
}

static bool sends_answer(const struct slot *slot)
{
	return slot->phase == CONNECTION_SENDS && slot->answer;
}

/* Drops an answer that is read slowly, of an address with more of them than 'source'. */
static void make_answer_room(const struct source *source)
{
	const struct source *other = most(offsetof(struct source, answers));

	if (other && other->answers > source->answers + 1)
		displace(oldest(other, sends_answer));
}

bool connection_reserve(int slot, bool evidence)
{
	const unsigned limit = evidence ? ANSWERS_MAX : ANSWERS_MAX - ANSWERS_FOR_QUOTES;
	bool reserved = false;

	if (slot < 0)
		return false;
	pthread_mutex_lock(&lock);
	if (!slots[slot].ending) {
		if (answer_count >= limit)
			make_answer_room(slots[slot].source);
		reserved = answer_count < limit;
		slots[slot].answer = reserved;
		slots[slot].source->answers += reserved;
		answer_count += reserved;
	}
	pthread_mutex_unlock(&lock);
	return reserved;
}

uint64_t connection_source(int slot)
{
	uint64_t address = 0;

	if (slot < 0)
		return 0;
	pthread_mutex_lock(&lock);
	address = slots[slot].source->address;
	pthread_mutex_unlock(&lock);
	return address;
}

void connection_closed(int slot)
{
	if (slot < 0)
		return;
	pthread_mutex_lock(&lock);
	uncount(&slots[slot]);
	slots[slot].source->connections--;
	slots[slot] = (struct slot){.source = NULL};
	pthread_mutex_unlock(&lock);
}

static bool overdue(const struct slot *slot, int64_t now_ms)
{
	const int64_t here_ms = now_ms - slot->entered_ms;

	return now_ms - slot->opened_ms >= CONNECTION_LIFE_MS ||
	       (slot->phase == CONNECTION_HEAD && here_ms >= CONNECTION_HEAD_MS) ||
	       (slot->phase == CONNECTION_BODY && here_ms >= CONNECTION_BODY_MS);
}

unsigned connections_expire(int64_t now_ms)
{
	unsigned expired = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		if (!slots[i].source || slots[i].ending || !overdue(&slots[i], now_ms))
			continue;
		shut_down(&slots[i]);
		count(COUNT_EXPIRED);
		expired++;
	}
	pthread_mutex_unlock(&lock);
	return expired;
}

struct connections_state connections_now(void)
{
	struct connections_state state = {0};

	pthread_mutex_lock(&lock);
	state.open = open_count;
	state.answers = answer_count;
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		state.waiting += slots[i].source && !slots[i].ending && slots[i].phase == CONNECTION_WAITS;
	pthread_mutex_unlock(&lock);
	return state;
}
