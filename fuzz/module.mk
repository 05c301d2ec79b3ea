# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on what the host's module computes of a VMM's words, without the kernel around it.

FUZZ_SOURCES_module = fuzz/module/$*.c fuzz/shared/main.c host/module/$*.c
FUZZ_CFLAGS_module := -iquote host/module

$(eval $(call fuzz_group,module,$(call fuzz_parsers,module)))
