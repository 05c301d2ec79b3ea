# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that CI runs.

test:
	@tests/run-all all unit mutants guests guests-bochs guests-compare system prove fuzz tcb lint
