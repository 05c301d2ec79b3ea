# SPDX-License-Identifier: GPL-2.0-or-later
# How every AFL++ harness is run: 'make fuzz', 'make fuzz-GROUP' or 'make fuzz-GROUP-NAME', each harness for
# FUZZ_SECONDS. A group is a folder of fuzz/, with a program 'seeds FOLDER' that writes FOLDER/NAME/ for each of
# its harnesses. A harness has a dictionary: NAME.dict beside it, or the group's all.dict.

FUZZ_SECONDS ?= 10
FUZZ_OUT := $(OUT)/fuzz
FUZZ_CC := afl-clang-fast
# -Wno-gnu, -Wno-shorten-64-to-32: macros of AFL++ itself.
FUZZ_CFLAGS := -std=gnu17 -O2 -g -D_GNU_SOURCE -fsanitize=undefined -fsanitize-trap=undefined $(WARNINGS) \
	-Wno-gnu -Wno-shorten-64-to-32 -Iinclude -I.
FUZZ_HEADERS := $(wildcard fuzz/*/*.h loader/*.h policy/*.h host/attestd/*.h host/module/*.h tests/unit/mock/*.h) \
	$(wildcard tests/unit/support/*.h) $(HV_HEADERS)
# The harnesses of parsers: each .c file of the group's folder, on one main().
fuzz_parsers = $(patsubst fuzz/$(1)/%.c,%,$(sort $(wildcard fuzz/$(1)/*.c)))

# $(1): group, $(2): its harnesses, without '-' in their names. FUZZ_PROGRAMS has each as NAME=FILE. The group's fragment
# says, by variables that may use $* for the harness:
#   FUZZ_SOURCES_GROUP  what is linked    FUZZ_CFLAGS_GROUP, FUZZ_LIBS_GROUP  flags and libraries besides
#   FUZZ_ENV_GROUP      arguments of env(1) for AFL++'s compiler
define fuzz_group
FUZZ_ALL += $(2:%=$(1)-%)
FUZZ_PROGRAMS += $$(foreach harness,$(2),$(1)-$$(harness)=$$(FUZZ_OUT)/$(1)/$$(harness))
.PHONY: fuzz-$(1) $(2:%=fuzz-$(1)-%)
.SECONDARY: $(2:%=$(FUZZ_OUT)/$(1)/%)
$(2:%=$(FUZZ_OUT)/$(1)/%): $(FUZZ_OUT)/$(1)/%: $$$$(FUZZ_SOURCES_$(1)) $$(FUZZ_HEADERS)
	@mkdir -p $$(@D)
	$$(call say,AFL,$$@)
	$$(Q)AFL_QUIET=1 AFL_USE_ASAN=1 env $$(FUZZ_ENV_$(1)) $$(FUZZ_CC) $$(FUZZ_CFLAGS) $$(FUZZ_CFLAGS_$(1)) \
		-o $$@ $$(filter %.c,$$^) $$(FUZZ_LIBS_$(1))
fuzz-$(1): $(2:%=fuzz-$(1)-%)
	@tests/summary fuzz $(2:%=$(FUZZ_OUT)/$(1)-%.tap)
$(2:%=fuzz-$(1)-%): fuzz-$(1)-%: $(FUZZ_OUT)/$(1)/%
	$$(call say,FUZZ,$(1)-$$* for $$(FUZZ_SECONDS) s)
	$$(Q)rm -rf $(FUZZ_OUT)/$(1)/seeds-$$* && fuzz/$(1)/seeds $(FUZZ_OUT)/$(1)/seeds-$$*
	$$(Q)fuzz/afl $(1)-$$* $$< $(FUZZ_OUT)/$(1)/seeds-$$*/$$* $(FUZZ_OUT)/$(1)/found-$$* $$(FUZZ_SECONDS) \
		$$(firstword $$(wildcard fuzz/$(1)/$$*.dict fuzz/$(1)/all.dict)) $$(FUZZ_KEPT) >$(FUZZ_OUT)/$(1)-$$*.tap
	@sed -n 's/^# \|^not ok/    &/p' $(FUZZ_OUT)/$(1)-$$*.tap
endef

# As many at once as there are CPUs.
fuzz:
	@$(MAKE) -f build.mk -j$$(nproc) $(FUZZ_ALL:%=fuzz-%)
	@tests/summary fuzz $(FUZZ_ALL:%=$(FUZZ_OUT)/%.tap)

# The same for hours, one harness after the other on each CPU: 'make fuzz-long HOURS=N', N CPU-hours in all if nothing else
# uses the CPUs. Each call is a portion: it goes on where the one before ended, and its figures are added to theirs.
HOURS ?= 4
FUZZ_LONG := build/fuzz-long
.PHONY: fuzz-long
fuzz-long:
	@mkdir -p $(FUZZ_LONG)
	@status=0; $(MAKE) -f build.mk fuzz FUZZ_SECONDS=$$(($(HOURS) * 3600 / $(words $(FUZZ_ALL)))) FUZZ_KEPT=$(FUZZ_LONG) \
		|| status=$$?; fuzz/figures $(FUZZ_LONG)/figures && exit $$status
