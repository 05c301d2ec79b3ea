# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests, bare on the bed; and the host that protects guests, Debian with QEMU and libvirt under Cloister."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import initramfs
from testbed import debian, hosts, systems
from testbed.emulator import OUT, TREE, Emulator
from testbed.qemu import Machine

HOST = TREE / "build" / "images" / "host.img"
GUEST = TREE / "build" / "images" / "guest.img"
INIT = TREE / "tests" / "system" / "guest" / "init"
MODULE = OUT / "host" / "cloister.ko"
# Each with the modules that it needs first; later kernels have another name for tsm.
DRIVERS = ("failover", "net_failover", "virtio_net", "virtio_blk", "configfs", "tsm", "tsm_report", "tdx-guest")
POOL_MIB = 640
SCRATCH_BYTES = 8 << 20


def kernel(suite: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A suite's cloud kernel, and the folder with its modules. Debian 13's is the measured host's."""
    if suite == "trixie":
        return initramfs.kernel_image(), initramfs.KERNEL
    return systems.kernel(suite, "cloud"), systems.SYSTEMS / suite


def initrd(name: str, modules: pathlib.Path) -> pathlib.Path:
    """An initramfs that prints facts about its guest; see INIT."""
    output = hosts.SCRATCH / f"{name}.initrd"
    output.parent.mkdir(parents=True, exist_ok=True)
    initramfs.initramfs(output, [], drivers=DRIVERS, init=INIT, kernel=modules)
    return output


def facts(guest: Emulator) -> dict[str, str]:
    """What INIT prints, up to its shell."""
    lines = guest.expect(r"guest: kernel(?s:.*)guest: ready\r\n")[0].splitlines()
    guest.shell()
    return dict(line.removeprefix("guest: ").rsplit(maxsplit=1) for line in lines if line.count(" ") > 1)


def bare(name: str, disk: pathlib.Path, *extra: Any) -> Machine:
    """A machine with what guests have, without Cloister: the disk by virtio-blk, virtio-net and virtio-console."""
    devices = ["-drive", f"file={disk},format=raw,if=none,id=v0,snapshot=on", "-device", "virtio-blk-pci,drive=v0",
               "-device", "virtio-serial", "-chardev", "null,id=c0", "-device", "virtconsole,chardev=c0"]
    return Machine(name, tpm=None, iommu=False, extra=[*devices, *extra])


def bare_kernel(name: str, suite: str) -> Machine:
    image, modules = kernel(suite)
    scratch = hosts.SCRATCH / f"{name}.scratch"
    start = ["-kernel", image, "-initrd", initrd(name, modules), "-append", hosts.CMDLINE]
    scratch.write_bytes(bytes(SCRATCH_BYTES))
    return bare(name, scratch, *start)


def bare_disk(name: str) -> Machine:
    return bare(name, GUEST)


@contextlib.contextmanager
def host(name: str, **machine: Any) -> Iterator[Machine]:
    """The host, logged in, with libvirt up and a pool."""
    with debian.running(name, disk=HOST, module=MODULE, settings={"pool_mib": POOL_MIB},
                        **{"memory_mib": 2048, **machine}) as booted:
        yield booted
