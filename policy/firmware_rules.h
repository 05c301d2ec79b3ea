/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy knows of the firmware of one model of machine (docs/protocol.md, "Firmware rules"). */
#ifndef POLICY_FIRMWARE_RULES_H
#define POLICY_FIRMWARE_RULES_H

#include "policy/efi_variable.h"
#include "policy/members.h"
#include "policy/tcg_log.h"

#define RULES_MAX_MODELS 64u
#define RULES_MAX_LIST   8192u /* digests or entries in one list */
#define RULES_MAX_TYPES  32u
#define RULES_MODEL      96u

#define TPM_LOCALITY_LAST 4u

#define FIRMWARE_MIN_EVENTS 2u /* before PCR 0's separator: the version of the S-CRTM, and some of the firmware */

struct digest_list {
	const struct digest *digests;
	size_t count;
};

struct entry_list {
	const struct signature_entry *entries;
	size_t count;
};

struct type_list {
	uint32_t types[RULES_MAX_TYPES];
	size_t count;
};

/* The PCRs that are judged by kind. */
enum kind_pcr { KIND_PCR1, KIND_PCR3, KIND_PCR6, KIND_PCRS };

/** The PCR's number. */
uint32_t kind_pcr_number(enum kind_pcr pcr);

/* The signature databases of PCR 7. */
enum database { DATABASE_PK, DATABASE_KEK, DATABASE_DB, DATABASE_DBX, DATABASES };

/** The variable's name, and the member's in the rules. */
const char *database_name(enum database database);
const char *database_member(enum database database);

struct database_rule {
	struct entry_list required;  /* must be there */
	struct entry_list forbidden; /* must not */
	bool others;                 /* may entries be there that are not required? */
};

enum secure_boot { SECURE_BOOT_OFF, SECURE_BOOT_ON, SECURE_BOOT_EITHER };

struct firmware_rules {
	char model[RULES_MODEL];
	uint8_t startup_locality; /* of TPM2_Startup, with which PCR 0 begins; 0 where the log has no event of it */
	struct digest_list pcr0;  /* exactly these events, in this order */
	struct digest_list pcr2;  /* no others, in any order and number */
	struct type_list kinds[KIND_PCRS];
	enum secure_boot secure_boot;
	struct database_rule databases[DATABASES];
	struct digest_list pcr7; /* further events before PCR 7's separator */
};

/** Reads one model's rules; its lists lie in the storage of 'm'. */
void firmware_rules_read(struct members *m, const json_t *object, const char *where, struct firmware_rules *rules);

/**
 * The rules of a file with one model. On failure 'error' says why.
 * @storage: free it, after the last use of 'rules'
 */
bool firmware_rules_parse(struct bytes text, struct firmware_rules *rules, void **storage, struct parse_error *error);

/** A separator's digest, of 00000000 or of FFFFFFFF (PFP 10.4.4). */
bool firmware_is_separator(struct digest digest);

#endif
