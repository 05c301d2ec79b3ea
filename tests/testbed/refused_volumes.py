# SPDX-License-Identifier: GPL-2.0-or-later
"""Many refusals in one boot: tests/system/efi/refused_volumes.efi starts the loader of one volume after the other."""

import pathlib
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import esp as images
from testbed import hosts
from testbed.emulator import OUT, PATIENCE_S
from testbed.qemu import Machine


@dataclass
class Case:
    """
    One volume: what is wrong on it (hosts.files()'s arguments, made when needed; ACPI edits; hardly any memory; an EFI
    variable that lists number 0), the error's name that must be shown, a word of where it is, and the PCRs that must be
    capped. 'silent': the firmware shows nothing on serial ports.
    """
    name: str
    error: str
    files: dict[str, Callable[[], bytes | pathlib.Path]] = field(default_factory=dict)
    acpi: "tuple[Edit, ...]" = ()
    starved: bool = False
    variable: str = ""
    silent: bool = False
    where: str = ""
    capped: tuple[int, ...] = (14, 17, 18, 19)


@dataclass
class Edit:
    """Bytes of an ACPI table that are different while the case runs."""
    table: str
    offset: int
    data: bytes
    fix_checksum: bool = True

    def packed(self) -> bytes:
        signature = self.table.ljust(4).encode()
        return struct.pack("<4sIII16s", signature, self.offset, self.fix_checksum, len(self.data), self.data)


def edits(table: str, offset: int, data: bytes) -> tuple[Edit, ...]:
    """A longer change, in parts of the 16 bytes that one has room for."""
    return tuple(Edit(table, offset + at, data[at:at + 16]) for at in range(0, len(data), 16))


def config(**changes: Any) -> bytes:
    """A config under which the loader returns after an error: that line is the first, so it holds in any case."""
    no_kernel = {"boot": "firmware", "kernel": None, "initrd": None, "cmdline": None}
    return b"on_error = continue\n" + hosts.config(**no_kernel | changes)


def volume(case: Case) -> dict[str, pathlib.Path | bytes]:
    changes: dict[str, Any] = {"config": config()} | {part: make() for part, make in case.files.items()}
    contents = hosts.files(kernel=False, loader=None, **changes)
    contents |= {"EFI/cloister/loader.efi": hosts.LOADER, "case": case.name.encode()}
    if case.acpi:
        contents["acpi"] = b"".join(edit.packed() for edit in case.acpi)
    if case.starved:
        contents["starved"] = b"1"
    if case.variable:
        contents["variable"] = case.variable.encode("utf-16-le")
    if case.silent:
        contents["silent"] = b"1"
    return contents


def disk(name: str, cases: Sequence[Case]) -> pathlib.Path:
    starter = {"EFI/BOOT/BOOTX64.EFI": OUT / "tests" / "system" / "refused_volumes.efi"}
    return images.disk(hosts.SCRATCH / f"{name}.img", starter, *map(volume, cases))


def run(name: str, cases: Sequence[Case], **machine: Any) -> dict[str, str]:
    """Runs the cases on one machine; returns each one's output, by name."""
    with Machine(name, disks=[disk(name, cases)], nics=(), **machine) as booted:
        booted.expect("CASES DONE", timeout=PATIENCE_S + 30 * len(cases))
        text = booted.serial()
    found = re.findall(r"CASE (\S+) BEGIN\n(.*?)CASE \1 END ([^\n]*)\n", text, re.S)
    return {case: printed for case, printed, _ in found}


def check_message(case: Case, printed: str) -> None:
    """Asserts that the error is shown once, by its whole name, with what is wrong, where, and what to do next."""
    messages = re.findall(r"cloister: error (\w+): (.+)\ncloister:   where: (.+)\ncloister:   next:  (.+)\n", printed)
    assert len(messages) == 1 and printed.count("cloister: error ") == 1, printed
    name, _, where, _ = messages[0]
    assert name == case.error, printed
    assert case.where and case.where in where, printed


def check_launched(printed: str | None) -> None:
    """Asserts that a case was launched: the boot's last one, since the loader starts nothing under a hypervisor."""
    assert printed is not None, "the loader did not come back"
    assert "launched: " in printed and "cloister: error" not in printed, printed


def check_capped(case: Case, printed: str) -> None:
    """Asserts that the PCRs of a launch are of no use any more."""
    for pcr in case.capped:
        before, after = re.findall(rf"PCR {pcr} ([0-9A-F]{{64}})", printed)
        assert after != before, f"PCR {pcr} was not capped: a later launch would pass"


def check(case: Case, printed: str | None) -> None:
    """Asserts that a case was refused by name, said where and what to do, and that no later launch can pass."""
    assert printed is not None, "the loader did not come back"
    check_message(case, printed)
    check_capped(case, printed)
