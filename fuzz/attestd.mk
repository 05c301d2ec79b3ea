# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on what anybody may send to attestd.

FUZZ_ATTESTD := request
FUZZ_ATTESTD_OUT := $(OUT)/fuzz/attestd
FUZZ_ATTESTD_SOURCES := fuzz/policy/main.c $(addprefix host/attestd/,request.c encode.c failure.c)

$(eval $(call fuzz_group,attestd,$(FUZZ_ATTESTD)))

$(FUZZ_ATTESTD_OUT)/%: fuzz/attestd/%.c fuzz/promise.h fuzz/policy/harness.h $(FUZZ_ATTESTD_SOURCES) $(wildcard host/attestd/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -Ihost/attestd -o $@ $< $(FUZZ_ATTESTD_SOURCES) -ljansson -lcrypto
