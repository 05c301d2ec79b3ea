/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's command line: words that end with a NUL each; the guest that they describe, and the owner's QEMU. */
#include <stdlib.h>

#include "fuzz/shared/harness.h"
#include "policy/own_qemu_words.h"
#include "policy/qemu_words.h"
#include "policy/shim_measure.h"

#define WORDS_MAX 64u

static bool ends_within(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static void check_setup(const struct guest_setup *setup)
{
	struct parse_error error;

	PROMISE(ends_within(setup->firmware, sizeof(setup->firmware)) &&
		ends_within(setup->kernel, sizeof(setup->kernel)) &&
		ends_within(setup->initrd, sizeof(setup->initrd)) &&
		ends_within(setup->command_line, sizeof(setup->command_line)) &&
		ends_within(setup->machine, sizeof(setup->machine)) &&
		ends_within(setup->tdx_guest, sizeof(setup->tdx_guest)));
	PROMISE(setup->ram_bytes % 8192 == 0);
	if (!guest_setup_check(setup, &error)) {
		PROMISE(error.where[0] != '\0' && error.what[0] != '\0');
		return;
	}
	PROMISE(setup->firmware[0] != '\0' && setup->tdx_guest[0] != '\0');
	PROMISE(strcmp(setup->tdx_guest, setup->guest_support) == 0);
	PROMISE(setup->kernel[0] != '\0' || (setup->initrd[0] == '\0' && setup->command_line[0] == '\0'));
}

/* The owner's QEMU does not run. */
static void check_own(size_t count, const char *const *words)
{
	static struct own_qemu_words own;
	struct parse_error error = {.where = ""};
	bool stopped = false;

	if (!own_qemu_words_make(count, words, "fw", &own, &error)) {
		PROMISE(error.what[0] != '\0' && own.count == 0);
		return;
	}
	for (size_t i = 0; i < own.count; i++)
		stopped = stopped || strcmp(own.word[i], "-S") == 0;
	PROMISE(stopped && own.count <= OWN_QEMU_WORDS_MAX && own.word[own.count] == NULL);
	own_qemu_words_free(&own);
}

/* Each word lies in memory of its length, so a read past its end is seen. */
void fuzz_one(struct bytes input)
{
	static struct guest_setup setup;
	struct parse_error error = {.where = ""};
	char *words[WORDS_MAX];
	size_t count = 0;

	for (size_t at = 0; at < input.len && count < WORDS_MAX; at += strlen(words[count++]) + 1)
		words[count] = strndup((const char *)input.data + at, input.len - at);
	setup = (struct guest_setup){.ram_bytes = 0};
	check_own(count, (const char *const *)words);
	if (qemu_words_read(count, (const char *const *)words, &setup, &error))
		check_setup(&setup);
	else
		PROMISE(error.where[0] != '\0' && error.what[0] != '\0');
	for (size_t i = 0; i < count; i++)
		free(words[i]);
}
