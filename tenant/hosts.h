/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hosts that the tenant has enrolled, or whose key his policy pinned: one file for each in a folder,
 * DIRECTORY/HOST.json, for people to read. A file that was edited or cut is an error, and nothing in it is believed
 * (docs/protocol.md, "Store of hosts").
 */
#ifndef TENANT_HOSTS_H
#define TENANT_HOSTS_H

#include "policy/ek.h"
#include "policy/known_host.h"

#define HOST_NAME_MAX_CHARS 64u
#define HOST_TIME_CHARS     20u /* 2026-01-01T00:00:00Z */

struct enrolled {
	char name[HOST_NAME_MAX_CHARS + 1];
	bool by_policy; /* a policy pinned the key, and no enrolment: what is not its name or the memory is empty */
	struct tpm_name ek_name, ak_name;
	char enrolled[HOST_TIME_CHARS + 1];
	char subject[256], issuer[256], root[256]; /* of the endorsement key's certificate */
	struct digest certificate, key;            /* SHA-256 of it, and of its key */
	struct host_memory memory;
};

enum hosts_result {
	HOSTS_FOUND,
	HOSTS_NONE,
	HOSTS_BAD, /* said why on standard error */
};

/** Letters, digits and . _ : - ; the first a letter or digit. Capital letters become small ones. */
bool host_name_take(const char *text, char name[HOST_NAME_MAX_CHARS + 1]);

/** The folder where hosts are kept unless the user says otherwise: in XDG_DATA_HOME. NULL if there is no home. */
const char *hosts_default_folder(void);

/** The name under which a host is known unless the user says otherwise: that of its address. */
bool hosts_name_of_url(const char *url, char name[HOST_NAME_MAX_CHARS + 1]);

/** Reads a host. */
enum hosts_result hosts_read(const char *directory, const char *name, struct enrolled *host);

/**
 * Makes the folder if it is not there, and waits until no other process writes to it. Returns a file descriptor: close
 * it to let others write; -1 on failure, said why on standard error.
 */
int hosts_lock(const char *directory);

/**
 * Writes a host in place of what was there, as a whole or not at all. On failure says why on standard error. Under the
 * folder's lock (hosts_lock).
 */
bool hosts_write(const char *directory, const struct enrolled *host);

/** Removes a host, under the folder's lock. */
enum hosts_result hosts_forget(const char *directory, const char *name);

/**
 * Calls 'each' for every host, in the order of their names, until it returns false. HOSTS_BAD at the first bad file.
 * @except: a host whose file is passed over, readable or not; NULL for none
 */
enum hosts_result hosts_each(const char *directory, const char *except,
			     bool (*each)(const struct enrolled *host, void *context), void *context);

/**
 * Remembers what was seen of a host, unless another process has seen something later meanwhile. On failure says why on
 * standard error.
 * @directory: NULL if there is none
 * @name: empty if the host has none
 * @ak_name: of the key that answered; an enrolled host must have no other
 * @by_policy: the policy pins that key, so a host that is not in the store is added
 */
bool hosts_remember(const char *directory, const char *name, const struct tpm_name *ak_name, bool by_policy,
		    const struct host_memory *seen);

/**
 * Is one of these on the folder's list of what is denied (DIRECTORY/denied)? HOSTS_NONE if not, or without a list;
 * HOSTS_BAD if there may be one that cannot be read.
 * @found: the line, for people
 */
enum hosts_result hosts_denied(const char *directory, const struct enrolled *host, char *found, size_t size);

#endif
