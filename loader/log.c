/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCG PC Client Platform Firmware Profile 1.06, section 10: the crypto-agile log. */
#include "log.h"

#define EV_NO_ACTION 0x03u /* 10.4.1 */
#define EV_IPL       0x0du

void log_start(struct writer *log, const struct tpm2_banks *banks)
{
	static const uint8_t sha1[20]; /* the header event has the old form: TCG_PCClientPCREvent, 10.2.1 */
	static const uint8_t platform[] = {
		1, 0, 0, 0, /* platformClass: server */
		0, 2, 0,    /* specVersionMinor, specVersionMajor, specErrata */
		2,          /* uintnSize: 64 bits */
	};

	put_le32(log, 0);
	put_le32(log, EV_NO_ACTION);
	put_bytes(log, sha1, sizeof(sha1));
	put_le32(log, 16 + sizeof(platform) + 4 + 4 * banks->count + 1);
	put_bytes(log, "Spec ID Event03", 16); /* TCG_EfiSpecIDEvent, 10.4.5.1 */
	put_bytes(log, platform, sizeof(platform));
	put_le32(log, banks->count);
	for (uint32_t i = 0; i < banks->count; i++) {
		put_le16(log, banks->bank[i].algorithm);
		put_le16(log, banks->bank[i].bytes);
	}
	put_8(log, 0); /* vendorInfoSize */
}

size_t log_event_bytes(const struct tpm2_banks *banks, const struct log_data *data)
{
	size_t bytes = 4 + 4 + 4 + 4 + strlen(data->label) + 1 + data->bytes;

	for (uint32_t i = 0; i < banks->count; i++)
		bytes += 2u + banks->bank[i].bytes;
	return bytes;
}

void log_event(struct writer *log, uint32_t pcr, const struct tpm2_digests *digests, const struct log_data *data)
{
	const size_t label_bytes = strlen(data->label) + 1;

	if (log_event_bytes(&digests->banks, data) > log->capacity - log->used) {
		log->full = true;
		return;
	}
	put_le32(log, pcr); /* TCG_PCR_EVENT2, 10.2.2 */
	put_le32(log, EV_IPL);
	put_le32(log, digests->banks.count);
	for (uint32_t i = 0; i < digests->banks.count; i++) {
		put_le16(log, digests->banks.bank[i].algorithm);
		put_bytes(log, digests->value[i], digests->banks.bank[i].bytes);
	}
	put_le32(log, (uint32_t)(label_bytes + data->bytes));
	put_bytes(log, data->label, label_bytes);
	put_bytes(log, data->data, data->bytes);
}
