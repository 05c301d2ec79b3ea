# SPDX-License-Identifier: GPL-2.0-or-later
"""
The measured host with Debian's QEMU in its initramfs: protected guests without a Debian around them, and where
instructions are counted. QEMU, its libraries and the firmware come from the disk of guests.HOST.

    with host("name", {"initrd": initrd}) as machine:
        machine.send(f"{PROTECTED} -kernel /vmlinuz -initrd /initrd -append console=ttyS0")
"""

import contextlib
import pathlib
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import initramfs
from testbed import debian, guests, hosts, intel
from testbed.bochs import BochsMachine
from testbed.emulator import OUT, Emulator
from testbed.qemu import Machine

PARTITION = 65 << 20  # bytes before the disk's root file system: esp_mib and one more (tools/images/debian-disk)
LIBRARIES = pathlib.PurePath("usr/lib/x86_64-linux-gnu")
QEMU = pathlib.PurePath("usr/bin/qemu-system-x86_64")
FIRMWARE = pathlib.PurePath("usr/share/ovmf/OVMF.fd")
DATA = tuple(pathlib.PurePath("usr/share/qemu", name) for name in ("kvmvapic.bin", "linuxboot_dma.bin"))
GUEST_MIB = 512
POOL_MIB = 600  # for one guest
# QEMU's -icount gives up at WRMSR to the x2APIC's timer ("Bad icount read"), so the kernel uses another one.
CMDLINE = f"{hosts.CMDLINE} nokaslr nolapic_timer quiet"

# QEMU's command line in the host, for a guest on the console; what docs/guests.md describes in XML.
COMMON = f"qemu-system-x86_64 -m {GUEST_MIB} -bios /{FIRMWARE} -nodefaults -display none -serial stdio -no-reboot"
PROTECTED = (f"{COMMON} -accel kvm -cpu host -machine q35,kernel-irqchip=split,smm=off,confidential-guest-support=tdx0 "
             f"-object {guests.UNQUOTED}")
# Without firmware: guest-shim, on both machines that it knows.
SHIM = OUT / "guest-shim.fd"
SHIMMED = PROTECTED.replace(f"/{FIRMWARE}", f"/{SHIM.name}")
MICROVM = SHIMMED.replace("q35,kernel-irqchip=split,smm=off",
                          "microvm,kernel-irqchip=split,acpi=on,ioapic2=off,rtc=on") \
    + " -global virtio-mmio.force-legacy=off"
# With quotes: <quoteGenerationService>.
STOCK_QUOTED, QUOTED, MICROVM_QUOTED = (start.replace(guests.UNQUOTED, f"'{guests.with_quotes()}'")
                                        for start in (PROTECTED, SHIMMED, MICROVM))
PLAIN = f"{COMMON} -accel tcg -cpu max -machine q35,smm=off"


def start(machine: Emulator, command: str) -> None:
    """Starts a guest on the host's console."""
    machine.send(f"{command}; echo QEMU''_ENDED")  # the echo of this line has quotes


def power_off(machine: Emulator, timeout: float) -> None:
    """Ends the guest, whose shell has the console; the host's has it then."""
    machine.send("poweroff -f")
    machine.expect("QEMU_ENDED", timeout)


def dumped() -> pathlib.Path:
    """A folder with the parts of the Debian disk that QEMU needs; made once for each disk."""
    assert guests.HOST.exists(), f"{guests.HOST} is missing: make host-disk"
    image = guests.HOST.resolve()
    folder = hosts.SCRATCH / image.stem
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        commands = [f"rdump /{LIBRARIES} {partial / LIBRARIES.parent}"]
        (partial / LIBRARIES.parent).mkdir(parents=True, exist_ok=True)
        for file in (QEMU, FIRMWARE, *DATA):
            (partial / file).parent.mkdir(parents=True, exist_ok=True)
            commands.append(f"dump /{file} {partial / file}")
        subprocess.run(["debugfs", f"{image}?offset={PARTITION}"], input="\n".join(commands), text=True, check=True,
                       capture_output=True)
        missing = [file for file in (QEMU, FIRMWARE, *DATA) if not (partial / file).exists()]
        assert not missing, f"{image}: {missing} could not be read"  # debugfs(8) exits with 0 whatever it did
        partial.rename(folder)
    return folder


def here() -> pathlib.Path:
    """A program that is the host's QEMU on this machine, for a tenant's calculations."""
    folder = dumped()
    program = folder / "qemu"
    libraries = folder / LIBRARIES
    program.write_text(f"#!/bin/sh\nexec {libraries}/ld-linux-x86-64.so.2 --library-path {libraries} {folder / QEMU} "
                       f"-L {folder / DATA[0].parent} \"$@\"\n")
    program.chmod(0o755)
    return program


def needed(folder: pathlib.Path) -> set[str]:
    """The names of the shared libraries that QEMU needs, and those need."""
    found: set[str] = set()
    left = [folder / QEMU]
    while left:
        said = subprocess.run(["readelf", "-d", left.pop()], check=True, capture_output=True, text=True).stdout
        new = set(re.findall(r"\(NEEDED\).*\[(?!ld-linux)(.*)\]", said)) - found
        found |= new
        left += [folder / LIBRARIES / name for name in new]
    return found


def qemu_files() -> dict[str, pathlib.Path]:
    """QEMU and all that it needs, by their places in the host."""
    folder = dumped()
    files = {str(file): folder / file for file in (FIRMWARE, *DATA)}
    files |= {str(LIBRARIES / name): (folder / LIBRARIES / name).resolve() for name in needed(folder)}
    return files | {f"bin/{QEMU.name}": folder / QEMU}


def initrd_with(name: str, files: Mapping[str, pathlib.Path], programs: Sequence[pathlib.Path] = (),
                drivers: Sequence[str] = ()) -> pathlib.Path:
    """The host's initramfs: QEMU and 'files'. Without drivers, as a rule: see costs.to_shell()."""
    initrd = hosts.SCRATCH / f"{name}.host.initrd"
    initramfs.initramfs(initrd, [debian.TOOL, *programs, guests.MODULE], drivers, files=qemu_files() | dict(files))
    return initrd


@contextlib.contextmanager
def host(name: str, files: Mapping[str, pathlib.Path], *, pool_mib: int = POOL_MIB, icount: bool = True,
         **machine: Any) -> Iterator[Machine]:
    """
    The host with 'files' in its initramfs, up, at its shell. It has no TPM.

    icount: instructions are counted, and the host does without its CPU's timer
    """
    config = hosts.config(require_tpm="no", require_iommu="no", pool_mib=pool_mib,
                          cmdline=CMDLINE if icount else f"{hosts.CMDLINE} quiet")
    kernel = {"EFI/cloister/vmlinuz": initramfs.kernel_image(), "EFI/cloister/initrd.img": initrd_with(name, files)}
    arguments = {"cpus": 1, "memory_mib": 2048, "tpm": None, "nics": (), "icount": icount, "iommu": False, **machine}
    with Machine(name, disks=[hosts.esp(name, config=config, kernel=False, more=kernel)], **arguments) as booted:
        booted.ready(1800)
        yield booted


@contextlib.contextmanager
def attested_host(name: str, files: Mapping[str, pathlib.Path], *, pool_mib: int = POOL_MIB, icount: bool = False,
                  **machine: Any) -> Iterator[Machine]:
    """The same with a TPM, a network and attestd, as tenants verify it."""
    initrd = initrd_with(name, files, [guests.ATTESTD], initramfs.DRIVERS)
    kernel = {"EFI/cloister/vmlinuz": initramfs.kernel_image(), "EFI/cloister/initrd.img": initrd}
    config = hosts.config(pool_mib=pool_mib, cmdline=CMDLINE if icount else hosts.CMDLINE)
    disk = hosts.esp(name, config=config, kernel=False, more=kernel)
    arguments = {"cpus": 1 if icount else 2, "memory_mib": 2048, "icount": icount, **machine}
    with Machine(name, disks=[disk], **arguments) as booted:
        booted.ready(1800)
        yield booted


@contextlib.contextmanager
def vtx_host(name: str, files: Mapping[str, pathlib.Path], *, pool_mib: int = POOL_MIB) -> Iterator[BochsMachine]:
    """The same with VT-x."""
    disk = intel.disk(name, initrd=initrd_with(name, files), pool_mib=pool_mib, cmdline=f"{intel.CMDLINE} quiet")
    with BochsMachine(name, disks=[disk], memory_mib=1536) as booted:
        booted.ready(1800)
        yield booted
