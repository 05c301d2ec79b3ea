/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister statement': a hypervisor's key statement in words. */
#include <stdio.h>

#include "policy/encoding.h"
#include "policy/statement.h"
#include "policy/statement_words.h"
#include "tenant/commands.h"
#include "tenant/file.h"

static void print_hex(const char *name, const void *data, size_t len)
{
	char text[2 * 64 + 1];

	hex_encode(data, len, text);
	printf("%-16s%s\n", name, text);
}

static void print_statement(const struct hk_statement *s)
{
	char flags[HK_FLAGS_TEXT], dma[HK_DMA_TEXT];

	printf("%-16s%u.%u.%u (svn %u)\n", "hypervisor", s->hv_version >> 16, s->hv_version >> 8 & 0xff,
	       s->hv_version & 0xff, s->svn);
	hk_flags_text(s->flags, flags);
	printf("%-16s%s\n%-16s%u\n", "flags", flags, "CPUs", s->cpu_count);
	hk_dma_text(s->dma_protections, dma);
	printf("%-16s%u, DMA blocked to: %s\n", "DMA units", s->dma_units, dma);
	printf("%-16s%u, %u\n", "TPM counters", s->tpm_reset_count, s->tpm_restart_count);
	print_hex("image SHA-256", s->image_sha256, sizeof(s->image_sha256));
	print_hex("config SHA-256", s->config_sha256, sizeof(s->config_sha256));
	print_hex("boot id", s->boot_id, sizeof(s->boot_id));
	print_hex("key", s->hk_public, sizeof(s->hk_public));
}

int command_statement(int argc, char **argv)
{
	struct hk_statement statement;
	struct file file;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: cloister statement FILE\n");
		return EXIT_USAGE;
	}
	if (!file_read(argv[1], sizeof(statement), &file))
		return EXIT_USAGE;
	const bool parsed = hk_statement_parse(file_bytes(&file), &statement);
	const bool valid = parsed && hk_verify(&statement, file_bytes(&file)) == P256_VALID;
	if (parsed)
		print_statement(&statement);
	else
		fprintf(stderr, "cloister: %s: not a key statement of version %u\n", argv[1], HK_STATEMENT_VERSION);
	if (parsed)
		printf("%-16s%s\n", "signature",
		       valid ? "valid; only PCR 19 of a quote says whose it is" : "NOT VALID");
	file_free(&file);
	return valid ? 0 : EXIT_USAGE;
}
