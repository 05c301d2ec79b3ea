/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 5, of a host that was accepted before: what only rises must not have gone back since. */
#include <inttypes.h>

#include "policy/encoding.h"
#include "policy/steps.h"

static void refuse_back(struct judgement *j, enum refusal_code code, const char *what, uint64_t before, uint64_t now)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "%s of at least %" PRIu64, what, before);
	refuse(j, code, expected, "%" PRIu64, now);
}

/* Each start of the hypervisor has a new id, and there is one start for each reset of the TPM. */
static void check_boot_id(struct judgement *j, const struct host_memory *m)
{
	const bool same_boot = j->quote.reset_count == m->reset_count;
	const bool same_id = memcmp(j->statement.boot_id, m->boot_id, sizeof(m->boot_id)) == 0;
	char found[2 * sizeof(m->boot_id) + 1];

	if (!j->has_statement || same_boot == same_id)
		return;
	hex_encode(j->statement.boot_id, sizeof(j->statement.boot_id), found);
	refuse(j, REFUSE_BOOT_ID, same_boot ? "the boot id that was seen at this boot" : "a new boot id at a new boot",
	       "%s", found);
}

/* A clock that is not safe is a separate refusal; over a reset it may then have lost time. */
static void check_clock(struct judgement *j, const struct host_memory *m)
{
	const struct tpm_quote *q = &j->quote;

	if (q->reset_count < m->reset_count)
		refuse_back(j, REFUSE_RESET_BACK, "resetCount", m->reset_count, q->reset_count);
	if (q->clock < m->clock_ms && (q->safe || q->reset_count <= m->reset_count))
		refuse_back(j, REFUSE_CLOCK_BACK, "a clock", m->clock_ms, q->clock);
}

static void check_firmware(struct judgement *j, const struct host_memory *m)
{
	const uint64_t now = j->quote.firmware_version;
	char expected[64];

	if (now > m->firmware_version)
		verdict_remark(j->verdict, "the TPM's firmware was updated: version %016" PRIx64 ", was %016" PRIx64,
			       now, m->firmware_version);
	if (now >= m->firmware_version)
		return;
	snprintf(expected, sizeof(expected), "firmwareVersion of at least %016" PRIx64, m->firmware_version);
	refuse(j, REFUSE_TPM_FIRMWARE_BACK, expected, "%016" PRIx64, now);
}

/* A policy may pin another key for a host that it pinned before. Another one than the enrolled is refused by step 2. */
static bool is_of_this_tpm(const struct judgement *j)
{
	return j->known->enrolled ||
	       (j->has_ak && memcmp(j->known->ak_name.bytes, j->ak.name.bytes, TPM_NAME_BYTES) == 0);
}

void check_memory(struct judgement *j)
{
	const struct host_memory *m = &j->known->memory;

	if (!j->quote.safe)
		verdict_remark(j->verdict,
			       "the TPM lost power without an orderly shutdown: its clock may have gone back");
	if (!m->seen)
		return;
	if (j->policy->serial < m->policy_serial)
		refuse_back(j, REFUSE_POLICY_BACK, "a policy with a serial", m->policy_serial, j->policy->serial);
	if (j->known->saved || !is_of_this_tpm(j))
		return;
	check_clock(j, m);
	check_boot_id(j, m);
	check_firmware(j, m);
}

void set_seen(struct judgement *j)
{
	struct host_memory *seen = &j->verdict->seen;

	*seen = (struct host_memory){
		.seen = true,
		.reset_count = j->quote.reset_count,
		.restart_count = j->quote.restart_count,
		.clock_ms = j->quote.clock,
		.firmware_version = j->quote.firmware_version,
		.policy_serial = j->policy->serial,
	};
	memcpy(seen->boot_id, j->statement.boot_id, sizeof(seen->boot_id));
}
