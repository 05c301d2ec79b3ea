# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on everything that the verifier reads.

FUZZ_POLICY := log tpm hypervisor evidence policy authenticode certificates identity
FUZZ_POLICY_OUT := $(OUT)/fuzz/policy
FUZZ_POLICY_SOURCES := fuzz/policy/main.c policy/reference/authenticode.c $(POLICY_SOURCES)
# Undefined behaviour traps; the libraries' reads past an input, which ASan does not see, hit a guard page (main.c).
# -Wno-shorten-64-to-32: a macro of AFL++ itself.
FUZZ_POLICY_CFLAGS := -std=gnu17 -O1 -g -D_GNU_SOURCE -fsanitize=undefined -fsanitize-trap=undefined $(WARNINGS) \
	-Wno-gnu -Wno-shorten-64-to-32 -Iinclude -I.

$(eval $(call fuzz_group,policy,$(FUZZ_POLICY)))

$(FUZZ_POLICY_OUT)/%: fuzz/policy/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_POLICY_SOURCES) $(wildcard policy/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -o $@ $< $(FUZZ_POLICY_SOURCES) \
		$(POLICY_LIBS)
