/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 7 and 8: what ran before the loader. */
#include <stdlib.h>

#include "lie.h"

#define APPLICATION 0x80000003u /* EV_EFI_BOOT_SERVICES_APPLICATION */
#define DRIVER      0x80000004u /* EV_EFI_BOOT_SERVICES_DRIVER */
#define ACTION      0x80000007u /* EV_EFI_ACTION */

static void insert(struct scenario *s, uint32_t type, const char *text)
{
	insert_event(s, scenario_find(s, 4, APPLICATION), 4, type, text, strlen(text));
}

static void insert_program(struct scenario *s, const char *name)
{
	insert(s, APPLICATION, name);
}

static struct event *find_mark(struct scenario *s)
{
	return scenario_find(s, 4, EV_IPL);
}

/* --- what firmware does, and must pass --- */
static void add_program(struct built *b, const char *name, enum program_role role)
{
	struct reference_program *program = &b->policy.before_loader[b->policy.before_loader_count++];

	program->authenticode = sha256((struct bytes){(const uint8_t *)name, strlen(name)});
	program->role = role;
}

static void dell_listed(struct built *b)
{
	add_program(b, "System_Services.efi", PROGRAM_FIRMWARE);
}

static void lenovo_listed(struct built *b)
{
	add_program(b, "other.efi", PROGRAM_FIRMWARE);
	add_program(b, "FvFile(LenovoApp)", PROGRAM_FIRMWARE);
}

static void shim_listed(struct built *b)
{
	add_program(b, "shimx64.efi", PROGRAM_SHIM);
	dell_listed(b);
}

/* A server of Dell's: its own application after the separators, then the boot option. */
static void dell(struct scenario *s)
{
	insert(s, ACTION, "Calling EFI Application from Boot Option");
	insert_program(s, "System_Services.efi");
}

/* A laptop of Lenovo's: an application of the firmware's volume, before the separators. */
static void lenovo(struct scenario *s)
{
	static const char name[] = "FvFile(LenovoApp)";

	insert_event(s, scenario_find(s, 4, ACTION), 4, APPLICATION, name, strlen(name));
}

static void booting_to(struct scenario *s)
{
	insert(s, ACTION, "Booting to Boot0001 Option");
}

static void booting_to_short(struct scenario *s)
{
	insert(s, ACTION, "Booting to Boot00AF");
}

static void attempts_omitted(struct scenario *s)
{
	insert(s, 0x00000012, "BOOT ATTEMPTS OMITTED");
}

/* boot = firmware comes by the loader again, which says "already launched" and returns. */
static void loader_again(struct scenario *s)
{
	static const char returning[] = "Returning from EFI Application from Boot Option";

	scenario_event(s, 4, ACTION, returning, strlen(returning));
	scenario_event(s, 4, APPLICATION, "loader.efi", 10);
	scenario_event(s, 4, APPLICATION, "grubx64.efi", 11);
}

/* --- what must not --- */
static void booting_to_program(struct scenario *s)
{
	insert(s, ACTION, "Booting to Boot0001");
	struct event *action = scenario_find(s, 4, ACTION);
	while (strncmp(action->data, "Booting", 7) != 0)
		action++;
	action->digest.bytes[0] ^= 1;
}

static void booting_to_nothing(struct scenario *s)
{
	insert(s, ACTION, "Booting to Boot000g");
}

static void booting_to_more(struct scenario *s)
{
	insert(s, ACTION, "Booting to Boot0001 Option, really");
}

static void driver(struct scenario *s)
{
	insert_event(s, scenario_find(s, 2, EV_SEPARATOR), 2, DRIVER, "attack.efi", 10);
}

static void driver_later(struct scenario *s)
{
	scenario_event(s, 2, DRIVER, "attack.efi", 10);
}

static void driver_called_separator(struct scenario *s)
{
	scenario_event(s, 2, EV_SEPARATOR, "\0\0\0\0", 4)->digest.bytes[31] ^= 1;
}

static void not_run(struct scenario *s)
{
	remove_event(s, find_mark(s));
}

/* The loader was measured and returned; the firmware's next boot option is another system. */
static void returned(struct scenario *s)
{
	static const char returning[] = "Returning from EFI Application from Boot Option";

	insert_event(s, find_mark(s), 4, ACTION, returning, strlen(returning));
	not_run(s);
}

static void marked_late(struct scenario *s)
{
	insert_event(s, find_mark(s), 4, APPLICATION, "rootkit.efi", 11);
}

static void nothing_after(struct scenario *s)
{
	not_run(s);
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].pcr == 4 && strcmp(s->events[i].data, "vmlinuz") == 0)
			s->events[i].pcr = 8;
}

static void marked_early(struct scenario *s)
{
	not_run(s);
	insert_event(s, scenario_find(s, 4, APPLICATION), 4, EV_IPL, "cloister-loader", sizeof("cloister-loader"));
}

/* The type and text of the mark, and another digest. */
static void mark_by_name(struct scenario *s)
{
	find_mark(s)->digest.bytes[0] ^= 1;
}

static void shim_started_other(struct scenario *s)
{
	insert_program(s, "System_Services.efi");
	insert_program(s, "shimx64.efi");
}

static void shim_returned(struct scenario *s)
{
	insert(s, ACTION, "Returning from EFI Application from Boot Option");
	insert_event(s, scenario_find(s, 4, ACTION) + 1, 4, APPLICATION, "shimx64.efi", 11);
}

static void firmware_then_shim(struct scenario *s)
{
	insert_program(s, "shimx64.efi");
	insert_event(s, scenario_find(s, 4, APPLICATION), 4, APPLICATION, "System_Services.efi", 19);
}

static void foreign_program(struct scenario *s)
{
	insert_program(s, "rootkit.efi");
}

static void foreign_action(struct scenario *s)
{
	insert_program(s, "rootkit.efi");
	scenario_find(s, 4, 0x80000003)->type = 0x80000007; /* a program that calls itself an action */
}

static void boot_retry(struct scenario *s)
{
	insert_program(s, "Calling EFI Application from Boot Option");
	insert_program(s, "Returning from EFI Application from Boot Option");
}

static void no_program(struct scenario *s)
{
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].type == 0x80000003)
			s->events[i].pcr = 8;
}

static const struct lie LIES[] = {
	{"boot entry tried twice", boot_retry, NULL, NULL, {0}, 0, NULL},
	{"Dell: its own application first", dell, NULL, dell_listed, {0}, 0, NULL},
	{"Lenovo: an application of the firmware's volume", lenovo, NULL, lenovo_listed, {0}, 0, NULL},
	{"PFP 1.06: Booting to Boot0001 Option", booting_to, NULL, NULL, {0}, 0, NULL},
	{"PFP 1.06: Booting to Boot00AF", booting_to_short, NULL, NULL, {0}, 0, NULL},
	{"boot attempts omitted", attempts_omitted, NULL, NULL, {0}, 0, NULL},
	{"loader again after the launch", loader_again, NULL, NULL, {0}, 0, NULL},
	{"a driver before the loader", driver, NULL, NULL, {REFUSE_DRIVER}, 17, NULL},
	{"a driver after the separator", driver_later, NULL, NULL, {REFUSE_DRIVER}, 17, NULL},
	{"a driver called a separator", driver_called_separator, NULL, NULL, {REFUSE_DRIVER}, 17, NULL},
	{"loader measured, not run", not_run, NULL, NULL, {REFUSE_LOADER_NOT_RUN}, 18, NULL},
	{"loader returned, another system started", returned, NULL, NULL, {REFUSE_LOADER_NOT_RUN}, 18, NULL},
	{"loader measured, and nothing else", nothing_after, NULL, NULL, {REFUSE_LOADER_NOT_RUN}, 18, "no further"},
	{"a program between loader and mark", marked_late, NULL, NULL, {REFUSE_LOADER_NOT_RUN}, 18, NULL},
	{"the mark before the loader", marked_early, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"a mark by its name only", mark_by_name, NULL, NULL, {REFUSE_LOADER_NOT_RUN}, 18, NULL},
	{"Booting to, another digest", booting_to_program, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"Booting to no boot option", booting_to_nothing, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"Booting to, and more", booting_to_more, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"Dell's application, not listed", dell, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"Lenovo's application, not listed", lenovo, NULL, dell_listed, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"shim started something else first", shim_started_other, NULL, shim_listed, {REFUSE_SHIM_ORDER}, 18, NULL},
	{"shim returned, then the loader", shim_returned, NULL, shim_listed, {REFUSE_SHIM_ORDER}, 18, NULL},
	{"an application of the firmware, then shim", firmware_then_shim, NULL, shim_listed, {0}, 0, NULL},
	{"foreign program before the loader", foreign_program, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"foreign program, called an action", foreign_action, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"no program in PCR 4", no_program, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},
	{"another loader", not_the_loader, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},
};

int main(void)
{
	return run_lies("policy: boot path", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
