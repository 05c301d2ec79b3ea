/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quotes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tdx/abi.h"
#include "vm.h"

#define GUESTS_MAX   128u
#define DATA_BYTES   64u
#define REPORT_BYTES 1024u
#define ANSWER_MAX   65536u
#define WORDS        (DATA_BYTES / 8)

/* A request to the quote generation service; all but 'length' are little endian. */
struct request {
	uint32_t length; /* of what follows, big endian */
	uint16_t major, minor;
	uint32_t type, size, error, report_bytes, ids_bytes;
	uint8_t report[REPORT_BYTES];
};

/* Before the quote. */
struct answer {
	uint32_t length;
	uint16_t major, minor;
	uint32_t type, size, error, id_bytes, quote_bytes;
};

static uint8_t reports[GUESTS_MAX][REPORT_BYTES];

static bool make_report(const uint8_t data[DATA_BYTES], uint8_t report[REPORT_BYTES])
{
	const struct op rest[] = {
		{OP_TDCALL, {TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA}},
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_COPY, {GUEST_SHARED + HOLE, GUEST_REPORT, REPORT_BYTES}},
	};
	struct op ops[WORDS + sizeof(rest) / sizeof(rest[0])];
	static struct vm vm;

	for (unsigned i = 0; i < WORDS; i++) {
		ops[i] = (struct op){OP_STORE, {GUEST_REPORT_DATA + 8 * i}};
		memcpy(&ops[i].in[1], data + 8 * i, 8);
	}
	memcpy(ops + WORDS, rest, sizeof(rest));
	const bool good = vm_build(&vm, ops, sizeof(ops) / sizeof(ops[0]), 1, SMALL_RAM) &&
			  vm_run(&vm, 0) == KVM_EXIT_HYPERCALL && vm_run_to_end(&vm);

	if (good)
		memcpy(report, vm.ram + HOLE, REPORT_BYTES);
	vm_end(&vm);
	return good;
}

static bool keep(const char *folder, unsigned number, const uint8_t *quote, size_t bytes)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u", folder, number);
	FILE *const file = fopen(path, "w");

	return file && fwrite(quote, 1, bytes, file) == bytes && fclose(file) == 0;
}

static int ask(const char *socket_path, const char *folder, unsigned number)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct request request = {.length = htonl(sizeof(request) - 4),
				  .major = 1,
				  .minor = 1,
				  .size = sizeof(request) - 4,
				  .report_bytes = REPORT_BYTES};
	static uint8_t buffer[ANSWER_MAX];
	struct answer answer;
	size_t have = 0;
	ssize_t got;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	memcpy(request.report, reports[number], REPORT_BYTES);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    write(fd, &request, sizeof(request)) != sizeof(request))
		return perror("quotes"), 1;
	while ((got = read(fd, buffer + have, sizeof(buffer) - have)) > 0)
		have += (size_t)got;
	memcpy(&answer, buffer, sizeof(answer));
	if (have > sizeof(answer) && answer.error == 0)
		return !keep(folder, number, buffer + sizeof(answer), have - sizeof(answer));
	fprintf(stderr, "quotes: guest %u: %zu bytes, error %x, errno %d\n", number, have, answer.error, errno);
	return 1;
}

/* All children wait for the pipe's end. */
static int ask_at_once(const char *socket_path, const char *folder, unsigned count)
{
	unsigned good = 0;
	int start[2], status;
	char byte;

	if (pipe(start) != 0)
		return 1;
	for (unsigned i = 0; i < count; i++) {
		if (fork() == 0) {
			close(start[1]);
			(void)!read(start[0], &byte, 1);
			_exit(ask(socket_path, folder, i));
		}
	}
	close(start[1]);
	while (wait(&status) > 0)
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	printf("quotes: %u of %u\n", good, count);
	return good == count ? 0 : 1;
}

int quotes(const char *socket_path, const char *data, const char *folder)
{
	static uint8_t wanted[GUESTS_MAX][DATA_BYTES];
	FILE *const file = fopen(data, "r");
	const unsigned count = file ? (unsigned)fread(wanted, DATA_BYTES, GUESTS_MAX, file) : 0;

	for (unsigned i = 0; i < count; i++)
		if (!make_report(wanted[i], reports[i]))
			return fprintf(stderr, "quotes: guest %u made no report\n", i), 1;
	return count > 0 ? ask_at_once(socket_path, folder, count) : 1;
}
