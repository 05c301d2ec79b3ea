# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on everything that the verifier reads.

FUZZ_POLICY := log tpm hypervisor evidence judge policy authenticode certificates identity
FUZZ_POLICY_OUT := $(OUT)/fuzz/policy
FUZZ_POLICY_SOURCES := fuzz/policy/main.c fuzz/policy/signatures.c tenant/reference/authenticode.c $(POLICY_SOURCES)
# The libraries' reads past an input, which ASan does not see, hit a guard page (main.c).
FUZZ_POLICY_CFLAGS := -std=gnu17 -g -D_GNU_SOURCE $(WARNINGS) $(FUZZ_NO_WARNINGS) -Iinclude -I.

$(eval $(call fuzz_group,policy,$(FUZZ_POLICY)))

$(FUZZ_POLICY_OUT)/%: fuzz/policy/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_POLICY_SOURCES) $(wildcard policy/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)AFL_LLVM_DENYLIST=fuzz/policy/unseen $(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -o $@ $< $(FUZZ_POLICY_SOURCES) \
		$(POLICY_LIBS) -Wl,--wrap=p256_verify
