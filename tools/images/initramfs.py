# SPDX-License-Identifier: GPL-2.0-or-later
"""The measured host's initramfs: busybox, the drivers that it needs, and Cloister's programs for the host.

    python3 tools/images/initramfs.py OUTPUT [PROGRAM-OR-MODULE.ko...]
"""

import lzma
import pathlib
import re
import subprocess
import sys

from cpio import Archive

KERNEL = pathlib.Path("/opt/kernel")
INIT = pathlib.Path(__file__).with_name("init")
BUSYBOX = pathlib.Path("/bin/busybox")
# Each with the modules that it needs first; TPM, virtio and EFI support are part of Debian's cloud kernel itself.
DRIVERS = ("failover", "net_failover", "virtio_net", "virtio_blk",
           "scsi_common", "scsi_mod", "libata", "libahci", "ahci", "ata_piix", "sd_mod")


def kernel_image():
    return next((KERNEL / "boot").glob("vmlinuz-*"))


def add_drivers(archive, drivers, modules, kernel):
    """The kernel's drivers by name, then 'modules', files; init loads those of /lib/modules/order."""
    order = []
    for name in drivers:
        for compressed in (kernel / "usr/lib/modules").rglob(f"{name}.ko.xz"):
            archive.file(f"lib/modules/{name}.ko", lzma.decompress(compressed.read_bytes()))
            order.append(f"{name}.ko")
    for module in modules:
        archive.file(f"lib/modules/{module.name}", module.read_bytes())
        order.append(module.name)
    archive.file("lib/modules/order", "".join(f"{name}\n" for name in order).encode())


def libraries(program):
    """The shared libraries of a program, the dynamic loader included."""
    listing = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return re.findall(r"(/\S+) \(0x", listing)


def add_program(archive, program):
    archive.file(f"bin/{program.name}", program.read_bytes(), 0o755)
    for library in libraries(program):
        archive.file(library, pathlib.Path(library).read_bytes(), 0o755)


def plugins():
    """Libraries that tpm2-tss opens by name at run time."""
    return sorted(pathlib.Path("/usr/lib/x86_64-linux-gnu").glob("libtss2-tcti-device.so.0"))


def initramfs(output, extras, drivers=DRIVERS, init=INIT, kernel=KERNEL, files=()):
    """
    Writes the archive; 'extras' are programs and kernel modules (.ko), 'kernel' is the folder with the drivers, 'files'
    are more files by their places, each executable.
    """
    archive = Archive()
    archive.file("init", init.read_bytes(), 0o755)
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    # The kernel opens the console before init can mount /dev.
    archive.device("dev/console", 5, 1)
    extras = [pathlib.Path(extra) for extra in extras]
    add_drivers(archive, drivers, [e for e in extras if e.suffix == ".ko"], kernel)
    programs = [e for e in extras if e.suffix != ".ko"]
    for program in programs:
        add_program(archive, program)
    if programs:
        for plugin in plugins():
            archive.file(str(plugin), plugin.read_bytes(), 0o755)
    for place, file in dict(files).items():
        archive.file(place, file.read_bytes(), 0o755)
    with open(output, "wb") as packed:
        subprocess.run(["zstd", "-q", "-9", "--single-thread"], input=archive.bytes(), check=True, stdout=packed)


if __name__ == "__main__":
    initramfs(sys.argv[1], sys.argv[2:])
