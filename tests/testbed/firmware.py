# SPDX-License-Identifier: GPL-2.0-or-later
"""
Different firmware: OVMF's variables with other boot options and other keys, option ROMs for PCI devices, and what is
signed for Secure Boot.
"""

import hashlib
import pathlib
import shutil
import struct
import subprocess

from virt.firmware.efi import bootentry, devpath, guids, ucs16
from virt.firmware.varstore import edk2

import esp as images
from testbed import hosts

FIRMWARE = pathlib.Path("/usr/share/OVMF")
ROM_BLOCK = 512
OWNER = "c1057e12-0000-4000-8000-00000000000f"


def on_first_partition(path: str) -> devpath.DevicePath:
    """The device path of a file on the first partition of images.disk()'s disks."""
    partition, file = devpath.DevicePathElem(), devpath.DevicePathElem()
    # The firmware goes by number and GUID.
    partition.set_gpt(1, images.MIB // 512, images.MIB // 512, images.PARTITION_GUID.format(1))
    file.set_filepath(path)
    return devpath.DevicePath(bytes(partition) + bytes(file))


def load_option(title: str, path: str) -> bytes:
    return bytes(bootentry.BootEntry(attr=bootentry.LOAD_OPTION_ACTIVE, title=ucs16.from_string(title),
                                     devicepath=on_first_partition(path)))


class Variables:
    """A file of firmware variables, to be changed and written."""

    def __init__(self, base: str = "OVMF_VARS_4M.fd") -> None:
        self.store = edk2.Edk2VarStore(str(FIRMWARE / base))
        self.list = self.store.get_varlist()

    def set(self, name: str, data: bytes, guid: str = guids.EfiGlobalVariable) -> None:
        variable = self.list.create(name)
        variable.guid, variable.data = guids.parse_str(guid), data
        variable.attr = 7  # non-volatile, for boot services and at run time

    def start_first(self, kind: str, path: str) -> None:
        """kind: "Driver" or "SysPrep": the firmware starts such programs before any boot option."""
        self.set(f"{kind}0000", load_option("first", path))
        self.set(f"{kind}Order", struct.pack("<H", 0))

    def trust(self, certificate: pathlib.Path) -> None:
        """Secure Boot with one's own key as PK, KEK and in db, and no other; the certificate as PEM."""
        for name in ("PK", "KEK", "db"):
            self.list.add_cert(name, OWNER, str(certificate), True)
        self.list.enable_secureboot()

    def trust_as_machine_owner(self, der: bytes) -> None:
        """Writes shim's list of keys, as MokManager does; only boot services may write it."""
        entry = guids.parse_str(OWNER).bytes_le + der
        self.set("MokList", guids.parse_str(guids.EfiCertX509).bytes_le
                 + struct.pack("<III", 28 + len(entry), 0, len(entry)) + entry, guid=guids.Shim)
        self.list["MokList"].attr = 3

    def write(self, name: str) -> pathlib.Path:
        path = hosts.SCRATCH / f"{name}.vars.fd"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.store.write_varstore(str(path), self.list)
        return path


class Signer:
    """A key, and its certificate, with which docs/secure-boot.md's commands sign."""

    def __init__(self) -> None:
        folder = hosts.SCRATCH / "signer"
        folder.mkdir(parents=True, exist_ok=True)
        self.key, self.certificate, self.der = folder / "key.pem", folder / "cert.pem", folder / "cert.der"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
            "-subj", "/CN=Owner of the machine/", "-addext", "extendedKeyUsage=codeSigning",
            "-keyout", self.key, "-out", self.certificate)
        run("openssl", "x509", "-in", self.certificate, "-outform", "DER", "-out", self.der)

    def program(self, program: pathlib.Path) -> pathlib.Path:
        """An EFI program, or a kernel, signed."""
        signed = self.key.with_name(program.name)
        run("sbsign", "--key", self.key, "--cert", self.certificate, "--output", signed, program)
        return signed

    def module(self, module: pathlib.Path) -> pathlib.Path:
        """A kernel module, signed."""
        signed = self.key.with_name(module.name)
        shutil.copyfile(module, signed)
        sign_file = next(pathlib.Path("/usr/lib").glob("linux-kbuild-*/scripts/sign-file"))
        run(sign_file, "sha256", self.key, self.der, signed)
        return signed


def authenticode(program: pathlib.Path) -> str:
    """The digest by which the firmware measures a program: without checksum, signatures, and the entry for these."""
    data = program.read_bytes()
    optional = struct.unpack_from("<I", data, 0x3C)[0] + 24
    checksum, signatures = optional + 64, optional + 112 + 4 * 8  # of PE32+
    end = struct.unpack_from("<I", data, signatures)[0] or len(data)
    digest = hashlib.sha256(data[:checksum] + data[checksum + 4:signatures] + data[signatures + 8:end])
    return digest.hexdigest()


def run(*argv: object) -> None:
    subprocess.run(list(map(str, argv)), check=True, capture_output=True)


def option_rom(driver: bytes) -> bytes:
    """
    An expansion ROM with one EFI driver (PCI Firmware Specification 3.3, 5.1.2; UEFI 2.10, 14.4.2).

    driver: the PE image
    """
    pcir_at, image_at = 0x1C, 0x38
    blocks = -(-(image_at + len(driver)) // ROM_BLOCK)
    header = struct.pack("<HHIHHH8xHH", 0xAA55, blocks, 0x0EF1, 11, 0x8664, 0, image_at, pcir_at)
    pcir = struct.pack("<4sHHHHB3sHHBBHHH", b"PCIR", 0x1234, 0x5678, 0, 0x1C, 3, b"\0\0\xFF", blocks, 0, 3, 0x80,
                       0, 0, 0)
    rom = (header.ljust(pcir_at, b"\0") + pcir).ljust(image_at, b"\0") + driver
    return rom.ljust(blocks * ROM_BLOCK, b"\0")
