/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 5, for a host that was accepted before: what only rises. */
#include "lie.h"

/* As if the same boot had been accepted a little earlier. */
static void seen(struct built *b)
{
	b->known.memory = (struct host_memory){
		.seen = true,
		.reset_count = 7,
		.clock_ms = 123000,
		.firmware_version = 0x20240125,
		.policy_serial = 5,
	};
	memset(b->known.memory.boot_id, 0x33, sizeof(b->known.memory.boot_id));
	b->known.ak_name = b->policy.ak_names[0];
	b->policy.serial = 5;
}

/* As if an earlier boot had been. */
static void seen_earlier(struct built *b)
{
	seen(b);
	b->known.memory.reset_count = 6;
	b->known.memory.boot_id[0] ^= 1;
}

static void seen_later_boot(struct built *b)
{
	seen(b);
	b->known.memory.reset_count = 8;
	b->known.memory.boot_id[0] ^= 1;
}

static void seen_later(struct built *b)
{
	seen(b);
	b->known.memory.clock_ms = 123457;
}

static void seen_earlier_boot_later_clock(struct built *b)
{
	seen_earlier(b);
	b->known.memory.clock_ms = 123457;
}

static void seen_other_start(struct built *b)
{
	seen(b);
	b->known.memory.boot_id[31] ^= 1;
}

static void seen_same_start(struct built *b)
{
	seen(b);
	b->known.memory.reset_count = 6;
}

static void seen_other_firmware(struct built *b)
{
	seen(b);
	b->known.memory.firmware_version++;
}

static void seen_older_firmware(struct built *b)
{
	seen(b);
	b->known.memory.firmware_version--;
}

static void seen_other_policy(struct built *b)
{
	seen(b);
	b->known.memory.policy_serial++;
}

static void unnumbered_policy(struct built *b)
{
	seen(b);
	b->policy.serial = 0;
}

/* As if the policy had pinned the key of another TPM before. */
static void seen_other_tpm(struct built *b)
{
	seen_later_boot(b);
	b->known.ak_name.bytes[33] ^= 1;
}

static void seen_other_tpm_and_policy(struct built *b)
{
	seen_other_tpm(b);
	b->known.memory.policy_serial++;
}

/* As if the evidence had been saved before the host was accepted last. */
static void saved(struct built *b)
{
	seen_later_boot(b);
	b->known.memory.clock_ms = 123457;
	b->known.saved = true;
}

static void saved_and_other_policy(struct built *b)
{
	saved(b);
	b->known.memory.policy_serial++;
}

static void newer_policy(struct built *b)
{
	seen(b);
	b->policy.serial++;
}

static void unsafe(struct scenario *s)
{
	s->clock_unsafe = true;
}

static const struct lie LIES[] = {
	{"seen at this boot", NULL, NULL, seen, {0}, 0, NULL},
	{"seen at an earlier boot", NULL, NULL, seen_earlier, {0}, 0, NULL},
	{"a newer policy", NULL, NULL, newer_policy, {0}, 0, NULL},
	{"newer firmware of the TPM", NULL, NULL, seen_older_firmware, {0}, 0, NULL},
	{"clock not safe", unsafe, NULL, seen, {REFUSE_CLOCK_UNSAFE}, 15, NULL},
	{"clock back after a power cut", unsafe, NULL, seen_earlier_boot_later_clock, {REFUSE_CLOCK_UNSAFE}, 15, NULL},
	{"resetCount back", NULL, NULL, seen_later_boot, {REFUSE_RESET_BACK}, 15, NULL},
	{"clock back", NULL, NULL, seen_later, {REFUSE_CLOCK_BACK}, 15, NULL},
	{"clock back, not safe, in one boot",
	 unsafe,
	 NULL,
	 seen_later,
	 {REFUSE_CLOCK_UNSAFE, REFUSE_CLOCK_BACK},
	 15,
	 NULL},
	{"clock back over a reset", NULL, NULL, seen_earlier_boot_later_clock, {REFUSE_CLOCK_BACK}, 15, NULL},
	{"another start in one boot", NULL, NULL, seen_other_start, {REFUSE_BOOT_ID}, 15, NULL},
	{"one start in two boots", NULL, NULL, seen_same_start, {REFUSE_BOOT_ID}, 15, NULL},
	{"older firmware of the TPM", NULL, NULL, seen_other_firmware, {REFUSE_TPM_FIRMWARE_BACK}, 15, NULL},
	{"a policy without a number", NULL, NULL, unnumbered_policy, {REFUSE_POLICY_BACK}, 15, NULL},
	{"an earlier policy", NULL, NULL, seen_other_policy, {REFUSE_POLICY_BACK}, 15, NULL},
	{"another TPM that is pinned now", NULL, NULL, seen_other_tpm, {0}, 0, NULL},
	{"another TPM, an earlier policy", NULL, NULL, seen_other_tpm_and_policy, {REFUSE_POLICY_BACK}, 15, NULL},
	{"saved before it was seen", NULL, NULL, saved, {0}, 0, NULL},
	{"saved, an earlier policy", NULL, NULL, saved_and_other_policy, {REFUSE_POLICY_BACK}, 15, NULL},
};

int main(void)
{
	return run_lies("policy: memory of a host", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
