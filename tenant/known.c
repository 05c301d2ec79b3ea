/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/known.h"

bool known_load(const char *store, const char *name, bool saved, struct enrolled *host, struct known_host *known)
{
	*known = (struct known_host){.saved = saved};
	*host = (struct enrolled){.enrolled = ""};
	if (!store || !name[0])
		return true;
	const enum hosts_result result = hosts_read(store, name, host);
	known->enrolled = result == HOSTS_FOUND && !host->by_policy;
	known->ak_name = host->ak_name;
	known->memory = host->memory;
	return result != HOSTS_BAD;
}

void known_check_denied(const char *store, const struct enrolled *host, const struct evidence *evidence,
			struct verdict *verdict)
{
	struct enrolled answering = *host;
	struct tpm_public ak;
	char line[200] = "a list that cannot be read";

	if (!store)
		return;
	if (tpm_public_parse(evidence->ak_public, &ak))
		answering.ak_name = ak.name;
	if (hosts_denied(store, &answering, line, sizeof(line)) != HOSTS_NONE)
		verdict_refuse(verdict, REFUSE_KEY_DENIED, "a key that is not on the list of denied keys", line);
}
