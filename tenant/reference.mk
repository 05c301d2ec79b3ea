# SPDX-License-Identifier: GPL-2.0-or-later
# Reference values: what a host of this build measures, computed from the build alone.
#
#   make reference [CONFIG="FILE..."] [SIGN_KEY=PEM] [SERIAL=N] [NOT_BEFORE=TIME] [NOT_AFTER=TIME]
#                  [as below]
#   make guest-reference [GUEST_KERNEL=FILE [GUEST_INITRD=FILE] [GUEST_APPEND=TEXT] [GUEST_MEMORY=SIZE]
#                  [GUEST_MACHINE=NAME]]

CONFIG ?= $(OUT)/esp/cloister.conf
REFERENCE_OBJECTS := $(patsubst tenant/%.c,$(OUT)/tenant/%.o,$(sort $(wildcard tenant/reference/*.c)))
REFERENCE_IMAGES := $(foreach v,$(HV_VENDORS),$(OUT)/hv-$(v).elf)
REFERENCE_DEBUG_IMAGES := $(foreach v,$(HV_VENDORS),$(OUT)/hv-$(v)-debug.elf)

$(OUT)/make-reference: $(REFERENCE_OBJECTS) $(OUT)/tenant/file.o $(POLICY_LIBRARY)
	$(call say,LD,$@)
	$(Q)gcc -pie -Wl,-z,relro,-z,now -o $@ $^ $(POLICY_LIBS)

.PHONY: guest-reference
# Of guest-shim: MRTD, and the registers of the guest that it starts with these files.
GUEST_SETUP = --kernel '$(GUEST_KERNEL)' $(if $(GUEST_INITRD),--initrd '$(GUEST_INITRD)') \
	--append '$(GUEST_APPEND)' --memory $(or $(GUEST_MEMORY),512) --machine $(or $(GUEST_MACHINE),q35)

# Always made again: CONFIG and SIGN_KEY are not files of the build.
reference: $(addprefix $(OUT)/,make-reference loader.efi) $(REFERENCE_IMAGES) $(REFERENCE_DEBUG_IMAGES) $(CONFIG) \
		guest-reference
	$(call say,POLICY,$(OUT)/policy.json)
	$(Q)rm -f $(OUT)/policy.json.sig
	$(Q)$(OUT)/make-reference --version $(VERSION) --svn $(SVN) --output $(OUT)/policy.json \
		$(if $(SIGN_KEY),--sign-key $(SIGN_KEY)) $(if $(SERIAL),--serial $(SERIAL)) \
		$(if $(NOT_BEFORE),--not-before $(NOT_BEFORE)) $(if $(NOT_AFTER),--not-after $(NOT_AFTER)) \
		--loader $(OUT)/loader.efi $(REFERENCE_IMAGES:%=--image %) \
		$(REFERENCE_DEBUG_IMAGES:%=--debug-image %) $(CONFIG:%=--config %)

guest-reference: $(addprefix $(OUT)/,cloister guest-shim.fd)
	$(call say,POLICY,$(OUT)/guest-shim.json)
	$(Q)$(OUT)/cloister guest measure --firmware $(OUT)/guest-shim.fd --json \
		$(if $(GUEST_KERNEL),$(GUEST_SETUP)) >$(OUT)/guest-shim.json

all: $(OUT)/make-reference

-include $(REFERENCE_OBJECTS:.o=.d)
