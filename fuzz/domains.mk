# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the host's hypercalls for domains, against their specification.

FUZZ_SOURCES_domains = fuzz/domains/$*.c fuzz/shared/main.c $(wildcard hv/domain/*.c) $(addprefix hv/domain/debug/,compare.c ghost.c) \
	$(addprefix tests/unit/support/,domain_calls.c domain_choices.c domain_host.c ghost_compare.c reports.c) \
	hv/attest/sha384.c hv/machine/features.c hv/machine/ram.c hv/lib/wipe.c
FUZZ_CFLAGS_domains := -ffunction-sections -fno-jump-tables -Wl,--gc-sections,-z,start-stop-gc -include tests/unit/mock/x86.h -Ihv -Ihv/svm
FUZZ_LIBS_domains := -lmbedcrypto

$(eval $(call fuzz_group,domains,$(call fuzz_parsers,domains)))
