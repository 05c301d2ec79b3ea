/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One lie per row: the evidence of an honest host, changed in one way, must give exactly the refusals of that row.
 * The unchanged evidence must pass.
 */
#ifndef TESTS_UNIT_POLICY_LIE_H
#define TESTS_UNIT_POLICY_LIE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"
#include "policy/steps.h"

#define MAX_CODES 8

struct lie {
	const char *name;
	void (*bend)(struct scenario *);                   /* before anything is made */
	void (*change)(struct built *, struct scenario *); /* logs, statement, PCRs: before the quote */
	void (*damage)(struct built *);                    /* bytes received, and the policy */
	enum refusal_code codes[MAX_CODES];                /* in the order of the steps; the rest 0 */
	int exit_code;
	const char *words; /* of the first refusal, where its code alone is not enough; or NULL */
};

/**
 * The refusals must be those of the row, in their order, and so the exit code.
 * @conditional: what is accepted is so on a condition
 */
void expect_refusals(const struct verdict *v, const struct lie *lie, bool conditional);

/** Runs the rows of a program, and an honest host first. */
int run_lies(const char *name, const struct lie *lies, size_t count);

/* What more than one program changes. */
struct writer log_end(struct built *b);
void log_append(struct built *b, struct writer *w);
void put_head(struct writer *w, uint32_t pcr, uint32_t count);
struct event *insert_event(struct scenario *s, const struct event *before, uint32_t pcr, uint32_t type,
			   const void *data, size_t len);
void remove_event(struct scenario *s, struct event *event);
/* A StartupLocality event of 'len' bytes as the log's first; and PCR 0 as a TPM has it that was started so. */
void start_from(struct scenario *s, char locality, size_t len);
void started(struct built *b, struct scenario *s);
void no_mark(struct scenario *s);
void not_the_loader(struct scenario *s);
void image_byte(struct scenario *s);
void error_mark(struct scenario *s);
void weak(struct scenario *s);
void weak_allowed(struct built *b);
void pin_this(struct built *b);
void capped(struct built *b, struct scenario *s);

#endif
