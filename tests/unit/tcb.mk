# SPDX-License-Identifier: GPL-2.0-or-later
# tools/tcb and tools/branches themselves.
UNIT_TESTS += tests/unit/tcb_figures tests/unit/branches_found
