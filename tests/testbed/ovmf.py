# SPDX-License-Identifier: GPL-2.0-or-later
"""
What OVMF 2025.02 measures of a guest that QEMU starts by -kernel: a second calculation, beside Cloister's own code. It
is told where OVMF puts PCI devices: addresses that guests on the bed were seen to have.
"""

import contextlib
import socket
import struct
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from typing import IO

from testbed import shim, tdvf
from testbed.shim import extended, sha384

RSDP, TABLES, LOADER = "etc/acpi/rsdp", "etc/acpi/tables", "etc/table-loader"
GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
SECURE_BOOT = ((GLOBAL, "SecureBoot"), (GLOBAL, "PK"), (GLOBAL, "KEK"), (SECURITY, "db"), (SECURITY, "dbx"))
SETUP = (uuid.UUID("7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1"), uuid.UUID("462caa21-7614-4503-836e-8ab6f4662331"))
CONFIGURATION, HOB, TEMPORARY = 1, 2, 3

# ICH9's ACPI registers at 600H, enabled; 256 MiB of ECAM at E0000000H.
CHIPSET = ((31 << 3, 0x40, 0x601), (31 << 3, 0x44, 0x80), (0, 0x60, 0xe0000001))


def ram(size: int, sections: Sequence[tdvf.Section]) -> list[tuple[int, int, bool]]:
    """Base, length, and whether it is in the guest from the start, of each piece of RAM on q35."""
    added = sorted((s.address, s.memory_bytes) for s in sections if s.kind in (HOB, TEMPORARY))
    found = []
    for base, length in shim.ram(shim.Q35, size):
        at, end = base, base + length
        for start, extent in added:
            if base <= start < end:
                found += [(at, start - at, False), (start, extent, True)]
                at = start + extent
        found.append((at, end - at, False))
    return [piece for piece in found if piece[1] > 0]


def td_hob(size: int, firmware: bytes) -> bytes:
    """What is measured of it: all but its last entry."""
    sections = list(tdvf.sections(firmware))
    place, = (s.address for s in sections if s.kind == HOB)
    resources = b"".join(struct.pack("<HHI16xIIQQ", 3, 48, 0, 0 if added else 7, 7, base, length)
                         for base, length, added in ram(size, sections))
    return struct.pack("<HHIII32xQ", 1, 56, 0, 9, 0, place + 56 + len(resources) + 8) + resources


def variable(vendor: uuid.UUID, name: str) -> bytes:
    return vendor.bytes_le + struct.pack("<QQ", len(name), 0) + name.encode("utf-16-le")


def boot_option() -> bytes:
    path = b"".join(struct.pack("<BBH", 4, kind, 20) + guid.bytes_le for kind, guid in zip((7, 6), SETUP))
    path += b"\x7f\xff\x04\x00"
    return struct.pack("<IH", 0x109, len(path)) + "UiApp\0".encode("utf-16-le") + path


def rtmr0(size: int, firmware: bytes, files: dict[str, bytes]) -> str:
    volume, = (s for s in tdvf.sections(firmware) if s.kind == CONFIGURATION)
    events = [td_hob(size, firmware), firmware[volume.offset:volume.offset + volume.raw_bytes],
              *(variable(*which) for which in SECURE_BOOT), bytes(4), files[LOADER], files[RSDP], files[TABLES],
              bytes(2), boot_option()]
    return extended(*map(sha384, events))


def rtmr1(image_digest: bytes) -> str:
    """By the SHA-384 of the kernel's PE image, as Authenticode has it."""
    words = (b"Calling EFI Application from Boot Option", bytes(4), b"Exit Boot Services Invocation",
             b"Exit Boot Services Returned with Success")
    return extended(image_digest, *map(sha384, words))


def rtmr2(command_line: str, initrd: bytes | None) -> str:
    options = command_line + ("" if initrd is None else " initrd=initrd") + "\0"
    return extended(sha384(options.encode("utf-16-le")), *([] if initrd is None else [sha384(initrd)]))


class Qtest:
    """A machine of QEMU's that does not run."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.answers: IO[bytes] = connection.makefile("rb")

    def ask(self, command: str) -> str:
        self.connection.sendall(command.encode() + b"\n")
        said = self.answers.readline().decode().split()
        assert said[:1] == ["OK"], (command, said)
        return said[1] if len(said) > 1 else ""

    def configure(self, function: int, register: int, value: int) -> None:
        """A register of a function of PCI bus 0."""
        self.ask(f"outl 0xcf8 {1 << 31 | function << 8 | register:#x}")
        self.ask(f"outl 0xcfc {value:#x}")

    def item(self, key: int, size: int) -> bytes:
        """Of fw_cfg, by its DMA to 1 MiB."""
        request = struct.pack(">IIQ", key << 16 | 0xa, size, 1 << 20)
        self.ask(f"write 0x1000 {len(request)} 0x{request.hex()}")
        self.ask("outl 0x514 0")
        self.ask(f"outl 0x518 {int.from_bytes(struct.pack('>I', 0x1000), 'little'):#x}")
        return bytes.fromhex(self.ask(f"read {1 << 20:#x} {size}").removeprefix("0x"))

    def files(self, *names: str) -> dict[str, bytes]:
        count, = struct.unpack(">I", self.item(0x19, 4))
        rows = struct.iter_unpack(">IHxx56s", self.item(0x19, 4 + 64 * count)[4:])
        places = {name.rstrip(b"\0").decode(): (key, size) for size, key, name in rows}
        return {name: self.item(*places[name]) for name in names}


@contextlib.contextmanager
def machine(words: Sequence[str]) -> Iterator[Qtest]:
    here, there = socket.socketpair()
    with here, there:
        command = [*words, "-S", "-accel", "tcg", "-display", "none", "-qtest-log", "/dev/null",
                   "-chardev", f"socket,id=q,fd={there.fileno()}", "-qtest", "chardev:q"]
        with subprocess.Popen(command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL) as process:
            there.close()
            yield Qtest(here)
            process.kill()


def acpi_files(words: Sequence[str], placed: Sequence[tuple[int, int, int]] = ()) -> dict[str, bytes]:
    """What QEMU makes for OVMF. placed: function of bus 0, register and value, by which devices get their addresses"""
    with machine([*words, "-machine", "smm=off,pic=off"]) as qtest:
        for register in (*CHIPSET, *placed):
            qtest.configure(*register)
        return qtest.files(LOADER, RSDP, TABLES)
