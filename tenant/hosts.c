/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of hosts: one file for each (docs/protocol.md, "Store of hosts"). */
#include "tenant/hosts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "policy/encoding.h"
#include "policy/members.h"
#include "tenant/file.h"

#define HOST_MAX_BYTES 16384u
#define SUFFIX         ".json"

static const char *const HOST[] = {"version",     "host",   "ek_name", "ak_name", "enrolled",
				   "certificate", "memory", "sha256",  NULL};
static const char *const CERTIFICATE[] = {"subject", "issuer", "root", "sha256", "key_sha256", NULL};
static const char *const MEMORY[] = {"reset_count", "restart_count", "clock_ms", "firmware_version",
				     "boot_id",     "policy_serial", NULL};
static const char *const NONE[] = {NULL};

struct file_name {
	char text[HOST_NAME_MAX_CHARS + sizeof(SUFFIX)];
};

static struct file_name file_name_of(const char *name)
{
	struct file_name file;

	snprintf(file.text, sizeof(file.text), "%s" SUFFIX, name);
	return file;
}

bool host_name_take(const char *text, char name[HOST_NAME_MAX_CHARS + 1])
{
	size_t len = 0;

	for (; text[len] && len < HOST_NAME_MAX_CHARS; len++) {
		const unsigned char c = (unsigned char)text[len];

		if (c > '~' || (!isalnum(c) && (len == 0 || !strchr("._:-", c))))
			return false;
		name[len] = (char)tolower(c);
	}
	name[len] = '\0';
	return len > 0 && text[len] == '\0';
}

static void complain(const char *directory, const char *name, const char *what)
{
	fprintf(stderr,
		"cloister: %s/%s" SUFFIX ": %s\n"
		"nothing in it is believed: restore the file, enrol the host again (cloister enrol --replace), or\n"
		"forget it and what was seen of it (cloister hosts forget)\n",
		directory, name, what);
}

/* --- reading --- */

static void read_name(struct members *m, const json_t *root, const char *member, struct tpm_name *name)
{
	char text[2 * TPM_NAME_BYTES + 2];

	member_string(m, (struct member){root, "", member}, text, sizeof(text));
	if (!m->failed && (strlen(text) != 2 * TPM_NAME_BYTES || !hex_decode(text, name->bytes, TPM_NAME_BYTES)))
		members_fail(m, member, "must be a TPM name of 68 hexadecimal digits");
}

static void read_certificate(struct members *m, const json_t *root, struct enrolled *host)
{
	const json_t *object = json_object_get(root, "certificate");
	const char *where = "certificate";

	members_exactly(m, object, where, CERTIFICATE, NONE);
	member_string(m, (struct member){object, where, "subject"}, host->subject, sizeof(host->subject));
	member_string(m, (struct member){object, where, "issuer"}, host->issuer, sizeof(host->issuer));
	member_string(m, (struct member){object, where, "root"}, host->root, sizeof(host->root));
	host->certificate = member_digest(m, (struct member){object, where, "sha256"});
	host->key = member_digest(m, (struct member){object, where, "key_sha256"});
}

/* A number of 64 bits, of which JSON's have 63: 16 hexadecimal digits. */
static uint64_t read_hex64(struct members *m, struct member from)
{
	char text[18];
	uint8_t bytes[8] = {0};
	uint64_t value = 0;

	member_string(m, from, text, sizeof(text));
	if (!m->failed && (strlen(text) != 16 || !hex_decode(text, bytes, sizeof(bytes))))
		members_fail(m, from.name, "must be 16 hexadecimal digits");
	for (size_t i = 0; i < sizeof(bytes); i++)
		value = value << 8 | bytes[i];
	return value;
}

static void read_memory(struct members *m, const json_t *root, struct host_memory *memory)
{
	const json_t *object = json_object_get(root, "memory");
	const char *where = "memory";

	if (m->failed || json_is_null(object))
		return;
	members_exactly(m, object, where, MEMORY, NONE);
	memory->seen = true;
	memory->reset_count = (uint32_t)member_number(m, (struct member){object, where, "reset_count"}, UINT32_MAX);
	memory->restart_count = (uint32_t)member_number(m, (struct member){object, where, "restart_count"}, UINT32_MAX);
	memory->clock_ms = member_number(m, (struct member){object, where, "clock_ms"}, INT64_MAX);
	memory->firmware_version = read_hex64(m, (struct member){object, where, "firmware_version"});
	memory->policy_serial = member_number(m, (struct member){object, where, "policy_serial"}, INT64_MAX);
	const struct digest boot_id = member_digest(m, (struct member){object, where, "boot_id"});
	memcpy(memory->boot_id, boot_id.bytes, sizeof(memory->boot_id));
}

/* What only an enrolment gives: all of it is null where a policy pinned the key. */
static void read_enrolment(struct members *m, const json_t *root, struct enrolled *host)
{
	if (m->failed)
		return;
	host->by_policy = json_is_null(json_object_get(root, "ek_name")) &&
			  json_is_null(json_object_get(root, "enrolled")) &&
			  json_is_null(json_object_get(root, "certificate"));
	if (host->by_policy)
		return;
	read_name(m, root, "ek_name", &host->ek_name);
	member_string(m, (struct member){root, "", "enrolled"}, host->enrolled, sizeof(host->enrolled));
	read_certificate(m, root, host);
}

/* SHA-256 of the members in their shortest form, in alphabetical order, but for "sha256" itself. */
static bool checksum(const json_t *root, struct digest *digest)
{
	json_t *rest = json_copy((json_t *)(uintptr_t)root);
	char *text = NULL;

	if (rest && json_object_del(rest, "sha256") <= 0)
		text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(rest);
	if (text)
		*digest = sha256((struct bytes){(const uint8_t *)text, strlen(text)});
	free(text);
	return text != NULL;
}

static void read_host(struct members *m, const json_t *root, const char *name, struct enrolled *host)
{
	struct digest found;

	members_exactly(m, root, "", HOST, NONE);
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != 1)
		members_fail(m, "version", "must be 1");
	const struct digest claimed = member_digest(m, (struct member){root, "", "sha256"});
	if (!m->failed && (!checksum(root, &found) || !digest_equal(claimed, found)))
		members_fail(m, "sha256", "is not that of the file: it was edited");
	member_string(m, (struct member){root, "", "host"}, host->name, sizeof(host->name));
	if (!m->failed && strcmp(host->name, name) != 0)
		members_fail(m, "host", "is not the file's name");
	read_name(m, root, "ak_name", &host->ak_name);
	read_enrolment(m, root, host);
	read_memory(m, root, &host->memory);
}

enum hosts_result hosts_read(const char *directory, const char *name, struct enrolled *host)
{
	const struct file_name path = file_name_of(name);
	struct parse_error error;
	struct members m;
	struct file file;
	char what[300];

	*host = (struct enrolled){.enrolled = ""};
	if (!file_is_there(directory, path.text))
		return HOSTS_NONE;
	if (!file_read_in(directory, path.text, HOST_MAX_BYTES, &file)) {
		complain(directory, name, "cannot be read");
		return HOSTS_BAD;
	}
	json_t *root = members_open(&m, file_bytes(&file), &error);
	if (root)
		read_host(&m, root, name, host);
	json_decref(root);
	free(m.storage);
	file_free(&file);
	if (!m.failed)
		return HOSTS_FOUND;
	snprintf(what, sizeof(what), "%s %s", error.where, error.what);
	complain(directory, name, what);
	return HOSTS_BAD;
}

/* --- writing --- */

static json_t *hex_json(const void *data, size_t len)
{
	char text[2 * TPM_NAME_BYTES + 1];

	hex_encode(data, len, text);
	return json_string(text);
}

static json_t *memory_json(const struct host_memory *memory)
{
	char version[17];

	if (!memory->seen)
		return json_null();
	snprintf(version, sizeof(version), "%016llx", (unsigned long long)memory->firmware_version);
	return json_pack("{s:I, s:I, s:I, s:s, s:o, s:I}", "reset_count", (json_int_t)memory->reset_count,
			 "restart_count", (json_int_t)memory->restart_count, "clock_ms",
			 (json_int_t)(memory->clock_ms & INT64_MAX), "firmware_version", version, "boot_id",
			 hex_json(memory->boot_id, sizeof(memory->boot_id)), "policy_serial",
			 (json_int_t)(memory->policy_serial & INT64_MAX));
}

static json_t *enrolment_json(const struct enrolled *host)
{
	if (host->by_policy)
		return json_pack("{s:n, s:n, s:n}", "ek_name", "enrolled", "certificate");
	return json_pack("{s:o, s:s, s:{s:s, s:s, s:s, s:o, s:o}}", "ek_name",
			 hex_json(host->ek_name.bytes, TPM_NAME_BYTES), "enrolled", host->enrolled, "certificate",
			 "subject", host->subject, "issuer", host->issuer, "root", host->root, "sha256",
			 hex_json(host->certificate.bytes, SHA256_BYTES), "key_sha256",
			 hex_json(host->key.bytes, SHA256_BYTES));
}

static json_t *host_json(const struct enrolled *host)
{
	struct digest digest;
	json_t *root = enrolment_json(host);
	json_t *rest = json_pack("{s:i, s:s, s:o, s:o}", "version", 1, "host", host->name, "ak_name",
				 hex_json(host->ak_name.bytes, TPM_NAME_BYTES), "memory", memory_json(&host->memory));
	const bool complete = root && rest && json_object_update(root, rest) == 0;

	json_decref(rest);
	if (complete && checksum(root, &digest) &&
	    json_object_set_new(root, "sha256", hex_json(digest.bytes, SHA256_BYTES)) == 0)
		return root;
	json_decref(root);
	return NULL;
}

bool hosts_write(const char *directory, const struct enrolled *host)
{
	json_t *root = host_json(host);
	char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	bool ok = false;

	json_decref(root);
	if (!text) {
		fprintf(stderr, "cloister: out of memory: the host is not stored\n");
	} else {
		const size_t len = strlen(text);

		text[len] = '\n'; /* in place of the NUL: a text file ends with a line end */
		ok = file_write_in(directory, file_name_of(host->name).text,
				   (struct bytes){(const uint8_t *)text, len + 1});
	}
	free(text);
	return ok;
}

enum hosts_result hosts_forget(const char *directory, const char *name)
{
	const struct file_name path = file_name_of(name);
	const int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int result = folder >= 0 && flock(folder, LOCK_EX) == 0 ? unlinkat(folder, path.text, 0) : -1;
	const int error = result == 0 ? 0 : errno;

	if (folder >= 0)
		close(folder);
	if (error == 0)
		return HOSTS_FOUND;
	if (error == ENOENT)
		return HOSTS_NONE;
	fprintf(stderr, "cloister: %s/%s: %s\n", directory, path.text, strerror(error));
	return HOSTS_BAD;
}

/* --- the whole folder --- */

int hosts_lock(const char *directory)
{
	const int folder = file_make_folder(directory) ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (folder >= 0 && flock(folder, LOCK_EX) == 0)
		return folder;
	fprintf(stderr, "cloister: %s: %s\n", directory, strerror(errno));
	if (folder >= 0)
		close(folder);
	return -1;
}

static int is_host_file(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name), suffix = sizeof(SUFFIX) - 1;

	return entry->d_name[0] != '.' && len > suffix && strcmp(entry->d_name + len - suffix, SUFFIX) == 0;
}

/* One file of the folder. */
static enum hosts_result visit(const char *directory, const char *except, char *file,
			       bool (*each)(const struct enrolled *, void *), void *context, bool *more)
{
	char name[HOST_NAME_MAX_CHARS + 1];
	struct enrolled host;

	file[strlen(file) - (sizeof(SUFFIX) - 1)] = '\0';
	if (!host_name_take(file, name) || strcmp(name, file) != 0) {
		complain(directory, file, "is not the name of a host");
		return HOSTS_BAD;
	}
	if (except && strcmp(name, except) == 0)
		return HOSTS_NONE;
	const enum hosts_result result = hosts_read(directory, name, &host);
	if (result == HOSTS_FOUND)
		*more = each(&host, context);
	return result;
}

enum hosts_result hosts_each(const char *directory, const char *except, bool (*each)(const struct enrolled *, void *),
			     void *context)
{
	struct dirent **entries;
	enum hosts_result result = HOSTS_FOUND;
	bool more = true;
	const int count = scandir(directory, &entries, is_host_file, alphasort);

	if (count < 0 && errno != ENOENT) {
		fprintf(stderr, "cloister: %s: %s\n", directory, strerror(errno));
		return HOSTS_BAD;
	}
	for (int i = 0; i < count; i++) {
		if (more && result != HOSTS_BAD)
			result = visit(directory, except, entries[i]->d_name, each, context, &more);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return result == HOSTS_BAD ? HOSTS_BAD : HOSTS_FOUND;
}

static bool is_later(const struct host_memory *a, const struct host_memory *b)
{
	return a->reset_count > b->reset_count || (a->reset_count == b->reset_count && a->clock_ms >= b->clock_ms);
}

/* Under the folder's lock. */
static bool remember(const char *directory, const char *name, const struct tpm_name *ak_name, bool by_policy,
		     const struct host_memory *seen)
{
	struct enrolled host;
	const enum hosts_result before = hosts_read(directory, name, &host);

	if (before == HOSTS_BAD || (before == HOSTS_NONE && !by_policy))
		return false;
	if (before == HOSTS_NONE) {
		host.by_policy = true;
		snprintf(host.name, sizeof(host.name), "%s", name);
	}
	const bool same = memcmp(host.ak_name.bytes, ak_name->bytes, TPM_NAME_BYTES) == 0;
	if (!same && !host.by_policy)
		return false;
	const uint64_t serial = host.memory.policy_serial;
	if (!same || !host.memory.seen || is_later(seen, &host.memory))
		host.memory = *seen;
	if (host.memory.policy_serial < serial)
		host.memory.policy_serial = serial;
	host.ak_name = *ak_name;
	return hosts_write(directory, &host);
}

bool hosts_remember(const char *directory, const char *name, const struct tpm_name *ak_name, bool by_policy,
		    const struct host_memory *seen)
{
	if (!directory || !name[0]) {
		fprintf(stderr, "cloister: what was seen of the host could not be remembered: %s\n",
			directory ? "it has no name: give --name HOST" : "there is no home folder: give --store DIR");
		return false;
	}
	const int lock = hosts_lock(directory);
	const bool ok = lock >= 0 && remember(directory, name, ak_name, by_policy, seen);

	if (lock >= 0)
		close(lock);
	if (!ok)
		fprintf(stderr, "cloister: %s: what was seen of %s could not be remembered\n", directory, name);
	return ok;
}
