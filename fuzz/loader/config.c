/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloister.conf. */
#include "config.h"
#include "fuzz/shared/harness.h"

#define PROMISE_TERMINATED(field) PROMISE(memchr(config.field, 0, sizeof(config.field)))

void fuzz_one(struct bytes input)
{
	struct config config;
	struct failure failure;

	const bool parsed = config_parse((const char *)input.data, input.len, &config, &failure);
	PROMISE_TERMINATED(image_svm);
	PROMISE_TERMINATED(image_vmx);
	PROMISE_TERMINATED(kernel);
	PROMISE_TERMINATED(initrd);
	PROMISE_TERMINATED(chain);
	PROMISE_TERMINATED(cmdline);
	PROMISE(config.pool_mib % 2 == 0 && config.pool_mib <= 16777216);
	PROMISE(config.serial_port <= 0xfff8 || (!parsed && config.serial_port == CONFIG_SERIAL_UNSAID));
	PROMISE(parsed ||
		(failure.name && failure.what && failure.next && memchr(failure.where, 0, FAILURE_WHERE_BYTES)));
}
