/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lies that step 7 refuses: firmware and drivers that the rules do not know, and Secure Boot. */
#include "lie.h"
#include "policy/firmware_learn.h"

#define VARIABLE 0x80000001u

/* The event of the variable that is number 'which' in PCR 7. */
static struct event *variable(struct scenario *s, unsigned int which)
{
	struct event *event = scenario_find(s, 7, VARIABLE);

	return event + which;
}

/* Data that is also what was measured. */
static void measure(struct event *event)
{
	event->digest = sha256((struct bytes){(const uint8_t *)event->data, event->data_len});
}

/* Takes an event out. */
static void drop(struct scenario *s, struct event *event)
{
	memmove(event, event + 1, (size_t)(&s->events[--s->event_count] - event) * sizeof(*event));
}

/* Puts the last event in the place of 'event', which follows it. */
static void move_last_before(struct scenario *s, struct event *event)
{
	const struct event last = s->events[s->event_count - 1];

	memmove(event + 1, event, (size_t)(&s->events[s->event_count - 1] - event) * sizeof(*event));
	*event = last;
}

static void code_changed(struct scenario *s)
{
	scenario_find(s, 0, 0x8000000a)->digest.bytes[0] ^= 1;
}
static void code_missing(struct scenario *s)
{
	drop(s, scenario_find(s, 0, 0x8000000a));
}
static void code_more(struct scenario *s)
{
	scenario_event(s, 0, 0x8000000a, "another volume", 14);
	move_last_before(s, scenario_find(s, 0, EV_SEPARATOR));
}
static void code_swapped(struct scenario *s)
{
	struct event *version = scenario_find(s, 0, 8), *volume = scenario_find(s, 0, 0x8000000a);
	const struct event kept = *version;

	*version = *volume;
	*volume = kept;
}
static void code_later(struct scenario *s)
{
	scenario_event(s, 0, EV_POST_CODE, "late", 4);
}
static void started_from_0(struct scenario *s)
{
	start_from(s, 0, 17);
}
static void started_from_3(struct scenario *s)
{
	start_from(s, 3, 17);
}
static void started_from_4(struct scenario *s)
{
	start_from(s, 4, 17);
}
static void rules_of_locality_3(struct built *b)
{
	build_rules(b);
	b->rules.startup_locality = 3;
}
static void driver(struct scenario *s)
{
	scenario_event(s, 2, 0x80000004, "driver", 6);
	move_last_before(s, scenario_find(s, 2, EV_SEPARATOR));
}
static void driver_as_separator(struct scenario *s)
{
	driver(s);
	scenario_find(s, 2, 0x80000004)->type = EV_SEPARATOR;
}
static void driver_after_the_separator(struct scenario *s)
{
	scenario_event(s, 2, 0x80000004, "driver", 6);
}
static void two_drivers(struct scenario *s)
{
	driver(s);
	scenario_event(s, 2, 0x80000004, "another driver", 14);
	move_last_before(s, scenario_find(s, 2, EV_SEPARATOR));
}
static void driver_listed(struct built *b)
{
	static struct digest known;

	known = sha256((struct bytes){(const uint8_t *)"driver", 6});
	build_rules(b);
	b->rules.pcr2 = (struct digest_list){&known, 1};
}
static void other_kind(struct scenario *s)
{
	scenario_find(s, 1, 0x80000002)->type = 0x80000007;
}
static void kind_in_pcr3(struct scenario *s)
{
	scenario_event(s, 3, 0x80000001, "setup", 5);
}
static void kind_in_pcr6(struct scenario *s)
{
	scenario_event(s, 6, 0xc, "power", 5);
}
static void secure_boot_off(struct scenario *s)
{
	struct event *state = variable(s, 0);

	state->data[state->data_len - 1] = 0;
	measure(state);
}
/* The variable does not exist. */
static void secure_boot_absent(struct scenario *s)
{
	struct event *state = variable(s, 0);

	state->data_len--;
	state->data[24] = 0;
	measure(state);
}
static void secure_boot_two(struct scenario *s)
{
	struct event *state = variable(s, 0);

	state->data[state->data_len - 1] = 2;
	measure(state);
}
/* Off, and logged as on. */
static void state_not_measured(struct scenario *s)
{
	struct event *state = variable(s, 0);

	secure_boot_off(s);
	state->data[state->data_len - 1] = 1;
}
static void state_missing(struct scenario *s)
{
	drop(s, variable(s, 0));
}
static void state_after_the_separator(struct scenario *s)
{
	const struct event state = *variable(s, 0);

	drop(s, variable(s, 0));
	s->events[s->event_count++] = state;
}
static void state_twice(struct scenario *s)
{
	scenario_variable(s, 7, VARIABLE, false, "SecureBoot", "\0", 1);
	move_last_before(s, variable(s, 0));
}
static void state_of_another_namespace(struct scenario *s)
{
	variable(s, 0)->data[0] ^= 1;
	measure(variable(s, 0));
}
static void debug_mode(struct scenario *s)
{
	scenario_event(s, 7, 0x80000007, "UEFI Debug Mode", 15);
	move_last_before(s, variable(s, 0));
}
static void debug_mode_listed(struct built *b)
{
	static struct digest known;

	known = sha256((struct bytes){(const uint8_t *)"UEFI Debug Mode", 15});
	build_rules(b);
	b->rules.pcr7 = (struct digest_list){&known, 1};
}
static void db_empty(struct scenario *s)
{
	struct event *db = variable(s, 3);

	db->data_len -= SIGNATURE_LIST_BYTES;
	db->data[24] = 0;
	measure(db);
}
static void replace_entry(struct scenario *s, unsigned int which)
{
	struct event *event = variable(s, which);

	event->data[event->data_len - 1] ^= 1;
	measure(event);
}
static void pk_replaced(struct scenario *s)
{
	replace_entry(s, 1);
}
static void dbx_replaced(struct scenario *s)
{
	replace_entry(s, 4);
}
static void dbx_more(struct scenario *s)
{
	uint8_t lists[2 * SIGNATURE_LIST_BYTES];
	struct writer w = {lists, 0, sizeof(lists)};

	put_signature_list(&w, 0x20);
	put_signature_list(&w, 0x13);
	drop(s, variable(s, 4));
	scenario_variable(s, 7, VARIABLE, true, "dbx", lists, w.len);
	move_last_before(s, scenario_find(s, 7, EV_SEPARATOR));
}
static void forbid(struct built *b)
{
	static struct signature_entry entry;

	entry = (struct signature_entry){ENTRY_SHA256, digest_filled(0x20)};
	build_rules(b);
	b->rules.databases[DATABASE_DBX].forbidden = (struct entry_list){&entry, 1};
}
static void db_malformed(struct scenario *s)
{
	struct event *db = variable(s, 3);

	db->data[db->data_len - SIGNATURE_LIST_BYTES + 16] = 77; /* the list's size */
	measure(db);
}
/* The digest of a program where the rules ask for a certificate of that digest. */
static void ask_for_certificate(struct built *b)
{
	static struct signature_entry entry;

	entry = (struct signature_entry){ENTRY_X509, digest_filled(0x13)};
	build_rules(b);
	b->rules.databases[DATABASE_DBX].required = (struct entry_list){&entry, 1};
}
static void no_rules(struct built *b)
{
	b->policy.firmware_unchecked = false;
}
static void either_state(struct built *b)
{
	build_rules(b);
	b->rules.secure_boot = SECURE_BOOT_EITHER;
}
/* Rules of two other models, and this one's in the middle: another one's PCR 0, this one's but for Secure Boot. */
static void three_models(struct built *b)
{
	static struct firmware_rules rules[3];

	build_rules(b);
	rules[0] = rules[1] = rules[2] = b->rules;
	rules[0].pcr0.count = 1;
	rules[2].secure_boot = SECURE_BOOT_OFF;
	b->policy.firmware = rules;
	b->policy.firmware_count = 3;
}

static const struct lie LIES[] = {
	{"rules of this firmware", NULL, NULL, build_rules, {0}, 0, NULL},
	{"rules of three models", NULL, NULL, three_models, {0}, 0, NULL},
	{"rules of three models, for none of them", driver, NULL, three_models, {REFUSE_DRIVER}, 17, NULL},
	{"no rules", NULL, NULL, no_rules, {REFUSE_FIRMWARE_UNKNOWN}, 17, NULL},
	{"firmware changed", code_changed, NULL, build_rules, {REFUSE_FIRMWARE_CODE}, 17, NULL},
	{"a firmware volume missing",
	 code_missing,
	 NULL,
	 build_rules,
	 {REFUSE_FIRMWARE_UNMEASURED, REFUSE_FIRMWARE_CODE},
	 16,
	 "1 events before it"},
	{"a firmware volume more", code_more, NULL, build_rules, {REFUSE_FIRMWARE_CODE}, 17, NULL},
	{"firmware volumes in another order", code_swapped, NULL, build_rules, {REFUSE_FIRMWARE_CODE}, 17, NULL},
	{"PCR 0 extended later", code_later, NULL, build_rules, {REFUSE_FIRMWARE_CODE}, 17, NULL},
	{"firmware unchecked", code_changed, NULL, NULL, {0}, 0, NULL},
	{"StartupLocality 0, as without it", started_from_0, started, build_rules, {0}, 0, NULL},
	{"StartupLocality 3 of rules with 3", started_from_3, started, rules_of_locality_3, {0}, 0, NULL},
	{"StartupLocality 3 of rules with 0",
	 started_from_3,
	 started,
	 build_rules,
	 {REFUSE_STARTUP_LOCALITY},
	 17,
	 "from locality 3"},
	{"StartupLocality 4 of rules with 3",
	 started_from_4,
	 started,
	 rules_of_locality_3,
	 {REFUSE_STARTUP_LOCALITY},
	 17,
	 "from locality 4"},
	{"no StartupLocality of rules with 3",
	 NULL,
	 NULL,
	 rules_of_locality_3,
	 {REFUSE_STARTUP_LOCALITY},
	 17,
	 "from locality 0"},
	{"a driver", driver, NULL, build_rules, {REFUSE_DRIVER}, 17, NULL},
	{"a driver logged as a separator", driver_as_separator, NULL, build_rules, {REFUSE_DRIVER}, 17, NULL},
	{"a driver later", driver_after_the_separator, NULL, build_rules, {REFUSE_DRIVER}, 17, NULL},
	{"a driver, and firmware unchecked", driver, NULL, NULL, {REFUSE_DRIVER}, 17, NULL},
	{"a driver, and no rules", driver, NULL, no_rules, {REFUSE_DRIVER, REFUSE_FIRMWARE_UNKNOWN}, 17, NULL},
	{"a driver that is listed", driver, NULL, driver_listed, {0}, 0, NULL},
	{"a listed driver that is not there", NULL, NULL, driver_listed, {0}, 0, NULL},
	{"a driver besides a listed one", two_drivers, NULL, driver_listed, {REFUSE_DRIVER}, 17, NULL},
	{"another kind of event in PCR 1", other_kind, NULL, build_rules, {REFUSE_FIRMWARE_KIND}, 17, NULL},
	{"an event in PCR 3", kind_in_pcr3, NULL, build_rules, {REFUSE_FIRMWARE_KIND}, 17, NULL},
	{"an event in PCR 6", kind_in_pcr6, NULL, build_rules, {REFUSE_FIRMWARE_KIND}, 17, NULL},
	{"Secure Boot off", secure_boot_off, NULL, build_rules, {REFUSE_SECURE_BOOT}, 17, "off"},
	{"no Secure Boot at all", secure_boot_absent, NULL, build_rules, {REFUSE_SECURE_BOOT}, 17, "off"},
	{"Secure Boot off, either will do", secure_boot_off, NULL, either_state, {0}, 0, NULL},
	{"SecureBoot of 2",
	 secure_boot_two,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_EVENTS, REFUSE_SECURE_BOOT_EVENTS},
	 17,
	 "neither 0 nor 1"},
	{"Secure Boot off, logged as on",
	 state_not_measured,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_DATA, REFUSE_SECURE_BOOT_EVENTS},
	 17,
	 NULL},
	{"no SecureBoot", state_missing, NULL, build_rules, {REFUSE_SECURE_BOOT_EVENTS}, 17, NULL},
	{"SecureBoot after the separator",
	 state_after_the_separator,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_EVENTS},
	 17,
	 NULL},
	{"SecureBoot twice",
	 state_twice,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_EVENTS, REFUSE_SECURE_BOOT},
	 17,
	 "twice"},
	{"SecureBoot of another namespace",
	 state_of_another_namespace,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_EVENTS, REFUSE_SECURE_BOOT_EVENTS},
	 17,
	 NULL},
	{"debug mode", debug_mode, NULL, build_rules, {REFUSE_SECURE_BOOT_EVENTS}, 17, NULL},
	{"debug mode, listed", debug_mode, NULL, debug_mode_listed, {0}, 0, NULL},
	{"db empty", db_empty, NULL, build_rules, {REFUSE_SECURE_BOOT_ENTRY}, 17, "not in the variable"},
	{"another PK", pk_replaced, NULL, build_rules, {REFUSE_SECURE_BOOT_ENTRY, REFUSE_SECURE_BOOT_ENTRY}, 17, NULL},
	{"a revocation taken back", dbx_replaced, NULL, build_rules, {REFUSE_SECURE_BOOT_ENTRY}, 17, NULL},
	{"a revocation more", dbx_more, NULL, build_rules, {0}, 0, NULL},
	{"a forbidden entry", dbx_more, NULL, forbid, {REFUSE_SECURE_BOOT_ENTRY}, 17, NULL},
	{"db malformed",
	 db_malformed,
	 NULL,
	 build_rules,
	 {REFUSE_SECURE_BOOT_ENTRY, REFUSE_SECURE_BOOT_ENTRY},
	 17,
	 NULL},
	{"a program's digest for a certificate's",
	 NULL,
	 NULL,
	 ask_for_certificate,
	 {REFUSE_SECURE_BOOT_ENTRY},
	 17,
	 NULL},
};

int main(void)
{
	return run_lies("policy: refusals of firmware", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
