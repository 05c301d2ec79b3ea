/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor signs with its key HK: the statement made at boot, whose SHA-256 is in PCR 19, and
 * the fresh answer to a challenge. Fixed layout, little-endian; public key and signature are big-endian
 * (X || Y, r || s), the signature is ECDSA P-256 over the SHA-256 of all bytes before it.
 */
#ifndef CLOISTER_STATEMENT_H
#define CLOISTER_STATEMENT_H

#include <stdint.h>

#define HK_STATEMENT_MAGIC   "CLSTHKS1" /* 8 bytes, no terminator */
#define HK_STATEMENT_VERSION 3u
#define HK_FRESH_MAGIC       "CLSTFRS1"
#define HK_FRESH_VERSION     3u

#define HK_FLAG_DEBUG        (1u << 0) /* debug image */
#define HK_FLAG_DMA_REQUIRED (1u << 1) /* the config requires DMA remapping */
#define HK_FLAG_DMA_PRESENT  (1u << 2) /* every unit translates (in the fresh answer: at this moment) */
#define HK_FLAG_AMD          (1u << 3) /* AMD-V image; clear: Intel VT-x image */
#define HK_FLAG_WEAK_BINDING (1u << 4) /* PCR 14 in place of 17-19 */
#define HK_FLAG_NO_TPM       (1u << 5) /* development: started without a TPM */
#define HK_FLAG_FLOOR_CLOSED \
	(1u << 6) /* the platform's floor is known, and its registers are read-only for the root guest */
#define HK_FLAG_SMT_EXPOSED     (1u << 7) /* a sibling in the guest could read the key while it is used */
#define HK_FLAG_SLEEP_UNWATCHED (1u << 8) /* a sleep or reset register is where the hypervisor cannot watch it */
#define HK_FLAG_ALIAS_UNCHECKED (1u << 9) /* not each page of the pool was probed for aliases */

/* All of them, and what users read. */
#define HK_FLAGS(X)                                   \
	X(HK_FLAG_DEBUG, "debug")                     \
	X(HK_FLAG_DMA_REQUIRED, "dma-required")       \
	X(HK_FLAG_DMA_PRESENT, "dma-present")         \
	X(HK_FLAG_AMD, "amd")                         \
	X(HK_FLAG_WEAK_BINDING, "weak-binding")       \
	X(HK_FLAG_NO_TPM, "no-tpm")                   \
	X(HK_FLAG_FLOOR_CLOSED, "floor-closed")       \
	X(HK_FLAG_SMT_EXPOSED, "smt-exposed")         \
	X(HK_FLAG_SLEEP_UNWATCHED, "sleep-unwatched") \
	X(HK_FLAG_ALIAS_UNCHECKED, "alias-unchecked")

#define HK_FLAG_OR(flag, name) | (flag)
#define HK_FLAG_ALL            (0u HK_FLAGS(HK_FLAG_OR))

/*
 * What the remapping units keep devices from, as their table has it: the hypervisor's region and the pool, the TPM's
 * localities 1 to 4, the units' own registers, and addresses that a device says it has translated itself (ATS). Bit
 * numbers, and names for users.
 */
#define HK_DMA_PROTECTIONS(X)                 \
	X(HK_DMA_MEMORY, "hypervisor-memory") \
	X(HK_DMA_TPM, "tpm-localities")       \
	X(HK_DMA_UNITS, "unit-registers")     \
	X(HK_DMA_ATS, "ats")

#define HK_DMA_ENUM(name, text) name,
enum hk_dma { HK_DMA_PROTECTIONS(HK_DMA_ENUM) HK_DMA_COUNT };
#undef HK_DMA_ENUM

#define HK_DMA_ALL ((1u << HK_DMA_COUNT) - 1)

struct hk_statement {
	char magic[8];
	uint32_t version;
	uint32_t bytes; /* sizeof(struct hk_statement) */
	uint8_t hk_public[64];
	uint8_t boot_id[32];
	uint32_t hv_version; /* major << 16 | minor << 8 | patch */
	uint32_t svn;        /* security version number */
	uint8_t image_sha256[32];
	uint8_t config_sha256[32];
	uint32_t flags; /* HK_FLAG_* */
	uint32_t cpu_count;
	uint32_t tpm_reset_count;
	uint32_t tpm_restart_count;
	uint32_t dma_units;       /* remapping units, all of which translate; 0 without HK_FLAG_DMA_PRESENT */
	uint32_t dma_protections; /* bits of enum hk_dma, of each unit */
	uint8_t signature[64];
};

struct hk_fresh {
	char magic[8];
	uint32_t version;
	uint32_t bytes; /* sizeof(struct hk_fresh) */
	uint8_t qualifying_data[32];
	uint8_t boot_id[32];
	uint32_t flags;           /* HK_FLAG_*, as of now */
	uint32_t cpus_in_control; /* CPUs that run under the hypervisor */
	uint32_t cpus_parked;     /* CPUs stopped by a crash record */
	uint32_t pool_mib;        /* memory that the root guest lacks since the launch, for protected guests */
	uint64_t uptime_us;
	uint64_t refused_memory; /* stage-2 violations of the root guest */
	uint64_t refused_msr;
	uint64_t refused_io;
	uint64_t refused_instruction; /* VMX, SVM, GETSEC, SKINIT; hypercalls from CPL > 0 */
	uint64_t refused_hypercall;   /* bad arguments */
	uint64_t refused_dma;         /* accesses of devices, as far as the units could record them */
	uint8_t signature[64];
};

_Static_assert(sizeof(struct hk_statement) == 272, "HK statement layout");
_Static_assert(sizeof(struct hk_fresh) == 216, "fresh answer layout");

#endif
