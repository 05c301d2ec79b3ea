# SPDX-License-Identifier: GPL-2.0-or-later
# tests/guests/compare itself.
UNIT_TESTS += tests/unit/same_names
