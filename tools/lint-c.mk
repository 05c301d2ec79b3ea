# SPDX-License-Identifier: GPL-2.0-or-later
# Static checks of everything in C: layout of all files; clang-tidy and the GCC analyser on the hypervisor, whose code has
# no second line of defence.

LINT_C := $(shell find fuzz host hv include loader policy tenant tests tools -name '*.[ch]')
LINT_HV := $(foreach vendor,$(HV_VENDORS),$(wildcard hv/$(vendor)/*.c hv/$(vendor)/debug/*.c)) $(wildcard hv/*.c hv/iommu/*.c)
LINT_HV_FLAGS = $(filter-out -fstack-usage -MD -MP -fno-record-gcc-switches,$(HV_CFLAGS)) -I.

.PHONY: lint-format lint-tidy lint-analyzer
lint: lint-format lint-tidy lint-analyzer

lint-format:
	$(call say,LINT,layout of C)
	$(Q)clang-format --dry-run -Werror $(LINT_C)


lint-tidy:
	$(call say,LINT,clang-tidy on hv)
	$(Q)for vendor in $(HV_VENDORS); do \
		clang-tidy --quiet $$(printf '%s\n' $(LINT_HV) | grep -e "^hv/$$vendor/" -e '^hv/[^/]*$$' -e '^hv/iommu/') -- \
			$(filter-out -f% -m%,$(LINT_HV_FLAGS)) -Ihv/$$vendor \
			-Wno-unknown-warning-option -Wno-unused-command-line-argument || exit 1; done

lint-analyzer:
	$(call say,LINT,GCC analyser on hv)
	$(Q)for f in $(LINT_HV); do \
		case $$f in hv/vmx/*) vendor=vmx;; *) vendor=svm;; esac; \
		gcc $(LINT_HV_FLAGS) -Ihv/$$vendor -fanalyzer -c $$f -o /dev/null || exit 1; done
