# SPDX-License-Identifier: GPL-2.0-or-later
"""Systems of others as root guest: the same disk starts them bare, or under Cloister.

A disk holds files below \\EFI\\foreign. Bare, the firmware starts the program as \\EFI\\BOOT\\BOOTX64.EFI; under
Cloister the loader is there, and starts it as its chain.
"""

import pathlib
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import esp as images
from testbed import hosts, intel
from testbed.bochs import BochsMachine
from testbed.qemu import Machine

FOREIGN = pathlib.Path("/opt/foreign")
SHELL = FOREIGN / "usr/share/efi-shell-x64/shellx64.efi"
IPXE = FOREIGN / "usr/lib/ipxe/ipxe.efi"
MEMTEST = FOREIGN / "boot/memtest86+x64.efi"
XEN = FOREIGN / "boot/xen-4.20-amd64.efi"
ROOT_AT = 65 << 20  # of the Debian disk: where its root file system begins
WAYS = ["bare", "cloister"]

# By name.
Files = Mapping[str, pathlib.Path | bytes] | tuple[()]


def disk(name: str, way: str, program: pathlib.Path, more: Files = (), bed: str = "amd") -> pathlib.Path:
    """A disk that starts an EFI program; 'more' are files beside it, by name."""
    contents = {f"EFI/foreign/{file}": content for file, content in dict(more).items()}
    if way == "bare":
        # A program looks for files beside it in the folder where it was started.
        contents |= {f"EFI/BOOT/{file}": content for file, content in dict(more).items()}
        contents["EFI/BOOT/BOOTX64.EFI"] = program
    else:
        settings = {} if bed == "amd" else {"require_tpm": "no", "require_iommu": "no"}
        config = hosts.config(boot="loader", chain=rf"\EFI\foreign\{program.name}", kernel=None, initrd=None,
                              cmdline=None, **settings)
        contents |= {"EFI/BOOT/BOOTX64.EFI": hosts.LOADER, f"EFI/foreign/{program.name}": program,
                     "EFI/cloister/cloister.conf": config, "EFI/cloister/hv-svm.elf": hosts.HYPERVISOR,
                     "EFI/cloister/hv-vmx.elf": intel.HYPERVISOR}
    return images.disk(hosts.SCRATCH / f"{name}.img", contents)


def start(program: str, arguments: str) -> bytes:
    """A startup.nsh for the UEFI shell that starts a program beside it."""
    return f"fs0:\\EFI\\foreign\\{program} {arguments}\n".encode()


def machine(name: str, way: str, program: pathlib.Path, more: Files = (), disks: Sequence[pathlib.Path] = (),
            **changes: Any) -> Machine:
    """QEMU's machine that starts it, with 'disks' after its own."""
    return Machine(name, disks=[disk(name, way, program, more), *disks], **changes)


def bochs(name: str, way: str, program: pathlib.Path, more: Files = (), **changes: Any) -> BochsMachine:
    return BochsMachine(name, disks=[disk(name, way, program, more, bed="intel")], **changes)


def from_debian(file: str) -> pathlib.Path:
    """A file of the Debian disk, by its path."""
    target = hosts.SCRATCH / "debian" / pathlib.Path(file).name
    target.parent.mkdir(parents=True, exist_ok=True)
    real = subprocess.run(["debugfs", "-R", f"stat {file}", f"{hosts.DEBIAN}?offset={ROOT_AT}"], check=True,
                          capture_output=True, text=True).stdout
    if 'Fast link dest: "' in real:
        return from_debian("/" + real.partition('Fast link dest: "')[2].partition('"')[0].lstrip("/"))
    subprocess.run(["debugfs", "-R", f"dump {file} {target}", f"{hosts.DEBIAN}?offset={ROOT_AT}"], check=True,
                   capture_output=True)
    return target
