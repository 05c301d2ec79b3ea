/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quotes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
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
#define SHARED_BYTES 0x4000u
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

/* What guest and VMM share: a head, and behind it the report, then the quote (Guest-Host Communication Interface, 3.3). */
struct shared {
	uint64_t version, status;
	uint32_t in_bytes, out_bytes;
	uint8_t data[SHARED_BYTES - 24];
};

static struct vm vm;

/* A guest that makes a report with the data, and asks its VMM for a quote of it. */
static bool build(const uint8_t data[DATA_BYTES])
{
	const struct op rest[] = {
		{OP_TDCALL, {TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA}},
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, SHARED_BYTES),
		{OP_COPY, {GUEST_SHARED + HOLE + offsetof(struct shared, data), GUEST_REPORT, REPORT_BYTES}},
		VMCALL(0, VMCALL_GET_QUOTE, HOLE | shared_bit, SHARED_BYTES),
	};
	struct op ops[WORDS + sizeof(rest) / sizeof(rest[0])];

	for (unsigned i = 0; i < WORDS; i++) {
		ops[i] = (struct op){OP_STORE, {GUEST_REPORT_DATA + 8 * i}};
		memcpy(&ops[i].in[1], data + 8 * i, 8);
	}
	memcpy(ops + WORDS, rest, sizeof(rest));
	return vm_build(&vm, ops, sizeof(ops) / sizeof(ops[0]), 1, SMALL_RAM);
}

/* Up to the guest's question. */
static bool run_to_question(void)
{
	const struct exit_tdx *const exit = (void *)&vm.run[0]->hw;

	return vm_run(&vm, 0) == KVM_EXIT_HYPERCALL && vm_run(&vm, 0) == EXIT_TDX && exit->number == TDX_GET_QUOTE &&
	       exit->gpa == HOLE && exit->bytes == SHARED_BYTES;
}

static bool keep(const char *folder, unsigned number, const uint8_t *quote, size_t bytes)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u", folder, number);
	FILE *const file = fopen(path, "w");

	return file && fwrite(quote, 1, bytes, file) == bytes && fclose(file) == 0;
}

/* What the service answers to the guest's report; its bytes, or 0. */
static size_t ask(const char *socket_path, const struct shared *shared, uint8_t quote[ANSWER_MAX])
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
	memcpy(request.report, shared->data, REPORT_BYTES);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    write(fd, &request, sizeof(request)) != sizeof(request))
		return perror("quotes"), 0;
	while ((got = read(fd, buffer + have, sizeof(buffer) - have)) > 0)
		have += (size_t)got;
	memcpy(&answer, buffer, sizeof(answer));
	if (have > sizeof(answer) && answer.error == 0) {
		memcpy(quote, buffer + sizeof(answer), have - sizeof(answer));
		return have - sizeof(answer);
	}
	fprintf(stderr, "quotes: %zu bytes, error %x, errno %d\n", have, answer.error, errno);
	return 0;
}

/* One guest from its begin to its end. It says when it is about to ask, and goes on when all others are there, too. */
static int guest(const char *socket_path, const char *folder, unsigned number, const uint8_t *data, int ready,
		 int start)
{
	static uint8_t quote[ANSWER_MAX];
	struct exit_tdx *exit;
	size_t bytes;
	char byte = 0;

	if (!build(data) || !run_to_question() || write(ready, &byte, 1) != 1)
		return fprintf(stderr, "quotes: guest %u does not ask\n", number), 1;
	close(ready); /* where another one fails, nobody waits for it */
	(void)!read(start, &byte, 1);
	bytes = ask(socket_path, (const struct shared *)(vm.ram + HOLE), quote);
	exit = (void *)&vm.run[0]->hw;
	exit->result = bytes > 0 ? 0 : TDX_NOT_SUPPORTED;
	return !(bytes > 0 && vm_run_to_end(&vm) && keep(folder, number, quote, bytes));
}

/* Waits for as many guests as are to ask; how many do. */
static unsigned wait_ready(int ready, unsigned count)
{
	unsigned asking = 0;
	char byte;

	while (asking < count && read(ready, &byte, 1) == 1)
		asking++;
	return asking;
}

int quotes(const char *socket_path, const char *data, const char *folder)
{
	static uint8_t wanted[GUESTS_MAX][DATA_BYTES];
	FILE *const file = fopen(data, "r");
	const unsigned count = file ? (unsigned)fread(wanted, DATA_BYTES, GUESTS_MAX, file) : 0;
	unsigned good = 0, asking;
	int ready[2], start[2], status;

	if (count == 0 || pipe(ready) != 0 || pipe(start) != 0)
		return perror("quotes"), 1;
	for (unsigned i = 0; i < count; i++) {
		if (fork() == 0) {
			close(ready[0]);
			close(start[1]);
			_exit(guest(socket_path, folder, i, wanted[i], ready[1], start[0]));
		}
	}
	close(ready[1]);
	asking = wait_ready(ready[0], count);
	close(start[1]);
	while (wait(&status) > 0)
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	printf("quotes: %u guests at once, %u quotes of %u\n", asking, good, count);
	return asking == count && good == count ? 0 : 1;
}
