# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of the verifier library, compiled from its sources with the sanitisers.

POLICY_TESTS := $(patsubst tests/unit/policy/%.c,$(OUT)/tests/unit/policy_%,\
	$(filter-out tests/unit/policy/builder.c tests/unit/policy/lie.c,$(wildcard tests/unit/policy/*.c)))
POLICY_TEST_OBJECTS := $(POLICY_SOURCES:policy/%.c=$(OUT)/tests/unit/policy/%.o) $(OUT)/tests/unit/policy/builder.o \
	$(OUT)/tests/unit/policy/lie.o
UNIT_TESTS += $(POLICY_TESTS)

$(OUT)/tests/unit/policy/%.o: policy/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(UNIT_CFLAGS) -I. -Itests/unit/policy -MMD -MP -c -o $@ $<

$(OUT)/tests/unit/policy/%.o: tests/unit/policy/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(UNIT_CFLAGS) -I. -Itests/unit/policy -MMD -MP -c -o $@ $<

$(OUT)/tests/unit/policy_%: tests/unit/policy/%.c $(POLICY_TEST_OBJECTS)
	$(call say,TEST,$@)
	$(Q)gcc $(UNIT_CFLAGS) -I. -Itests/unit/policy -MMD -MP -MF $@.d -o $@ $< $(POLICY_TEST_OBJECTS) $(UNIT_LIBS) \
		$(POLICY_LIBS) -lmbedcrypto

-include $(POLICY_TEST_OBJECTS:.o=.d) $(POLICY_TESTS:=.d)
