/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quote generation service that is wrong. It answers one request after the other as its arguments say.
 *
 *   false_quotes SOCKET ANSWER...
 *
 * noise: no message; endless: a message that says to be as long as can be; short: a head, and then the end; invented: a
 * message with a quote of the service's own; nothing: the end; silent: not even that; a path: what the service there says.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_BYTES 1052u /* with the length before it */

/* All but 'length', which is of what follows, are little endian. */
struct answer {
	uint32_t length;
	uint16_t major, minor;
	uint32_t type, size, error, id_bytes, quote_bytes;
	uint8_t quote[8192];
};

#define HEAD_BYTES   offsetof(struct answer, quote)
#define INVENTED     4000u
#define ANSWER_BYTES (HEAD_BYTES + INVENTED)

static struct answer answer;

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

/* Another service's answer to the request; its bytes. */
static size_t relay(const char *path, const uint8_t request[REQUEST_BYTES])
{
	const struct sockaddr_un address = address_of(path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t have = 0;
	ssize_t got;

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    send(fd, request, REQUEST_BYTES, MSG_NOSIGNAL) != REQUEST_BYTES)
		return perror(path), 0;
	while ((got = read(fd, (uint8_t *)&answer + have, sizeof(answer) - have)) > 0)
		have += (size_t)got;
	close(fd);
	return have;
}

/* The bytes of the answer. */
static size_t make(const char *kind, const uint8_t request[REQUEST_BYTES])
{
	if (kind[0] == '/')
		return relay(kind, request);
	answer = (struct answer){.length = htonl(ANSWER_BYTES - 4),
				 .major = 1,
				 .minor = 1,
				 .type = 1,
				 .size = ANSWER_BYTES - 4,
				 .quote_bytes = INVENTED};
	memset(answer.quote, '{', INVENTED);
	if (strcmp(kind, "noise") == 0)
		memset(&answer, 0xa5, sizeof(answer));
	else if (strcmp(kind, "endless") == 0)
		answer.length = answer.size = answer.quote_bytes = UINT32_MAX;
	else if (strcmp(kind, "short") == 0)
		return HEAD_BYTES;
	else if (strcmp(kind, "invented") != 0)
		return 0;
	return ANSWER_BYTES;
}

static void answer_one(int connection, const char *kind)
{
	uint8_t request[REQUEST_BYTES];
	char more;

	if (recv(connection, request, sizeof(request), MSG_WAITALL) == sizeof(request)) {
		const size_t bytes = make(kind, request);

		(void)!send(connection, &answer, bytes, MSG_NOSIGNAL);
		if (strcmp(kind, "silent") == 0)
			(void)!recv(connection, &more, 1, 0); /* until the other end has had enough */
	}
	close(connection);
}

int main(int argc, char **argv)
{
	const struct sockaddr_un address = address_of(argc > 1 ? argv[1] : "");
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
		return perror("false_quotes"), 1;
	for (int i = 2; i < argc; i++) {
		const int connection = accept(fd, NULL, NULL);

		if (connection < 0)
			return perror("false_quotes"), 1;
		answer_one(connection, argv[i]);
	}
	return 0;
}
