/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded reader for bytes from outside. It fails for good at the first read past the end: every later read
 * gives zeros or NULL, so a parser checks once, where it is done. No read ever moves past the end.
 */
#ifndef POLICY_READER_H
#define POLICY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that another object owns. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static inline struct reader reader_of(struct bytes b)
{
	return (struct reader){.at = b.data, .left = b.len};
}

/** Takes 'len' bytes; {NULL, 0} and failure if there are fewer. */
static inline struct bytes read_bytes(struct reader *r, size_t len)
{
	if (r->failed || len > r->left) {
		r->failed = true;
		r->left = 0;
		return (struct bytes){NULL, 0};
	}
	const struct bytes taken = {r->at, len};
	if (len > 0)
		r->at += len;
	r->left -= len;
	return taken;
}

/** True if everything was there and nothing is left. */
static inline bool read_done(const struct reader *r)
{
	return !r->failed && r->left == 0;
}

static inline uint64_t read_be(struct reader *r, size_t width)
{
	const struct bytes b = read_bytes(r, width);
	uint64_t value = 0;

	for (size_t i = 0; i < b.len; i++)
		value = value << 8 | b.data[i];
	return value;
}

static inline uint64_t read_le(struct reader *r, size_t width)
{
	const struct bytes b = read_bytes(r, width);
	uint64_t value = 0;

	for (size_t i = b.len; i > 0; i--)
		value = value << 8 | b.data[i - 1];
	return value;
}

static inline uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_be(r, 1);
}

static inline uint16_t read_be16(struct reader *r)
{
	return (uint16_t)read_be(r, 2);
}

static inline uint32_t read_be32(struct reader *r)
{
	return (uint32_t)read_be(r, 4);
}

static inline uint64_t read_be64(struct reader *r)
{
	return read_be(r, 8);
}

static inline uint16_t read_le16(struct reader *r)
{
	return (uint16_t)read_le(r, 2);
}

static inline uint32_t read_le32(struct reader *r)
{
	return (uint32_t)read_le(r, 4);
}

static inline uint64_t read_le64(struct reader *r)
{
	return read_le(r, 8);
}

/** Copies 'len' bytes to 'to', zeros if they are not there. */
static inline void read_copy(struct reader *r, void *to, size_t len)
{
	const struct bytes b = read_bytes(r, len);

	memset(to, 0, len);
	if (b.len > 0)
		memcpy(to, b.data, b.len);
}

static inline bool bytes_equal(struct bytes a, const void *data, size_t len)
{
	return a.len == len && (len == 0 || memcmp(a.data, data, len) == 0);
}

static inline bool bytes_begin(struct bytes a, const void *data, size_t len)
{
	return a.len >= len && (len == 0 || memcmp(a.data, data, len) == 0);
}

#endif
