# SPDX-License-Identifier: GPL-2.0-or-later
# For editors: 'make compile_commands.json', which clangd finds at the top of the tree.

# Where the editor sees the tree; the outer Makefile says it.
TREE ?= $(CURDIR)
EDITOR_SEES = $(OUT)/loader.efi $(foreach v,$(HV_VENDORS),$(OUT)/hv-$(v).elf $(OUT)/hv-$(v)-debug.elf) \
	$(OUT)/host/attestd $(OUT)/host/cloisterctl $(OUT)/cloister $(OUT)/make-reference $(UNIT_PROGRAMS) $(GUEST_EFI)

.PHONY: compile_commands.json
compile_commands.json:
	$(call say,EDITOR,$@)
	$(Q)tools/compile-commands $(TREE) build.mk $(EDITOR_SEES) >$@.partial && mv $@.partial $@
