# SPDX-License-Identifier: GPL-2.0-or-later
# The tenant's tool against hosts that misbehave, and the reference values against another implementation.
UNIT_TESTS += tests/unit/tenant_policy tests/unit/tenant_transport tests/unit/reference_values tests/unit/make_roots
unit: $(OUT)/cloister $(OUT)/make-reference
