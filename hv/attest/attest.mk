# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor's key and its foundations: our attest/ and lib/, and mbedTLS from Debian's source package
# under our own configuration. One archive, from which the linker takes what is referred to.

HV_ATTEST := $(OUT)/hv/attest.a

HV_ATTEST_INCLUDES := -I. -Ihv -Iinclude -Ihv/lib/include -isystem hv/attest -isystem hv/attest/shim \
	-isystem $(MBEDTLS)/include -isystem $(MBEDTLS)/3rdparty/p256-m/p256-m
HV_ATTEST_DEFINES := -DMBEDTLS_CONFIG_FILE='"hv/attest/mbedtls_config.h"'

# General-purpose registers only, no red zone: this code runs between two guests' instructions.
HV_ATTEST_CFLAGS := -std=gnu17 -Os -ffreestanding -fPIE -mcmodel=small -fvisibility=hidden \
	-mgeneral-regs-only -mno-red-zone -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns $(HV_NO_INDIRECT) -fcallgraph-info=su \
	-MD -MP $(REPRODUCIBLE) $(HV_ATTEST_INCLUDES)

HV_ATTEST_OWN := $(wildcard hv/attest/*.c hv/lib/*.c)
HV_ATTEST_MBEDTLS := sha256 sha512 md hmac_drbg p256-m
HV_ATTEST_OBJECTS := $(HV_ATTEST_OWN:%.c=$(OUT)/%.o) $(HV_ATTEST_MBEDTLS:%=$(OUT)/hv/mbedtls/%.o)

# SHA-384 is not in the configuration: inside it, md.c would refer to it, and every image would carry it.
$(OUT)/hv/mbedtls/sha512.o: HV_ATTEST_DEFINES += -DMBEDTLS_SHA384_C
# x86-64 multiplies in constant time, so p256-m may use the CPU's 32x32->64 instruction.
$(OUT)/hv/mbedtls/p256-m.o: HV_ATTEST_DEFINES += -DMUL64_IS_CONSTANT_TIME

hv_attest_cc = gcc $(HV_ATTEST_CFLAGS) $(HV_ATTEST_DEFINES)
MBEDTLS_WARNINGS := -Wall -Wextra -Werror

$(OUT)/hv/attest/%.o: hv/attest/%.c hv/attest/attest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(hv_attest_cc) $(WARNINGS) -c $< -o $@

$(OUT)/hv/lib/%.o: hv/lib/%.c hv/attest/attest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(hv_attest_cc) $(WARNINGS) -c $< -o $@

$(OUT)/hv/mbedtls/%.o: $(MBEDTLS)/library/%.c hv/attest/attest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(hv_attest_cc) $(MBEDTLS_WARNINGS) -c $< -o $@

$(OUT)/hv/mbedtls/%.o: $(MBEDTLS)/3rdparty/p256-m/p256-m/%.c hv/attest/attest.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(hv_attest_cc) $(MBEDTLS_WARNINGS) -c $< -o $@

$(HV_ATTEST): $(HV_ATTEST_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $^

all: $(HV_ATTEST)

-include $(HV_ATTEST_OBJECTS:.o=.d)
