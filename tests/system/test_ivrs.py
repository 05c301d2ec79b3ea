# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way in which the firmware's table of AMD-Vi units can be wrong."""

import struct

import pytest

from testbed import refused_volumes
from testbed.refused_volumes import Case, Edit

# QEMU's IVRS: its only unit in two forms (AMD I/O Virtualization Technology 3.08, 5.2.2), each with its devices.
LENGTH, CHECKSUM, UNIT, SAME_UNIT = 4, 9, 48, 100
UNIT_LENGTH, UNIT_BASE, UNIT_SEGMENT, ENTRIES, UID_LENGTH = UNIT + 2, UNIT + 8, UNIT + 16, UNIT + 24, 21
SAME_BASE, SAME_SEGMENT, SAME_LENGTH = SAME_UNIT + 8, SAME_UNIT + 16, 68
RANGE, ACPI_HID, IVMD_ALL, UNKNOWN = 3, 240, 0x20, 0x77


def edit(offset, form, *values):
    return Edit("IVRS", offset, struct.pack("<" + form, *values))


def reserved(address, length=4096):
    """Memory reserved for all devices, and a block of unknown type, in place of the unit's second form."""
    ivmd = struct.pack("<BBHHHQQQ", IVMD_ALL, 0, 32, 0, 0, 0, address, length)
    return refused_volumes.edits("IVRS", SAME_UNIT, ivmd + struct.pack("<BBH", UNKNOWN, 0, SAME_LENGTH - len(ivmd)))


CASES = [
    Case("ivrs-checksum", "LOADER_E_ACPI_TABLE", acpi=(Edit("IVRS", CHECKSUM, b"\x5a", False),), where="IVRS"),
    Case("ivrs-short", "LOADER_E_ACPI_TABLE", acpi=(edit(LENGTH, "I", 20),), where="IVRS"),
    Case("ivrs-no-unit", "HV_E_DMA_TABLE", acpi=(edit(LENGTH, "I", 48),), where="IVRS"),
    Case("ivrs-only-header", "HV_E_DMA_TABLE", acpi=(edit(LENGTH, "I", 40),), where="IVRS"),
    Case("ivrs-loop", "HV_E_DMA_TABLE", acpi=(edit(UNIT_LENGTH, "H", 0),), where="at 0x30"),
    Case("ivrs-overlong", "HV_E_DMA_TABLE", acpi=(edit(UNIT_LENGTH, "H", 0xFFFF),), where="at 0x30"),
    Case("ivrs-entry-overlong", "HV_E_DMA_TABLE",
         acpi=(edit(ENTRIES, "B", ACPI_HID), edit(ENTRIES + UID_LENGTH, "B", 255)), where="at 0x30"),
    Case("ivrs-range-without-end", "HV_E_DMA_TABLE", acpi=(edit(ENTRIES, "B", RANGE),), where="at 0x30"),
    Case("ivrs-unit-in-ram", "HV_E_DMA_TABLE", acpi=(edit(UNIT_BASE, "Q", 0x200000),), where="at 0x200000"),
    Case("ivrs-unit-at-tpm", "HV_E_DMA_TABLE", acpi=(edit(UNIT_BASE, "Q", 0xFED41000),), where="at 0xfed41000"),
    Case("ivrs-units-overlap", "HV_E_DMA_TABLE", acpi=(edit(SAME_BASE, "Q", 0xFED82000),), where="at 0xfed82000"),
    Case("ivrs-unit-absent", "HV_E_IOMMU_UNIT",
         acpi=(edit(UNIT_BASE, "Q", 0xFEDA0000), edit(SAME_BASE, "Q", 0xFEDA0000)), where="at 0xfeda0000"),
    Case("ivrs-uncovered", "HV_E_DMA_COVERAGE", acpi=(edit(UNIT_SEGMENT, "H", 1), edit(SAME_SEGMENT, "H", 1)),
         where="segment"),
    Case("ivrs-reserved-at-tpm", "HV_E_DMA_RESERVED", acpi=reserved(0xFED42000), where="at 0xfed42000"),
]
# The last one of its boot, because it is launched. One byte is reserved, as on real laptops; a block's type is unknown.
ACCEPTED = Case("ivrs-one-byte-unknown-type", "", {"config": lambda: refused_volumes.config(require_iommu="yes")},
                acpi=reserved(0x9618E000, 1))


@pytest.fixture(scope="module")
def printed():
    return refused_volumes.run("ivrs-input", [*CASES, ACCEPTED], iommu=False, extra=["-device", "amd-iommu"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ivrs_is_refused_by_name_and_capped(case, printed):
    refused_volumes.check(case, printed.get(case.name))


def test_one_byte_is_rounded_and_unknown_type_is_skipped(printed):
    refused_volumes.check_launched(printed.get(ACCEPTED.name))
