/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 9: which hypervisor was launched, with which config. */
#include "policy/encoding.h"
#include "policy/statement_words.h"
#include "policy/steps.h"

/*
 * A loader that fails marks PCR 14 and writes why, which the firmware logs (docs/protocol.md, "Launch log"). The event
 * found is the first with a text, or else the mark.
 */
static bool find_launch_error(const struct tcg_log *log, struct tcg_event *found, struct bytes *text)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	bool failed = false;

	*text = (struct bytes){0};
	while (text->len == 0 && tcg_log_next_of(&cursor, LAUNCH_PCR_WEAK, &event)) {
		if (launch_error_text(&event, text)) {
			*found = event;
			failed = true;
		}
	}
	return failed;
}

/* After a failed launch the operating system had the TPM for itself, whatever else is shown. */
static bool refuse_failed(struct judgement *j)
{
	struct tcg_event event;
	struct bytes error;
	char text[256];

	if (!j->has_tcg_log || !find_launch_error(&j->tcg_log, &event, &error))
		return false;
	text_clean(error, text, sizeof(text));
	refusal_at(refuse(j, REFUSE_LAUNCH_FAILED, "a completed launch", "the loader's error: %s",
			  error.len ? text : "its text is not in the log"),
		   "TCG log", &event);
	return true;
}

/* There is no sign of a hypervisor, nor of a loader's error: was there an attempt to launch one? */
static void refuse_absent(struct judgement *j)
{
	if (!digest_equal(j->pcr[LAUNCH_PCR_STRONG], digest_filled(0xff)))
		refuse(j, REFUSE_LAUNCH_FAILED, "a completed launch", "PCR 17 is %s, and no hypervisor answers",
		       digest_hex(j->pcr[LAUNCH_PCR_STRONG]).text);
	else
		refuse(j, REFUSE_NO_HYPERVISOR, "a hypervisor's statement, and its image in PCR 17",
		       "neither; PCR 17 was never extended");
}

static const struct reference_image *find_image(const struct judgement *j)
{
	for (size_t i = 0; i < j->policy->image_count; i++)
		if (launch_measured(j, LAUNCH_IMAGE, j->policy->image[i].sha256))
			return &j->policy->image[i];
	return NULL;
}

static void refuse_image(struct judgement *j)
{
	const struct reference_image *image = &j->policy->image[0];
	char expected[VERDICT_TEXT], found[VERDICT_TEXT];

	snprintf(expected, sizeof(expected), "%s %s, %s%s", image->name, image->version_text,
		 digest_hex(image->sha256).text, j->policy->image_count > 1 ? ", or another of the policy" : "");
	launch_measured_text(j, LAUNCH_IMAGE, found, sizeof(found));
	struct refusal *refusal = refuse(j, REFUSE_IMAGE, expected, "%s", found);
	if (j->has_launch)
		refusal_at(refusal, "launch log", &j->launch.events[LAUNCH_IMAGE]);
}

/* The image says of itself what the policy says of it. */
static void compare_reference(struct judgement *j, const struct reference_image *image)
{
	const struct hk_statement *s = &j->statement;
	const bool debug = (s->flags & HK_FLAG_DEBUG) != 0;
	char expected[128];

	if (s->hv_version == image->version && s->svn == image->svn && debug == image->debug)
		return;
	snprintf(expected, sizeof(expected), "version %s, svn %u, %s", image->version_text, image->svn,
		 image->debug ? "debug" : "release");
	refuse(j, REFUSE_REFERENCE, expected, "version %u.%u.%u, svn %u, %s", s->hv_version >> 16,
	       s->hv_version >> 8 & 0xff, s->hv_version & 0xff, s->svn, debug ? "debug" : "release");
}

static void check_dma(struct judgement *j)
{
	const struct hk_statement *s = &j->statement;
	char expected[HK_DMA_TEXT], found[HK_DMA_TEXT];

	if (!j->policy->require_dma_remapping && !(s->flags & HK_FLAG_DMA_REQUIRED))
		return;
	if (!(s->flags & HK_FLAG_DMA_PRESENT)) {
		refuse(j, REFUSE_DMA, "DMA remapping on", "off at the launch");
		return;
	}
	if (s->dma_protections == HK_DMA_ALL)
		return;
	hk_dma_text(HK_DMA_ALL, expected);
	hk_dma_text(s->dma_protections, found);
	refuse(j, REFUSE_DMA_PARTIAL, expected, "%s", found);
}

static void check_state(struct judgement *j)
{
	const struct policy *p = j->policy;
	const struct hk_statement *s = &j->statement;
	char expected[48];

	snprintf(expected, sizeof(expected), "svn %u or higher", p->minimum_svn);
	if (s->svn < p->minimum_svn)
		refuse(j, REFUSE_SVN, expected, "svn %u", s->svn);
	if ((s->flags & HK_FLAG_DEBUG) && !p->allow_debug)
		refuse(j, REFUSE_DEBUG, "a release image", "a debug image");
	check_dma(j);
	if ((s->flags & HK_FLAG_SMT_EXPOSED) && !p->allow_smt_exposed)
		refuse(j, REFUSE_SMT, "no SMT sibling that can read the hypervisor's key",
		       "SMT on, on a CPU that leaks");
	if (!(s->flags & HK_FLAG_FLOOR_CLOSED) && p->require_floor_closed)
		refuse(j, REFUSE_FLOOR, "a platform whose floor is known and closed", "one that is not");
	if ((s->flags & HK_FLAG_NO_TPM) && !p->allow_no_tpm)
		refuse(j, REFUSE_NO_TPM, "a launch with a TPM", "a launch without one");
}

void step_hypervisor(struct judgement *j)
{
	const bool failed = refuse_failed(j);

	if (!failed && j->has_pcrs && j->evidence->statement.len == 0 && j->evidence->hv_log.data.len == 0)
		refuse_absent(j);
	if (!launch_measurable(j, STEP_HYPERVISOR))
		return;
	const struct reference_image *image = find_image(j);
	if (!image)
		refuse_image(j);
	if (j->has_statement) {
		if (image)
			compare_reference(j, image);
		check_state(j);
	}
	if (!j->has_statement)
		verdict_skip(j->verdict, STEP_HYPERVISOR, "no key statement");
	else
		verdict_pass(j->verdict, STEP_HYPERVISOR);
}

static void refuse_config(struct judgement *j)
{
	const struct reference_config *config = &j->policy->config[0];
	const struct bytes text = j->launch.contents[LAUNCH_CONFIG];
	char expected[VERDICT_TEXT], found[VERDICT_TEXT];

	/* The log's text is only shown if it is what was measured. */
	if (j->has_launch && launch_measured(j, LAUNCH_CONFIG, sha256(text))) {
		const struct line_difference d = first_difference(config->text, text);

		snprintf(expected, sizeof(expected), "%s, line %u: %s", config->name, d.line, d.expected);
		snprintf(found, sizeof(found), "line %u: %s", d.line, d.found);
	} else {
		snprintf(expected, sizeof(expected), "%s, %s", config->name, digest_hex(config->sha256).text);
		launch_measured_text(j, LAUNCH_CONFIG, found, sizeof(found));
	}
	struct refusal *refusal = refuse(j, REFUSE_CONFIG, expected, "%s", found);
	if (j->has_launch)
		refusal_at(refusal, "launch log", &j->launch.events[LAUNCH_CONFIG]);
}

void step_config(struct judgement *j)
{
	bool known = false;

	if (!launch_measurable(j, STEP_CONFIG))
		return;
	for (size_t i = 0; i < j->policy->config_count; i++)
		known = known || launch_measured(j, LAUNCH_CONFIG, j->policy->config[i].sha256);
	if (!known)
		refuse_config(j);
	verdict_pass(j->verdict, STEP_CONFIG);
}
