/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister statement' and 'cloister explain-log': single files, in words. */
#include <stdio.h>

#include "policy/encoding.h"
#include "policy/hk.h"
#include "tenant/commands.h"
#include "tenant/file.h"

#define LOG_MAX_BYTES (4u << 20)

static void print_hex(const char *name, const void *data, size_t len)
{
	char text[2 * 64 + 1];

	hex_encode(data, len, text);
	printf("%-16s%s\n", name, text);
}

static void print_statement(const struct hk_statement *s)
{
	static const char *const flags[] = {"debug", "dma-required", "dma-present", "amd", "weak-binding", "no-tpm"};
	char dma[HK_DMA_TEXT];

	printf("%-16s%u.%u.%u (svn %u)\n", "hypervisor", s->hv_version >> 16, s->hv_version >> 8 & 0xff,
	       s->hv_version & 0xff, s->svn);
	printf("%-16s", "flags");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (s->flags & 1u << i)
			printf("%s ", flags[i]);
	printf("\n%-16s%u\n", "CPUs", s->cpu_count);
	hk_dma_text(s->dma_protections, dma);
	printf("%-16s%u, devices are kept from: %s\n", "DMA units", s->dma_units, dma);
	printf("%-16s%u, %u\n", "TPM counters", s->tpm_reset_count, s->tpm_restart_count);
	print_hex("image SHA-256", s->image_sha256, sizeof(s->image_sha256));
	print_hex("config SHA-256", s->config_sha256, sizeof(s->config_sha256));
	print_hex("boot id", s->boot_id, sizeof(s->boot_id));
	print_hex("key", s->hk_public, sizeof(s->hk_public));
}

/* The one argument, or NULL after a complaint. */
static const char *only_argument(int argc, char **argv)
{
	if (argc == 2 && argv[1][0] != '-')
		return argv[1];
	fprintf(stderr, "usage: cloister %s FILE\n", argv[0]);
	return NULL;
}

int command_statement(int argc, char **argv)
{
	struct hk_statement statement;
	struct file file;
	const char *path = only_argument(argc, argv);

	if (!path || !file_read(path, sizeof(statement), &file))
		return EXIT_USAGE;
	const bool parsed = hk_statement_parse(file_bytes(&file), &statement);
	const bool valid = parsed && hk_verify(&statement, file_bytes(&file)) == P256_VALID;
	if (parsed)
		print_statement(&statement);
	else
		fprintf(stderr, "cloister: %s: not a key statement of version %u\n", path, HK_STATEMENT_VERSION);
	if (parsed)
		printf("%-16s%s\n", "signature",
		       valid ? "valid; only PCR 19 of a quote says whose it is" : "NOT VALID");
	file_free(&file);
	return valid ? 0 : EXIT_USAGE;
}

static void print_events(const struct tcg_log *log)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	char name[160], digest[2 * SHA256_BYTES + 1];

	printf("%5s %3s  %-64s  %s\n", "event", "PCR", "SHA-256", "type, description (not measured)");
	while (tcg_log_next(&cursor, &event)) {
		hex_encode(event.sha256.bytes, SHA256_BYTES, digest);
		tcg_event_name(&event, name, sizeof(name));
		if (event.type == EV_NO_ACTION)
			printf("%5u   -  %-64s  %s\n", event.index, "extends nothing", name);
		else
			printf("%5u %3u  %s  %s\n", event.index, event.pcr, digest, name);
	}
}

int command_explain_log(int argc, char **argv)
{
	struct tcg_log log;
	struct file file;
	uint32_t where;
	const char *path = only_argument(argc, argv);

	if (!path || !file_read(path, LOG_MAX_BYTES, &file))
		return EXIT_USAGE;
	const enum tcg_log_result result = tcg_log_open(file_bytes(&file), &log, &where);
	if (result == TCG_LOG_OK)
		print_events(&log);
	else
		fprintf(stderr, "cloister: %s: event %u: %s\n", path, where, tcg_log_result_text(result));
	file_free(&file);
	return result == TCG_LOG_OK ? 0 : EXIT_USAGE;
}
