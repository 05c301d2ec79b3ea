/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quote_message.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#define MAJOR        1u
#define MINOR        1u
#define TYPE_REQUEST 0u
#define TYPE_ANSWER  1u

struct header {
	uint16_t major, minor;
	uint32_t type, size, error; /* size: of all that follows the length */
	uint32_t first,
		second; /* a request's: bytes of the report, of a list of keys; an answer's: of a key, of the quote */
};

_Static_assert(sizeof(struct header) == 24, "the messages have no padding");

bool quote_request_length(const uint8_t length[4])
{
	uint32_t value;

	memcpy(&value, length, sizeof(value));
	return ntohl(value) == QUOTE_REQUEST_BYTES - sizeof(value);
}

enum quote_error quote_request_parse(const uint8_t message[QUOTE_REQUEST_BYTES], struct report *report)
{
	struct header header;

	memcpy(&header, message + 4, sizeof(header));
	if (le16toh(header.major) != MAJOR || le16toh(header.minor) != MINOR)
		return QUOTE_E_VERSION;
	if (le32toh(header.type) != TYPE_REQUEST)
		return QUOTE_E_TYPE;
	if (!quote_request_length(message) || le32toh(header.size) != QUOTE_REQUEST_BYTES - 4 ||
	    le32toh(header.first) != sizeof(*report) || header.second != 0)
		return QUOTE_E_SIZE;
	memcpy(report, message + 4 + sizeof(header), sizeof(*report));
	return QUOTE_OK;
}

size_t quote_answer(enum quote_error error, const void *quote, size_t bytes, uint8_t *out)
{
	const uint32_t size = (uint32_t)(sizeof(struct header) + bytes), length = htonl(size);
	const struct header header = {
		.major = htole16(MAJOR),
		.minor = htole16(MINOR),
		.type = htole32(TYPE_ANSWER),
		.size = htole32(size),
		.error = htole32((uint32_t)error),
		.second = htole32((uint32_t)bytes),
	};

	memcpy(out, &length, sizeof(length));
	memcpy(out + sizeof(length), &header, sizeof(header));
	if (bytes > 0)
		memcpy(out + sizeof(length) + sizeof(header), quote, bytes);
	return sizeof(length) + size;
}
