/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers of the HK statement and the fresh answer, and their signatures. */
#include "policy/statement.h"

#include <cloister/boot_info.h>

#define SIGNATURE_BYTES 64u
#define POOL_MIB_END    (1u << 24) /* 2^32 pages: their numbers have 32 bits */

/* Remapping is on or off: units without the flag, or protections without a unit, are no statement of ours. */
static bool dma_consistent(const struct hk_statement *s)
{
	return ((s->flags & HK_FLAG_DMA_PRESENT) != 0) == (s->dma_units != 0) && !(s->dma_protections & ~HK_DMA_ALL) &&
	       (s->dma_units != 0 || s->dma_protections == 0);
}

/* The structures are defined as little-endian; they are read field by field, whatever this machine is. */
bool hk_statement_parse(struct bytes raw, struct hk_statement *s)
{
	struct reader r = reader_of(raw);

	read_copy(&r, s->magic, sizeof(s->magic));
	s->version = read_le32(&r);
	s->bytes = read_le32(&r);
	read_copy(&r, s->hk_public, sizeof(s->hk_public));
	read_copy(&r, s->boot_id, sizeof(s->boot_id));
	s->hv_version = read_le32(&r);
	s->svn = read_le32(&r);
	read_copy(&r, s->image_sha256, sizeof(s->image_sha256));
	read_copy(&r, s->config_sha256, sizeof(s->config_sha256));
	s->flags = read_le32(&r);
	s->cpu_count = read_le32(&r);
	s->tpm_reset_count = read_le32(&r);
	s->tpm_restart_count = read_le32(&r);
	s->dma_units = read_le32(&r);
	s->dma_protections = read_le32(&r);
	read_copy(&r, s->signature, sizeof(s->signature));
	return read_done(&r) && memcmp(s->magic, HK_STATEMENT_MAGIC, sizeof(s->magic)) == 0 &&
	       s->version == HK_STATEMENT_VERSION && s->bytes == sizeof(*s) && !(s->flags & ~HK_FLAG_ALL) &&
	       s->cpu_count >= 1 && s->cpu_count <= BOOT_MAX_CPUS && dma_consistent(s);
}

bool hk_fresh_parse(struct bytes raw, struct hk_fresh *f)
{
	struct reader r = reader_of(raw);

	read_copy(&r, f->magic, sizeof(f->magic));
	f->version = read_le32(&r);
	f->bytes = read_le32(&r);
	read_copy(&r, f->qualifying_data, sizeof(f->qualifying_data));
	read_copy(&r, f->boot_id, sizeof(f->boot_id));
	f->flags = read_le32(&r);
	f->cpus_in_control = read_le32(&r);
	f->cpus_parked = read_le32(&r);
	f->pool_mib = read_le32(&r);
	f->uptime_us = read_le64(&r);
	f->refused_memory = read_le64(&r);
	f->refused_msr = read_le64(&r);
	f->refused_io = read_le64(&r);
	f->refused_instruction = read_le64(&r);
	f->refused_hypercall = read_le64(&r);
	f->refused_dma = read_le64(&r);
	read_copy(&r, f->signature, sizeof(f->signature));
	return read_done(&r) && memcmp(f->magic, HK_FRESH_MAGIC, sizeof(f->magic)) == 0 &&
	       f->version == HK_FRESH_VERSION && f->bytes == sizeof(*f) && !(f->flags & ~HK_FLAG_ALL) &&
	       f->pool_mib < POOL_MIB_END;
}

enum p256_result hk_verify(const struct hk_statement *statement, struct bytes raw)
{
	struct reader key = reader_of((struct bytes){statement->hk_public, sizeof(statement->hk_public)});
	struct reader r = reader_of(raw);
	struct p256_public public;
	struct p256_signature signature;

	if (raw.len <= SIGNATURE_BYTES)
		return P256_INVALID;
	read_copy(&key, public.x, sizeof(public.x));
	read_copy(&key, public.y, sizeof(public.y));
	const struct bytes message = read_bytes(&r, raw.len - SIGNATURE_BYTES);
	read_copy(&r, signature.r, sizeof(signature.r));
	read_copy(&r, signature.s, sizeof(signature.s));
	return p256_verify(&public, &signature, message);
}
