# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that CI runs.

test:
	@tests/run-all all unit mutated-evidence guests guests-bochs guests-compare system prove fuzz tcb lint
