# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of the hypervisor's core: its own sources, compiled for this machine on a CPU layer that the test defines.

HV_UNIT := stage2 boot_info msr_policy io startup cpuid hypercall console crash vtd amdvi svm_check svm_speculation
HV_UNIT_TESTS := $(HV_UNIT:%=$(OUT)/tests/unit/hv_%)
UNIT_TESTS += $(HV_UNIT_TESTS)

HV_UNIT_CFLAGS = $(UNIT_CFLAGS) -std=gnu17 -include tests/unit/mock/x86.h -Ihv -Ihv/svm -ffunction-sections -Wl,--gc-sections \
	-DHV_VERSION=0x00010203u -DHV_SVN=7u

$(OUT)/tests/unit/hv_stage2: hv/memory/stage2.c
$(OUT)/tests/unit/hv_boot_info: hv/boot/boot_info.c hv/boot/dma_records.c
$(OUT)/tests/unit/hv_msr_policy: hv/root/msr_policy.c
$(OUT)/tests/unit/hv_io: hv/root/io.c hv/root/io_policy.c hv/root/floor.c
$(OUT)/tests/unit/hv_startup: hv/root/startup.c
$(OUT)/tests/unit/hv_cpuid: hv/root/cpuid.c hv/root/msr_policy.c
$(OUT)/tests/unit/hv_hypercall: hv/root/hypercall.c hv/machine/console.c
$(OUT)/tests/unit/hv_console: hv/machine/console.c
$(OUT)/tests/unit/hv_crash: hv/machine/crash.c hv/machine/reset.c hv/machine/console.c
HV_UNIT_IOMMU := $(wildcard hv/iommu/*.c) hv/boot/boot_info.c hv/boot/dma_records.c hv/memory/stage2.c
$(OUT)/tests/unit/hv_vtd $(OUT)/tests/unit/hv_amdvi: $(HV_UNIT_IOMMU)
$(OUT)/tests/unit/hv_svm_check: hv/svm/launch.c hv/machine/features.c
$(OUT)/tests/unit/hv_svm_speculation: hv/svm/speculation.c hv/machine/features.c

$(HV_UNIT_TESTS): $(OUT)/tests/unit/%: tests/unit/%.c tests/unit/hv_test.h tests/unit/mock/x86.h $(HV_HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(HV_UNIT_CFLAGS) -o $@ $(filter %.c,$^) $(UNIT_LIBS)
