/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU and a quote generation service say to each other, for a TDX guest's GetQuote: the messages of Intel's
 * service (qgs_msg_lib.h), each after its length in 4 bytes, the most significant first. All other numbers are
 * little-endian.
 */
#ifndef ATTESTD_QUOTE_MESSAGE_H
#define ATTESTD_QUOTE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloister/report.h"

#define QUOTE_MAX_BYTES         8192u /* the buffer of Linux 6.12, without its header */
#define QUOTE_REQUEST_BYTES     (4u + 24u + sizeof(struct report))
#define QUOTE_ANSWER_BYTES(len) (4u + 24u + (len))

enum quote_error {
	QUOTE_OK = 0,
	QUOTE_E_UNEXPECTED = 0x12001,
	QUOTE_E_PARAMETER = 0x12003, /* the report is none of this boot */
	QUOTE_E_VERSION = 0x12004,
	QUOTE_E_TYPE = 0x12005,
	QUOTE_E_SIZE = 0x12006,
};

/**
 * Reads a request of QUOTE_REQUEST_BYTES, its length included. A client that has sent less, with another length, is
 * answered as soon as quote_request_length() says so.
 */
enum quote_error quote_request_parse(const uint8_t message[QUOTE_REQUEST_BYTES], struct report *report);

/** Is the length, the first 4 bytes of a message, that of a request? */
bool quote_request_length(const uint8_t length[4]);

/**
 * Writes an answer: 'quote' of 'bytes' bytes, at most QUOTE_MAX_BYTES, or an error without a quote.
 * @out: room for QUOTE_ANSWER_BYTES(bytes)
 * Returns the number of bytes written.
 */
size_t quote_answer(enum quote_error error, const void *quote, size_t bytes, uint8_t *out);

#endif
