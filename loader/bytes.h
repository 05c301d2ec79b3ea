/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unaligned little-endian (ACPI, TCG log) and big-endian (TPM) numbers, a writer that cannot overrun, and a wipe. */
#ifndef LOADER_BYTES_H
#define LOADER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_le16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *from)
{
	return get_le16(from) | (uint32_t)get_le16(from + 2) << 16;
}

static inline uint64_t get_le64(const uint8_t *from)
{
	return get_le32(from) | (uint64_t)get_le32(from + 4) << 32;
}

static inline uint16_t get_be16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t get_be32(const uint8_t *from)
{
	return (uint32_t)get_be16(from) << 16 | get_be16(from + 2);
}

/* Zeros that the compiler leaves in place. */
static inline void wipe(void *memory, size_t bytes)
{
	memset(memory, 0, bytes);
	__asm__ volatile("" : : "r"(memory) : "memory");
}

/* What does not fit is not written and sets 'full'. */
struct writer {
	uint8_t *to;
	size_t capacity;
	size_t used;
	bool full;
};

static inline void put_bytes(struct writer *writer, const void *from, size_t bytes)
{
	if (bytes > writer->capacity - writer->used) {
		writer->full = true;
		return;
	}
	if (bytes) /* 'from' may be NULL */
		memcpy(writer->to + writer->used, from, bytes);
	writer->used += bytes;
}

static inline void put_8(struct writer *writer, uint8_t value)
{
	put_bytes(writer, &value, sizeof(value));
}

static inline void put_le16(struct writer *writer, uint16_t value)
{
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};
	put_bytes(writer, bytes, sizeof(bytes));
}

static inline void put_le32(struct writer *writer, uint32_t value)
{
	put_le16(writer, (uint16_t)value);
	put_le16(writer, (uint16_t)(value >> 16));
}

static inline void put_be16(struct writer *writer, uint16_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
	put_bytes(writer, bytes, sizeof(bytes));
}

static inline void put_be32(struct writer *writer, uint32_t value)
{
	put_be16(writer, (uint16_t)(value >> 16));
	put_be16(writer, (uint16_t)value);
}

#endif
