# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on what guest-shim reads from the VMM: each harness has the name of the source that it is about.

FUZZ_SOURCES_guest-shim = fuzz/guest-shim/$*.c guest-shim/$*.c fuzz/shared/main.c guest-shim/fw_cfg.c \
	$(addprefix tests/unit/support/,shim_vmm.c changing_memory.c fw_cfg_device.c) hv/attest/sha384.c
FUZZ_CFLAGS_guest-shim := -include tests/unit/mock/shim_memory.h -Ihv -iquote guest-shim -iquote tests/unit/support
FUZZ_LIBS_guest-shim := -lmbedcrypto

$(eval $(call fuzz_group,guest-shim,$(call fuzz_parsers,guest-shim)))
