/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks an attestd in the host for evidence, with all requests at once, over plain HTTP and loopback: the network of
 * the test bed loses connections when a thousand come together. Every request must be answered: by 200, or by 503
 * with a time after which some of those turned away ask again, until they get theirs.
 *
 *   flood COUNT AGAIN
 *
 * Prints 'flood: N served, N turned away, N wrong; N of N asked again and were served'.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT       8181
#define PATIENCE_S 300
#define LIFE_S     60 /* after which attestd closes a connection, whatever it waits for (attestd(8)) */
#define ATTEMPTS   10
#define BODY                                                             \
	"{\"nonce\": \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\", " \
	"\"channel\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"

static const char REQUEST[] = "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			      "Connection: close\r\nContent-Length: %zu\r\n\r\n" BODY;

struct exchange {
	time_t began;
	bool late; /* closed for its age: only a slow computer sees that */
	size_t sent, got, room;
	char *answer;
};

static char request[sizeof(REQUEST) + 20];

static void begin(struct exchange *x, struct pollfd *p)
{
	const struct sockaddr_in to = {AF_INET, htons(PORT), {htonl(INADDR_LOOPBACK)}, {0}};

	free(x->answer);
	*x = (struct exchange){.began = time(NULL)};
	*p = (struct pollfd){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT};
	if (p->fd < 0 || (connect(p->fd, (const struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)) {
		perror("flood");
		exit(1);
	}
}

/* Sends the rest of the request, then reads the answer as far as it has come; closes the connection at its end. */
static void go_on(struct exchange *x, struct pollfd *p)
{
	if (p->events == POLLOUT) {
		const ssize_t n = send(p->fd, request + x->sent, strlen(request) - x->sent, MSG_NOSIGNAL);
		x->sent += n > 0 ? (size_t)n : 0;
		if (n >= 0 && request[x->sent] != '\0')
			return;
		p->events = POLLIN;
		if (n >= 0)
			return;
	}
	if (x->room - x->got < 4096) {
		x->room = 2 * x->room + 4096;
		x->answer = realloc(x->answer, x->room + 1);
	}
	const ssize_t n = x->answer ? recv(p->fd, x->answer + x->got, x->room - x->got, 0) : -1;
	if (n > 0) {
		x->got += (size_t)n;
		x->answer[x->got] = '\0';
		return;
	}
	x->late = x->got == 0 && time(NULL) - x->began >= LIFE_S;
	close(p->fd);
	p->fd = -1;
}

/* All of them side by side, until each has its answer or the time is over. */
static void ask(struct exchange *x, struct pollfd *p, nfds_t count)
{
	const time_t end = time(NULL) + PATIENCE_S;
	nfds_t open = count;

	for (nfds_t i = 0; i < count; i++)
		begin(&x[i], &p[i]);
	while (open != 0 && time(NULL) < end) {
		poll(p, count, 1000);
		open = 0;
		for (nfds_t i = 0; i < count; i++) {
			if (p[i].fd >= 0 && p[i].revents != 0)
				go_on(&x[i], &p[i]);
			open += p[i].fd >= 0;
		}
	}
	for (nfds_t i = 0; i < count; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
}

/* The status of a whole answer, 0 if it is none that may come; *wait_s is when a 503 wants to be asked again. */
static int status_of(const struct exchange *x, unsigned *wait_s)
{
	const char *text = x->answer ? x->answer : "", *body = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length: "), *retry = strcasestr(text, "\r\nRetry-After: ");
	int status = 0;

	*wait_s = 1;
	if (x->late)
		return 503;
	if (!body || !length || length > body || sscanf(text, "HTTP/1.1 %d ", &status) != 1 ||
	    strtoul(length + 18, NULL, 10) != strlen(body + 4))
		return 0;
	if (status == 200)
		return strstr(body, "\"quote\"") && strstr(body, "\"fresh\"") ? 200 : 0;
	*wait_s = retry && retry < body ? (unsigned)strtoul(retry + 15, NULL, 10) : 0;
	return status == 503 && *wait_s != 0 && strstr(body, "\"code\"") ? 503 : 0;
}

struct count {
	unsigned served, away;
	unsigned wait_s; /* the longest that was asked for */
};

/* Puts those that were turned away first. */
static struct count sort(struct exchange *x, nfds_t count)
{
	struct count c = {0, 0, 0};
	unsigned wait_s;

	for (nfds_t i = 0; i < count; i++) {
		const int status = status_of(&x[i], &wait_s);
		if (status == 0)
			fprintf(stderr, "flood: wrong answer: %.200s\n", x[i].answer ? x[i].answer : "none");
		c.served += status == 200;
		if (status != 503)
			continue;
		const struct exchange away = x[i];
		x[i] = x[c.away];
		x[c.away++] = away;
		c.wait_s = wait_s > c.wait_s ? wait_s : c.wait_s;
	}
	return c;
}

int main(int argc, char **argv)
{
	const nfds_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	const unsigned again = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct exchange *x = calloc(count, sizeof(*x));
	struct pollfd *p = calloc(count, sizeof(*p));
	unsigned later = 0;

	setrlimit(RLIMIT_NOFILE, &(struct rlimit){count + 16, count + 16});
	snprintf(request, sizeof(request), REQUEST, sizeof(BODY) - 1);
	ask(x, p, count);
	const struct count first = sort(x, count);
	const unsigned asked = first.away < again ? first.away : again;
	struct count left = {0, asked, first.wait_s};
	for (unsigned attempt = 0; attempt < ATTEMPTS && left.away != 0; attempt++) {
		sleep(left.wait_s);
		const unsigned asking = left.away;
		ask(x, p, asking);
		left = sort(x, asking);
		later += left.served;
	}
	printf("flood: %u served, %u turned away, %lu wrong; %u of %u asked again and were served\n", first.served,
	       first.away, count - first.served - first.away, later, asked);
	return 0;
}
