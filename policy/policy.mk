# SPDX-License-Identifier: GPL-2.0-or-later
# The verifier library: used by the tenant's tool, by 'make reference', by tests and fuzzers.

POLICY_CFLAGS := $(CFLAGS_USER) -I.
POLICY_LIBS := -ljansson -lcrypto -lexpat
POLICY_SOURCES := $(sort $(wildcard policy/*.c))
POLICY_OBJECTS := $(POLICY_SOURCES:policy/%.c=$(OUT)/policy/%.o)
POLICY_LIBRARY := $(OUT)/policy/libpolicy.a

$(OUT)/policy/%.o: policy/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(POLICY_CFLAGS) -MMD -MP -c -o $@ $<

$(POLICY_LIBRARY): $(POLICY_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $^

all: $(POLICY_LIBRARY)

-include $(POLICY_OBJECTS:.o=.d)
