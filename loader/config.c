/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parser of cloister.conf. The keys are data: one row each. */
#include "config.h"

#include <string.h>

/* The limits are in messages of failure.h, too. */
_Static_assert(CONFIG_MAX_BYTES == 12288 && CONFIG_MAX_LINES == 96 && CONFIG_LINE_BYTES == 2112, "limits in failure.h");

#define FILE_NAME "cloister.conf"

enum kind { KIND_PATH, KIND_TEXT, KIND_CHOICE, KIND_POOL_MIB, KIND_PORT };

#define CHOICES_MAX 3

struct key {
	const char *name;
	enum kind kind;
	size_t offset;                    /* of the value in struct config */
	const char *choices[CHOICES_MAX]; /* KIND_CHOICE: the value is the index */
};

#define AT(field) offsetof(struct config, field)
static const struct key keys[] = {
	{"image_svm", KIND_PATH, AT(image_svm), {0}},
	{"image_vmx", KIND_PATH, AT(image_vmx), {0}},
	{"pool_mib", KIND_POOL_MIB, AT(pool_mib), {0}},
	{"tpm_binding", KIND_CHOICE, AT(tpm_binding), {"strong", "weak"}},
	{"require_tpm", KIND_CHOICE, AT(require_tpm), {"no", "yes"}},
	{"require_iommu", KIND_CHOICE, AT(require_iommu), {"no", "yes"}},
	{"sleep", KIND_CHOICE, AT(sleep), {"refuse", "allow"}},
	{"pci_ports", KIND_CHOICE, AT(pci_ports), {"hidden", "shown"}},
	{"allow_preboot", KIND_CHOICE, AT(allow_preboot), {"no", "yes"}},
	{"serial", KIND_PORT, AT(serial_port), {0}},
	{"x2apic_opt_out", KIND_CHOICE, AT(x2apic_opt_out), {"override", "refuse"}},
	{"on_error", KIND_CHOICE, AT(on_error), {"stop", "continue"}},
	{"on_crash", KIND_CHOICE, AT(on_crash), {"reset", "stop"}},
	{"boot", KIND_CHOICE, AT(boot), {"kernel", "loader", "firmware"}},
	{"kernel", KIND_PATH, AT(kernel), {0}},
	{"initrd", KIND_PATH, AT(initrd), {0}},
	{"cmdline", KIND_TEXT, AT(cmdline), {0}},
	{"chain", KIND_PATH, AT(chain), {0}},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

#define POOL_MIB_MAX 16777214u /* less than 2^32 pages */
#define PORT_MAX     0xfff8u   /* a 16550 has eight registers */

/* The parser's position, and the line cut into key and value, both terminated. */
struct line {
	unsigned int number;
	char text[CONFIG_LINE_BYTES + 1];
	char *key;
	char *value;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	while (is_blank(*text))
		text++;
	size_t length = strlen(text);
	while (length && is_blank(text[length - 1]))
		text[--length] = '\0';
	return text;
}

static bool fail_at(struct failure *failure, enum loader_error error, const struct line *line, const char *expected)
{
	return fail(failure, error, FILE_NAME ", line %u, key '%s': expected %s", line->number, line->key, expected);
}

static bool parse_path(const struct line *line, char *to, struct failure *failure)
{
	const size_t length = strlen(line->value);

	if (line->value[0] != '\\' || length < 2 || length >= CONFIG_PATH_BYTES || strchr(line->value, '/'))
		return fail_at(failure, LOADER_E_CONFIG_PATH, line, "a path such as \\EFI\\cloister\\hv-svm.elf");
	memcpy(to, line->value, length + 1);
	return true;
}

static bool parse_text(const struct line *line, char *to, struct failure *failure)
{
	const size_t length = strlen(line->value);

	if (length >= CONFIG_TEXT_BYTES)
		return fail_at(failure, LOADER_E_CONFIG_LONG, line, "at most 2047 bytes");
	memcpy(to, line->value, length + 1);
	return true;
}

static bool parse_choice(const struct line *line, const struct key *key, uint32_t *to, struct failure *failure)
{
	for (uint32_t i = 0; i < CHOICES_MAX && key->choices[i]; i++) {
		if (!strcmp(line->value, key->choices[i])) {
			*to = i;
			return true;
		}
	}
	return fail(failure, LOADER_E_CONFIG_CHOICE, FILE_NAME ", line %u, key '%s': expected %s, %s%s%s", line->number,
		    key->name, key->choices[0], key->choices[1], key->choices[2] ? ", " : "",
		    key->choices[2] ? key->choices[2] : "");
}

/* Value of a digit, or 'base' and above for what is none. */
static uint32_t digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint32_t)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (uint32_t)(c - 'A') + 10;
	return UINT32_MAX;
}

static bool parse_number(const char *text, uint32_t base, uint32_t max, uint32_t *to)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		const uint32_t digit = digit_value(*text);
		if (digit >= base)
			return false;
		value = value * base + digit;
		if (value > max)
			return false;
	}
	*to = (uint32_t)value;
	return true;
}

static bool parse_pool_mib(const struct line *line, uint32_t *to, struct failure *failure)
{
	uint32_t value = 0;

	if (!parse_number(line->value, 10, POOL_MIB_MAX, &value) || value % 2)
		return fail_at(failure, LOADER_E_CONFIG_NUMBER, line, "an even number from 0 to 16777214");
	*to = value;
	return true;
}

static bool parse_port(const struct line *line, uint32_t *to, struct failure *failure)
{
	uint32_t value = 0;

	if (strcmp(line->value, "none") &&
	    (strncmp(line->value, "0x", 2) || !parse_number(line->value + 2, 16, PORT_MAX, &value) || !value))
		return fail_at(failure, LOADER_E_CONFIG_NUMBER, line, "none, or a port such as 0x3f8");
	*to = value;
	return true;
}

static bool parse_value(const struct line *line, const struct key *key, struct config *config, struct failure *failure)
{
	void *to = (char *)config + key->offset;

	switch (key->kind) {
	case KIND_PATH:
		return parse_path(line, to, failure);
	case KIND_TEXT:
		return parse_text(line, to, failure);
	case KIND_CHOICE:
		return parse_choice(line, key, to, failure);
	case KIND_POOL_MIB:
		return parse_pool_mib(line, to, failure);
	case KIND_PORT:
		break;
	}
	return parse_port(line, to, failure);
}

static bool find_key(const struct line *line, size_t *index, struct failure *failure)
{
	for (*index = 0; *index < KEY_COUNT; ++*index) {
		if (!strcmp(line->key, keys[*index].name))
			return true;
	}
	return fail(failure, LOADER_E_CONFIG_KEY, FILE_NAME ", line %u, key '%s'", line->number, line->key);
}

static bool parse_line(struct line *line, uint32_t *seen, struct config *config, struct failure *failure)
{
	size_t index;

	line->key = trim(line->text);
	if (!*line->key || *line->key == '#')
		return true;
	line->value = strchr(line->key, '=');
	if (!line->value || line->value == line->key)
		return fail(failure, LOADER_E_CONFIG_SYNTAX, FILE_NAME ", line %u: '%s'", line->number, line->key);
	*line->value++ = '\0';
	line->key = trim(line->key);
	line->value = trim(line->value);
	if (!find_key(line, &index, failure))
		return false;
	if (!*line->value)
		return fail(failure, LOADER_E_CONFIG_SYNTAX, FILE_NAME ", line %u, key '%s': the value is empty",
			    line->number, line->key);
	if (*seen & 1u << index)
		return fail(failure, LOADER_E_CONFIG_DUPLICATE, FILE_NAME ", line %u, key '%s'", line->number,
			    line->key);
	*seen |= 1u << index;
	return parse_value(line, &keys[index], config, failure);
}

/* Copies the next line without its end; *at moves past it. */
static bool take_line(const char *text, size_t bytes, size_t *at, struct line *line, struct failure *failure)
{
	const char *start = text + *at;
	const char *end = memchr(start, '\n', bytes - *at);
	size_t length = end ? (size_t)(end - start) : bytes - *at;

	*at += length + (end ? 1 : 0);
	if (end && length && start[length - 1] == '\r')
		length--;
	if (++line->number > CONFIG_MAX_LINES)
		return fail(failure, LOADER_E_CONFIG_LINES, FILE_NAME ", line %u", line->number);
	if (length > CONFIG_LINE_BYTES)
		return fail(failure, LOADER_E_CONFIG_LONG, FILE_NAME ", line %u", line->number);
	for (size_t i = 0; i < length; i++) {
		if ((start[i] < ' ' || start[i] > '~') && start[i] != '\t')
			return fail(failure, LOADER_E_CONFIG_ASCII, FILE_NAME ", line %u, column %lu", line->number,
				    i + 1);
	}
	memcpy(line->text, start, length);
	line->text[length] = '\0';
	return true;
}

void config_default(struct config *config)
{
	static const struct config defaults = {
		.image_svm = "\\EFI\\cloister\\hv-svm.elf",
		.image_vmx = "\\EFI\\cloister\\hv-vmx.elf",
		.require_tpm = 1,
		.require_iommu = 1,
		.serial_port = CONFIG_SERIAL_UNSAID,
		.boot = CONFIG_BOOT_FIRMWARE,
	};

	*config = defaults;
}

static bool has_word(const char *text, const char *word)
{
	const size_t length = strlen(word);

	while (*text) {
		const char *const start = text;

		while (*text && !is_blank(*text))
			text++;
		if ((size_t)(text - start) == length && !memcmp(start, word, length))
			return true;
		while (is_blank(*text))
			text++;
	}
	return false;
}

/* With these Linux panics before it could say why, on every machine that it finds in x2APIC. */
static bool cmdline_sane(const char *cmdline, struct failure *failure)
{
	static const char *const refused[] = {"nolapic", "disableapic"};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (has_word(cmdline, refused[i]))
			return fail(failure, LOADER_E_CONFIG_CMDLINE, FILE_NAME ", key 'cmdline': %s", refused[i]);
	}
	return true;
}

bool config_parse(const char *text, size_t bytes, struct config *config, struct failure *failure)
{
	struct line line = {0};
	uint32_t seen = 0;

	config_default(config);
	if (bytes > CONFIG_MAX_BYTES)
		return fail(failure, LOADER_E_FILE_SIZE, FILE_NAME ", %lu bytes", bytes);
	for (size_t at = 0; at < bytes;) {
		if (!take_line(text, bytes, &at, &line, failure) || !parse_line(&line, &seen, config, failure))
			return false;
	}
	if (config->serial_port == CONFIG_SERIAL_UNSAID)
		config->serial_port = 0;
	if (config->boot == CONFIG_BOOT_KERNEL && !*config->kernel)
		return fail(failure, LOADER_E_CONFIG_NEEDS, FILE_NAME ", key 'kernel', for boot = kernel");
	if (config->boot == CONFIG_BOOT_LOADER && !*config->chain)
		return fail(failure, LOADER_E_CONFIG_NEEDS, FILE_NAME ", key 'chain', for boot = loader");
	return cmdline_sane(config->cmdline, failure);
}
