/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that one answer to a challenge is made of, gathered from the firmware's log, the hypervisor and the TPM.
 */
#ifndef ATTESTD_EVIDENCE_H
#define ATTESTD_EVIDENCE_H

#include <stdbool.h>

#include "cloister/report.h"
#include "cloister/statement.h"
#include "encode.h"
#include "failure.h"
#include "file.h"
#include "request.h"
#include "tpm.h"

#define TCG_LOG_MAX (1u << 20)
#define HV_LOG_MAX  16384u /* BOOT_MAX_LOG */

/* Where the evidence comes from. */
struct sources {
	const char *tcg_log; /* path; a missing file counts as an empty log */
	const char *device;  /* path; a missing device means that there is no hypervisor */
};

struct log {
	struct blob content;
	uint8_t sha256[SHA256_BYTES];
};

struct logs {
	struct log tcg, hv;
};

/* What evidence is for, and what it answers: the beginning of qualifyingData (docs/protocol.md). */
#define CHALLENGE_MAX_BYTES 64u

struct challenge {
	const char *purpose;
	uint8_t data[CHALLENGE_MAX_BYTES];
	size_t bytes;
};

struct evidence {
	struct logs logs;
	bool hypervisor; /* are 'statement' and 'fresh' there? */
	struct hk_statement statement;
	struct hk_fresh fresh;
	struct tpm_quote quote;
};

/** Reads both logs. The caller ends with logs_free, whatever the result. */
bool logs_read(const struct sources *sources, struct logs *logs, struct failure *failure);
void logs_free(struct logs *logs);

/** Reads the HK statement. 'present' says whether there is a hypervisor. */
bool statement_read(const struct sources *sources, struct hk_statement *statement, bool *present,
		    struct failure *failure);

/** Opens the hypervisor's device for report_sign(), as often as there are reports, and then close(). -1: 'failure'. */
int reports_open(const struct sources *sources, struct failure *failure);

/**
 * Has the hypervisor sign a guest's report.
 * @device: from reports_open()
 * @own: is it a report of a guest of this boot? If not, nothing is signed, and that is no failure.
 */
bool report_sign(int device, const struct report *report, struct hk_report *signed_report, bool *own,
		 struct failure *failure);

/** Answers a challenge. The caller ends with evidence_free, whatever the result. */
bool evidence_gather(const struct sources *sources, struct tpm *tpm, const struct challenge *challenge,
		     struct evidence *evidence, struct failure *failure);
void evidence_free(struct evidence *evidence);

/** qualifyingData of docs/protocol.md; 'statement' is NULL without a hypervisor. */
void qualifying_data(const struct challenge *challenge, const struct logs *logs, const struct hk_statement *statement,
		     uint8_t out[SHA256_BYTES]);

#endif
