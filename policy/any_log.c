/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A patient reader of event logs (PFP 10.2). */
#include "policy/any_log.h"

#define SHA1_BYTES 20u

static const char SPEC_ID[] = "Spec ID Event03";

const char *any_log_algorithm(uint16_t algorithm, size_t *bytes)
{
	static const struct {
		uint16_t algorithm;
		uint16_t bytes;
		const char *name;
	} known[] = {
		{0x0004, 20, "SHA-1"},   {0x000b, 32, "SHA-256"},  {0x000c, 48, "SHA-384"},  {0x000d, 64, "SHA-512"},
		{0x0012, 32, "SM3-256"}, {0x0027, 32, "SHA3-256"}, {0x0028, 48, "SHA3-384"}, {0x0029, 64, "SHA3-512"},
	};

	*bytes = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].algorithm == algorithm) {
			*bytes = known[i].bytes;
			return known[i].name;
		}
	}
	return NULL;
}

static bool give_up(struct any_log *log, const char *why)
{
	log->wrong = why;
	log->reader.left = 0;
	return false;
}

static bool read_old(struct any_log *log, struct any_event *event)
{
	event->digest_count = 1;
	event->digests[0] = (struct any_digest){TPM_ALG_SHA1, read_bytes(&log->reader, SHA1_BYTES)};
	event->data = read_bytes(&log->reader, read_le32(&log->reader));
	return !log->reader.failed || give_up(log, "it is cut: an event ends after the file's end");
}

static bool read_agile(struct any_log *log, struct any_event *event)
{
	event->digest_count = read_le32(&log->reader);
	if (event->digest_count > ANY_LOG_MAX_BANKS)
		return give_up(log, "an event has more digests than any TPM has banks");
	for (uint32_t i = 0; i < event->digest_count; i++) {
		const uint16_t algorithm = read_le16(&log->reader);
		size_t bytes;

		if (!log->reader.failed && !any_log_algorithm(algorithm, &bytes))
			return give_up(log, "a digest is of an unknown algorithm, so its size is not known");
		event->digests[i] = (struct any_digest){
			algorithm, log->reader.failed ? (struct bytes){NULL, 0} : read_bytes(&log->reader, bytes)};
	}
	event->data = read_bytes(&log->reader, read_le32(&log->reader));
	return !log->reader.failed || give_up(log, "it is cut: an event ends after the file's end");
}

static bool is_filling(const struct reader *r)
{
	for (size_t i = 0; i < r->left; i++)
		if (r->at[i] != r->at[0] || (r->at[i] != 0x00 && r->at[i] != 0xff))
			return false;
	return true;
}

struct any_log any_log_open(struct bytes raw)
{
	return (struct any_log){.reader = reader_of(raw)};
}

/* The first event is of the old format in either kind, and says by its data which kind it is. */
bool any_log_next(struct any_log *log, struct any_event *event)
{
	*event = (struct any_event){.index = log->next};
	if (log->reader.left == 0)
		return false;
	if (is_filling(&log->reader)) {
		log->filling = log->reader.left;
		log->reader.left = 0;
		return false;
	}
	event->pcr = read_le32(&log->reader);
	event->type = read_le32(&log->reader);
	if (log->agile ? !read_agile(log, event) : !read_old(log, event))
		return false;
	if (log->next++ == 0)
		log->agile = event->type == EV_NO_ACTION && bytes_begin(event->data, SPEC_ID, sizeof(SPEC_ID));
	return true;
}
