/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one thread that talks to the TPM, and the jobs that wait for it. */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

struct entry {
	struct entry *next;
	struct job job;
	void *owner;   /* who waits for it; NULL once given up */
	uint64_t turn; /* the list is in this order */
	int64_t deadline_ms;
};

struct queue {
	struct queue_hooks hooks;
	unsigned limit, length;
	int64_t patience_ms;
	pthread_t thread;
	pthread_mutex_t lock; /* for everything below */
	pthread_cond_t more;
	struct entry *first;
	uint64_t turn;         /* of the job that was taken last */
	struct entry *running; /* not in the list any more */
	bool stopping;
};

/* Waits for the next job; NULL at the end. Caller holds the lock. */
static struct entry *take(struct queue *queue)
{
	struct entry *entry;

	while (!queue->first && !queue->stopping)
		pthread_cond_wait(&queue->more, &queue->lock);
	entry = queue->first;
	if (entry) {
		queue->first = entry->next;
		queue->turn = entry->turn;
		queue->length--;
	}
	return entry;
}

/* Does one job. Caller holds the lock, which is free while the TPM works. */
static void run(struct queue *queue, struct entry *entry)
{
	struct reply reply;

	if (!entry->owner)
		return;
	queue->running = entry;
	pthread_mutex_unlock(&queue->lock);
	reply = queue->hooks.work(queue->hooks.context, &entry->job);
	pthread_mutex_lock(&queue->lock);
	queue->running = NULL;
	if (entry->owner)
		entry->job.done(entry->owner, reply);
	else
		reply_free(&reply);
}

static void *worker(void *argument)
{
	struct queue *queue = argument;
	struct entry *entry;

	pthread_mutex_lock(&queue->lock);
	while ((entry = take(queue))) {
		run(queue, entry);
		free(entry);
	}
	pthread_mutex_unlock(&queue->lock);
	queue->hooks.end(queue->hooks.context);
	return NULL;
}

struct queue *queue_start(const struct queue_hooks *hooks, unsigned limit, int64_t patience_ms)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->hooks = *hooks;
	queue->limit = limit;
	queue->patience_ms = patience_ms;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->more, NULL);
	if (pthread_create(&queue->thread, NULL, worker, queue) != 0) {
		free(queue);
		return NULL;
	}
	return queue;
}

/* After the source's last job that waits, and not before the next turn. Caller holds the lock. */
static uint64_t next_turn(const struct queue *queue, uint64_t source)
{
	uint64_t turn = queue->turn;

	for (const struct entry *entry = queue->first; entry; entry = entry->next)
		if (entry->job.source == source)
			turn = entry->turn;
	return turn + 1;
}

/* The last of all goes, if its turn comes after this one. Caller holds the lock. */
static bool make_room(struct queue *queue, uint64_t turn)
{
	struct entry **last = &queue->first, *entry;
	struct failure failure;

	if (queue->length < queue->limit)
		return true;
	while (*last && (*last)->next)
		last = &(*last)->next;
	entry = *last;
	if (!entry || entry->turn <= turn)
		return false;
	*last = NULL;
	queue->length--;
	failed_with(&failure, 503, "overloaded", NULL,
		    "your address waits for more answers than others; ask again later");
	if (entry->owner)
		entry->job.done(entry->owner, answer_failure(&failure));
	free(entry);
	return true;
}

/* After all whose turn is not later. Caller holds the lock. */
static void insert(struct queue *queue, struct entry *entry)
{
	struct entry **place = &queue->first;

	while (*place && (*place)->turn <= entry->turn)
		place = &(*place)->next;
	entry->next = *place;
	*place = entry;
	queue->length++;
}

bool queue_submit(struct queue *queue, const struct job *job, void *owner)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	bool accepted;

	if (!entry)
		return false;
	*entry = (struct entry){.job = *job, .owner = owner, .deadline_ms = clock_ms() + queue->patience_ms};
	pthread_mutex_lock(&queue->lock);
	entry->turn = next_turn(queue, job->source);
	accepted = !queue->stopping && make_room(queue, entry->turn);
	if (accepted) {
		insert(queue, entry);
		pthread_cond_signal(&queue->more);
	}
	pthread_mutex_unlock(&queue->lock);
	if (!accepted)
		free(entry);
	return accepted;
}

/* Caller holds the lock. */
static void give_up(struct queue *queue, struct entry *entry, int64_t now_ms)
{
	struct failure failure;

	if (!entry->owner || entry->deadline_ms > now_ms)
		return;
	failed_with(&failure, 503, "tpm-busy", NULL, "no answer from the TPM within %lld s; ask again later",
		    (long long)(queue->patience_ms / 1000));
	entry->job.done(entry->owner, answer_failure(&failure));
	entry->owner = NULL;
}

void queue_expire(struct queue *queue, int64_t now_ms)
{
	pthread_mutex_lock(&queue->lock);
	if (queue->running)
		give_up(queue, queue->running, now_ms);
	for (struct entry *entry = queue->first; entry; entry = entry->next)
		give_up(queue, entry, now_ms);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_stop(struct queue *queue, int64_t patience_ms)
{
	struct timespec until;

	pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	pthread_cond_signal(&queue->more);
	pthread_mutex_unlock(&queue->lock);
	queue_expire(queue, INT64_MAX);

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience_ms / 1000);
	return pthread_clockjoin_np(queue->thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

void queue_free(struct queue *queue)
{
	pthread_mutex_destroy(&queue->lock);
	pthread_cond_destroy(&queue->more);
	free(queue);
}
