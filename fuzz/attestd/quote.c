/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request for a guest's quote, as anybody on the host may send it to attestd's socket. */
#include "fuzz/shared/harness.h"
#include "quote_message.h"

#define REPORT_AT 28u /* after the length and the header */

void fuzz_one(struct bytes input)
{
	uint8_t message[QUOTE_REQUEST_BYTES] = {0};
	struct report report;

	if (input.len > 0)
		memcpy(message, input.data, input.len < sizeof(message) ? input.len : sizeof(message));
	if (quote_request_parse(message, &report) == QUOTE_OK)
		PROMISE(quote_request_length(message) && memcmp(&report, message + REPORT_AT, sizeof(report)) == 0);
}
