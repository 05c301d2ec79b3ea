/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes evidence as an honest host would, from a description that a test may bend first: logs, PCRs that follow
 * from them, a quote, a key statement and a fresh answer, signed with keys of the test's own. mbedTLS signs here;
 * the verifier uses OpenSSL.
 */
#ifndef TESTS_UNIT_POLICY_BUILDER_H
#define TESTS_UNIT_POLICY_BUILDER_H

#include <jansson.h>
#include <mbedtls/ecp.h>

#include "policy/launch.h"
#include "policy/statement.h"
#include "policy/judge.h"

#define BUILD_MAX_EVENTS 48u
#define BUILD_LOG_BYTES  (192u << 10)

/* A growing buffer for one structure. */
struct writer {
	uint8_t *data;
	size_t len, size;
};

void put_bytes(struct writer *w, const void *data, size_t len);
void put_be(struct writer *w, uint64_t value, size_t width);
void put_le(struct writer *w, uint64_t value, size_t width);

/* One event of the firmware's log. */
struct event {
	uint32_t pcr;
	uint32_t type;
	struct digest digest;
	char data[192];
	size_t data_len;
	bool unlogged; /* extended, but not in the log */
	bool logged_only;
};

struct scenario {
	struct challenge challenge;
	struct event events[BUILD_MAX_EVENTS];
	size_t event_count;
	struct digest image;
	const char *config;
	bool weak;                     /* measure into PCR 14 */
	bool no_hypervisor;            /* no launch at all */
	uint32_t spec_banks;           /* banks in the logs: 1 (SHA-256) or 2 (and SHA-384) */
	struct hk_statement statement; /* scalars; keys, digests and signature are filled in */
	struct hk_fresh fresh;         /* likewise */
	mbedtls_ecp_keypair *hk, *fresh_key, *ak, *quote_key;
	bool clock_unsafe;
	bool statement_unmeasured; /* PCR 19 is left alone */
	/* the quote */
	uint32_t magic, reset_count, restart_count, pcr_mask, hierarchy, ak_attributes;
	uint16_t type, bank, ak_scheme;
	size_t extra_bytes;
	uint64_t clock_ms, firmware_version;
};

struct built {
	struct evidence evidence;
	struct challenge challenge;
	struct policy policy;
	struct firmware_rules rules; /* of build_rules */
	struct known_host known;
	struct digest pcr[24];
	uint8_t quote[512], signature[128], ak_public[256];
	uint8_t tcg_log[BUILD_LOG_BYTES], hv_log[8192];
	uint8_t statement[sizeof(struct hk_statement)], fresh[sizeof(struct hk_fresh)];
};

/** The keys of the test program: attestation key, hypervisor's key, and another of each. */
enum build_key { KEY_AK, KEY_HK, KEY_OTHER, KEY_COUNT };
mbedtls_ecp_keypair *build_key(enum build_key which);
void build_keys_free(void);

/** An honest host, two CPUs, strong binding. */
void scenario_init(struct scenario *s);

/** Adds an event to the firmware's log whose digest is that of its data. */
struct event *scenario_event(struct scenario *s, uint32_t pcr, uint32_t type, const void *data, size_t len);

/** Adds an event of an EFI variable (PFP 10.2.6): 'database' for those of the image security namespace. */
struct event *scenario_variable(struct scenario *s, uint32_t pcr, uint32_t type, bool database, const char *name,
				const void *data, size_t len);

/** An EFI_SIGNATURE_LIST with one SHA-256 of a program, 32 times 'byte': 76 bytes. */
#define SIGNATURE_LIST_BYTES 76u
void put_signature_list(struct writer *w, uint8_t byte);

/** The rules of the honest host's firmware, in place of "unchecked". */
void build_rules(struct built *b);

/** Finds the first event of a PCR and type. */
struct event *scenario_find(struct scenario *s, uint32_t pcr, uint32_t type);

/* The three stages; a test can change bytes between them. */
void build_logs(struct built *b, struct scenario *s);  /* statement, logs, PCRs */
void build_quote(struct built *b, struct scenario *s); /* the TPM's and the hypervisor's answers */
void build_policy(struct built *b, const struct scenario *honest);

/** The last but one in two: logs' digests, then the answers for any qualifyingData. */
void build_claims(struct built *b);
void build_quote_for(struct built *b, struct scenario *s, struct digest qualifying);

/** All stages of an honest host. */
void build_honest(struct built *b);

/** Signs 'message' and gives r || s. */
void build_sign(mbedtls_ecp_keypair *key, struct bytes message, uint8_t rs[64]);

/** Base64, as a JSON string. */
json_t *build_base64(struct bytes b);

/** The members of an answer that are of the TPM. */
json_t *build_quote_json(const struct evidence *e);

/** The answer of POST /v1/evidence. The caller frees it. */
char *build_answer(const struct built *b);

#endif
