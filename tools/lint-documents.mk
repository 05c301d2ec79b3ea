# SPDX-License-Identifier: GPL-2.0-or-later
# Static checks of the names that comments and documents cite, and of widths.

.PHONY: lint-documents
lint: lint-documents
lint-documents:
	$(call say,LINT,comments and documents)
	$(Q)tools/lint-documents
