# SPDX-License-Identifier: GPL-2.0-or-later
# What runs in the root guest, on the hypervisor and the TPM that a test defines; with a real TPM and a real
# network it runs in tests/system/test_attestd.py.

HOST_UNIT := $(OUT)/tests/unit/host
HOST_UNIT_TESTS := $(addprefix $(OUT)/tests/unit/host_,request answer device service connections)
UNIT_TESTS += $(HOST_UNIT_TESTS)

# Every test links all of attestd but its main.
HOST_UNIT_SOURCES := $(filter-out host/attestd/main.c,$(wildcard host/attestd/*.c host/lib/*.c))
HOST_UNIT_OBJECTS := $(patsubst host/%.c,$(HOST_UNIT)/%.o,$(HOST_UNIT_SOURCES))
HOST_UNIT_CFLAGS = $(UNIT_CFLAGS) $(HOST_CFLAGS) -Ihost/attestd -MMD -MP

$(HOST_UNIT)/%.o: host/%.c tests/unit/host.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_UNIT_CFLAGS) -c -o $@ $<

# The borders to the kernel and to the TPM.
$(OUT)/tests/unit/host_device: HOST_UNIT_WRAP := -Wl,--wrap=ioctl,--wrap=tpm_quote
$(OUT)/tests/unit/host_connections: HOST_UNIT_WRAP := -Wl,--wrap=shutdown

$(HOST_UNIT_TESTS): $(OUT)/tests/unit/%: tests/unit/%.c $(HOST_UNIT_OBJECTS)
	$(call say,CC,$@)
	$(Q)gcc $(HOST_UNIT_CFLAGS) -o $@ $^ $(HOST_UNIT_WRAP) $(UNIT_LIBS) $(ATTESTD_LIBS)

-include $(wildcard $(HOST_UNIT)/*/*.d $(OUT)/tests/unit/host_*.d)
