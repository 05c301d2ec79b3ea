# SPDX-License-Identifier: GPL-2.0-or-later
# tools/tcb itself.
UNIT_TESTS += tests/unit/tcb_figures
