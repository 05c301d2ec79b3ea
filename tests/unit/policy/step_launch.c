/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/launch.c */
/* Step 9: the hypervisor and its config. */
#include <stdlib.h>

#include "lie.h"

static void without_hypervisor(struct scenario *s)
{
	s->no_hypervisor = true;
	not_the_loader(s);
}

static void launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
}

static void error_text(struct scenario *s)
{
	static const char error[] = "cloister-error\0the CPU has no SVM";

	scenario_event(s, 14, EV_IPL, error, sizeof(error) - 1);
}

static void weak_launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
	no_mark(s);
	error_mark(s);
	error_text(s);
}

static void strong_launch_failed(struct scenario *s)
{
	s->no_hypervisor = true;
	error_mark(s);
	error_text(s);
}

static void failed_without_text(struct scenario *s)
{
	s->no_hypervisor = true;
	error_mark(s);
}

/* After a failure others filled in whatever was missing, and renamed the event: its digest counts. */
static void completed_after_error(struct scenario *s)
{
	error_mark(s);
	memcpy(s->events[s->event_count - 1].data, "harmless", 8);
}

static void config_flag(struct scenario *s)
{
	s->config = "# Cloister\npool_mib = 0\nserial = none\nboot = kernel\nkernel = \\vmlinuz\n";
}

static void svn_zero(struct scenario *s)
{
	s->statement.svn = 0;
}

static void svn_of_policy(struct built *b)
{
	b->policy.image[0].svn = 0;
}

static void debug(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DEBUG;
	s->fresh.flags |= HK_FLAG_DEBUG;
}

static void debug_of_policy(struct built *b)
{
	b->policy.image[0].debug = true;
}

static void debug_allowed(struct built *b)
{
	b->policy.image[0].debug = true;
	b->policy.allow_debug = true;
}

static void dma_needed(struct built *b)
{
	b->policy.require_dma_remapping = true;
}

static void smt_exposed(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_SMT_EXPOSED;
	s->fresh.flags |= HK_FLAG_SMT_EXPOSED;
}

static void smt_allowed(struct built *b)
{
	b->policy.allow_smt_exposed = true;
}

static void floor_closed(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_FLOOR_CLOSED;
	s->fresh.flags |= HK_FLAG_FLOOR_CLOSED;
}

static void floor_needed(struct built *b)
{
	b->policy.require_floor_closed = true;
}

static void half_seen(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_ALIAS_UNCHECKED | HK_FLAG_SLEEP_UNWATCHED;
	s->fresh.flags |= HK_FLAG_ALIAS_UNCHECKED | HK_FLAG_SLEEP_UNWATCHED;
}

static void dma_on(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DMA_PRESENT;
	s->statement.dma_units = 1;
	s->statement.dma_protections = HK_DMA_ALL;
	s->fresh.flags |= HK_FLAG_DMA_PRESENT;
}

static void dma_without_tpm(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_protections &= ~(1u << HK_DMA_TPM);
}

static void dma_flag_only(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_units = s->statement.dma_protections = 0;
}

static void dma_units_only(struct scenario *s)
{
	s->statement.dma_units = 1;
}

static void dma_protections_only(struct scenario *s)
{
	s->statement.dma_protections = 1;
}

static void dma_protection_unknown(struct scenario *s)
{
	dma_on(s);
	s->statement.dma_protections |= 1u << HK_DMA_COUNT;
}

static void dma_promised(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_DMA_REQUIRED;
	s->fresh.flags |= HK_FLAG_DMA_REQUIRED;
}

static void dma_lost(struct scenario *s)
{
	dma_on(s);
	s->fresh.flags &= ~HK_FLAG_DMA_PRESENT;
}

static void no_tpm(struct scenario *s)
{
	s->statement.flags |= HK_FLAG_NO_TPM;
	s->fresh.flags |= HK_FLAG_NO_TPM;
}

static const struct lie LIES[] = {
	{"debug, allowed", debug, NULL, debug_allowed, {0}, 0, NULL},
	{"an SMT sibling reads the key, allowed", smt_exposed, NULL, smt_allowed, {0}, 0, NULL},
	{"the platform's floor is closed, as needed", floor_closed, NULL, floor_needed, {0}, 0, NULL},
	{"unwatched sleep, and pages not probed for aliases", half_seen, NULL, NULL, {0}, 0, NULL},
	{"DMA remapping on, as needed", dma_on, NULL, dma_needed, {0}, 0, NULL},
	{"DMA remapping without a unit", dma_flag_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"DMA units without the flag", dma_units_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"DMA protections without a unit", dma_protections_only, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"an unknown DMA protection", dma_protection_unknown, NULL, NULL, {REFUSE_STATEMENT_FORMAT}, 11, NULL},
	{"same kernel without the hypervisor",
	 without_hypervisor,
	 NULL,
	 NULL,
	 {REFUSE_LOADER_MISSING, REFUSE_NO_HYPERVISOR},
	 18,
	 NULL},
	{"hypervisor gone", launch_failed, NULL, NULL, {REFUSE_NO_HYPERVISOR}, 19, NULL},
	{"loader failed, firmware went on", launch_failed, capped, NULL, {REFUSE_LAUNCH_FAILED}, 19, NULL},
	{"loader failed, weak binding",
	 weak_launch_failed,
	 NULL,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "the CPU has no SVM"},
	{"loader failed, strong binding",
	 strong_launch_failed,
	 capped,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "the CPU has no SVM"},
	{"loader failed, text not logged",
	 failed_without_text,
	 capped,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 "not in the log"},
	{"loader failed, a launch completed by others",
	 completed_after_error,
	 NULL,
	 NULL,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 NULL},
	{"one byte of the hypervisor", image_byte, NULL, NULL, {REFUSE_IMAGE}, 19, NULL},
	{"statement and policy differ", NULL, NULL, debug_of_policy, {REFUSE_REFERENCE}, 19, NULL},
	{"SVN too low", svn_zero, NULL, svn_of_policy, {REFUSE_SVN}, 19, NULL},
	{"debug build", debug, NULL, debug_of_policy, {REFUSE_DEBUG}, 19, NULL},
	{"DMA remapping off, policy", NULL, NULL, dma_needed, {REFUSE_DMA}, 19, NULL},
	{"DMA remapping off, config", dma_promised, NULL, NULL, {REFUSE_DMA}, 19, NULL},
	{"devices reach the TPM", dma_without_tpm, NULL, dma_needed, {REFUSE_DMA_PARTIAL}, 19, "unit-registers"},
	{"an SMT sibling reads the key", smt_exposed, NULL, NULL, {REFUSE_SMT}, 19, "SMT on"},
	{"the platform's floor is open", NULL, NULL, floor_needed, {REFUSE_FLOOR}, 19, NULL},
	{"started without a TPM", no_tpm, NULL, NULL, {REFUSE_NO_TPM}, 19, NULL},
	{"one config flag", config_flag, NULL, NULL, {REFUSE_CONFIG}, 20, "line 3: serial = none"},
	{"DMA remapping lost", dma_lost, NULL, NULL, {REFUSE_FRESH_DMA}, 21, NULL},
};

int main(void)
{
	return run_lies("policy: launch", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
