/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 6: the firmware measured into this bank before it started anything, and said so with separators.
 *
 * The order within one PCR is proved. In PCRs other than 4 only the log says that the separator came before the loader:
 * that keeps honest logs honest, and docs/protocol.md says what it does not prove.
 */
#include "policy/firmware_rules.h"
#include "policy/steps.h"

#define PCR_FIRMWARE      0u
#define PCR_CONFIGURATION 1u
#define PCR_FIRMWARE_LAST 7u

/* PFP 10.4.4: an error, which the firmware goes on from; 00000001h, little-endian. */
static bool is_error_separator(const struct tcg_event *event)
{
	static const uint8_t error[4] = {1, 0, 0, 0};

	return digest_equal(event->sha256, sha256((struct bytes){error, sizeof(error)}));
}

static bool find_separator(const struct judgement *j, uint32_t pcr, struct tcg_event *separator, unsigned int *before)
{
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);

	for (*before = 0; tcg_log_next_of(&cursor, pcr, separator); ++*before)
		if (firmware_is_separator(separator->sha256))
			return true;
	return false;
}

static void check_separator(struct judgement *j, uint32_t pcr, const struct tcg_event *loader)
{
	static const char expected[] = "a separator, which the firmware extends before it starts anything";
	struct tcg_event separator;
	unsigned int before;

	if (!find_separator(j, pcr, &separator, &before))
		refuse(j, REFUSE_SEPARATOR, expected, "PCR %u: %u events, no separator", pcr, before);
	else if (loader && separator.index > loader->index)
		refusal_at(refuse(j, REFUSE_SEPARATOR_LATE, expected, "PCR %u: the first comes after the loader", pcr),
			   "TCG log", &separator);
	else if (pcr == PCR_FIRMWARE && before < FIRMWARE_MIN_EVENTS)
		refusal_at(refuse(j, REFUSE_FIRMWARE_UNMEASURED,
				  "the firmware's version and code in PCR 0, before its separator",
				  "%u events before it", before),
			   "TCG log", &separator);
}

/* PCR 1 is apart: some clouds measure a value there that has this digest. */
static void check_no_error(struct judgement *j, uint32_t pcr)
{
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);
	struct tcg_event event;

	while (pcr != PCR_CONFIGURATION && tcg_log_next_of(&cursor, pcr, &event)) {
		if (is_error_separator(&event)) {
			refusal_at(refuse(j, REFUSE_SEPARATOR_ERROR, "no error of the firmware",
					  "PCR %u: a separator that says error (00000001)", pcr),
				   "TCG log", &event);
			return;
		}
	}
}

void check_capping(struct judgement *j)
{
	struct tcg_event loader;
	const bool found = find_loader(j, &loader);

	for (uint32_t pcr = 0; pcr <= PCR_FIRMWARE_LAST; pcr++) {
		check_separator(j, pcr, found ? &loader : NULL);
		check_no_error(j, pcr);
	}
}
