# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks for machines with VT-x. Their test bed has no TPM."""

import pathlib
from typing import Any

import esp as images
import initramfs
from testbed import hosts
from testbed.bochs import BochsMachine
from testbed.emulator import OUT

HYPERVISOR = OUT / "hv-vmx.elf"
DEBUG_HYPERVISOR = OUT / "hv-vmx-debug.elf"
# At the port's default of 9600 baud most of a boot on Bochs would be waiting for it.
CMDLINE = "console=ttyS0,115200 no_timer_check"
PROGRAM_IPIS = 8
IDLE_S = 10  # of the machine's time
IDLE = f"sleep {IDLE_S}"
# A megabyte is read and written back, past the kernel's cache.
DISK_STEP = ("dd if=/dev/sda of=/run/blocks bs=64k count=16 skip=$i iflag=direct && "
             "dd if=/run/blocks of=/dev/sda bs=64k seek=$i oflag=direct")
LOADS = {
    "idle": IDLE,
    "CPU": "(for i in $(seq $(nproc)); do timeout 3 sh -c 'while :; do :; done' & done; wait)",
    "disk": f"(for i in $(seq 4); do {DISK_STEP} || exit 1; done) 2>/dev/null",
}


def disk(name: str, *, hypervisor: pathlib.Path = HYPERVISOR, program: pathlib.Path | None = None,
         starter: pathlib.Path | None = None, initrd: pathlib.Path = hosts.INITRD, pool_mib: int = 0,
         **settings: Any) -> pathlib.Path:
    """
    Makes the disk with Cloister's EFI system partition: it starts an EFI program, or else the measured host. The
    firmware starts the loader, or a program that starts it and to which it returns after an error. 'settings' change
    the config.
    """
    target = {"cmdline": CMDLINE, "require_tpm": "no", "require_iommu": "no"} | settings
    contents: dict[str, pathlib.Path | bytes] = {
        "EFI/BOOT/BOOTX64.EFI": hosts.LOADER, "EFI/cloister/hv-vmx.elf": hypervisor}
    if program:
        target |= {"cmdline": None, "kernel": None, "initrd": None,
                   "boot": "loader", "chain": rf"\EFI\tests\{program.name}"}
        contents[f"EFI/tests/{program.name}"] = program
    else:
        contents |= {"EFI/cloister/vmlinuz": initramfs.kernel_image(), "EFI/cloister/initrd.img": initrd}
    if starter:
        target["on_error"] = "continue"
        contents |= {"EFI/BOOT/BOOTX64.EFI": starter, "EFI/cloister/loader.efi": hosts.LOADER}
    contents["EFI/cloister/cloister.conf"] = hosts.config(pool_mib=pool_mib, **target)
    return images.disk(hosts.SCRATCH / f"{name}.img", contents)


def exits(stats: str) -> dict[str, int]:
    """Exits of the hypervisor by reason, from the output of 'cloisterctl stats'."""
    fields = (line.split() for line in stats.splitlines() if line.startswith("exits "))
    return {reason: int(count) for _, reason, count in fields}


def steady_exits(machine: BochsMachine, load: str) -> tuple[dict[str, int], dict[str, int]]:
    """
    Exits by reason while a command runs, in two parts: what the programs that look at it ask for themselves (CPUID,
    hypercalls), which are named apart as in 'make bench', and all others. Between CPUs each interrupt is an exit: there
    they are apart too, as many as a load sends, and in idleness those to the CPU that a program is started on.
    """
    command = f"sleep 1 && cloisterctl stats && echo LATER && {load} && cloisterctl stats"
    before, _, after = machine.check(command, timeout=1800).partition("LATER")
    before, after = exits(before), exits(after)
    spent = {reason: after[reason] - before[reason] for reason in after if after[reason] != before[reason]}
    asked = {"cpuid", "hypercall"}
    if machine.cpus > 1 and (load != IDLE or spent.get("x2apic-icr", 0) <= PROGRAM_IPIS):
        asked.add("x2apic-icr")
    return ({reason: count for reason, count in spent.items() if reason in asked},
            {reason: count for reason, count in spent.items() if reason not in asked})
