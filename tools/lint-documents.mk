# SPDX-License-Identifier: GPL-2.0-or-later
# Static checks of what comments and documents name, and of widths.

.PHONY: lint-documents
lint: lint-documents
lint-documents:
	$(call say,LINT,comments and documents)
	$(Q)tools/lint-documents
