# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own disks, unchanged; programs that look at Cloister from inside are on Cloister's disk."""

import contextlib
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import initramfs
from testbed import hosts
from testbed.emulator import OUT
from testbed.qemu import Machine

MODULE = OUT / "tests" / "bench" / "cloister.ko"
TOOL = OUT / "host" / "cloisterctl"
MOUNTED = "/mnt"
CTL = f"{MOUNTED}/cloisterctl"


def config(**settings: Any) -> bytes:
    """The text of a cloister.conf that starts Debian's GRUB."""
    return hosts.config(boot="loader", chain=r"\EFI\debian\grubx64.efi", kernel=None, initrd=None, cmdline=None,
                        **settings)


def libraries(program: pathlib.Path) -> list[pathlib.Path]:
    """The shared libraries of a program that are no part of the C library, which Debian's disks have."""
    return [library for library in map(pathlib.Path, initramfs.libraries(program))
            if not re.match(r"(ld-linux|libc|libm|libdl|libpthread)[.-]", library.name)]


def esp(name: str, *carried: pathlib.Path, hypervisor: pathlib.Path | bytes = hosts.HYPERVISOR,
        **settings: Any) -> pathlib.Path:
    """Cloister's disk, which starts Debian's GRUB: cloisterctl and the files 'carried' beside the loader."""
    files = [TOOL, *libraries(TOOL), *carried]
    return hosts.esp(name, hypervisor=hypervisor, config=config(**settings), kernel=False,
                     more={file.name: file for file in files})


@contextlib.contextmanager
def running(name: str, *, disk: pathlib.Path = hosts.DEBIAN, module: pathlib.Path = MODULE,
            carried: Sequence[pathlib.Path] = (), settings: Mapping[str, object] | tuple[()] = (),
            disks: Sequence[pathlib.Path | str] = (), hypervisor: pathlib.Path | bytes = hosts.HYPERVISOR,
            **machine: Any) -> Iterator[Machine]:
    """
    A machine with Debian up, logged in, and /dev/cloister there; 'disks' follow Cloister's and Debian's.

    disk, module: a Debian disk, and cloister.ko for its kernel
    carried:      more files to carry along, in MOUNTED
    """
    first = [esp(name, module, *carried, hypervisor=hypervisor, **dict(settings)), disk]
    with Machine(name, disks=[*first, *disks], **machine) as booted:
        booted.login()
        booted.run("systemctl is-system-running --wait")
        booted.check(f"mount -o ro,umask=022 LABEL=CLOISTER {MOUNTED} && export LD_LIBRARY_PATH={MOUNTED}")
        booted.check(f"insmod {MOUNTED}/cloister.ko")
        yield booted


def refused_dma(machine: Machine) -> int:
    """Accesses of devices that were refused and recorded."""
    return int(re.search(r"(\d+) refused accesses", machine.check(f"{CTL} stats"))[1])
