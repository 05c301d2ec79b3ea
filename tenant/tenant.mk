# SPDX-License-Identifier: GPL-2.0-or-later
# The tenant's command-line tool.

TENANT_OBJECTS := $(patsubst tenant/%.c,$(OUT)/tenant/%.o,$(sort $(wildcard tenant/*.c)))

$(OUT)/tenant/%.o: tenant/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(POLICY_CFLAGS) -DCLOISTER_VERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<

$(OUT)/cloister: $(TENANT_OBJECTS) $(OUT)/tenant/reference/sign.o $(POLICY_LIBRARY)
	$(call say,LD,$@)
	$(Q)gcc -pie -Wl,-z,relro,-z,now -o $@ $^ -lcurl -lssl $(POLICY_LIBS)

all: $(OUT)/cloister

# TPM makers' root certificates, from the lists of their digests; the only thing here that the network is asked for.
.PHONY: roots
roots:
	$(Q)tools/make-roots $(OUT)/roots tenant/roots.list $(ROOTS)

-include $(TENANT_OBJECTS:.o=.d)
