# SPDX-License-Identifier: GPL-2.0-or-later
# tools/sbom itself.
UNIT_TESTS += tests/unit/sbom_document
