# SPDX-License-Identifier: GPL-2.0-or-later
# tools/with-copies itself.
UNIT_TESTS += tests/unit/with_copies
