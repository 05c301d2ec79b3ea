# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on everything that the verifier reads.

FUZZ_SOURCES_policy = fuzz/policy/$*.c fuzz/shared/main.c fuzz/shared/signatures.c $(POLICY_SOURCES)
FUZZ_LIBS_policy := $(POLICY_LIBS) -Wl,--wrap=p256_verify
FUZZ_ENV_policy := AFL_LLVM_DENYLIST=fuzz/policy/unseen

$(eval $(call fuzz_group,policy,$(call fuzz_parsers,policy)))
