/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 7 and 8: what ran before the loader. */
#include <stdlib.h>

#include "lie.h"

static void insert_program(struct scenario *s, const char *name)
{
	struct event *loader = scenario_find(s, 4, 0x80000003);
	const size_t at = (size_t)(loader - s->events);

	scenario_event(s, 4, 0x80000003, name, strlen(name));
	const struct event made = s->events[s->event_count - 1];
	memmove(loader + 1, loader, (s->event_count - 1 - at) * sizeof(*loader));
	*loader = made;
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
	{"foreign program before the loader", foreign_program, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"foreign program, called an action", foreign_action, NULL, NULL, {REFUSE_FOREIGN_PROGRAM}, 18, NULL},
	{"no program in PCR 4", no_program, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},
	{"another loader", not_the_loader, NULL, NULL, {REFUSE_LOADER_MISSING}, 18, NULL},
};

int main(void)
{
	return run_lies("policy: boot path", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
