# SPDX-License-Identifier: GPL-2.0-or-later
"""The two test beds as the guest programs need them: a machine with TAP on COM2, its run state, its memory.

A run state is "running", "suspended" or "shutdown" (which a reset counts as too), or "gone" when the program itself
has ended the emulator.
"""

import contextlib
import pathlib
import re
import tempfile
from typing import Self

import pexpect

from testbed import emulator, qemu, remapping_tables
from testbed.bochs import BochsMachine
from testbed.tpm import Tpm, scratch_base

MEMORY_MIB = 256
# Attackers on bus 0, enough for more faults than are logged; one behind a port of PCI Express, one behind a PCI bridge.
ATTACKERS = ["-device", "pcie-root-port,id=express,chassis=1", "-device", "pcie-pci-bridge,id=conventional"]
for place in (*[""] * 6, ",bus=express", ",bus=conventional,addr=3"):
    ATTACKERS += ["-device", f"edu,dma_mask=0xffffffffffffffff{place}"]
ATTACKER = ["-device", "edu,dma_mask=0xffffffffffffffff"]
DMA_ATTACKER = {"dma-vtd": ATTACKERS, "dma-amdvi": ["-device", "amd-iommu", *ATTACKERS],
                "td-dma-vtd": ATTACKER, "td-dma-amdvi": ["-device", "amd-iommu", *ATTACKER]}
# A function of class host bridge behind a port, and a port without one; and one on another root bus, without a unit.
ROUTERS = ["-device", "pcie-root-port,id=behind,chassis=1", "-blockdev", "null-co,node-name=n0",
           "-device", "virtio-blk-pci,drive=n0,bus=behind,class=0x0600,iommu_platform=on,disable-legacy=on",
           "-device", "pcie-root-port,id=beside,chassis=3", "-device", "edu,bus=beside"]
FAR_ROUTER = ["-device", "pxb-pcie,id=aside,bus_nr=64", "-device", "pcie-root-port,id=far,bus=aside,chassis=2",
              "-blockdev", "null-co,node-name=n1",
              "-device", "virtio-blk-pci,drive=n1,bus=far,class=0x0600,iommu_platform=on,disable-legacy=on"]
DMA = tuple(DMA_ATTACKER)  # programs that need an IOMMU
# The machines that "floor" runs on, beside the usual one.
FLOORS = {"floor-buses": {"extra": ROUTERS + FAR_ROUTER}, "floor-amdvi": {"extra": ["-device", "amd-iommu"]},
          "floor-mchbar": {"extra": ["-device", "edu"]}, "floor-pc": {"chipset": "pc"},
          "floor-random": {"iommu": True, "extra": ROUTERS}}
# Programs on a CPU with so many bits of a physical address.
WIDTHS = {f"memory-{bits}": bits for bits in (36, 39, 46, 52)} | {"a20-36": 36, "a20-47": 47}
# Programs on other numbers of CPUs: the region's layout depends on it.
CPUS = {"a20-36": 1, "a20-47": 11}


def read_console(machine: emulator.Emulator) -> None:
    """Reads the console: a full one stops the machine. The test bed keeps the text."""
    with contextlib.suppress(OSError):  # the other end is closed
        machine.console.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.05)


class Qemu:
    """AMD-V, a TPM, and memory that can be looked at."""

    HYPERVISOR = emulator.OUT / "hv-svm.elf"
    DEBUG_HYPERVISOR = emulator.OUT / "hv-svm-debug.elf"  # of the programs NAME-debug
    IMAGE = "hv-svm.elf"
    CONFIG = ""
    TIMEOUT_S = 600  # a boot takes seconds: only a hang takes so long
    NO_TABLES = None
    LACKS = {"smp-debug": "the debug image for AMD-V checks nothing at VM entry"}
    # Reasons for which a program may skip a check here: the CPU or the machine lacks something.
    MAY_SKIP = {"reserved on AMD: the CPU refuses it without the hypervisor", "the CPU checks no alignment",
                "the CPU has no IA32_TSC_ADJUST", "the CPU has no AVX-512", "QEMU's SVM tells no instruction length"}

    def __enter__(self) -> Self:
        self.state = tempfile.TemporaryDirectory(prefix="guests-tpm-", dir=scratch_base())
        self.tpm = Tpm(pathlib.Path(self.state.name), qemu.AUTHORITY)
        return self

    def __exit__(self, *_: object) -> None:
        self.tpm.remove()
        self.state.cleanup()

    def machine(self, name: str, disk: pathlib.Path, tap: pathlib.Path) -> qemu.Machine:
        extra = ["-chardev", f"file,id=tap,path={tap}", "-device", "isa-serial,chardev=tap,iobase=0x2f8,irq=3,index=1",
                 "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        extra += DMA_ATTACKER.get(name.partition("-")[2], [])
        program = name.partition("-")[2]
        floor = FLOORS.get(re.sub(r"(-random)-.*", r"\1", program), {})
        extra += floor.get("extra", [])
        bits = WIDTHS.get(program)
        cpu = f"{qemu.CPU},phys-bits={bits}" if bits else qemu.CPU
        return qemu.Machine(name, disks=[disk], nics=(), memory_mib=MEMORY_MIB, cpu=cpu, cpus=CPUS.get(program, 2),
                            tpm=self.tpm, iommu=floor.get("iommu", program.endswith("dma-vtd")),
                            chipset=floor.get("chipset", "q35"), secure=program == "smm-firmware", extra=extra)

    def run_state(self, machine: qemu.Machine) -> str:
        try:
            return machine.qmp.call("query-status")["status"] if machine.process.poll() is None else "gone"
        except (RuntimeError, BrokenPipeError):
            return "gone"

    def look(self, machine: qemu.Machine) -> remapping_tables.Look:
        """All memory, and the registers of units, with the machine stopped meanwhile."""
        runs = self.run_state(machine) == "running"
        if runs:
            machine.qmp.call("stop")
        seen = remapping_tables.look(machine)
        if runs:
            machine.qmp.call("cont")
        return seen


class Bochs:
    """VT-x with EPT, and memory that can be looked at; neither TPM nor IOMMU."""

    HYPERVISOR = emulator.OUT / "hv-vmx.elf"
    DEBUG_HYPERVISOR = emulator.OUT / "hv-vmx-debug.elf"  # of the programs NAME-debug
    IMAGE = "hv-vmx.elf"
    CONFIG = "require_tpm = no\n"
    TIMEOUT_S = 1200
    NO_TABLES = "the reader of live page tables starts at AMD-V's VMCBs"
    LACKS = {"reset-byte": "Bochs's sleep register takes 16-bit writes only",
             "reset-dword": "Bochs's sleep register takes 16-bit writes only",
             **dict.fromkeys(("reset-acpi", "reset-smi", "reset-controller"), "Bochs's FADT names no reset register"),
             **dict.fromkeys(DMA, "Bochs has no IOMMU"),
             "td-large": "Bochs's CPUs may have the machine check of page sizes, for which code is in 4 KiB pages",
             "smm": "Bochs raises no SMI: its firmware leaves DEVACTB off",
             "smm-firmware": "Bochs's firmware has no SMM",
             "floor-random-30": "Bochs ends at values that its interrupt controller does not know",
             "floor-buses": "Bochs has one bus", "floor-amdvi": "Bochs has no IOMMU",
             "floor-mchbar": "Bochs's host bridge has no MCHBAR",
             "floor-pc": "Bochs's chipset is this one in each program",
             **dict.fromkeys(WIDTHS, "Bochs's CPUs have 40 bits of a physical address")}
    MAY_SKIP = {"the machine has no TPM", NO_TABLES}
    # With two CPUs Bochs delivers the #DB of a code breakpoint without end, as it does without a hypervisor.
    ONE_CPU = ("guests-cpu-breakpoint",)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def machine(self, name: str, disk: pathlib.Path, tap: pathlib.Path) -> BochsMachine:
        cpus = 1 if name in self.ONE_CPU else 2
        return BochsMachine(f"{name}-bochs", disks=[disk], cpus=cpus, memory_mib=MEMORY_MIB, com2=tap,
                            memory=tap.with_name("memory"))

    def run_state(self, machine: BochsMachine) -> str:
        return machine.run_state()

    def look(self, machine: BochsMachine) -> remapping_tables.Look:
        memory = machine.look() if self.run_state(machine) == "running" else machine.look_at_end()
        return remapping_tables.Look(memory, {})


BEDS = {"qemu": Qemu, "bochs": Bochs}
