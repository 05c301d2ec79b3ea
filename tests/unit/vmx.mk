# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of the VT-x backend, on a CPU layer that the test defines.

VMX_UNIT_TESTS := $(addprefix $(OUT)/tests/unit/vmx_,controls mtrr stage2 entry check cpuid launch vcpu speculation) $(OUT)/tests/unit/hv_event
UNIT_TESTS += $(VMX_UNIT_TESTS)

$(OUT)/tests/unit/vmx_controls: hv/vmx/controls.c
$(OUT)/tests/unit/vmx_mtrr: hv/vmx/mtrr.c
$(OUT)/tests/unit/vmx_stage2: hv/vmx/mtrr.c hv/memory/stage2.c
$(OUT)/tests/unit/vmx_entry: $(wildcard hv/vmx/debug/*.c)
$(OUT)/tests/unit/vmx_check: hv/vmx/launch.c hv/vmx/controls.c hv/vmx/mtrr.c hv/machine/features.c
$(OUT)/tests/unit/vmx_cpuid: hv/root/cpuid.c hv/root/msr_policy.c
$(OUT)/tests/unit/vmx_launch: hv/vmx/launch.c hv/vmx/controls.c
$(OUT)/tests/unit/vmx_launch: VMX_UNIT_FIRMWARE := -include tests/unit/mock/segments.h
$(OUT)/tests/unit/vmx_vcpu: hv/vmx/vcpu.c hv/vmx/exit.c hv/vcpu/event.c hv/root/cpuid.c
$(OUT)/tests/unit/vmx_speculation: hv/vmx/speculation.c
$(OUT)/tests/unit/hv_event: hv/vcpu/event.c

$(VMX_UNIT_TESTS): $(OUT)/tests/unit/%: tests/unit/%.c tests/unit/hv_test.h $(wildcard tests/unit/mock/*.h) $(HV_HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(subst -Ihv/svm,-include tests/unit/mock/vmx.h $(VMX_UNIT_FIRMWARE) -Ihv/vmx,$(HV_UNIT_CFLAGS)) -o $@ $(filter %.c,$^) $(UNIT_LIBS)
