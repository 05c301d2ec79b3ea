/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/own_qemu.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/encoding.h"

#define ANSWER_MS    60000 /* before its first answer QEMU reads large files, such as firmware */
#define ANSWER_START 4096u
#define ANSWER_MAX   (2u * OWN_QEMU_MEMORY_MAX + 64u)
#define COMMAND_MAX  256u

/* fw_cfg, by DMA: QEMU reads a request from the guest's memory, and writes there. */
#define FW_CFG_DMA_HIGH  0x514u
#define FW_CFG_DMA_LOW   0x518u
#define FW_CFG_DIRECTORY 0x19u
#define FW_CFG_READ      (1u << 1)
#define FW_CFG_SELECT    (1u << 3)
#define FILES_MAX        256u
#define REQUEST_AT       0x1000u
#define DATA_AT          0x100000u

struct fw_cfg_request {
	uint32_t control, bytes;
	uint64_t address;
};

struct fw_cfg_file {
	uint32_t bytes;
	uint16_t key, reserved;
	char name[56];
};
_Static_assert(sizeof(struct fw_cfg_request) == 16 && sizeof(struct fw_cfg_file) == 64, "as QEMU has them");

static const char WIDTH_LETTERS[] = {[1] = 'b', [2] = 'w', [4] = 'l'};

extern char **environ;

static void fail(struct own_qemu *qemu, const char *what, const char *why)
{
	if (!qemu->failed)
		fprintf(stderr, "cloister: the QEMU that --run-qemu starts: %s%s\n", what, why);
	qemu->failed = true;
}

/* QEMU has its end of the socket, and nothing of this program's input and output but where it complains. */
static int spawn(const struct own_qemu_words *words, int end, pid_t *process)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, end, OWN_QEMU_QTEST_FD);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawnp(process, words->word[0], &actions, NULL, words->word, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

bool own_qemu_start(struct own_qemu *qemu, const struct own_qemu_words *words)
{
	int ends[2];

	*qemu = (struct own_qemu){.failed = false};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		fail(qemu, "no socket: ", strerror(errno));
		return false;
	}
	const int error = spawn(words, ends[1], &qemu->process);

	close(ends[1]);
	qemu->socket = ends[0];
	if (!error)
		return true;
	close(ends[0]);
	fail(qemu, "it cannot be started: ", strerror(error));
	return false;
}

void own_qemu_stop(struct own_qemu *qemu)
{
	close(qemu->socket);
	kill(qemu->process, SIGKILL);
	while (waitpid(qemu->process, NULL, 0) < 0 && errno == EINTR)
		;
	free(qemu->answer);
}

static void send_all(struct own_qemu *qemu, const char *text, size_t len)
{
	while (len > 0 && !qemu->failed) {
		const ssize_t sent = send(qemu->socket, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			fail(qemu, "it has ended", "");
			return;
		}
		text += sent;
		len -= (size_t)sent;
	}
}

static bool grow(struct own_qemu *qemu)
{
	const size_t bytes = qemu->answer_bytes ? 2 * qemu->answer_bytes : ANSWER_START;
	char *larger = bytes <= 2 * ANSWER_MAX ? realloc(qemu->answer, bytes) : NULL;

	if (!larger)
		return false;
	qemu->answer = larger;
	qemu->answer_bytes = bytes;
	return true;
}

/* Some more of the answer; 0 if there is none. */
static size_t receive(struct own_qemu *qemu, char *to, size_t room)
{
	struct pollfd wait = {.fd = qemu->socket, .events = POLLIN};
	int ready;
	ssize_t got = -1;

	while ((ready = poll(&wait, 1, ANSWER_MS)) < 0 && errno == EINTR)
		;
	if (ready > 0)
		got = recv(qemu->socket, to, room, 0);
	if (got > 0)
		return (size_t)got;
	fail(qemu, ready == 0 ? "it does not answer" : "it has ended", "");
	return 0;
}

/* One line, without its end. What comes after "OK ", or NULL. */
static const char *answer(struct own_qemu *qemu)
{
	size_t len = 0;

	while (!qemu->failed) {
		if (len + 1 >= qemu->answer_bytes && !grow(qemu)) {
			fail(qemu, "too long an answer", "");
			break;
		}
		len += receive(qemu, qemu->answer + len, qemu->answer_bytes - 1 - len);
		qemu->answer[len] = '\0';
		if (len == 0 || qemu->answer[len - 1] != '\n')
			continue;
		qemu->answer[len - 1] = '\0';
		if (strncmp(qemu->answer, "OK", 2) == 0)
			return qemu->answer[2] == ' ' ? qemu->answer + 3 : qemu->answer + 2;
		fail(qemu, "it refuses a command of qtest: ", qemu->answer);
	}
	return NULL;
}

void own_qemu_out(struct own_qemu *qemu, unsigned width, uint16_t port, uint32_t value)
{
	char command[COMMAND_MAX];
	const int len =
		snprintf(command, sizeof(command), "out%c 0x%x 0x%" PRIx32 "\n", WIDTH_LETTERS[width], port, value);

	send_all(qemu, command, (size_t)len);
	answer(qemu);
}

uint32_t own_qemu_in(struct own_qemu *qemu, unsigned width, uint16_t port)
{
	char command[COMMAND_MAX];
	const int len = snprintf(command, sizeof(command), "in%c 0x%x\n", WIDTH_LETTERS[width], port);

	send_all(qemu, command, (size_t)len);
	const char *said = answer(qemu);

	return said ? (uint32_t)strtoul(said, NULL, 16) : 0;
}

void own_qemu_write(struct own_qemu *qemu, uint64_t address, const void *from, size_t bytes)
{
	char *text = malloc(COMMAND_MAX + 2 * bytes);

	if (!text) {
		fail(qemu, "out of memory", "");
		return;
	}
	const int head = snprintf(text, COMMAND_MAX, "write 0x%" PRIx64 " 0x%zx 0x", address, bytes);

	hex_encode(from, bytes, text + head);
	text[(size_t)head + 2 * bytes] = '\n';
	send_all(qemu, text, (size_t)head + 2 * bytes + 1);
	answer(qemu);
	free(text);
}

void own_qemu_read(struct own_qemu *qemu, uint64_t address, void *to, size_t bytes)
{
	char command[COMMAND_MAX];
	const int len = snprintf(command, sizeof(command), "read 0x%" PRIx64 " 0x%zx\n", address, bytes);

	memset(to, 0, bytes);
	send_all(qemu, command, (size_t)len);
	const char *said = answer(qemu);

	if (said && (strncmp(said, "0x", 2) != 0 || strlen(said) != 2 + 2 * bytes || !hex_decode(said + 2, to, bytes)))
		fail(qemu, "it gives other memory than was asked for", "");
}

static void read_item(struct own_qemu *qemu, uint16_t key, void *to, uint32_t bytes)
{
	const struct fw_cfg_request request = {htobe32((uint32_t)key << 16 | FW_CFG_SELECT | FW_CFG_READ),
					       htobe32(bytes), htobe64(DATA_AT)};

	own_qemu_write(qemu, REQUEST_AT, &request, sizeof(request));
	own_qemu_out(qemu, 4, FW_CFG_DMA_HIGH, 0);
	own_qemu_out(qemu, 4, FW_CFG_DMA_LOW, htobe32(REQUEST_AT));
	own_qemu_read(qemu, DATA_AT, to, bytes);
}

/* False: no file has this name. */
static bool find_file(struct own_qemu *qemu, const char *name, struct fw_cfg_file *file)
{
	struct {
		uint32_t count;
		struct fw_cfg_file file[FILES_MAX];
	} directory;

	read_item(qemu, FW_CFG_DIRECTORY, &directory, sizeof(directory));
	for (uint32_t i = 0; i < be32toh(directory.count) && i < FILES_MAX; i++) {
		*file = directory.file[i];
		if (strncmp(file->name, name, sizeof(file->name)) == 0)
			return true;
	}
	return false;
}

uint8_t *own_qemu_file(struct own_qemu *qemu, const char *name, size_t *bytes)
{
	struct fw_cfg_file file;

	*bytes = 0;
	if (!find_file(qemu, name, &file))
		return NULL;
	const uint32_t size = be32toh(file.bytes);

	if (size == 0 || size > OWN_QEMU_MEMORY_MAX)
		return NULL;
	uint8_t *data = malloc(size);

	if (!data) {
		fail(qemu, "out of memory", "");
		return NULL;
	}
	read_item(qemu, be16toh(file.key), data, size);
	*bytes = size;
	if (!qemu->failed)
		return data;
	free(data);
	return NULL;
}
