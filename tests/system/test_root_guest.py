# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own handling of the machine as root guest: kexec, kdump, CPU hotplug, hibernation, each way to reboot."""

import pytest

import initramfs
from testbed import hosts, systems
from testbed.emulator import OUT
from testbed.qemu import Machine

BOOT_S = 900
SWAP_BYTES = 2 << 30
KEXEC = OUT / "tests" / "system" / "kexec"
SECOND = f"{hosts.CMDLINE} irqpoll nr_cpus=1 reset_devices second"


def machine(name, *, cmdline="", disks=(), **changes):
    disk = systems.disk(name, cmdline=f"{hosts.CMDLINE} {cmdline}".strip())
    return Machine(name, disks=[disk, *disks], tpm=None, nics=(), **changes)


def fine(booted, cpus=2):
    """Cloister controls all CPUs, and no kernel's log holds a complaint."""
    assert booted.check("nproc").strip() == str(cpus)
    assert "2 in control, 0 parked" in booted.check("cloisterctl stats")
    assert not systems.complaints(booted)


def test_cpu_goes_and_comes_back():
    """A CPU goes and comes back, several times: INIT and SIPI through the ICR each time."""
    with machine("hotplug") as booted:
        booted.ready(BOOT_S)
        for _ in range(5):
            booted.check("echo 0 >/sys/devices/system/cpu/cpu1/online")
            assert booted.check("nproc").strip() == "1"
            booted.check("echo 1 >/sys/devices/system/cpu/cpu1/online")
            fine(booted)


def with_kexec(name, cmdline=""):
    """A machine with kexec and the files that it loads, each on a disk."""
    files = [initramfs.kernel_image(), hosts.INITRD, KEXEC]
    return machine(name, cmdline=cmdline, disks=files, memory_mib=1536)


def read_files(booted):
    """Reads them from their disks, which are found in any order: by their size."""
    for file, path in zip(booted.disks[1:], ("/run/kernel", "/run/initrd", "/bin/kexec"), strict=True):
        size = file.stat().st_size
        booted.check(f"for d in /sys/block/sd*; do [ $(cat $d/size) != {-(-size // 512)} ] || "
                     f"head -c {size} /dev/${{d##*/}} >{path}; done; chmod 755 {path}")


@pytest.mark.slow
def test_kexec_kernel_finds_cloister():
    """The second kernel finds Cloister as the first one did."""
    with with_kexec("kexec") as booted:
        booted.ready(BOOT_S)
        read_files(booted)
        booted.check('kexec load /run/kernel /run/initrd "$(cat /proc/cmdline) second"')
        booted.send("kexec start")
        booted.ready(BOOT_S)
        booted.check("grep -q second /proc/cmdline")
        fine(booted)


@pytest.mark.slow
def test_crash_kernel_has_the_first_ones_memory():
    """After a panic the crash kernel runs, and has the memory of the first one."""
    with with_kexec("kdump", cmdline="crashkernel=384M") as booted:
        booted.ready(BOOT_S)
        read_files(booted)
        booted.check(f"kexec panic /run/kernel /run/initrd '{SECOND}'")
        booted.send("echo c >/proc/sysrq-trigger")
        booted.expect("Kernel panic - not syncing")
        booted.ready(BOOT_S)
        booted.check("grep -q second /proc/cmdline && dd if=/proc/vmcore of=/dev/null bs=1M count=64")
        fine(booted, cpus=1)


@pytest.mark.slow
def test_hibernated_kernel_resumes_under_a_new_launch(tmp_path):
    """The key is gone with the power, and the kernel comes back under a Cloister that was launched for it."""
    swap = tmp_path / "swap"
    swap.write_bytes(b"")
    with open(swap, "r+b") as file:
        file.truncate(SWAP_BYTES)
    extra = ("-drive", f"file={swap},format=raw,if=none,id=swap", "-device", "ide-hd,drive=swap,bus=ide.3")
    with machine("hibernate", extra=extra) as booted:
        booted.ready(BOOT_S)
        booted.check("mkswap /dev/sdb && swapon /dev/sdb && echo shutdown >/sys/power/disk")
        booted.send("echo disk >/sys/power/state; echo RE''SUMED")
        booted.wait_stopped(BOOT_S)
    with machine("resume", extra=extra) as booted:
        booted.ready(BOOT_S)
        booted.send("cat /sys/class/block/sdb/dev >/sys/power/resume")
        booted.expect("RESUMED\r", BOOT_S)
        booted.shell()
        fine(booted)


# How Linux resets the machine: each time it comes back. A triple fault is test_crash.py's.
METHODS = {"acpi": "a", "keyboard": "k", "efi": "e", "pci": "p"}


@pytest.mark.parametrize("method", [name if name == "pci" else pytest.param(name, marks=pytest.mark.slow)
                                    for name in METHODS])
def test_reboot_launches_again(method):
    with machine(f"reboot-{method}", cmdline=f"reboot={METHODS[method]}",
                 extra=("-action", "reboot=reset")) as booted:
        booted.ready(BOOT_S)
        booted.send("reboot -f")
        booted.expect("cloister: launched: ", BOOT_S)
        booted.expect("Linux version", BOOT_S)
