/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of cloisterctl share. */
#ifndef CLOISTERCTL_H
#define CLOISTERCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_HYPERVISOR = 3 };

struct arguments {
	const char *device, *command;
	bool json, raw, watch;
};

/* Says what failed, and why. @error: a negative errno */
enum exit_code failed(const char *what, int error);

json_t *json_number(uint64_t value);

/* Prints @root, which may be null, and frees it. */
enum exit_code print_json(json_t *root);

/* show_domains.c */
enum exit_code run_domains(int device, const struct arguments *arguments);

#endif
