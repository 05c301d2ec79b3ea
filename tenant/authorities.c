/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of certificates. */
#include "tenant/authorities.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tenant/file.h"

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool complain(const char *directory, const char *name, const char *what)
{
	fprintf(stderr, "cloister: %s%s%s: %s\n", directory, name[0] ? "/" : "", name, what);
	return false;
}

static bool take_file(struct ek_authorities *a, enum ek_role role, const char *directory, const char *name,
		      size_t *count)
{
	struct file file;

	if (!file_read_in(directory, name, EK_FILE_MAX_BYTES, &file))
		return false;
	const enum ek_file result = ek_authorities_add(a, role, file_bytes(&file), count);
	file_free(&file);
	switch (result) {
	case EK_FILE_TAKEN:
		return true;
	case EK_FILE_PRIVATE_KEY:
		return complain(directory, name,
				"is a private key, which has no place here: whoever reads it can make TPMs that you "
				"trust. Move it away, and give a folder of certificates only");
	case EK_FILE_NO_MEMORY:
		return complain(directory, name, "out of memory");
	default:
		return complain(directory, name,
				"has something else than certificates and CRLs in PEM or DER, or is cut");
	}
}

static bool take_folder(struct ek_authorities *a, enum ek_role role, const char *directory)
{
	struct dirent **entries;
	size_t count = 0;
	bool ok = true;
	const int found = scandir(directory, &entries, is_shown, alphasort);

	if (found < 0)
		return complain(directory, "", strerror(errno));
	for (int i = 0; i < found; i++) {
		ok = ok && take_file(a, role, directory, entries[i]->d_name, &count);
		free(entries[i]);
	}
	free(entries);
	return ok && (count > 0 || complain(directory, "", "has no certificate in it; see 'make roots'"));
}

struct ek_authorities *authorities_load(const char *roots, const char *certificates, const char *crls)
{
	struct ek_authorities *a = ek_authorities_new();

	if (!a)
		complain(roots, "", "out of memory");
	if (a && take_folder(a, EK_ROOTS, roots) && (!certificates || take_folder(a, EK_INTERMEDIATE, certificates)) &&
	    (!crls || take_folder(a, EK_REVOCATIONS, crls)))
		return a;
	ek_authorities_free(a);
	return NULL;
}
