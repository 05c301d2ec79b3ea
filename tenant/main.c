/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tenant's tool: is the host what my policy asks for? */
#include <stdio.h>
#include <string.h>

#include "tenant/commands.h"

static const char HELP[] =
	"usage: cloister verify URL --policy FILE [options]\n"
	"       cloister verify --evidence DIR --policy FILE [options]\n"
	"       cloister statement FILE\n"
	"       cloister explain-log FILE\n"
	"\n"
	"verify        ask the attestation service at URL for evidence, and judge it by the policy\n"
	"  --policy FILE      what may run there (make reference writes one)\n"
	"  --policy-key PEM   the policy must be signed by this key (FILE.sig)\n"
	"  --json             the verdict as JSON\n"
	"  --save DIR         keep the evidence, also for tpm2_checkquote and tpm2_eventlog\n"
	"  --evidence DIR     judge kept evidence again, against the nonce kept with it\n"
	"  --channel HEX      32 bytes that name the channel that the host's key shall be used on\n"
	"  --timeout S        give up after S seconds (30)\n"
	"statement     show a hypervisor's key statement\n"
	"explain-log   show a TCG event log or a launch log\n"
	"\n"
	"Exit status: 0 trusted; 2 wrong usage or own files unreadable; otherwise the first step that refused: 10 transport,\n"
	"11 format, 12 identity, 13 freshness, 14 signature, 15 counters, 16 PCRs, 17 firmware, 18 boot path,\n"
	"19 hypervisor, 20 config, 21 hypervisor key. See cloister(1).\n";

static int say(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? 0 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int, char **);
	} commands[] = {
		{"verify", command_verify}, {"statement", command_statement}, {"explain-log", command_explain_log}};

	const char *name = argc > 1 ? argv[1] : "";
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return say(HELP);
	if (strcmp(name, "--version") == 0)
		return say("cloister " CLOISTER_VERSION "\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "cloister: %s: no such command; try 'cloister --help'\n", name[0] ? name : "(none)");
	return EXIT_USAGE;
}
