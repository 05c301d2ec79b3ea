/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI variables as events carry them (PFP 10.2.6), and the signature databases in some of them (UEFI 2.10, 32.4.1). */
#ifndef POLICY_EFI_VARIABLE_H
#define POLICY_EFI_VARIABLE_H

#include "policy/crypto.h"

#define GUID_BYTES    16u
#define GUID_TEXT     37u /* with NUL */
#define VARIABLE_NAME 64u

struct guid {
	uint8_t bytes[GUID_BYTES];
};

/* The namespaces of firmware's variables: SecureBoot, PK, KEK and BootOrder; db and dbx. */
extern const struct guid GUID_GLOBAL, GUID_IMAGE_SECURITY;

struct efi_variable {
	struct guid vendor;
	char name[VARIABLE_NAME]; /* clean, cut if longer */
	struct bytes data;
};

/** UEFI_VARIABLE_DATA at the reader, or false. */
bool efi_variable_read(struct reader *r, struct efi_variable *variable);

/** UEFI_VARIABLE_DATA: all of 'event', or false. */
bool efi_variable_parse(struct bytes event, struct efi_variable *variable);

/** Is it this variable of the global namespace (SecureBoot, PK, KEK) or of the image security one (db, dbx)? */
bool efi_variable_is(const struct efi_variable *variable, const char *name);

/** The value of SecureBoot, 0 or 1; a variable that does not exist is measured without data, and is off. */
bool efi_secure_boot(const struct efi_variable *variable, bool *on);

/** "8be4df61-93ca-11d2-aa0d-00e098032b8c" */
void guid_text(const struct guid *guid, char text[GUID_TEXT]);

/** What a GUID is called, or NULL. */
const char *guid_name(const struct guid *guid);

/* What an entry of a signature database is. */
enum entry_kind {
	ENTRY_X509,   /* the SHA-256 of a certificate in DER */
	ENTRY_SHA256, /* a program's Authenticode SHA-256 */
	ENTRY_OTHER,  /* SHA-256 over the type's GUID and the data */
	ENTRY_KINDS
};

/* No padding: lists of them lie among other bytes. */
struct signature_entry {
	uint8_t kind;
	struct digest digest;
};

/** "x509", "sha256", "other". */
const char *entry_kind_name(enum entry_kind kind);

static inline bool entry_equal(const struct signature_entry *a, const struct signature_entry *b)
{
	return a->kind == b->kind && digest_equal(a->digest, b->digest);
}

/* A walk through EFI_SIGNATURE_LISTs. */
struct signature_cursor {
	struct reader lists;
	struct reader entries;
	struct guid type;
	uint32_t entry_bytes;
};

struct signature_cursor signature_entries(struct bytes database);

/**
 * The next entry and its data without the owner's GUID; false at the end, or where the list is malformed: then
 * signature_failed().
 */
bool signature_next(struct signature_cursor *cursor, struct signature_entry *entry, struct bytes *data);

static inline bool signature_failed(const struct signature_cursor *cursor)
{
	return cursor->lists.failed || cursor->entries.failed;
}

#endif
