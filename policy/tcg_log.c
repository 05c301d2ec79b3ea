/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parser of the TCG crypto-agile event log. */
#include "policy/tcg_log.h"

#define SPEC_ID        "Spec ID Event03" /* with its NUL, PFP 10.4.5.1 */
#define LOCALITY       "StartupLocality" /* with its NUL, PFP 10.4.5.3 */
#define PCR_COUNT      24u
#define TPM_SHA1_BYTES 20u

#define LOCALITY_BYTES (sizeof(LOCALITY) + 1u)

#define TCG_LOG_TEXT(name, text) [name] = text,
static const char *const RESULT_TEXT[] = {TCG_LOG_RESULTS(TCG_LOG_TEXT)};
#undef TCG_LOG_TEXT

const char *tcg_log_result_text(enum tcg_log_result result)
{
	return RESULT_TEXT[result];
}

/* The algorithms and digest sizes of TCG_EfiSpecIDEvent. */
static enum tcg_log_result read_banks(struct reader *r, struct tcg_log *log)
{
	bool sha256_seen = false, other_seen = false;

	log->bank_count = read_le32(r);
	if (log->bank_count == 0 || log->bank_count > TCG_LOG_MAX_BANKS)
		return TCG_LOG_HEADER;
	for (uint32_t i = 0; i < log->bank_count; i++) {
		struct tcg_bank *bank = &log->banks[i];

		bank->algorithm = read_le16(r);
		bank->bytes = read_le16(r);
		if (r->failed)
			return TCG_LOG_HEADER;
		if (bank->bytes == 0 || bank->bytes != tpm_digest_bytes(bank->algorithm))
			return TCG_LOG_ALGORITHM;
		for (uint32_t j = 0; j < i; j++)
			if (log->banks[j].algorithm == bank->algorithm)
				return TCG_LOG_ALGORITHM;
		sha256_seen = sha256_seen || bank->algorithm == TPM_ALG_SHA256;
		other_seen = other_seen || bank->algorithm != TPM_ALG_SHA1;
	}
	if (!other_seen)
		return TCG_LOG_SHA1;
	return sha256_seen ? TCG_LOG_OK : TCG_LOG_NO_SHA256;
}

/* TCG_EfiSpecIDEvent (PFP 10.4.5.1). */
static enum tcg_log_result read_spec_id(struct bytes data, struct tcg_log *log)
{
	struct reader r = reader_of(data);

	if (!bytes_equal(read_bytes(&r, sizeof(SPEC_ID)), SPEC_ID, sizeof(SPEC_ID)))
		return TCG_LOG_HEADER;
	read_le32(&r); /* platformClass */
	const uint8_t minor = read_u8(&r);
	const uint8_t major = read_u8(&r);
	read_u8(&r); /* errata */
	read_u8(&r); /* uintnSize */
	if (major != 2 || minor != 0)
		return TCG_LOG_HEADER;
	const enum tcg_log_result result = read_banks(&r, log);
	if (result != TCG_LOG_OK)
		return result;
	read_bytes(&r, read_u8(&r)); /* vendorInfo */
	return read_done(&r) ? TCG_LOG_OK : TCG_LOG_HEADER;
}

/* Events in the format of TPM 1.2, TCG_PCClientPCREvent (PFP 10.2.1), to the end: each has one SHA-1 digest. */
static bool is_old_format(struct bytes raw)
{
	struct reader r = reader_of(raw);

	while (r.left > 0 && !r.failed) {
		const uint32_t pcr = read_le32(&r);
		const uint32_t type = read_le32(&r);

		read_bytes(&r, TPM_SHA1_BYTES);
		read_bytes(&r, read_le32(&r));
		if (pcr >= PCR_COUNT && type != EV_NO_ACTION)
			return false;
	}
	return raw.len > 0 && !r.failed;
}

/* The first event is in the old format, TCG_PCClientPCREvent, with a SHA-1 digest of zeros. */
static enum tcg_log_result read_header(struct reader *r, struct tcg_log *log)
{
	static const uint8_t zero[TPM_SHA1_BYTES];
	const uint32_t pcr = read_le32(r);
	const uint32_t type = read_le32(r);
	const struct bytes digest = read_bytes(r, sizeof(zero));
	const struct bytes data = read_bytes(r, read_le32(r));

	if (r->failed || pcr != 0 || type != EV_NO_ACTION || !bytes_equal(digest, zero, sizeof(zero)))
		return TCG_LOG_HEADER;
	return read_spec_id(data, log);
}

static const struct tcg_bank *find_bank(const struct tcg_log *log, uint16_t algorithm, uint32_t *number)
{
	for (*number = 0; *number < log->bank_count; ++*number)
		if (log->banks[*number].algorithm == algorithm)
			return &log->banks[*number];
	return NULL;
}

/* TPML_DIGEST_VALUES: one digest for each bank, in any order. */
static enum tcg_log_result read_digests(struct reader *r, const struct tcg_log *log, struct digest *sha256)
{
	const uint32_t count = read_le32(r);
	uint32_t seen = 0;

	if (r->failed)
		return TCG_LOG_TRUNCATED;
	if (count != log->bank_count)
		return TCG_LOG_DIGEST_COUNT;
	for (uint32_t i = 0; i < count; i++) {
		const uint16_t algorithm = read_le16(r);
		uint32_t number;

		if (r->failed)
			return TCG_LOG_TRUNCATED;
		const struct tcg_bank *bank = find_bank(log, algorithm, &number);
		if (!bank || (seen & 1u << number))
			return TCG_LOG_ALGORITHM;
		seen |= 1u << number;
		const struct bytes digest = read_bytes(r, bank->bytes);
		if (r->failed)
			return TCG_LOG_TRUNCATED;
		if (algorithm == TPM_ALG_SHA256)
			memcpy(sha256->bytes, digest.data, SHA256_BYTES);
	}
	return TCG_LOG_OK;
}

/* Firmware that copies its whole log area leaves erased memory at the end. */
static bool is_filling(const struct reader *r)
{
	for (size_t i = 0; i < r->left; i++)
		if (r->at[i] != r->at[0] || (r->at[i] != 0x00 && r->at[i] != 0xff))
			return false;
	return true;
}

/* TCG_PCR_EVENT2 (PFP 10.2.2). */
static enum tcg_log_result read_event(struct reader *r, const struct tcg_log *log, struct tcg_event *event)
{
	if (is_filling(r))
		return TCG_LOG_TAIL;
	event->pcr = read_le32(r);
	event->type = read_le32(r);
	if (r->failed)
		return TCG_LOG_TRUNCATED;
	if (event->pcr >= PCR_COUNT && event->type != EV_NO_ACTION) /* which extends nothing: PFP 10.4.1 */
		return TCG_LOG_PCR;
	const enum tcg_log_result result = read_digests(r, log, &event->sha256);
	if (result != TCG_LOG_OK)
		return result;
	const uint32_t len = read_le32(r);
	if (len > TCG_LOG_MAX_EVENT_BYTES)
		return TCG_LOG_OVERSIZE;
	event->data = read_bytes(r, len);
	return r->failed ? TCG_LOG_TRUNCATED : TCG_LOG_OK;
}

/* TCG_EfiStartupLocalityEvent: at most one, before anything extends PCR 0. */
static bool note_locality(struct tcg_log *log, const struct tcg_event *event, bool pcr0_begun, bool *seen)
{
	if (event->type != EV_NO_ACTION || !bytes_begin(event->data, LOCALITY, sizeof(LOCALITY)))
		return true;
	if (event->pcr != 0 || pcr0_begun || *seen || event->data.len < LOCALITY_BYTES)
		return false;
	for (size_t i = LOCALITY_BYTES; i < event->data.len; i++)
		if (event->data.data[i] != 0) /* coreboot pads the event */
			return false;
	*seen = true;
	log->startup_locality = event->data.data[sizeof(LOCALITY)];
	return log->startup_locality == 0 || log->startup_locality == 3 || log->startup_locality == 4;
}

/* Walks all events once. */
static enum tcg_log_result check_events(struct reader *r, struct tcg_log *log)
{
	bool pcr0_begun = false;
	bool locality_seen = false;

	for (log->event_count = 1; r->left > 0; log->event_count++) {
		struct tcg_event event;
		const enum tcg_log_result result = read_event(r, log, &event);

		if (result != TCG_LOG_OK)
			return result;
		if (!note_locality(log, &event, pcr0_begun, &locality_seen))
			return TCG_LOG_LOCALITY;
		pcr0_begun = pcr0_begun || (event.pcr == 0 && event.type != EV_NO_ACTION);
	}
	return TCG_LOG_OK;
}

enum tcg_log_result tcg_log_open(struct bytes raw, struct tcg_log *log, uint32_t *where)
{
	struct reader r = reader_of(raw);

	*log = (struct tcg_log){.raw = raw};
	enum tcg_log_result result = read_header(&r, log);
	if (result == TCG_LOG_HEADER && is_old_format(raw))
		result = TCG_LOG_SHA1;
	if (result == TCG_LOG_OK) {
		log->first = raw.len - r.left;
		result = check_events(&r, log);
	}
	*where = log->event_count;
	return result;
}

struct tcg_cursor tcg_log_events(const struct tcg_log *log)
{
	struct tcg_cursor cursor = {.log = log, .reader = reader_of(log->raw), .index = 1};

	read_bytes(&cursor.reader, log->first);
	return cursor;
}

bool tcg_log_next(struct tcg_cursor *cursor, struct tcg_event *event)
{
	if (cursor->reader.left == 0 || read_event(&cursor->reader, cursor->log, event) != TCG_LOG_OK)
		return false;
	event->index = cursor->index++;
	return true;
}

bool tcg_log_next_of(struct tcg_cursor *cursor, uint32_t pcr, struct tcg_event *event)
{
	while (tcg_log_next(cursor, event))
		if (event->pcr == pcr && event->type != EV_NO_ACTION)
			return true;
	return false;
}
