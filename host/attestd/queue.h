/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one thread that talks to the TPM, and the jobs that wait for it, in fair order. A job that waits too long is
 * given up, also while the TPM holds the thread: its client gets an error at once, and the late answer is thrown away.
 */
#ifndef ATTESTD_QUEUE_H
#define ATTESTD_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "clock.h"

enum job_kind { JOB_IDENTITY, JOB_EVIDENCE, JOB_ENROL, JOB_GUESTS };

struct job {
	enum job_kind kind;
	/* Takes over the answer; called once, in any thread, and must not call the queue. */
	void (*done)(void *owner, struct reply reply);
	uint64_t source;                 /* who asks, as connection_source has it */
	struct evidence_request request; /* for JOB_EVIDENCE */
	struct enrol_request enrol;      /* for JOB_ENROL */
	struct quote_server *guests;     /* for JOB_GUESTS */
};

struct queue;

struct queue_hooks {
	/* Makes the answer; called in the queue's thread, one job at a time. */
	struct reply (*work)(void *context, const struct job *job);
	/* Leaves the TPM; called once, in the queue's thread, after the last job. */
	void (*end)(void *context);
	void *context;
};

/** Starts the thread. Returns NULL without memory. @limit: jobs that may wait; @patience_ms: how long one may */
struct queue *queue_start(const struct queue_hooks *hooks, unsigned limit, int64_t patience_ms);

/**
 * Hands in a copy of a job. 'owner' is for its done.
 * The sources take turns, each with its first job, then each with its second one. If the queue is full, the last
 * job is given up for one whose turn is earlier.
 * Returns false if the queue is full or ends, or without memory.
 */
bool queue_submit(struct queue *queue, const struct job *job, void *owner);

/** Gives up the jobs whose time is over at 'now_ms' (clock_ms), INT64_MAX for all. Call it often. */
void queue_expire(struct queue *queue, int64_t now_ms);

/**
 * Gives up what still waits and ends the thread. Jobs may still be handed in: they are refused.
 * Returns false if the TPM holds it longer than 'patience_ms': the process must end without freeing anything.
 */
bool queue_stop(struct queue *queue, int64_t patience_ms);

/** Frees a queue that has stopped, when nobody hands in jobs any more. */
void queue_free(struct queue *queue);

#endif
