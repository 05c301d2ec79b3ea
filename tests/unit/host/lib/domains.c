/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: host/lib/device.c */
/* wraps: ioctl */
/* Domains as programs see them, on a hypervisor that this test plays: ioctl(2) is its border. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cloister_ioctl.h"
#include "domains.h"

#define DEVICE  77
#define DOMAINS 200u

/* A pool in which each tenth page is a domain; a look ends after so many of them, or at the end of a list. */
static struct {
	uint32_t count, per_look, gone, busy;
	void (*change)(struct domain_list *list);
	uint32_t info_version, info_bytes;
	unsigned looks;
	pid_t vmm;
} hypervisor;

int __wrap_ioctl(int device, unsigned long command, void *argument);

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int play_list(const struct cloister_read *request)
{
	struct domain_list list = {.version = 1, .bytes = sizeof(list)};
	uint32_t number = (uint32_t)(request->page + 9) / 10;

	hypervisor.looks++;
	for (; number < hypervisor.count && list.count < hypervisor.per_look; number++)
		list.domain[list.count++] = number * 10;
	list.next = number < hypervisor.count ? number * 10 - 3 : 0;
	if (hypervisor.change)
		hypervisor.change(&list);
	memcpy((void *)(uintptr_t)request->buffer, &list, sizeof(list));
	return sizeof(list);
}

static int play_info(const struct cloister_read *request)
{
	const struct domain_info info = {.version = hypervisor.info_version,
					 .bytes = hypervisor.info_bytes,
					 .domain = (uint32_t)request->page,
					 .run_ticks = request->page};

	if (request->page == hypervisor.gone)
		return refuse(ENOENT);
	if (request->page == hypervisor.busy)
		return refuse(EBUSY);
	memcpy((void *)(uintptr_t)request->buffer, &info, sizeof(info));
	return sizeof(info);
}

int __wrap_ioctl(int device, unsigned long command, void *argument)
{
	const struct cloister_read *const request = argument;

	assert_int_equal(device, DEVICE);
	if (command == CLOISTER_VMM)
		return hypervisor.vmm != 0 ? hypervisor.vmm : refuse(ENOENT);
	assert_int_equal(command, CLOISTER_READ);
	assert_int_equal(request->offset, 0);
	return request->object == HV_OBJECT_DOMAINS ? play_list(request) : play_info(request);
}

static int reset(void **state)
{
	(void)state;
	memset(&hypervisor, 0, sizeof(hypervisor));
	hypervisor.per_look = DOMAIN_LIST_MAX;
	hypervisor.gone = hypervisor.busy = UINT32_MAX;
	hypervisor.info_version = 2;
	hypervisor.info_bytes = sizeof(struct domain_info);
	return 0;
}

static void all_are_read_look_by_look(void **state)
{
	static const uint32_t counts[] = {0, 1, DOMAIN_LIST_MAX, DOMAIN_LIST_MAX + 1, DOMAINS};
	static const uint32_t per_look[] = {1, 7, DOMAIN_LIST_MAX};
	struct domains domains;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (size_t k = 0; k < sizeof(per_look) / sizeof(per_look[0]); k++) {
			hypervisor.count = counts[i];
			hypervisor.per_look = per_look[k];
			assert_int_equal(domains_read(DEVICE, &domains), 0);
			assert_int_equal(domains.count, counts[i]);
			for (uint32_t at = 0; at < counts[i]; at++)
				assert_int_equal(domains.domain[at].info.domain, at * 10);
			domains_free(&domains);
		}
	}
}

static void one_that_goes_meanwhile_is_left_out(void **state)
{
	struct domains domains;

	(void)state;
	hypervisor.count = 3;
	hypervisor.gone = 10;
	assert_int_equal(domains_read(DEVICE, &domains), 0);
	assert_int_equal(domains.count, 2);
	assert_int_equal(domains.domain[1].info.domain, 20);
	domains_free(&domains);
	hypervisor.gone = UINT32_MAX;
	hypervisor.busy = 10;
	assert_int_equal(domains_read(DEVICE, &domains), -EBUSY);
	assert_null(domains.domain);
}

static void too_many(struct domain_list *list)
{
	list->count = DOMAIN_LIST_MAX + 1;
}

static void backwards(struct domain_list *list)
{
	list->next = hypervisor.looks == 1 ? 100 : 100 - hypervisor.looks;
}

static void no_progress(struct domain_list *list)
{
	list->next = 100;
}

static void another_version(struct domain_list *list)
{
	list->version = 2;
}

static void another_size(struct domain_list *list)
{
	list->bytes--;
}

static void answers_that_make_no_sense_are_errors(void **state)
{
	static void (*const changes[])(struct domain_list *) = {too_many, backwards, no_progress, another_version,
								another_size};
	struct domains domains;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		reset(state);
		hypervisor.count = 2;
		hypervisor.change = changes[i];
		assert_int_equal(domains_read(DEVICE, &domains), -EPROTO);
	}
	reset(state);
	hypervisor.count = 1;
	hypervisor.info_version = 1;
	assert_int_equal(domains_read(DEVICE, &domains), -EPROTO);
	reset(state);
	hypervisor.count = 1;
	hypervisor.info_bytes--;
	assert_int_equal(domains_read(DEVICE, &domains), -EPROTO);
}

static void a_vmm_is_known_or_not(void **state)
{
	struct domains domains;

	(void)state;
	hypervisor.count = 1;
	assert_int_equal(domains_read(DEVICE, &domains), 0);
	domains_find_vmms(DEVICE, &domains);
	assert_int_equal(domains.domain[0].vmm, 0);
	assert_string_equal(domains.domain[0].name, "");
	domains_free(&domains);
	hypervisor.vmm = getpid(); /* whose command line has no name */
	assert_int_equal(domains_read(DEVICE, &domains), 0);
	domains_find_vmms(DEVICE, &domains);
	assert_int_equal(domains.domain[0].vmm, getpid());
	assert_string_equal(domains.domain[0].name, "");
	domains_free(&domains);
}

static void names_are_qemus(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
		const char *name;
	} lines[] = {
#define LINE(text, name) {text, sizeof(text) - 1, name}
		LINE("qemu\0-name\0guest=debian,debug-threads=on\0-S\0", "debian"),
		LINE("qemu\0-name\0plain\0", "plain"),
		LINE("qemu\0--name\0guest=two,,commas,x\0", "two,commas"),
		LINE("qemu\0-name\0guest=\033[2J\n\0", "?[2J?"),
		LINE("qemu\0-name\0guest=cut off", ""),
		LINE("qemu\0-name\0", ""),
		LINE("qemu\0-name", ""),
		LINE("qemu\0-names\0guest=no\0", ""),
		LINE("", ""),
#undef LINE
	};
	char longest[300] = "q\0-name\0", name[DOMAIN_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		domains_name_of(lines[i].text, lines[i].bytes, name);
		assert_string_equal(name, lines[i].name);
	}
	memset(longest + 8, 'x', sizeof(longest) - 9);
	domains_name_of(longest, sizeof(longest), name);
	assert_int_equal(strlen(name), DOMAIN_NAME_BYTES - 1);
}

static void each_kind_and_state_has_a_name(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < DOMAIN_EXIT_KINDS; kind++) {
		assert_non_null(domains_exit_name(kind));
		for (unsigned other = 0; other < kind; other++)
			assert_string_not_equal(domains_exit_name(kind), domains_exit_name(other));
	}
	assert_string_equal(domains_state_name(DOMAIN_STOPPED), "stopped");
	assert_string_equal(domains_state_name(DOMAIN_STOPPED + 1), "unknown");
}

static void time_is_by_the_tsc(void **state)
{
	const struct domain_info info = {.run_ticks = 5000000500, .tsc_khz = 2500000}, stranger = {.run_ticks = 1},
				 old = {.run_ticks = UINT64_MAX, .tsc_khz = 1000};

	(void)state;
	assert_int_equal(domains_run_us(&info), 2000000);
	assert_int_equal(domains_run_us(&stranger), 0);
	assert_int_equal(domains_run_us(&old), UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_read_look_by_look),
		TEST(one_that_goes_meanwhile_is_left_out),
		TEST(answers_that_make_no_sense_are_errors),
		TEST(a_vmm_is_known_or_not),
		TEST(names_are_qemus),
		TEST(each_kind_and_state_has_a_name),
		TEST(time_is_by_the_tsc),
	};

	return cmocka_run_group_tests_name("host_lib_domains", tests, NULL, NULL);
}
