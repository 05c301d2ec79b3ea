# SPDX-License-Identifier: GPL-2.0-or-later
# The loader's parsers over dumps of real machines: the tool itself.
UNIT_TESTS += tests/unit/check_tables
unit: $(OUT)/tests/tables/walk
