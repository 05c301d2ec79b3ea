/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloisterctl: shows the hypervisor's reports about itself. See cloisterctl(8). */
#include "cloisterctl.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

#define OBJECT_MAX (1u << 20)

static const char usage[] =
	"usage: cloisterctl [--device PATH] COMMAND\n"
	"\n"
	"  stats [--json]             exits by reason, CPUs, memory\n"
	"  domains [--json | --watch] protected guests: state, memory, CPU time, exits\n"
	"  statement [--raw]          the statement that the hypervisor signed at boot\n"
	"  console                    the hypervisor's own messages\n"
	"  log                        the launch log, in the TCG's binary format, for tpm2_eventlog\n"
	"\n"
	"  --device PATH              the hypervisor (" DEVICE_DEFAULT ")\n"
	"  --help, --version\n";

#define EXIT_TEXT(name, text) [name] = (text),
static const char *const exit_text[HV_EXIT_KINDS] = {HV_EXITS(EXIT_TEXT)};

enum exit_code failed(const char *what, int error)
{
	if (error == -ENODEV) {
		fprintf(stderr,
			"cloisterctl: %s: the hypervisor is gone: the machine was suspended and resumed without it; "
			"boot it again, through Cloister's loader\n",
			what);
		return EXIT_NO_HYPERVISOR;
	}
	fprintf(stderr, "cloisterctl: %s: %s\n", what, strerror(-error));
	return EXIT_FAILED;
}

static void print_hex(const char *name, const uint8_t *data, size_t bytes)
{
	printf("%-15s ", name);
	for (size_t i = 0; i < bytes; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

static enum exit_code stats_text(const struct hv_stats *stats)
{
	printf("uptime          %" PRIu64 ".%06" PRIu64 " s\n", stats->uptime_us / 1000000, stats->uptime_us % 1000000);
	printf("CPUs            %" PRIu32 " in control, %" PRIu32 " parked\n", stats->cpus_in_control,
	       stats->cpus_parked);
	printf("memory          %" PRIu64 " KiB, guest pool %" PRIu64 " KiB\n", stats->region_bytes / 1024,
	       stats->pool_bytes / 1024);
	printf("DMA remapping   %" PRIu32 " units, %" PRIu64 " refused accesses, %" PRIu32
	       " times more than recorded\n",
	       stats->iommu_units, stats->refused_dma, stats->lost_dma);
	for (size_t i = 0; i < HV_EXIT_KINDS; i++)
		printf("exits %-20s %" PRIu64 "\n", exit_text[i], stats->exits[i]);
	return EXIT_DONE;
}

json_t *json_number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

enum exit_code print_json(json_t *root)
{
	const bool ok = root && json_dumpf(root, stdout, JSON_INDENT(1)) == 0 && putchar('\n') != EOF;

	json_decref(root);
	return ok ? EXIT_DONE : failed("writing JSON", -ENOMEM);
}

static enum exit_code stats_json(const struct hv_stats *stats)
{
	json_t *exits = json_object();

	for (size_t i = 0; i < HV_EXIT_KINDS; i++)
		json_object_set_new(exits, exit_text[i], json_number(stats->exits[i]));
	return print_json(json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "uptime_us", json_number(stats->uptime_us),
		"cpus_in_control", json_number(stats->cpus_in_control), "cpus_parked", json_number(stats->cpus_parked),
		"region_bytes", json_number(stats->region_bytes), "pool_bytes", json_number(stats->pool_bytes),
		"iommu_units", json_number(stats->iommu_units), "refused_dma", json_number(stats->refused_dma),
		"lost_dma", json_number(stats->lost_dma), "exits", exits));
}

static enum exit_code run_stats(int device, const struct arguments *arguments)
{
	struct hv_stats stats;
	const int error = device_stats(device, &stats);

	if (error)
		return failed("statistics", error);
	return arguments->json ? stats_json(&stats) : stats_text(&stats);
}

static void print_flags(uint32_t flags)
{
#define HK_FLAG_ROW(flag, name) {flag, name},
	static const struct {
		uint32_t flag;
		const char *name;
	} rows[] = {HK_FLAGS(HK_FLAG_ROW)};
#undef HK_FLAG_ROW

	printf("%-15s 0x%" PRIx32, "flags", flags);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (flags & rows[i].flag)
			printf(" %s", rows[i].name);
	putchar('\n');
}

static void print_dma(uint32_t units, uint32_t protections)
{
#define HK_DMA_NAME(name, text) [name] = text,
	static const char *const names[] = {HK_DMA_PROTECTIONS(HK_DMA_NAME)};
#undef HK_DMA_NAME

	printf("%-15s %" PRIu32 "%s", "DMA units", units, units != 0 ? ", DMA blocked to:" : "");
	for (size_t i = 0; i < HK_DMA_COUNT; i++)
		if (protections >> i & 1)
			printf(" %s", names[i]);
	putchar('\n');
}

static void print_statement(const struct hk_statement *statement)
{
	const uint32_t version = statement->hv_version;

	printf("%-15s %" PRIu32 ".%" PRIu32 ".%" PRIu32 ", SVN %" PRIu32 "\n", "hypervisor", version >> 16,
	       version >> 8 & 0xff, version & 0xff, statement->svn);
	print_hex("image sha256", statement->image_sha256, sizeof(statement->image_sha256));
	print_hex("config sha256", statement->config_sha256, sizeof(statement->config_sha256));
	print_hex("boot id", statement->boot_id, sizeof(statement->boot_id));
	print_hex("key", statement->hk_public, sizeof(statement->hk_public));
	print_flags(statement->flags);
	printf("%-15s %" PRIu32 "\n", "CPUs", statement->cpu_count);
	print_dma(statement->dma_units, statement->dma_protections);
	printf("%-15s %" PRIu32 " resets, %" PRIu32 " restarts\n", "TPM", statement->tpm_reset_count,
	       statement->tpm_restart_count);
}

static enum exit_code run_statement(int device, const struct arguments *arguments)
{
	struct hk_statement statement;
	const int error = device_read_exactly(device, HV_OBJECT_STATEMENT, &statement, sizeof(statement));

	if (error)
		return failed("key statement", error);
	if (arguments->raw)
		return fwrite(&statement, sizeof(statement), 1, stdout) == 1 ? EXIT_DONE : failed("writing", -errno);
	print_statement(&statement);
	return EXIT_DONE;
}

/* Copies an object to standard output. @text: bytes that a terminal could take for commands become '?' */
static enum exit_code copy_object(int device, enum hv_object object, const char *what, bool text)
{
	uint8_t *data = malloc(OBJECT_MAX);
	const ssize_t length = data ? device_read(device, object, data, OBJECT_MAX) : -ENOMEM;
	enum exit_code code = length < 0 ? failed(what, (int)length) : EXIT_DONE;

	for (ssize_t i = 0; text && i < length; i++)
		if (data[i] != '\n' && data[i] != '\t' && (data[i] < ' ' || data[i] > '~'))
			data[i] = '?';
	if (length > 0 && fwrite(data, (size_t)length, 1, stdout) != 1)
		code = failed("writing", -errno);
	free(data);
	return code;
}

static enum exit_code run_console(int device, const struct arguments *arguments)
{
	(void)arguments;
	return copy_object(device, HV_OBJECT_CONSOLE, "console", true);
}

static enum exit_code run_log(int device, const struct arguments *arguments)
{
	(void)arguments;
	if (isatty(STDOUT_FILENO)) {
		fputs("cloisterctl: the log is binary: send it to a file, or to tpm2_eventlog /dev/stdin\n", stderr);
		return EXIT_USAGE;
	}
	return copy_object(device, HV_OBJECT_LOG, "launch log", false);
}

static const struct command {
	const char *name;
	enum exit_code (*run)(int device, const struct arguments *arguments);
	bool json, raw, watch; /* options that it takes */
} commands[] = {
	{"stats", run_stats, true, false, false},
	{"domains", run_domains, true, false, true},
	{"statement", run_statement, false, true, false},
	{"console", run_console, false, false, false},
	{"log", run_log, false, false, false},
};

static const struct command *find_command(const struct arguments *arguments)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (arguments->command && strcmp(arguments->command, commands[i].name) == 0 &&
		    commands[i].json >= arguments->json && commands[i].raw >= arguments->raw &&
		    commands[i].watch >= arguments->watch && !(arguments->json && arguments->watch))
			return &commands[i];
	return NULL;
}

static enum exit_code run(const struct command *command, const struct arguments *arguments)
{
	const int device = device_open(arguments->device);
	enum exit_code code;

	if (device == -ENOENT) {
		fprintf(stderr, "cloisterctl: %s is missing: Cloister does not run here, or its module is not loaded\n",
			arguments->device);
		return EXIT_NO_HYPERVISOR;
	}
	if (device < 0)
		return failed(arguments->device, device);
	code = command->run(device, arguments);
	close(device);
	if (fflush(stdout) != 0)
		return failed("writing", -errno);
	return code;
}

/* Parses the command line into 'arguments'. Returns false, with the exit code, if there is nothing to run. */
static bool parse(int argc, char **argv, struct arguments *arguments, enum exit_code *code)
{
	static const struct option known[] = {
		{"device", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"raw", no_argument, NULL, 'r'},
		{"watch", no_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'd':
			arguments->device = optarg;
			break;
		case 'j':
			arguments->json = true;
			break;
		case 'r':
			arguments->raw = true;
			break;
		case 'w':
			arguments->watch = true;
			break;
		default:
			*code = option == '?' ? EXIT_USAGE : EXIT_DONE;
			if (option == 'v')
				puts("cloisterctl " CLOISTER_VERSION);
			else
				fputs(usage, option == '?' ? stderr : stdout);
			return false;
		}
	}
	arguments->command = optind == argc - 1 ? argv[optind] : NULL;
	return true;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.device = DEVICE_DEFAULT};
	const struct command *command;
	enum exit_code code;

	if (!parse(argc, argv, &arguments, &code))
		return code;
	command = find_command(&arguments);
	if (!command) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return run(command, &arguments);
}
