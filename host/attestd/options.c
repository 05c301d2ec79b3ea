/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attestd's command line. */
#include "options.h"

#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define LISTEN_DEFAULT  "127.0.0.1:8180"
#define TCTI_DEFAULT    "device:/dev/tpmrm0"
#define TCG_LOG_DEFAULT "/sys/kernel/security/tpm0/binary_bios_measurements"
#define TIMEOUT_DEFAULT 20u
#define TIMEOUT_MAX     300u

static const char usage[] =
	"usage: attestd [OPTION]...\n"
	"Hands out evidence of how this host was started: TPM quotes, event logs, the hypervisor's signatures.\n"
	"\n"
	"  --listen ADDRESS:PORT  where to listen (" LISTEN_DEFAULT "); [ADDRESS]:PORT for IPv6; port 0: any free one\n"
	"  --tcti NAME            the TPM, as tpm2-tss names it (" TCTI_DEFAULT ")\n"
	"  --ek TYPE              the endorsement key: rsa, ecc, or auto: the one that has a certificate (auto)\n"
	"  --ek-certificates FILE certificates in DER, one after the other, beside those in the TPM\n"
	"  --device PATH          the hypervisor (" DEVICE_DEFAULT ")\n"
	"  --tcg-log PATH         the firmware's event log\n"
	"                         (" TCG_LOG_DEFAULT ")\n"
	"  --guest-quotes PATH    a Unix socket: the quote generation service of protected guests, for QEMU\n"
	"  --timeout SECONDS      how long a request may wait for the TPM, 1 to 300 (20)\n"
	"  --tls-key FILE         the TLS key, PEM, instead of one that is made at each start\n"
	"  --tls-cert FILE        its certificate and those that prove it, PEM\n"
	"  --plain-http           no TLS: evidence is then not bound to the connection\n"
	"  --help, --version\n";

/* Splits at the last colon; brackets around the address go away. */
static bool split(const char *text, char *address, size_t capacity, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return false;
	}
	if (length == 0 || length >= capacity)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	*port = colon + 1;
	return true;
}

static bool is_port(const char *text)
{
	const size_t length = strlen(text);

	return length >= 1 && length <= 5 && strspn(text, "0123456789") == length && atoi(text) <= 65535;
}

bool options_listen(const char *text, struct options *options)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	const char *port;
	char address[64];

	if (!split(text, address, sizeof(address), &port) || !is_port(port) ||
	    getaddrinfo(address, port, &hints, &found) != 0)
		return false;
	memcpy(&options->listen, found->ai_addr, found->ai_addrlen);
	options->listen_bytes = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool set_timeout(const char *text, struct options *options)
{
	char *end;
	const unsigned long seconds = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || seconds < 1 || seconds > TIMEOUT_MAX)
		return false;
	options->timeout_s = (unsigned)seconds;
	return true;
}

static bool set_ek(const char *text, struct options *options)
{
	static const char *const names[] = {[TPM_EK_CERTIFIED] = "auto", [TPM_EK_ECC] = "ecc", [TPM_EK_RSA] = "rsa"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			options->tpm.ek = i;
			return true;
		}
	}
	return false;
}

static enum options_result wrong(const char *what, const char *value)
{
	fprintf(stderr, "attestd: %s: '%s'; see attestd --help\n", what, value);
	return OPTIONS_WRONG;
}

/* One option; OPTIONS_RUN to go on. */
static enum options_result apply(int option, const char *value, struct options *options)
{
	switch (option) {
	case 'l':
		return options_listen(value, options) ? OPTIONS_RUN : wrong("--listen needs ADDRESS:PORT", value);
	case 't':
		options->tpm.tcti = value;
		return OPTIONS_RUN;
	case 'e':
		return set_ek(value, options) ? OPTIONS_RUN : wrong("--ek needs rsa, ecc or auto", value);
	case 'c':
		options->tpm.certificates = value;
		return OPTIONS_RUN;
	case 'd':
		options->sources.device = value;
		return OPTIONS_RUN;
	case 'g':
		options->sources.tcg_log = value;
		return OPTIONS_RUN;
	case 'G':
		options->guest_quotes = value;
		return OPTIONS_RUN;
	case 's':
		return set_timeout(value, options) ? OPTIONS_RUN : wrong("--timeout needs 1 to 300 seconds", value);
	case 'K':
		options->tls_key = value;
		return OPTIONS_RUN;
	case 'X':
		options->tls_cert = value;
		return OPTIONS_RUN;
	case 'P':
		options->plain_http = true;
		return OPTIONS_RUN;
	case 'h':
		fputs(usage, stdout);
		return OPTIONS_DONE;
	case 'v':
		puts("attestd " CLOISTER_VERSION);
		return OPTIONS_DONE;
	default:
		fputs("see attestd --help\n", stderr);
		return OPTIONS_WRONG;
	}
}

static enum options_result consistent(const struct options *options)
{
	if (!options->tls_key != !options->tls_cert)
		return wrong("--tls-key and --tls-cert need each other",
			     options->tls_key ? options->tls_key : options->tls_cert);
	if (options->tls_key && options->plain_http)
		return wrong("--plain-http takes no key", options->tls_key);
	return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{"listen", required_argument, NULL, 'l'},
		{"tcti", required_argument, NULL, 't'},
		{"device", required_argument, NULL, 'd'},
		{"tcg-log", required_argument, NULL, 'g'},
		{"guest-quotes", required_argument, NULL, 'G'},
		{"timeout", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{"ek", required_argument, NULL, 'e'},
		{"ek-certificates", required_argument, NULL, 'c'},
		{"tls-key", required_argument, NULL, 'K'},
		{"tls-cert", required_argument, NULL, 'X'},
		{"plain-http", no_argument, NULL, 'P'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	enum options_result result = OPTIONS_RUN;
	int option;

	*options = (struct options){.tpm.tcti = TCTI_DEFAULT,
				    .sources = {.tcg_log = TCG_LOG_DEFAULT, .device = DEVICE_DEFAULT},
				    .timeout_s = TIMEOUT_DEFAULT};
	if (!options_listen(LISTEN_DEFAULT, options))
		return wrong("the default address cannot be used", LISTEN_DEFAULT);
	while (result == OPTIONS_RUN && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		result = apply(option, optarg, options);
	if (result == OPTIONS_RUN && optind < argc)
		return wrong("not an option", argv[optind]);
	return result == OPTIONS_RUN ? consistent(options) : result;
}
