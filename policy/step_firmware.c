/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 7: the firmware is one that the policy knows, and no other code ran before the loader. */
#include "policy/encoding.h"
#include "policy/firmware_rules.h"
#include "policy/steps.h"

#define PCR_CODE        0u
#define PCR_DRIVERS     2u
#define PCR_SECURE_BOOT 7u
#define TCG_LOG         "TCG log"

/* No rule matches by chance: a model whose PCR 0 differs is further away than any whose PCR 0 is right. */
#define FAR 100000u

/* One comparison of the log with one model's rules. Silent: how far away are they? */
struct comparison {
	struct judgement *j;
	const struct firmware_rules *rules;
	bool silent;
	unsigned int differences;
};

static bool is_listed(const struct digest_list *list, struct digest digest)
{
	for (size_t i = 0; i < list->count; i++)
		if (digest_equal(list->digests[i], digest))
			return true;
	return false;
}

static bool has_entry(const struct entry_list *list, const struct signature_entry *entry)
{
	for (size_t i = 0; i < list->count; i++)
		if (entry_equal(&list->entries[i], entry))
			return true;
	return false;
}

/* @event: where it is, or NULL */
static void differ(struct comparison *c, enum refusal_code code, const struct tcg_event *event, const char *expected,
		   const char *found)
{
	c->differences++;
	if (c->silent)
		return;
	struct refusal *refusal = refuse(c->j, code, expected, "%s", found);
	if (event)
		refusal_at(refusal, TCG_LOG, event);
}

/* The next event of a PCR that is no separator. */
static bool next_event(struct tcg_cursor *cursor, uint32_t pcr, struct tcg_event *event)
{
	while (tcg_log_next_of(cursor, pcr, event))
		if (!firmware_is_separator(event->sha256))
			return true;
	return false;
}

/* The firmware's own code: exactly the events of the rules. */
static void check_code(struct comparison *c)
{
	const struct digest_list *rule = &c->rules->pcr0;
	struct tcg_cursor cursor = tcg_log_events(&c->j->tcg_log);
	struct tcg_event event;
	char expected[VERDICT_TEXT];
	size_t same = 0;
	bool more;

	while ((more = next_event(&cursor, PCR_CODE, &event)) && same < rule->count &&
	       digest_equal(event.sha256, rule->digests[same]))
		same++;
	if (!more && same == rule->count)
		return;
	if (same < rule->count)
		snprintf(expected, sizeof(expected), "%s: %s as event %zu of PCR 0", c->rules->model,
			 digest_hex(rule->digests[same]).text, same);
	else
		snprintf(expected, sizeof(expected), "%s: %zu events in PCR 0", c->rules->model, rule->count);
	c->differences += FAR - (unsigned int)(same < FAR / 2 ? same : FAR / 2);
	differ(c, REFUSE_FIRMWARE_CODE, more ? &event : NULL, expected,
	       more ? digest_hex(event.sha256).text : "no further event");
}

/* Who started the TPM. No event of PCR 0 tells it; step 6 has shown that PCR 0 began with the locality of the log. */
static void check_startup(struct comparison *c)
{
	const unsigned int rule = c->rules->startup_locality, found = c->j->tcg_log.startup_locality;
	char expected[VERDICT_TEXT], text[64];

	if (found == rule)
		return;
	snprintf(expected, sizeof(expected), "%s: TPM2_Startup from locality %u", c->rules->model, rule);
	snprintf(text, sizeof(text), "from locality %u", found);
	differ(c, REFUSE_STARTUP_LOCALITY, NULL, expected, text);
}

/* A driver that ran before the loader owns everything after it, whoever wrote Driver#### or an option ROM. */
static void check_drivers(struct comparison *c)
{
	static const struct digest_list none = {NULL, 0};
	const struct digest_list *rule = c->rules ? &c->rules->pcr2 : &none;
	struct tcg_cursor cursor = tcg_log_events(&c->j->tcg_log);
	struct tcg_event event;
	char expected[VERDICT_TEXT];

	snprintf(expected, sizeof(expected),
		 rule->count ? "one of the %zu drivers that the rules list in PCR 2"
			     : "no event in PCR 2: no driver of a device or of Driver####",
		 rule->count);
	while (next_event(&cursor, PCR_DRIVERS, &event))
		if (!is_listed(rule, event.sha256))
			differ(c, REFUSE_DRIVER, &event, expected, digest_hex(event.sha256).text);
}

static void check_kinds(struct comparison *c, enum kind_pcr which)
{
	const struct type_list *rule = &c->rules->kinds[which];
	const uint32_t pcr = kind_pcr_number(which);
	struct tcg_cursor cursor = tcg_log_events(&c->j->tcg_log);
	struct tcg_event event;
	char expected[64], found[48];

	snprintf(expected, sizeof(expected), "in PCR %u, only the event types of the rules", pcr);
	while (next_event(&cursor, pcr, &event)) {
		bool known = false;

		for (size_t i = 0; i < rule->count; i++)
			known = known || rule->types[i] == event.type;
		snprintf(found, sizeof(found), "type 0x%08x", event.type);
		if (!known)
			differ(c, REFUSE_FIRMWARE_KIND, &event, expected, found);
	}
}

/* What PCR 7 says before its separator. */
struct secure_boot_state {
	bool has_state, has_database[DATABASES];
	bool on;
	struct bytes databases[DATABASES];
	struct tcg_event events[DATABASES];
};

static const char *note_state(struct secure_boot_state *state, const struct efi_variable *variable)
{
	if (state->has_state)
		return "SecureBoot, twice";
	if (!efi_secure_boot(variable, &state->on))
		return "SecureBoot that is neither 0 nor 1";
	state->has_state = true;
	return NULL;
}

/* What is wrong, or NULL. */
static const char *note_variable(struct secure_boot_state *state, const struct tcg_event *event,
				 const struct efi_variable *variable)
{
	if (efi_variable_is(variable, "SecureBoot"))
		return note_state(state, variable);
	for (enum database i = 0; i < DATABASES; i++) {
		if (!efi_variable_is(variable, database_name(i)))
			continue;
		if (state->has_database[i])
			return "a variable, twice";
		state->has_database[i] = true;
		state->databases[i] = variable->data;
		state->events[i] = *event;
		return NULL;
	}
	return "an event that the rules do not list";
}

/* An event's data is believed only if the digest is its own. */
static void read_state(struct comparison *c, struct secure_boot_state *state)
{
	struct tcg_cursor cursor = tcg_log_events(&c->j->tcg_log);
	struct efi_variable variable;
	struct tcg_event event;

	*state = (struct secure_boot_state){.on = false};
	while (tcg_log_next_of(&cursor, PCR_SECURE_BOOT, &event) && !firmware_is_separator(event.sha256)) {
		const bool listed = is_listed(&c->rules->pcr7, event.sha256);
		const char *wrong = "an event that the rules do not list";

		if (!listed && !digest_equal(event.sha256, sha256(event.data))) {
			differ(c, REFUSE_SECURE_BOOT_DATA, &event, digest_hex(sha256(event.data)).text,
			       digest_hex(event.sha256).text);
			continue;
		}
		if (efi_variable_parse(event.data, &variable) && digest_equal(event.sha256, sha256(event.data)))
			wrong = note_variable(state, &event, &variable);
		if (wrong && !listed)
			differ(c, REFUSE_SECURE_BOOT_EVENTS, &event, "SecureBoot, PK, KEK, db and dbx, once each",
			       wrong);
	}
}

static void entry_text(enum database database, const char *what, const struct signature_entry *entry, char *text,
		       size_t size)
{
	snprintf(text, size, "%s %s %s:%s", database_name(database), what, entry_kind_name(entry->kind),
		 digest_hex(entry->digest).text);
}

/* Entries that are there and must not be. */
static void check_present(struct comparison *c, enum database which, const struct secure_boot_state *state)
{
	const struct database_rule *rule = &c->rules->databases[which];
	struct signature_cursor cursor = signature_entries(state->databases[which]);
	struct signature_entry entry;
	struct bytes data;
	char text[160];

	while (signature_next(&cursor, &entry, &data)) {
		const bool forbidden = has_entry(&rule->forbidden, &entry);

		if (!forbidden && (rule->others || has_entry(&rule->required, &entry)))
			continue;
		entry_text(which, "has", &entry, text, sizeof(text));
		differ(c, REFUSE_SECURE_BOOT_ENTRY, &state->events[which],
		       forbidden ? "not this entry" : "only the entries of the rules", text);
	}
	if (signature_failed(&cursor))
		differ(c, REFUSE_SECURE_BOOT_ENTRY, &state->events[which], "a list of signatures", "malformed data");
}

/* Is the required entry there? */
static bool is_present(struct bytes database, const struct signature_entry *required)
{
	struct signature_cursor cursor = signature_entries(database);
	struct signature_entry entry;
	struct bytes data;

	while (signature_next(&cursor, &entry, &data))
		if (entry_equal(&entry, required))
			return true;
	return false;
}

static void check_database(struct comparison *c, enum database which, const struct secure_boot_state *state)
{
	const struct database_rule *rule = &c->rules->databases[which];
	char expected[160], found[48];

	if (!state->has_database[which]) {
		snprintf(found, sizeof(found), "no event of %s before the separator", database_name(which));
		differ(c, REFUSE_SECURE_BOOT_EVENTS, NULL, "SecureBoot, PK, KEK, db and dbx, once each", found);
		return;
	}
	for (size_t i = 0; i < rule->required.count; i++) {
		if (is_present(state->databases[which], &rule->required.entries[i]))
			continue;
		entry_text(which, "with", &rule->required.entries[i], expected, sizeof(expected));
		differ(c, REFUSE_SECURE_BOOT_ENTRY, &state->events[which], expected, "not in the variable");
	}
	check_present(c, which, state);
}

static void check_secure_boot(struct comparison *c)
{
	struct secure_boot_state state;

	read_state(c, &state);
	if (!state.has_state)
		differ(c, REFUSE_SECURE_BOOT_EVENTS, NULL, "SecureBoot, PK, KEK, db and dbx, once each",
		       "no event of SecureBoot before the separator");
	else if (c->rules->secure_boot != SECURE_BOOT_EITHER && state.on != (c->rules->secure_boot == SECURE_BOOT_ON))
		differ(c, REFUSE_SECURE_BOOT, NULL, state.on ? "Secure Boot off" : "Secure Boot on",
		       state.on ? "on" : "off");
	for (enum database i = 0; i < DATABASES; i++)
		check_database(c, i, &state);
}

static unsigned int compare(struct judgement *j, const struct firmware_rules *rules, bool silent)
{
	struct comparison c = {.j = j, .rules = rules, .silent = silent};

	check_code(&c);
	check_startup(&c);
	for (enum kind_pcr i = 0; i < KIND_PCRS; i++)
		check_kinds(&c, i);
	check_drivers(&c);
	check_secure_boot(&c);
	return c.differences;
}

/* A machine is of one of the models, or is refused for what sets it apart from the nearest. */
static void compare_models(struct judgement *j)
{
	const struct policy *p = j->policy;
	const struct firmware_rules *nearest = &p->firmware[0];
	unsigned int distance = UINT32_MAX;

	for (size_t i = 0; i < p->firmware_count && distance > 0; i++) {
		const unsigned int differences = compare(j, &p->firmware[i], true);

		if (differences < distance)
			nearest = &p->firmware[i];
		distance = differences < distance ? differences : distance;
	}
	if (distance > 0)
		compare(j, nearest, false);
}

void step_firmware(struct judgement *j)
{
	const struct policy *p = j->policy;
	struct comparison no_rules = {.j = j};

	if (p->firmware_unchecked)
		verdict_on_condition(j->verdict, CONDITION_FIRMWARE);
	if (!j->has_tcg_log) {
		verdict_skip(j->verdict, STEP_FIRMWARE, "the TCG log could not be read");
		return;
	}
	if (p->firmware_count > 0) {
		compare_models(j);
		verdict_pass(j->verdict, STEP_FIRMWARE);
		return;
	}
	check_drivers(&no_rules); /* root can write Driver####: that is no matter of firmware */
	if (p->firmware_unchecked)
		verdict_skip(j->verdict, STEP_FIRMWARE, "the policy says \"unchecked\"");
	else
		refuse(j, REFUSE_FIRMWARE_UNKNOWN, "a machine that the policy has firmware rules for",
		       "a policy without rules");
}
