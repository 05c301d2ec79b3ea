# SPDX-License-Identifier: GPL-2.0-or-later
"""DMA remapping as host and tenant see it, and every way in which the firmware's table can be wrong."""

import shutil
import struct

import pytest

from testbed import hosts, refused_volumes
from testbed.emulator import OUT
from testbed.live_page_tables import PAGE
from testbed.qemu import UNITS, Machine
from testbed.refused_volumes import Case, Edit

# Offsets in QEMU's DMAR: its only unit (VT-d 5.1, 8.3), and the unit's first device scope.
LENGTH, CHECKSUM, UNIT = 4, 9, 48
UNIT_LENGTH, UNIT_SIZE, UNIT_SEGMENT, UNIT_BASE, SCOPE_LENGTH = UNIT + 2, UNIT + 5, UNIT + 6, UNIT + 8, UNIT + 17

REFUSE_DMA = "DMA remapping"


def at(address):
    return (Edit("DMAR", UNIT_BASE, struct.pack("<Q", address)),)


def instead_of_scopes(structure):
    """The unit for all devices, then a structure of 40 bytes where its five device scopes were."""
    unit = struct.pack("<HHB", 0, 16, 1)
    return (Edit("DMAR", LENGTH, struct.pack("<I", UNIT + 56)), Edit("DMAR", UNIT, unit),
            *refused_volumes.edits("DMAR", UNIT + 16, structure))


def second_unit(address):
    return instead_of_scopes(struct.pack("<HHBBHQHH", 0, 16, 0, 0, 0, address, 0x7FFF, 24))


def reserved(address, length=4096):
    return instead_of_scopes(struct.pack("<HHHHQQ", 1, 40, 0, 0, address, address + length - 1))


def required():
    return {"config": lambda: refused_volumes.config(require_iommu="yes")}


CASES = [
    Case("dmar-missing", "HV_E_NO_IOMMU", required(), acpi=(Edit("DMAR", 0, b"XXXX"),), where="hv_prepare"),
    Case("dmar-checksum", "LOADER_E_ACPI_TABLE", acpi=(Edit("DMAR", CHECKSUM, b"\x5a", False),), where="DMAR"),
    Case("dmar-short", "LOADER_E_ACPI_TABLE", acpi=(Edit("DMAR", LENGTH, struct.pack("<I", 20)),), where="DMAR"),
    Case("dmar-only-header", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", LENGTH, struct.pack("<I", 40)),), where="DMAR"),
    Case("dmar-no-unit", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", LENGTH, struct.pack("<I", 48)),), where="DMAR"),
    Case("dmar-loop", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", UNIT_LENGTH, b"\0\0"),), where="at 0x30"),
    Case("dmar-overlong", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", UNIT_LENGTH, b"\xff\xff"),), where="at 0x30"),
    Case("dmar-scope-loop", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", SCOPE_LENGTH, b"\0"),), where="at 0x30"),
    Case("dmar-unit-size", "HV_E_DMA_TABLE", acpi=(Edit("DMAR", UNIT_SIZE, b"\x0f"),), where="at 0x30"),
    Case("dmar-unit-in-ram", "HV_E_DMA_TABLE", acpi=at(0x200000), where="at 0x200000"),
    Case("dmar-unit-at-tpm", "HV_E_DMA_TABLE", acpi=at(0xFED41000), where="at 0xfed41000"),
    Case("dmar-unit-misaligned", "HV_E_DMA_TABLE", acpi=at(0xFED90010), where="DMAR, at 0x30"),
    Case("dmar-unit-at-0", "HV_E_DMA_TABLE", acpi=at(0), where="DMAR, at 0x30"),
    Case("dmar-unit-absent", "HV_E_IOMMU_UNIT", acpi=at(0xFEDA0000), where="at 0xfeda0000"),
    Case("dmar-units-overlap", "HV_E_DMA_TABLE", acpi=second_unit(0xFED90000), where="at 0xfed90000"),
    Case("dmar-reserved-at-tpm", "HV_E_DMA_RESERVED", acpi=reserved(0xFED42000), where="at 0xfed42000"),
    Case("dmar-reserved-0-to-0", "HV_E_DMA_TABLE", acpi=reserved(0, 1), where="DMAR, at 0x40"),
    Case("dmar-uncovered", "HV_E_DMA_COVERAGE", acpi=(Edit("DMAR", UNIT_SEGMENT, b"\1"),), where="segment"),
]
# The last one of its boot, because it is launched.
ACCEPTED = Case("dmar-unknown-type", "", required(), acpi=instead_of_scopes(struct.pack("<HH36x", 0x77, 40)))


@pytest.fixture(scope="module")
def printed():
    return refused_volumes.run("dma-input", [*CASES, ACCEPTED], iommu=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_dmar_is_refused_by_name_and_capped(case, printed):
    refused_volumes.check(case, printed.get(case.name))


def test_unknown_type_is_skipped(printed):
    refused_volumes.check_launched(printed.get(ACCEPTED.name))


def judged(name, require_iommu, **machine):
    """Boots a measured host; returns the verdict of a tenant who requires DMA remapping, and the host's own log."""
    config = hosts.config(require_iommu=require_iommu)
    with Machine(name, disks=[hosts.esp(name, config=config)], nics=("virtio", "e1000e"), **machine) as host:
        host.ready()
        stats = host.check("cloisterctl stats")
        return (*hosts.verify(host, hosts.policy_for(name, config)), stats)


@pytest.mark.parametrize("name, machine", UNITS.items())
def test_host_with_remapping_passes(name, machine):
    status, text, _ = judged(f"dma-{name}", "yes", **machine)
    assert status == hosts.PASS, text
    assert "DMA remapping on (1 unit)" in text
    assert "DMA blocked to: hypervisor-memory tpm-localities unit-registers ats (0 accesses blocked" in text


def test_host_without_remapping_is_refused():
    status, text, _ = judged("dma-none", "no", iommu=False)
    assert status == hosts.HYPERVISOR_REFUSED, text
    assert REFUSE_DMA in text


@pytest.mark.parametrize("name, machine", UNITS.items())
def test_firmware_boots_from_the_network(name, machine):
    """After the launch the firmware's own driver and network stack fetch a program: its device, too, is translated."""
    folder = hosts.SCRATCH / f"tftp-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(OUT / "tests" / "system" / "netboot.efi", folder)
    config = hosts.config(boot="firmware", kernel=None, initrd=None, cmdline=None, require_iommu="yes")
    disk = hosts.esp(f"netboot-{name}", config=config, kernel=False)
    extra = [*machine.get("extra", ()), "-netdev", f"user,id=boot,tftp={folder},bootfile=netboot.efi", "-device",
             "virtio-net-pci,netdev=boot,romfile=,iommu_platform=on,disable-legacy=on,bootindex=9"]
    with Machine(f"netboot-{name}", disks=[disk], nics=(), **machine | {"extra": extra}) as host:
        host.expect("launched: ")
        host.expect(r"NETBOOT from \S*Mac\(")
        host.expect(r"NETBOOT units 1 refused 0\b")
        host.wait_stopped()


ROOT = {"vtd": (0xFED90020, 8), "amdvi": (0xFED80000, 8)}  # the register of the root table, or device table


@pytest.mark.parametrize("name, machine", UNITS.items())
def test_unit_that_is_on_is_taken_over(name, machine):
    """
    Firmware with pre-boot DMA protection: its unit has Cloister's tables then. QEMU says when VT-d's translation
    changes; that AMD-Vi's stays on is shown by the unit test of the same name.
    """
    config = hosts.config(boot="firmware", kernel=None, initrd=None, cmdline=None, require_iommu="yes")
    starter = {"EFI/cloister/loader.efi": hosts.LOADER}
    disk = hosts.esp(f"preboot-{name}", loader=OUT / "tests" / "system" / "preboot.efi", config=config, kernel=False,
                     more=starter)
    traced = hosts.SCRATCH / f"preboot-{name}.trace"
    extra = [*machine.get("extra", ()), "-trace", "vtd_dmar_enable", "-D", traced]
    with Machine(f"preboot-{name}", disks=[disk], nics=(), **machine | {"extra": extra}) as host:
        root, = host.expect(r"PREBOOT \w+ root ([0-9a-fA-F]+)\s").groups()
        host.expect("launched: ")
        host.expect(r"PREBOOT units 1 refused 0\b")
        host.expect("PREBOOT DONE")
        after = struct.unpack("<Q", host.memory(*ROOT[name]))[0] & -PAGE
    assert after not in (0, int(root, 16))
    if name == "vtd":
        assert traced.read_text().split() == ["vtd_dmar_enable", "enable", "1"], "translation was off in between"
