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


def esp(name: str, *carried: pathlib.Path, **settings: Any) -> pathlib.Path:
    """Cloister's disk, which starts Debian's GRUB: cloisterctl and the files 'carried' beside the loader."""
    config = hosts.config(boot="loader", chain=r"\EFI\debian\grubx64.efi", kernel=None, initrd=None, cmdline=None,
                          **settings)
    files = [TOOL, *carried, *(pathlib.Path(lib) for lib in initramfs.libraries(TOOL) if "jansson" in lib)]
    return hosts.esp(name, config=config, kernel=False, more={file.name: file for file in files})


@contextlib.contextmanager
def running(name: str, *, disk: pathlib.Path = hosts.DEBIAN, module: pathlib.Path = MODULE,
            modules: Sequence[pathlib.Path] = (), settings: Mapping[str, object] | tuple[()] = (),
            disks: Sequence[pathlib.Path | str] = (), **machine: Any) -> Iterator[Machine]:
    """
    A machine with Debian up, logged in, and /dev/cloister there; 'disks' follow Cloister's and Debian's.

    disk, module: a Debian disk, and cloister.ko for its kernel
    modules:      more modules to carry along
    """
    first = [esp(name, module, *modules, **dict(settings)), disk]
    with Machine(name, disks=[*first, *disks], **machine) as booted:
        booted.login()
        booted.run("systemctl is-system-running --wait")
        booted.check(f"mount -o ro,umask=022 LABEL=CLOISTER {MOUNTED} && export LD_LIBRARY_PATH={MOUNTED}")
        booted.check(f"insmod {MOUNTED}/cloister.ko")
        yield booted


def refused_dma(machine: Machine) -> int:
    """Accesses of devices that were refused and recorded."""
    return int(re.search(r"(\d+) refused accesses", machine.check(f"{CTL} stats"))[1])
