/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's domains, for programs: which there are, what each has had, and who runs it. */
#include "domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define GUEST         "guest="
#define CMDLINE_BYTES 65536u

const char *domains_exit_name(enum domain_exit_kind kind)
{
	static const char *const names[DOMAIN_EXIT_KINDS] = {
		[DOMAIN_EXIT_PREEMPTED] = "preempted", [DOMAIN_EXIT_IO] = "io",
		[DOMAIN_EXIT_MMIO] = "mmio",           [DOMAIN_EXIT_IDLE] = "idle",
		[DOMAIN_EXIT_PAGE] = "page",           [DOMAIN_EXIT_TABLE] = "table",
		[DOMAIN_EXIT_MAP_GPA] = "map-gpa",     [DOMAIN_EXIT_GET_QUOTE] = "get-quote",
		[DOMAIN_EXIT_FATAL] = "fatal",         [DOMAIN_EXIT_WAKE] = "wake",
		[DOMAIN_EXIT_DEAD] = "dead",
	};

	return names[kind];
}

const char *domains_state_name(uint32_t state)
{
	static const char *const names[] = {
		[DOMAIN_BUILDING] = "building", [DOMAIN_READY] = "ready", [DOMAIN_STOPPED] = "stopped"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

uint64_t domains_run_us(const struct domain_info *info)
{
	if (info->tsc_khz == 0)
		return 0;
	return info->run_ticks / info->tsc_khz * 1000 + info->run_ticks % info->tsc_khz * 1000 / info->tsc_khz;
}

/* QEMU's option up to its first comma; of two commas the second is a part of the name. */
static void copy_name(const char *option, char name[DOMAIN_NAME_BYTES])
{
	size_t length = 0;

	for (const char *at = option; *at != '\0' && length + 1 < DOMAIN_NAME_BYTES; at++) {
		if (*at == ',' && *++at != ',')
			break;
		name[length++] = (char)(*at < ' ' || *at > '~' ? '?' : *at);
	}
	name[length] = '\0';
}

void domains_name_of(const char *arguments, size_t bytes, char name[DOMAIN_NAME_BYTES])
{
	const char *const end = arguments + bytes;
	bool named = false;

	name[0] = '\0';
	for (const char *at = arguments; at < end; at += strnlen(at, (size_t)(end - at)) + 1) {
		if (memchr(at, '\0', (size_t)(end - at)) == NULL)
			return; /* cut off */
		if (named)
			return copy_name(strncmp(at, GUEST, strlen(GUEST)) == 0 ? at + strlen(GUEST) : at, name);
		named = strcmp(at, "-name") == 0 || strcmp(at, "--name") == 0;
	}
}

static void read_name(pid_t process, char name[DOMAIN_NAME_BYTES])
{
	char *const arguments = malloc(CMDLINE_BYTES);
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)process);
	file = arguments ? fopen(path, "re") : NULL;
	if (file) {
		domains_name_of(arguments, fread(arguments, 1, CMDLINE_BYTES, file), name);
		fclose(file);
	}
	free(arguments);
}

void domains_find_vmms(int device, struct domains *domains)
{
	for (size_t i = 0; i < domains->count; i++) {
		struct known_domain *const domain = &domains->domain[i];
		const pid_t process = device_vmm(device, domain->info.domain);

		if (process <= 0)
			continue;
		domain->vmm = process;
		read_name(process, domain->name);
	}
}

/* One that has gone since it was listed is passed over. */
static int add(int device, uint32_t number, struct domains *domains)
{
	struct known_domain *const room = reallocarray(domains->domain, domains->count + 1, sizeof(*domains->domain));
	struct domain_info *info;
	int error;

	if (!room)
		return -ENOMEM;
	domains->domain = room;
	room[domains->count] = (struct known_domain){.vmm = 0};
	info = &room[domains->count].info;
	error = device_read_page(device, HV_OBJECT_DOMAIN, number, info, sizeof(*info));
	if (error)
		return error == -ENOENT ? 0 : error;
	if (info->version != 2 || info->bytes != sizeof(*info) || info->domain != number)
		return -EPROTO;
	domains->count++;
	return 0;
}

static int add_listed(int device, struct domains *domains)
{
	struct domain_list list = {.next = 0};
	uint32_t from;
	int error;

	do {
		from = list.next;
		error = device_read_page(device, HV_OBJECT_DOMAINS, from, &list, sizeof(list));
		if (error)
			return error;
		if (list.version != 1 || list.bytes != sizeof(list) || list.count > DOMAIN_LIST_MAX ||
		    (list.next != 0 && list.next <= from))
			return -EPROTO;
		for (uint32_t i = 0; !error && i < list.count; i++)
			error = add(device, list.domain[i], domains);
	} while (!error && list.next != 0);
	return error;
}

int domains_read(int device, struct domains *domains)
{
	int error;

	*domains = (struct domains){.count = 0};
	error = add_listed(device, domains);
	if (error)
		domains_free(domains);
	return error;
}

void domains_free(struct domains *domains)
{
	free(domains->domain);
	*domains = (struct domains){.count = 0};
}
