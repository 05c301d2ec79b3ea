# SPDX-License-Identifier: GPL-2.0-or-later
# Static checks of everything in C: layout of all files; clang-tidy and the GCC analyser on the hypervisor and the
# guests' shim, whose code has no second line of defence.

LINT_C := $(shell find fuzz guest-shim host hv include loader policy tenant tests tools -name '*.[ch]')
LINT_HV_SHARED := $(foreach room,$(HV_ROOMS),$(wildcard hv/$(room)/*.c hv/$(room)/debug/*.c))
LINT_HV_svm := $(wildcard hv/svm/*.c)
LINT_HV_vmx := $(wildcard hv/vmx/*.c hv/vmx/debug/*.c)
LINT_HV_FLAGS = $(filter-out -fstack-usage -MD -MP -fno-record-gcc-switches,$(HV_CFLAGS)) -I.

LINT_SHIM := $(wildcard guest-shim/*.c)
LINT_SHIM_FLAGS = $(filter-out -MD -MP -fno-record-gcc-switches,$(SHIM_TARGET) $(WARNINGS))

.PHONY: lint-format lint-tidy lint-analyzer
lint: lint-format lint-tidy lint-analyzer

lint-format:
	$(call say,LINT,layout of C)
	$(Q)clang-format --dry-run -Werror $(LINT_C)

lint-tidy: lint-tidy-shim $(HV_VENDORS:%=lint-tidy-%)
lint-tidy-shim:
	$(call say,LINT,clang-tidy on guest-shim)
	$(Q)clang-tidy --quiet $(LINT_SHIM) -- $(filter-out -f% -m%,$(LINT_SHIM_FLAGS)) -Wno-unknown-warning-option
lint-tidy-%:
	$(call say,LINT,clang-tidy on hv: $*)
	$(Q)clang-tidy --quiet $(LINT_HV_SHARED) $(LINT_HV_$*) -- $(filter-out -f% -m%,$(LINT_HV_FLAGS)) -Ihv/$* \
		-Wno-unknown-warning-option -Wno-unused-command-line-argument

lint-analyzer: lint-analyzer-shim $(HV_VENDORS:%=lint-analyzer-%)
lint-analyzer-shim:
	$(call say,LINT,GCC analyser on guest-shim)
	$(Q)for f in $(LINT_SHIM); do gcc $(LINT_SHIM_FLAGS) -fanalyzer -c $$f -o /dev/null || exit 1; done
lint-analyzer-%:
	$(call say,LINT,GCC analyser on hv: $*)
	$(Q)for f in $(if $(filter svm,$*),$(LINT_HV_SHARED)) $(LINT_HV_$*); do \
		gcc $(LINT_HV_FLAGS) -Ihv/$* -fanalyzer -c $$f -o /dev/null || exit 1; done
