# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels of Debian's suites, fetched by tools/images/systems, and the complaints that their logs must not hold."""

import pathlib
import re
from typing import Any

import pytest

import initramfs
from testbed import hosts
from testbed.emulator import TREE, Emulator

SYSTEMS = TREE / "build" / "systems"
INSTALLER = SYSTEMS / "trixie/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64"
SUITES = {"bookworm": 12, "trixie": 13, "forky": "forky"}
KINDS = ("generic", "cloud")
COMPLAINTS = re.compile(r"^.*(?:unchecked MSR access|WARNING:|BUG:|Call Trace|Oops|general protection|soft lockup).*$",
                        re.M)
# Linux says these on the bare emulator, too: models of AMD's CPUs lack the microcode against SRSO, one of Intel's
# lacks IBRS; and the mitigation of ITS in 6.12 makes memory of modules writable and executable at once, and another
# part of the kernel complains of that.
EXCUSED = re.compile(r"^.*(?:Speculative Return Stack Overflow|RETBleed): WARNING:.*$|"
                     r"^.*cut here.*\n.*CPA detected W\^X violation(?:.*\n)+?.*end trace.*$", re.M)


def found(suite: str, kind: str) -> list[pathlib.Path]:
    """The kernels that were fetched."""
    return [path for path in sorted((SYSTEMS / suite).rglob("vmlinuz*"))
            if ("cloud" in str(path)) == (kind == "cloud")]


def kernel(suite: str, kind: str) -> pathlib.Path:
    """A kernel's file; without it the test is skipped."""
    kernels = found(suite, kind)
    if not kernels:
        pytest.skip(f"{suite}: no kernel was fetched: see build/systems/log")
    return kernels[-1]


def fetched(path: pathlib.Path) -> pathlib.Path:
    if not path.exists():
        pytest.skip(f"{path.name} was not fetched: see build/systems/log")
    return path


def disk(name: str, *, cmdline: str = hosts.CMDLINE, kernel: pathlib.Path | None = None,
         initrd: pathlib.Path | None = None, **settings: Any) -> pathlib.Path:
    """Cloister's disk with another kernel, and an initrd without modules for it; or with those of the measured host."""
    config = hosts.config(cmdline=cmdline, require_tpm="no", **settings)
    more = {"EFI/cloister/vmlinuz": kernel or initramfs.kernel_image(),
            "EFI/cloister/initrd.img": initrd or (plain_initrd() if kernel else hosts.INITRD)}
    return hosts.esp(name, config=config, kernel=False, more=more)


def plain_initrd() -> pathlib.Path:
    """A shell, for any kernel."""
    output = hosts.SCRATCH / "plain.initrd"
    output.parent.mkdir(parents=True, exist_ok=True)
    initramfs.initramfs(output, [], drivers=())
    return output


def complaints(machine: Emulator) -> list[str]:
    """Lines that no kernel's log must hold, of the last kernel that was started; the console has all that it said."""
    return COMPLAINTS.findall(EXCUSED.sub("", machine.serial().rpartition("Linux version")[2]))
