# SPDX-License-Identifier: GPL-2.0-or-later
# hv/attest and hv/lib on the host, with the hypervisor's own mbedTLS configuration; what they make is checked by OpenSSL.

ATTEST_UNIT := $(OUT)/tests/unit/attest
ATTEST_UNIT_CFLAGS = $(UNIT_CFLAGS) -std=gnu17 -I. -Ihv -isystem hv/attest -isystem $(MBEDTLS)/include \
	-isystem $(MBEDTLS)/3rdparty/p256-m/p256-m $(HV_ATTEST_DEFINES) -MD -MP
ATTEST_UNIT_PROGRAMS := hk drbg entropy lib
# The library's functions keep out of the C library's way.
ATTEST_UNIT_RENAME := $(foreach f,memcpy memmove memset memcmp strlen,-D$(f)=hv_$(f)) -fno-builtin

UNIT_TESTS += $(ATTEST_UNIT_PROGRAMS:%=$(OUT)/tests/unit/attest_%)

attest_unit_objects = $(patsubst %,$(ATTEST_UNIT)/%.o,$(1))

$(OUT)/tests/unit/attest_hk: $(call attest_unit_objects,attest_hk hk drbg wipe sha256 md hmac_drbg p256-m)
$(OUT)/tests/unit/attest_drbg: $(call attest_unit_objects,attest_drbg wipe sha256 sha512 md hmac_drbg)
$(OUT)/tests/unit/attest_entropy: $(call attest_unit_objects,attest_entropy entropy)
$(OUT)/tests/unit/attest_lib: $(call attest_unit_objects,attest_lib string wipe)

$(ATTEST_UNIT_PROGRAMS:%=$(OUT)/tests/unit/attest_%):
	$(call say,LD,$@)
	$(Q)gcc $(UNIT_CFLAGS) $^ -o $@ $(UNIT_LIBS) -lcrypto

$(call attest_unit_objects,sha512 attest_drbg): ATTEST_UNIT_CFLAGS += -DMBEDTLS_SHA384_C
$(call attest_unit_objects,p256-m): ATTEST_UNIT_CFLAGS += -DMUL64_IS_CONSTANT_TIME
$(call attest_unit_objects,string attest_lib): ATTEST_UNIT_CFLAGS += -Ihv/lib/include $(ATTEST_UNIT_RENAME)

define attest_unit_rule
$(ATTEST_UNIT)/%.o: $(1)/%.c tests/unit/attest.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(ATTEST_UNIT_CFLAGS) -c $$< -o $$@
endef
$(foreach folder,tests/unit hv/attest hv/lib $(MBEDTLS)/library $(MBEDTLS)/3rdparty/p256-m/p256-m,\
	$(eval $(call attest_unit_rule,$(folder))))

-include $(wildcard $(ATTEST_UNIT)/*.d)
