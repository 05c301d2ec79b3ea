/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 8: what the firmware started before the loader, and that it ran the loader.
 *
 * PCR 4 holds programs and boot attempts in the order in which they were measured. The loader marks it before it does
 * anything else, and after that either launches or caps the PCRs of a launch. So all that has to be judged is what
 * comes before the mark: what follows it was started by the loader after the launch, or by what it launched.
 */
#include "policy/firmware_rules.h"
#include "policy/steps.h"

#define ACTION_CALLING   "Calling EFI Application from Boot Option"
#define ACTION_RETURNING "Returning from EFI Application from Boot Option"
#define ATTEMPTS_OMITTED "BOOT ATTEMPTS OMITTED"
#define BOOTING          "Booting to Boot"
#define BOOT_DIGITS      4u /* UEFI 2.10, 3.1.2: Boot####, hexadecimal, upper case */

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* PFP 1.06, 3.3.4.5: "Booting to Boot####", which some firmware ends with " Option". Its own data is what is hashed. */
static bool is_booting_to(const struct tcg_event *event)
{
	struct reader r = reader_of(event->data);

	if (!bytes_equal(read_bytes(&r, strlen(BOOTING)), BOOTING, strlen(BOOTING)))
		return false;
	for (unsigned int i = 0; i < BOOT_DIGITS; i++) {
		const uint8_t digit = read_u8(&r);

		if (!(digit >= '0' && digit <= '9') && !(digit >= 'A' && digit <= 'F'))
			return false;
	}
	const struct bytes rest = {r.at, r.left};
	return !r.failed && (rest.len == 0 || bytes_equal(rest, " Option", strlen(" Option"))) &&
	       digest_equal(event->sha256, sha256(event->data));
}

/*
 * Digests that PCR 4 may hold besides programs: PFP 10.4.4 and the actions of 3.3.4.5. The firmware measures them
 * around every boot entry that it tries, and a program that it finds there by its own digest.
 */
static bool is_boot_attempt(const struct tcg_event *event)
{
	static const char *const texts[] = {ACTION_CALLING, ACTION_RETURNING, ATTEMPTS_OMITTED};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (digest_equal(event->sha256, sha256(text_bytes(texts[i]))))
			return true;
	return is_booting_to(event);
}

static bool is_loader(const struct policy *policy, const struct tcg_event *event)
{
	for (size_t i = 0; i < policy->loader_count; i++)
		if (digest_equal(event->sha256, policy->loader[i].authenticode))
			return true;
	return false;
}

static const struct reference_program *find_program(const struct policy *policy, const struct tcg_event *event)
{
	for (size_t i = 0; i < policy->before_loader_count; i++)
		if (digest_equal(event->sha256, policy->before_loader[i].authenticode))
			return &policy->before_loader[i];
	return NULL;
}

/* The first event of PCR 4 that decides something, and whether shim was the program right before it. */
struct boot_path {
	struct tcg_cursor cursor; /* after that event */
	struct tcg_event event;
	bool found;      /* there is such an event: */
	bool at_loader;  /* it is the loader */
	bool after_shim; /* the event before it is shim */
};

static struct boot_path walk(const struct judgement *j)
{
	struct boot_path path = {.cursor = tcg_log_events(&j->tcg_log)};

	while (tcg_log_next_of(&path.cursor, LAUNCH_PCR_BOOT, &path.event)) {
		const struct reference_program *program = find_program(j->policy, &path.event);

		path.at_loader = is_loader(j->policy, &path.event);
		path.found = path.at_loader || path.after_shim ||
			     !(program || firmware_is_separator(path.event.sha256) || is_boot_attempt(&path.event));
		if (path.found)
			break;
		path.after_shim = program && program->role == PROGRAM_SHIM;
	}
	return path;
}

bool find_loader(const struct judgement *j, struct tcg_event *event)
{
	const struct boot_path path = walk(j);

	*event = path.event;
	return path.at_loader;
}

static bool loader_follows(const struct judgement *j, struct tcg_cursor cursor)
{
	struct tcg_event event;

	while (tcg_log_next_of(&cursor, LAUNCH_PCR_BOOT, &event))
		if (is_loader(j->policy, &event))
			return true;
	return false;
}

static void refuse_program(struct judgement *j, const struct boot_path *path)
{
	const struct reference_loader *loader = &j->policy->loader[0];
	enum refusal_code code = REFUSE_LOADER_MISSING;
	char expected[VERDICT_TEXT];

	if (path->after_shim)
		code = REFUSE_SHIM_ORDER;
	else if (path->found && loader_follows(j, path->cursor))
		code = REFUSE_FOREIGN_PROGRAM;
	snprintf(expected, sizeof(expected), "%s, %s%s%s", loader->name, digest_hex(loader->authenticode).text,
		 j->policy->loader_count > 1 ? ", or another of the policy" : "",
		 path->after_shim ? ", right after shim" : "");
	struct refusal *refusal = refuse(j, code, expected, path->found ? "%s in its place" : "no program at all%s",
					 path->found ? digest_hex(path->event.sha256).text : "");
	if (path->found)
		refusal_at(refusal, "TCG log", &path->event);
}

static void check_mark(struct judgement *j, struct boot_path *path)
{
	static const char expected[] = "the loader's own \"cloister-loader\" right after it";
	struct tcg_event next;

	if (!tcg_log_next_of(&path->cursor, LAUNCH_PCR_BOOT, &next))
		refusal_at(refuse(j, REFUSE_LOADER_NOT_RUN, expected, "no further event of PCR 4"), "TCG log",
			   &path->event);
	else if (!digest_equal(next.sha256, launch_mark(MARK_LOADER)))
		refusal_at(refuse(j, REFUSE_LOADER_NOT_RUN, expected, "%s", digest_hex(next.sha256).text), "TCG log",
			   &next);
}

void step_boot_path(struct judgement *j)
{
	if (!j->has_tcg_log) {
		verdict_skip(j->verdict, STEP_BOOT_PATH, "the TCG log could not be read");
		return;
	}
	struct boot_path path = walk(j);
	j->through_shim = path.at_loader && path.after_shim;
	if (path.at_loader)
		check_mark(j, &path);
	else
		refuse_program(j, &path);
	verdict_pass(j->verdict, STEP_BOOT_PATH);
}
