# SPDX-License-Identifier: GPL-2.0-or-later
"""
Guests, bare on the bed; and the host that protects guests, Debian with QEMU and libvirt under Cloister. A protected
guest is described as in docs/guests.md, and is handled as there, with virsh.

    with host("name", {"kernel.xml": documented("A kernel"), ...}) as machine:
        machine.check(f"virsh create {IMAGES}/kernel.xml")
        with console(machine, "kernel"):
            guests.facts(machine)
"""

import contextlib
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import initramfs
from testbed import debian, hosts, systems
from testbed.emulator import OUT, PATIENCE_S, TREE, Emulator
from testbed.qemu import Machine

HOST = TREE / "build" / "images" / "host.img"
GUEST = TREE / "build" / "images" / "guest.img"
INIT = TREE / "tests" / "system" / "guest" / "init"
DOCUMENT = TREE / "docs" / "guests.md"
MODULE = OUT / "host" / "cloister.ko"
ATTESTD = OUT / "host" / "attestd"
QUOTE_SOCKET = "/run/tdx-qgs/qgs.socket"  # of the host's quote generation service
IMAGES = "/var/lib/libvirt/images"
# Each with the modules that it needs first; later kernels have another name for tsm.
DRIVERS = ("failover", "net_failover", "virtio_mmio", "virtio_net", "virtio_blk", "configfs", "tsm", "tsm_report",
           "tdx-guest")
POOL_MIB = 1400  # two guests of 512 MiB, their firmware and tables
SCRATCH_BYTES = 8 << 20
# What udev's rules for /dev/kvm do, where there is no udev; the group's number is nobody's.
GROUP_NODE = "chown 0:107 /dev/kvm && chmod 660 /dev/kvm"
# What the guest's disk has on its kernel's command line; docs/testing.md, the bed.
PATIENT = re.search("^# cmdline: (.*)$", (TREE / "tools" / "images" / "packages.guest").read_text(), re.M)[1]


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


def facts(guest: Emulator, timeout: float = PATIENCE_S) -> dict[str, str]:
    """What INIT prints, up to its shell."""
    lines = guest.expect(r"guest: kernel(?s:.*)guest: ready\r+\n", timeout)[0].splitlines()
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


def documented(heading: str, **changed: object) -> bytes:
    """The domain's XML that the document has below a heading; elements 'changed' have another text."""
    part = DOCUMENT.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    xml = part.partition("```xml\n")[2].partition("```\n")[0].replace("</cmdline>", f" {PATIENT}</cmdline>")
    for element, text in changed.items():
        xml, count = re.subn(rf"(<{element}\b[^>]*>)[^<]*(</{element}>)", rf"\g<1>{text}\2", xml)
        assert count == 1, element
    return xml.encode()


# QEMU's object of a protected guest, as docs/guests.md has it.
UNQUOTED = "tdx-guest,id=tdx0"


def with_quotes(properties: str = "") -> str:
    """The same object, by which a guest can ask for quotes; with more properties, as JSON has them."""
    return f'{{"qom-type": "tdx-guest", "id": "tdx0", {properties}"quote-generation-socket": ' \
           f'{{"type": "unix", "path": "{QUOTE_SOCKET}"}}}}'


def quoted(xml: bytes, properties: str = "") -> bytes:
    """A domain's XML whose guest can ask for quotes."""
    assert xml.count(UNQUOTED.encode()) == 1
    return xml.replace(UNQUOTED.encode(), with_quotes(properties).encode())


def volume(name: str, files: Mapping[str, pathlib.Path | bytes]) -> pathlib.Path:
    """A disk without partitions that holds files; holes stay holes."""
    output = hosts.SCRATCH / f"{name}.volume"
    with tempfile.TemporaryDirectory(dir=hosts.SCRATCH) as folder:
        for file, content in files.items():
            place = pathlib.Path(folder, file)
            if isinstance(content, bytes):
                place.write_bytes(content)
            else:
                subprocess.run(["cp", "--sparse=always", content, place], check=True)
        size = sum(place.stat().st_size for place in pathlib.Path(folder).iterdir())
        output.unlink(missing_ok=True)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "guests", "-d", folder, output,
                        f"{64 + size * 9 // 8 // (1 << 20)}M"], check=True)
    return output


@contextlib.contextmanager
def host(name: str, files: Mapping[str, pathlib.Path | bytes], **machine: Any) -> Iterator[Machine]:
    """The host, logged in, with libvirt up, a pool, and 'files' in its folder of images."""
    with debian.running(name, disk=HOST, module=MODULE, disks=[volume(name, files)],
                        **{"settings": {"pool_mib": POOL_MIB}, "memory_mib": 3072, **machine}) as booted:
        booted.check(f"mount LABEL=guests {IMAGES} && chmod 755 {IMAGES}")
        yield booted


@contextlib.contextmanager
def attested_host(name: str, files: Mapping[str, pathlib.Path | bytes], *, carried: Sequence[pathlib.Path] = (),
                  **machine: Any) -> Iterator[Machine]:
    """The same with attestd, as tenants verify it."""
    programs = [ATTESTD, *debian.libraries(ATTESTD), *initramfs.plugins(), *carried]
    with host(name, files, carried=programs, **machine) as booted:
        booted.check(f"mkdir -p {pathlib.PurePath(QUOTE_SOCKET).parent}")
        booted.check(f"{{ {debian.MOUNTED}/attestd --listen 0.0.0.0:8180 --guest-quotes {QUOTE_SOCKET} "
                     ">/run/attestd.log 2>&1 & }")
        booted.wait_until("grep -q 'the attestation key is loaded' /run/attestd.log")
        yield booted


@contextlib.contextmanager
def console(machine: Machine, domain: str) -> Iterator[None]:
    """The machine's console shows the domain's while the context lasts."""
    machine.send(f"virsh console --force {domain}; echo VIRSH''_ENDED")  # the echo of this line has quotes
    machine.expect("Escape character is")
    yield
    machine.console.send("\x1d")
    machine.expect("VIRSH_ENDED")
