# SPDX-License-Identifier: GPL-2.0-or-later
# Which folder may include which in hv/.
.PHONY: lint-layers
lint: lint-layers
lint-layers:
	$(call say,LINT,layers of hv)
	$(Q)tools/layers
