/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tenant's tool: is the host what my policy asks for? */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tenant/commands.h"

static const char HELP[] =
	"usage: cloister verify URL --policy FILE [options]\n"
	"       cloister verify --evidence DIR --policy FILE [options]\n"
	"       cloister enrol URL --roots DIR [options]\n"
	"       cloister hosts list | show HOST | forget HOST\n"
	"       cloister statement FILE\n"
	"       cloister log show FILE\n"
	"       cloister policy new|show|check|sign|diff ...\n"
	"       cloister firmware learn|import|diff ...\n"
	"       cloister verify-guest FILE --host URL|NAME --policy FILE --guest-policy FILE --nonce HEX [options]\n"
	"       cloister guest policy new|show|check|diff ...\n"
	"       cloister guest measure --firmware FILE | --libvirt-xml FILE | --qemu [options] [-- QEMU ARGUMENT...]\n"
	"       cloister guest bind --firmware FILE --kernel FILE --output FILE [options]\n"
	"\n"
	"verify        ask the attestation service at URL for evidence, and judge it by the policy\n"
	"  --policy FILE      what may run there (make reference writes one)\n"
	"  --policy-key PEM   the policy must be signed by this key (FILE.sig)\n"
	"  --any-tpm          a host whose identity is unknown may pass, on that condition\n"
	"  --json             the verdict as JSON\n"
	"  --save DIR         keep the evidence, also for tpm2_checkquote and tpm2_eventlog\n"
	"  --evidence DIR     judge kept evidence again, against the nonce kept with it\n"
	"  --cache DIR        logs that this host sent before, and need not send again (~/.cache/cloister)\n"
	"  --no-cache         keep no logs, and let the host send all of them\n"
	"  --pin sha256//B64  the host's TLS key must have this hash\n"
	"  --cacert FILE      one of these authorities must vouch for the host (optional: the evidence names its key)\n"
	"  --timeout S        give up after S seconds (30)\n"
	"enrol         check that the host's key is in a real TPM, and pin it for the host's name\n"
	"  --name HOST        the host's name; that of its address by default, for verify, too\n"
	"  --roots DIR        certificates of the TPM makers that you trust ('make roots')\n"
	"  --certificates DIR of authorities between them and the TPM, and of TPMs\n"
	"  --crls DIR         revocations, one list for each authority\n"
	"  --store DIR        where enrolled hosts are kept (~/.local/share/cloister/hosts); for verify, hosts, too\n"
	"  --replace          the host has another TPM or key now\n"
	"  --json             the result as JSON\n"
	"hosts         show what is known of hosts, or forget one\n"
	"statement     show a hypervisor's key statement\n"
	"log show      explain any TCG event log in words, and say whether verify reads it\n"
	"policy new    --from FILE --output FILE [--serial N] [--not-before TIME] [--not-after TIME]\n"
	"              [--firmware RULES]... [--firmware-unchecked] [--ak-name HEX]...: fill a policy in\n"
	"policy check  FILE: list what the policy leaves open; show FILE: show it; diff A B: compare two\n"
	"policy sign   FILE --key PEM: write FILE.sig\n"
	"firmware learn   URL|--evidence DIR --model NAME --output RULES [--name HOST] [--store DIR] [--any-tpm]:\n"
	"                 rules of an enrolled machine that you trust now\n"
	"firmware import  FILE --model NAME --output RULES: rules of a systemd-pcrlock component\n"
	"firmware diff    A B: which events of the firmware two logs or folders of evidence do not share\n"
	"verify-guest  judge what a guest got as its quote (FILE), and its host\n"
	"  --host URL|NAME    the guest's host: of its address, logs are fetched that are not kept\n"
	"  --policy FILE      what may run on the host, as for verify\n"
	"  --guest-policy FILE what the guest may be\n"
	"  --nonce HEX        32 bytes that the guest was sent for this\n"
	"  --bound FILE       what the guest bound to its report with the nonce, such as its key\n"
	"  and as for verify: --policy-key, --name, --store, --any-tpm, --json, --cache, --no-cache, --pin, --cacert,\n"
	"  --timeout\n"
	"guest policy new  --name NAME --mrtd HEX --rtmr0 HEX --rtmr1 HEX --rtmr2 HEX --max-vcpus N --output FILE\n"
	"                  [--rtmr3 HEX] [--mrconfigid HEX] [--mrowner HEX] [--mrownerconfig HEX]\n"
	"                  [--cpuid-sha384 HEX] [--xfam HEX] [--allow-debug] [--allow-lazy-acceptance]\n"
	"                  [--allow-removed-pages]\n"
	"guest policy check FILE: list what the policy leaves open; show FILE: show it; diff A B: compare two\n"
	"guest measure     compute what a guest measures, from its files and its VMM's description\n"
	"  --firmware FILE    its firmware; RTMR 0 to 2 are computed where that is guest-shim\n"
	"  --kernel FILE, --initrd FILE, --append TEXT  what the firmware starts\n"
	"  --machine q35|microvm, --memory SIZE  the machine; SIZE as of QEMU's -m\n"
	"  --mrconfigid HEX, --mrowner HEX, --mrownerconfig HEX  what the VMM is given\n"
	"  --libvirt-xml FILE all of it by a domain XML; --qemu: by QEMU's command line, after --\n"
	"  --json             the values as JSON\n"
	"  --name NAME --output FILE [--max-vcpus N]  write a guest policy, too\n"
	"guest bind        --firmware FILE --kernel FILE --output FILE [--initrd FILE] [--append TEXT]:\n"
	"                  a copy of guest-shim that starts nothing else\n"
	"\n"
	"Exit status: 0 trusted; 2 no verdict (usage, own files, policy not in force); 3 conditionally trusted;\n"
	"23 identity unknown, and nothing else wrong; otherwise the first step that refused: 10 transport, 11 format,\n"
	"12 identity, 13 freshness, 14 signature, 15 counters, 16 PCRs, 17 firmware, 18 boot path, 19 hypervisor,\n"
	"20 config, 21 hypervisor key, 22 guest. See cloister(1).\n";

static int say(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? 0 : EXIT_USAGE;
}

static bool wants_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int, char **);
	} commands[] = {{"verify", command_verify},     {"enrol", command_enrol},
			{"hosts", command_hosts},       {"statement", command_statement},
			{"log", command_log},           {"policy", command_policy},
			{"firmware", command_firmware}, {"verify-guest", command_verify_guest},
			{"guest", command_guest}};

	const char *name = argc > 1 ? argv[1] : "";
	if (strcmp(name, "help") == 0 || wants_help(name) || (argc == 3 && wants_help(argv[2])))
		return say(HELP);
	if (strcmp(name, "--version") == 0)
		return say("cloister " CLOISTER_VERSION "\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "cloister: %s%s; try 'cloister --help'\n", name,
		name[0] ? ": no such command"
			: "what shall it do? verify, enrol, hosts, policy, firmware, log, statement, "
			  "verify-guest or guest");
	return EXIT_USAGE;
}
