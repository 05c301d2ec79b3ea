/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key statement and the fresh answer. */
#include <cloister/boot_info.h>

#include "fuzz/shared/harness.h"
#include "policy/statement.h"

void fuzz_one(struct bytes input)
{
	struct hk_statement statement;
	struct hk_fresh fresh;

	if (hk_statement_parse(input, &statement)) {
		PROMISE(input.len == sizeof(statement));
		PROMISE(!(statement.flags & ~HK_FLAG_ALL));
		PROMISE(statement.cpu_count >= 1 && statement.cpu_count <= BOOT_MAX_CPUS);
		hk_verify(&statement, input);
	}
	if (hk_fresh_parse(input, &fresh))
		PROMISE(input.len == sizeof(fresh) && (fresh.flags & ~HK_FLAG_ALL) == 0 && fresh.pool_mib < 1u << 24);
}
