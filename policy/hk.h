/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor signs, as received (include/cloister/statement.h), and the launch log that goes with it. */
#ifndef POLICY_HK_H
#define POLICY_HK_H

#include <cloister/statement.h>

#include "policy/tcg_log.h"

enum launch_event { LAUNCH_IMAGE, LAUNCH_CONFIG, LAUNCH_STATEMENT, LAUNCH_EVENTS };

/* The three events of a launch log (docs/protocol.md). */
struct launch {
	struct tcg_log log;
	struct tcg_event events[LAUNCH_EVENTS];
	struct bytes contents[LAUNCH_EVENTS]; /* the event data after its name */
	bool weak;                            /* all in PCR 14 instead of 17 to 19 */
};

/** The HK statement. False if its size, magic, version, flags or CPU count are not what they must be. */
bool hk_statement_parse(struct bytes raw, struct hk_statement *statement);

/** The fresh answer; likewise. */
bool hk_fresh_parse(struct bytes raw, struct hk_fresh *fresh);

/** Takes the three events out of launch->log. False if there are others, or in another order or other PCRs. */
bool launch_parse(struct launch *launch);

/* What the loader extends PCRs with besides a launch, each the digest of a fixed text (docs/protocol.md). */
enum launch_mark {
	MARK_LOADER, /* PCR 4, right after the loader's event: the loader ran */
	MARK_STRONG, /* PCR 14's first event under the strong binding */
	MARK_WEAK,   /* PCR 14's first event under the weak binding, and PCRs 17 to 19 */
	MARK_ERROR,  /* PCR 14, when a launch failed */
};

struct digest launch_mark(enum launch_mark mark);

/** ECDSA by the key of 'statement', over all of 'raw' but the signature at its end. */
enum p256_result hk_verify(const struct hk_statement *statement, struct bytes raw);

#define HK_DMA_TEXT 80 /* room for the names of all protections, NUL included */

/** The name of one protection (statement.h). */
const char *hk_dma_name(enum hk_dma protection);

/** The names of 'protections', with spaces between them; "nothing" if there are none. */
void hk_dma_text(uint32_t protections, char text[HK_DMA_TEXT]);

/** Does 'event' tell of a failed launch by its digest? Gives the error's text, which MARK_ERROR itself has not. */
bool launch_error_text(const struct tcg_event *event, struct bytes *text);

#endif
