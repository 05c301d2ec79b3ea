# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor's images: one per CPU vendor, as release and as debug build. Vendor and build are chosen by linking.

version_part = $(word $(1),$(subst ., ,$(VERSION)))
HV_VERSION := $(shell printf '0x%02x%02x%02x' $(call version_part,1) $(call version_part,2) $(call version_part,3))

# General registers only, no red zone: exceptions and guests share the CPU with this code.
HV_CFLAGS := -std=gnu17 -O2 -ffreestanding -fPIE -mcmodel=small -fvisibility=hidden -mgeneral-regs-only -mno-red-zone \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -ffunction-sections -fdata-sections \
	$(HV_NO_INDIRECT) -fstack-usage -MD -MP $(WARNINGS) $(REPRODUCIBLE) -Ihv -Iinclude -Ihv/lib/include \
	-DHV_VERSION=$(HV_VERSION)u -DHV_SVN=$(SVN)u
HV_LDFLAGS := -nostdlib -static-pie -Wl,-T,hv/boot/image.ld -Wl,--gc-sections -Wl,-z,norelro -Wl,--build-id=none \
	-Wl,-z,noexecstack -Wl,--no-dynamic-linker -Wl,--orphan-handling=error -Wl,-z,text -Wl,--hash-style=sysv

# Debug images compare what these functions do with their specification (domain/debug/watch.c).
HV_WATCHED := domain_accept domain_convert domain_create domain_enter domain_hypercall pool_claim
HV_LDFLAGS_debug := $(HV_WATCHED:%=-Wl,--wrap=%)

# Rooms of both images. Of boot/, the build that is linked is one of two; attest/ and lib/ have an archive (attest.mk).
HV_ROOMS := boot domain iommu machine memory root vcpu
HV_SOURCES := $(filter-out hv/boot/build_%,$(foreach room,$(HV_ROOMS),$(wildcard hv/$(room)/*.c hv/$(room)/*.S)))
HV_VENDORS := svm vmx
# Optimised for size: what runs once, or seldom.
HV_SMALL := hv/boot/% hv/domain/% hv/iommu/% hv/svm/guest.c hv/vmx/guest.c
HV_HEADERS := $(shell find hv include/cloister -name '*.h')

# $(1): vendor, $(2): release or debug, $(3): suffix of the image's name
define hv_image
HV_OBJECTS_$(1)_$(2) := $$(patsubst %,$$(OUT)/hv-$(1)/%.o,$$(basename $$(HV_SOURCES) \
	$$(wildcard hv/$(1)/*.c hv/$(1)/*.S hv/$(1)/$(2)/*.c hv/domain/$(2)/*.c) hv/boot/build_$(2).c))
$$(OUT)/hv-$(1)$(3).elf: $$(HV_OBJECTS_$(1)_$(2)) $$(HV_ATTEST) hv/boot/image.ld hv/hv.mk
	$$(call say,LD,$$@)
	$$(Q)gcc $$(HV_LDFLAGS) $$(HV_LDFLAGS_$(2)) -Wl,-Map=$$@.map -o $$@ $$(HV_OBJECTS_$(1)_$(2)) $$(HV_ATTEST)
	$$(Q)objcopy --strip-debug $$@
all: $$(OUT)/hv-$(1)$(3).elf
-include $$(HV_OBJECTS_$(1)_$(2):.o=.d)
endef

define hv_vendor
$$(OUT)/hv-$(1)/%.o: %.c hv/hv.mk build.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(HV_CFLAGS) $$(if $$(filter $$(HV_SMALL),$$<),-Os) -Ihv/$(1) -c $$< -o $$@
$$(OUT)/hv-$(1)/%.o: %.S hv/hv.mk build.mk
	@mkdir -p $$(@D)
	$$(call say,AS,$$@)
	$$(Q)gcc -Ihv -MD -MP -c $$< -o $$@
$(call hv_image,$(1),release,)
$(call hv_image,$(1),debug,-debug)
endef

$(foreach vendor,$(HV_VENDORS),$(eval $(call hv_vendor,$(vendor))))
