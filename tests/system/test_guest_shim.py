# SPDX-License-Identifier: GPL-2.0-or-later
"""guest-shim starts an unmodified kernel on QEMU's q35 and microvm, and says why where it cannot."""

import subprocess

import pytest

from testbed import guests, qemu_host
from testbed.emulator import OUT

BOOT_S = 1800
DISK_MIB = 8
NETWORK = "-netdev user,id=n"
DISK = "-drive file=/run/disk,format=raw,if=none,id=d"
CONSOLE = "-chardev file,id=c,path=/run/console"
# As libvirt has them: each device behind a port of its own.
PORTS = "-device pcie-root-port,id=p1,chassis=1 -device pcie-root-port,id=p2,chassis=2"
DEVICES = {
    qemu_host.SHIMMED: f"{PORTS} {DISK} -device virtio-blk-pci,drive=d,romfile=,bus=p1 "
                       f"{NETWORK} -device virtio-net-pci,netdev=n,romfile=,bus=p2 "
                       f"{CONSOLE} -device virtio-serial-pci -device virtconsole,chardev=c",
    qemu_host.MICROVM: f"{DISK} -device virtio-blk-device,drive=d {NETWORK} -device virtio-net-device,netdev=n "
                       f"{CONSOLE} -device virtio-serial-device -device virtconsole,chardev=c",
}
APPEND = f"console=ttyS0 {guests.PATIENT}"
KERNEL = f"-kernel /vmlinuz -initrd /initrd -append '{APPEND}'"
# Of Linux' boot protocol
SETUP_SECTORS, XLOADFLAGS, KERNEL_64 = 0x1f1, 0x236, 1


def without_64_bit_entry(kernel):
    return kernel[:XLOADFLAGS] + bytes([kernel[XLOADFLAGS] & ~KERNEL_64]) + kernel[XLOADFLAGS + 1:]


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    image, modules = guests.kernel("trixie")
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "old").write_bytes(without_64_bit_entry(image.read_bytes()))
    initrd = guests.initrd("guest-shim", modules)
    subprocess.run([OUT / "cloister", "guest", "bind", "--firmware", qemu_host.SHIM, "--kernel", image, "--initrd",
                    initrd, "--append", APPEND, "--output", folder / "bound.fd"], check=True)
    files = {"vmlinuz": image, "initrd": initrd, "old": folder / "old", "bound.fd": folder / "bound.fd",
             qemu_host.SHIM.name: qemu_host.SHIM}
    with qemu_host.host("guest-shim", files, icount=False, cpus=2, pool_mib=700) as booted:
        booted.check(f"dd if=/dev/zero of=/run/disk bs=1M count={DISK_MIB}")
        yield booted


FACTS = {"cpus": "2", "tdx": "yes", "memory is encrypted:": "yes", "/dev/tdx_guest": "yes", "disk": "works",
         "network": "works", "console": "written"}


@pytest.mark.parametrize("start", DEVICES, ids=["q35", "microvm"])
def test_kernel_has_vcpus_devices_and_power_off(machine, start):
    qemu_host.start(machine, f"{start} -smp 2 {DEVICES[start]} {KERNEL}")
    facts = guests.facts(machine, BOOT_S)
    qemu_host.power_off(machine, BOOT_S)
    assert FACTS.items() <= facts.items(), facts
    assert machine.check("cat /run/console").splitlines() == ["a guest's line"]


# Without EFI, Linux resets a machine without fixed hardware through real mode, which a protected guest does not have.
@pytest.mark.parametrize("start, how", [(qemu_host.SHIMMED, ""), (qemu_host.MICROVM, " reboot=a")],
                         ids=["q35", "microvm"])
def test_reset_ends_the_guest(machine, start, how):
    kernel = KERNEL.replace(guests.PATIENT, guests.PATIENT + how)
    qemu_host.start(machine, f"{start} {kernel}")
    guests.facts(machine, BOOT_S)
    machine.send("reboot -f")
    machine.expect("QEMU_ENDED", BOOT_S)


BOUND = qemu_host.SHIMMED.replace(f"/{qemu_host.SHIM.name}", "/bound.fd")


def test_bound_image_starts_its_kernel(machine):
    qemu_host.start(machine, f"{BOUND} {KERNEL}")
    guests.facts(machine, BOOT_S)
    qemu_host.power_off(machine, BOOT_S)


@pytest.mark.parametrize("options, words", [
    (KERNEL.replace("/vmlinuz", "/other"), "kernel: not the one in the image"),
    (KERNEL.replace("console", "quiet console"), "command line: not the one in the image"),
    (KERNEL.replace("/initrd", "/vmlinuz"), "initrd: not the one in the image"),
])
def test_bound_image_starts_nothing_else(machine, options, words):
    machine.check("cp /vmlinuz /other && echo >>/other")
    assert_named(machine, f"{BOUND} -d guest_errors {options}", words)


def assert_named(machine, command, words):
    """The guest does not start. The words are on its console, and in QEMU's log."""
    qemu_host.start(machine, command)
    said = machine.expect("(?s:.*)QEMU_ENDED", BOOT_S)[0]
    assert said.count(f"guest-shim: {words}") == 2, said


@pytest.mark.parametrize("options, words", [
    ("", "no kernel: start QEMU with -kernel"),
    ("-kernel /old", "kernel: no 64-bit entry"),
    ("-kernel /vmlinuz -append $(printf %02048d 0)", "command line: too long for this kernel"),
    ("-kernel /vmlinuz -m 40", "kernel: not enough memory: give the guest more"),
    ("-kernel /vmlinuz -initrd /vmlinuz -m 80", "initrd: not enough memory: give the guest more"),
])
def test_what_cannot_start_is_named(machine, options, words):
    assert_named(machine, f"{qemu_host.SHIMMED} -d guest_errors {options}", words)


def test_firmware_without_metadata_is_refused(machine):
    """By QEMU: what is not a TDVF image starts nothing."""
    machine.check("dd if=/dev/zero of=/run/no-metadata.fd bs=64k count=1")
    command = qemu_host.SHIMMED.replace(f"/{qemu_host.SHIM.name}", "/run/no-metadata.fd")
    status, said = machine.run(f"{command} -kernel /vmlinuz", BOOT_S)
    assert status == 1 and "TDVF" in said, said
    assert "no domains" in machine.check("cloisterctl domains")
