# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench: Cloister's costs, each figure against its limit. Exits 1 if a limit is missed or a figure is absent.

Instruction counts come from QEMU's -icount shift=0, under which one TSC tick and one nanosecond are one instruction:
the same figures at each run, as long as no device answers in its own time. So the boots have no TPM; the disk that the
loader reads remains, and moves the phase of the kernel's 4 ms tick: hence the median of three.
"""

import pathlib
import re
import statistics
import sys
from collections.abc import Sequence
from typing import Any

import initramfs
from testbed import debian, guests, hosts, qemu_host
from testbed.emulator import OUT
from testbed.qemu import Machine
from testbed.report import Report
from testbed.throughput import throughput

ROUNDTRIP = OUT / "tests" / "bench" / "roundtrip.efi"
DOMAINS = OUT / "tests" / "bench" / "domains.efi"
PORT = OUT / "tests" / "bench" / "port"
# Linux tests its ciphers in threads beside its boot, 600 M instructions: how many come before the shell is chance, and
# hides small differences. It does so unless it is told not to.
UNTESTED = "cryptomgr.notests"
MEBI = 1 << 20

WRITE = "dd if=/dev/zero of=/var/tmp/load bs=1M count=32 conv=fsync status=none"
# The host's work.
LOADS = {
    "idle": "sleep {seconds}",
    "CPU load": "for i in 1 2; do timeout {seconds} sh -c 'while :; do :; done' & done; wait",
    "disk load": f"timeout {{seconds}} sh -c 'while :; do {WRITE}; done'",
    "network load": "timeout {seconds} ping -q -f 10.0.2.2",
}
STEADY_S = 60
# Exits of a boot that are named apart: programs execute CPUID, the count itself is a hypercall, and the ports of PCI
# configuration share a word with the reset control (GRUB alone looks at 8,192 functions through them). In the steady
# state no software uses those ports any more; with more than one CPU, interrupts between processors go through the one
# register that could also carry INIT.
APART_BOOT = ("cpuid", "hypercall", "pci-config")
APART_STEADY = ("cpuid", "hypercall")
APART_CPUS = ("x2apic-icr",)


def round_trips(report: Report) -> None:
    config = hosts.config(boot="loader", chain=r"\EFI\cloister\roundtrip.efi", kernel=None, initrd=None,
                          cmdline=None)
    disk = hosts.esp("bench-roundtrip", config=config, kernel=False, more={"EFI/cloister/roundtrip.efi": ROUNDTRIP})
    with Machine("bench-roundtrip", disks=[disk], cpus=1, nics=(), icount=True) as machine:
        own_start = int(machine.expect(r"launched: \d+ CPUs, (\d+) ticks")[1])
        cpuid = int(machine.expect(r"BENCH cpuid (\d+)\s")[1])
        vmmcall = int(machine.expect(r"BENCH hypercall (\d+)\s")[1])
    report.figure("CPUID round trip, instructions", cpuid, 148)
    report.figure("VMMCALL round trip, instructions", vmmcall, 146)
    report.figure("loader entry to root guest running, TPM waits included", own_start, 100_000_000)


# What domains cost. An access to a port goes to the host and back.
DOMAIN_LIMITS = {
    "cpuid": ("a domain's CPUID, instructions", 300),
    "rdmsr": ("a domain's RDMSR, instructions", 300),
    "tdcall": ("a domain's TDCALL, its bytes fetched, instructions", 450),
    "run": ("a run of a domain and back to the host, instructions", 1500),
}


def domains(report: Report) -> None:
    config = hosts.config(boot="loader", chain=r"\EFI\cloister\domains.efi", kernel=None, initrd=None, cmdline=None,
                          pool_mib=8)
    disk = hosts.esp("bench-domains", config=config, kernel=False, more={"EFI/cloister/domains.efi": DOMAINS})
    with Machine("bench-domains", disks=[disk], cpus=1, nics=(), icount=True) as machine:
        def figure(name: str) -> int:
            return int(machine.expect(rf"BENCH {name} (\d+)\s")[1])

        for name, (what, limit) in DOMAIN_LIMITS.items():
            report.figure(what, figure(name), limit)
        added, removed, stored = figure("augment"), figure("remove"), figure("stosb")
    report.figure("HC_PAGE_AUG of 2 MiB and HC_PAGE_REMOVE, which wipes", added + removed, stored * 12 // 10)
    report.figure("  of which HC_PAGE_AUG", added)
    report.figure("  rep stosb of 2 MiB", stored)


def to_shell(name: str, modules: Sequence[pathlib.Path] = (), bare: bool = False, memory_mib: int = 1024,
             options: str = UNTESTED) -> Machine:
    """A machine that boots Debian's kernel to a shell, under -icount."""
    command_line = f"{qemu_host.CMDLINE} {options}".rstrip()
    # No attestd, which cannot start without a TPM, and no drivers: a disk answers in its own time, not in instructions.
    initrd = hosts.SCRATCH / f"{name}-initrd.img"
    initramfs.initramfs(initrd, [debian.TOOL, *modules], drivers=())
    kernel = {"EFI/cloister/vmlinuz": initramfs.kernel_image(), "EFI/cloister/initrd.img": initrd}
    config = hosts.config(require_tpm="no", require_iommu="no", cmdline=command_line)
    disk = hosts.esp(name, config=config, kernel=False, more=kernel)
    direct = ["-kernel", initramfs.kernel_image(), "-initrd", initrd, "-append", command_line]
    return Machine(name, disks=[disk], cpus=1, memory_mib=memory_mib, tpm=None, nics=(), icount=True, iommu=False,
                   extra=direct if bare else ())


def since_start(machine: Machine) -> int:
    """
    Instructions from the kernel's first reading of its TSC to the shell, waiting included.

    For much of a boot Linux's time stamps go by the timer's ticks, of which a guest loses some. It then makes up for
    the difference by an offset, the last figure of "Marking stable" (kernel/sched/clock.c); without it the TSC remains.
    """
    said = machine.check("dmesg | grep -e init: -e 'Marking stable'")
    offset = re.search(r"sched_clock: Marking stable \(.*\)->\(.*, (-?\d+)\)", said)
    stamp = re.search(r"\[ *(\d+)\.(\d{6})\] init: ready", said)
    return int(stamp[1]) * 10**9 + int(stamp[2]) * 1000 - int(offset[1])


def kernel_to_shell(name: str, **how: Any) -> int:
    with to_shell(name, **how) as booted:
        booted.ready()
        return since_start(booted)


def boot_cost(report: Report) -> None:
    bare = kernel_to_shell("bench-bare", bare=True)
    under = statistics.median(kernel_to_shell(f"bench-cloister-{run}") for run in range(3))
    report.figure("Debian's kernel and initramfs to shell, bare, instructions", bare)
    report.figure("the same under Cloister, instructions", under, bare + bare // 200)
    print(f"  {'':<58} {100 * (under - bare) / bare:>+14.2f} %", flush=True)


# What a guest of KVM pays for an IN that the kernel answers is 1,600 instructions on this emulator.
PORT_LIMIT = 6 * 1600
GUEST_BOOT_S = 1800


def protected_guest(report: Report) -> None:
    """
    A guest by Debian's QEMU. It has its own timer, which the bare machine cannot have: see qemu_host.CMDLINE. As KVM's
    own, 1.13 to 1.17, with the tests of ciphers.
    """
    initrd = hosts.SCRATCH / "bench-guest-initrd.img"
    initramfs.initramfs(initrd, [PORT], drivers=())
    bare = kernel_to_shell("bench-guest-bare", bare=True, memory_mib=qemu_host.GUEST_MIB, options="")
    command_line = f"{hosts.CMDLINE} nokaslr quiet"
    with qemu_host.host("bench-guest", {"vmlinuz": initramfs.kernel_image(), "initrd": initrd}) as machine:
        machine.send(f"{qemu_host.PROTECTED} -kernel /vmlinuz -initrd /initrd -append '{command_line}'")
        machine.ready(GUEST_BOOT_S)
        guest = since_start(machine)
        port = int(re.search(r"BENCH port (\d+)\s", machine.check("port"))[1])
    report.figure("Debian's kernel to shell as a protected guest, instructions", guest, bare * 12 // 10)
    report.figure("a guest's access to a port that QEMU answers, instructions", port, PORT_LIMIT)


# guest-shim's guests, of several sizes. Of each the host has a pool for it, in one piece, beside its own memory; its
# memory stands in the emulator's, all of it.
SHIM_SIZES_MIB = (1024, 4096, 16384)
HOST_MIB = 3072
# 32 MiB of bounce buffers, as many for each size (docs/guests.md).
BOUNCE = "swiotlb=16384"
SHIM_COMMAND_LINE = f"{hosts.CMDLINE} nokaslr {UNTESTED}"


def sized(command: str, mib: int) -> str:
    return command.replace(f"-m {qemu_host.GUEST_MIB} ", f"-m {mib} ")


def to_first_line(machine: Machine, command: str) -> int:
    """Instructions of the host from QEMU's start to the guest's kernel's first line, by marks in the host's log."""
    machine.check("rm -f /run/console; mkfifo /run/console")
    said = machine.check(f"echo BENCH begin >/dev/kmsg; {command} </dev/null >/run/console 2>&1 & "
                         "grep -q 'Linux version' </run/console; echo BENCH end >/dev/kmsg; kill %1; wait; "
                         "dmesg | grep BENCH | tail -n 2", GUEST_BOOT_S)
    begin, end = (int(seconds) * 10**9 + int(micros) * 1000
                  for seconds, micros in re.findall(r"^\[ *(\d+)\.(\d{6})\] BENCH", said, re.M))
    return end - begin


def available_mib() -> int:
    """What this machine's programs can have."""
    return int(re.search(r"MemAvailable: +(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) // 1024


def shimmed_to_shell(mib: int, files: dict[str, pathlib.Path]) -> int:
    """On a host of its own: one that had a guest before has pages ready that a new host has to make."""
    with qemu_host.host(f"bench-shim-{mib}", files, pool_mib=mib + 256, memory_mib=mib + HOST_MIB) as machine:
        machine.check("echo 1 >/proc/sys/vm/overcommit_memory")  # QEMU maps a guest's RAM, and does not touch it
        qemu_host.start(machine, f"{sized(qemu_host.SHIMMED, mib)} -kernel /vmlinuz -initrd /initrd "
                                 f"-append '{SHIM_COMMAND_LINE} {BOUNCE} quiet'")
        machine.ready(GUEST_BOOT_S)
        return since_start(machine)


def shim_files() -> dict[str, pathlib.Path]:
    initrd = hosts.SCRATCH / "bench-shim-initrd.img"
    initramfs.initramfs(initrd, [debian.TOOL], drivers=())
    return {"vmlinuz": initramfs.kernel_image(), "initrd": initrd, qemu_host.SHIM.name: qemu_host.SHIM}


def shim_sizes(report: Report) -> None:
    """guest-shim's guests to their shell, beside bare machines of the same memory: it costs each of them the same."""
    files, shares = shim_files(), []
    for mib in SHIM_SIZES_MIB:
        what = f"Debian's kernel to shell by guest-shim, {mib} MiB, instructions"
        if available_mib() < mib + HOST_MIB:
            print(f"  {what}: skipped, needs {mib + HOST_MIB} MiB of memory", flush=True)
            continue
        bare = kernel_to_shell(f"bench-shim-bare-{mib}", bare=True, memory_mib=mib)
        count = shimmed_to_shell(mib, files)
        report.figure(what, count, bare * 115 // 100)
        shares.append(count / bare)
        print(f"  {'  of those of the bare machine':<58} {100 * shares[-1]:>15.1f} %", flush=True)
    if len(shares) < 2:
        return report.absent("the sizes' shares beside each other", "this machine has memory for fewer than two")
    report.figure("  the largest share, above the smallest", round(100 * (max(shares) / min(shares) - 1), 1), 3, " %")


def first_line(report: Report) -> None:
    """guest-shim's own work and QEMU's, beside OVMF's."""
    early = f"-kernel /vmlinuz -initrd /initrd -append '{SHIM_COMMAND_LINE} earlyprintk=ttyS0'"
    with qemu_host.host("bench-first-line", shim_files()) as machine:
        stock, ours = (to_first_line(machine, f"{start} {early}") for start in (qemu_host.PROTECTED, qemu_host.SHIMMED))
    report.figure("QEMU's start to a kernel's first line by OVMF, instructions", stock)
    report.figure("the same by guest-shim, instructions", ours, stock // 2)


QUOTES = 10
# 50 ms of a CPU that executes two instructions in a nanosecond. Nine tenths are the hypervisor's: two signatures, each
# of which it verifies before it gives it away.
QUOTE_LIMIT = 100_000_000


def quote_seconds(machine: Machine) -> tuple[float, int]:
    """The TPM's time for quotes so far, and how many."""
    with hosts.ask(machine, "/v1/metrics") as answer:
        text = answer.read().decode()
    seconds, count = (re.search(rf"^attestd_quote_seconds_{name} (\S+)$", text, re.M)[1] for name in ("sum", "count"))
    return float(seconds), int(count)


def timed(machine: Machine, command: str) -> float:
    """Seconds that a command takes, each 10^9 instructions of the machine; a guest's clock is the machine's."""
    said = machine.check(f"time {command}", GUEST_BOOT_S)
    minutes, seconds = re.search(r"^real\s+(\d+)m ([\d.]+)s$", said, re.M).groups()
    return 60 * int(minutes) + float(seconds)


def passed(machine: Machine, place: str, file: str) -> int:
    """Instructions until a guest has written data to 'place' and read a file, QUOTES times."""
    return int(10**9 * timed(machine, f"sh -c 'for i in $(seq {QUOTES}); do head -c 64 /dev/urandom >{place}/inblob; "
                                      f"cat {file} >/dev/null; done'"))


def quotes(report: Report) -> None:
    """What a guest waits for a quote beside the TPM, which answers in its own time, by the guest's clock."""
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd": guests.initrd("bench-quotes", modules), qemu_host.SHIM.name: qemu_host.SHIM}
    place = "/sys/kernel/config/tsm/report/bench"
    with qemu_host.attested_host("bench-quotes", files, icount=True) as machine:
        qemu_host.start(machine, f"{qemu_host.QUOTED} -kernel /vmlinuz -initrd /initrd -append '{SHIM_COMMAND_LINE}'")
        guests.facts(machine, GUEST_BOOT_S)
        machine.check(f"mount -t configfs configfs /sys/kernel/config && mkdir {place}")
        programs = passed(machine, "/run", "/run/inblob")
        seconds, count = quote_seconds(machine)
        waited = passed(machine, place, f"{place}/outblob") - programs
        in_tpm, made = (new - old for new, old in zip(quote_seconds(machine), (seconds, count)))
    assert made == QUOTES, f"{made} quotes in place of {QUOTES}"
    report.figure("a guest's wait for a quote, instructions", waited // QUOTES)
    report.figure("  beside the TPM's time", (waited - int(10**9 * in_tpm)) // QUOTES, QUOTE_LIMIT)


DISK_MIB = 32
# By TCG each packet of the guest's network takes millions of the host's instructions.
NET_MIB = {qemu_host.PROTECTED: 32, qemu_host.PLAIN: 1}
# Of the guest's network: connections to these ports end at programs in the host.
SINK, SOURCE = ("10.0.2.100", 1001), ("10.0.2.100", 1002)
FORWARDS = (f"guestfwd=tcp:{SINK[0]}:{SINK[1]}-cmd:/bin/dd of=/dev/null,"
            f"guestfwd=tcp:{SOURCE[0]}:{SOURCE[1]}-cmd:/bin/dd if=/dev/zero bs=64k")
VIRTIO_DEVICES = (f"-drive file=/run/disk,format=raw,if=none,id=d -device virtio-blk-pci,drive=d,romfile= "
                  f"-netdev 'user,id=n,{FORWARDS}' -device virtio-net-pci,netdev=n,romfile=")


def virtio_loads(net_mib: int) -> dict[str, tuple[int, str]]:
    """MiB that are moved, and the command, by what moves them."""
    receive = f"nc {SOURCE[0]} {SOURCE[1]} </dev/null | head -c {net_mib << 20} >/dev/null"
    return {
        "virtio-blk read": (DISK_MIB, f"dd if=/dev/vda of=/dev/null bs=1M count={DISK_MIB} iflag=direct"),
        "virtio-blk write": (DISK_MIB, f"dd if=/dev/zero of=/dev/vda bs=1M count={DISK_MIB} oflag=direct"),
        "virtio-net send": (net_mib, f"sh -c 'dd if=/dev/zero bs=64k count={net_mib << 4} | nc {SINK[0]} {SINK[1]}'"),
        "virtio-net receive": (net_mib, f"sh -c '{receive}'"),
    }


def moved(machine: Machine, mib: int, command: str) -> int:
    """kB in 10^9 instructions of the machine."""
    return int(mib * MEBI / 1000 / timed(machine, command))


def virtio_rates(machine: Machine, start: str) -> dict[str, int]:
    """What a guest moves that 'start' describes."""
    kernel = f"-kernel /vmlinuz -initrd /initrd -append '{hosts.CMDLINE} nokaslr quiet'"
    qemu_host.start(machine, f"{start} {VIRTIO_DEVICES} {kernel}")
    guests.facts(machine, GUEST_BOOT_S)
    rates = {what: moved(machine, *load) for what, load in virtio_loads(NET_MIB[start]).items()}
    qemu_host.power_off(machine, GUEST_BOOT_S)
    return rates


def guest_throughput(report: Report) -> None:
    """What a protected guest's devices move, beside an ordinary guest of the same QEMU in the same host."""
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd": guests.initrd("bench-virtio", modules)}
    with qemu_host.host("bench-virtio", files) as machine:
        machine.check(f"dd if=/dev/zero of=/run/disk bs=1M count={DISK_MIB}")
        protected, plain = (virtio_rates(machine, start) for start in (qemu_host.PROTECTED, qemu_host.PLAIN))
    for what, rate in protected.items():
        report.figure(f"a protected guest's {what}, kB in 10^9 instructions", rate)
        report.figure("  the same of a guest by TCG", plain[what])


def exits_to_shell(report: Report) -> None:
    with to_shell("bench-exits", modules=[guests.MODULE]) as machine:
        machine.ready()
        boot, _ = stats(machine)
        print_exits(report, "the boot of Debian's kernel and an initramfs, launch to shell", boot, machine.cpus, 2500)


def stats(machine: Machine, tool: str = "cloisterctl") -> tuple[dict[str, int], int]:
    """Exits by reason, and the memory taken in bytes."""
    text = machine.check(f"{tool} stats")
    memory = int(re.search(r"memory +(\d+) KiB", text)[1]) * 1024
    return {name: int(count) for name, count in re.findall(r"exits (\S+) +(\d+)", text)}, memory


def memory_taken(report: Report, machine: Machine, tool: str = "cloisterctl") -> None:
    """Without a pool. The limit does not include the extra pages for CPUs with the iTLB multihit erratum."""
    ram_gib = machine.memory_mib / 1024
    report.figure("memory taken, bytes", stats(machine, tool)[1], 16 * MEBI + int(8192 * ram_gib))


def apart(reasons: tuple[str, ...], cpus: int) -> tuple[str, ...]:
    return reasons if cpus == 1 else reasons + APART_CPUS


def besides(exits: dict[str, int], reasons: Sequence[str]) -> int:
    return sum(count for reason, count in exits.items() if reason not in reasons)


def plural(cpus: int) -> str:
    return "1 CPU" if cpus == 1 else f"{cpus} CPUs"


def print_exits(report: Report, what: str, boot: dict[str, int], cpus: int, limit: int | None = None,
                limit_besides: int | None = None) -> None:
    print(f"\n  Exits of {what}, {plural(cpus)}:")
    for reason, count in boot.items():
        if count:
            report.figure(f"  {reason}", count)
    report.figure("all reasons", sum(boot.values()), limit)
    reasons = apart(APART_BOOT, cpus)
    report.figure(f"besides {', '.join(reasons)}", besides(boot, reasons), limit_besides)


def exits_of_host(report: Report) -> None:
    with Machine("bench-host", disks=[hosts.esp("bench-host")]) as machine:
        machine.ready()
        print_exits(report, "the measured host's boot, launch to attestd", stats(machine)[0], machine.cpus, None, 2500)


def exits_of_debian(report: Report, cpus: int) -> None:
    with debian.running(f"bench-debian-{cpus}", cpus=cpus) as machine:
        boot, _ = stats(machine, debian.CTL)
        print_exits(report, "an unmodified Debian disk's boot, launch to running system", boot, cpus, None, 2500)
        memory_taken(report, machine, debian.CTL)
        steady(report, machine, cpus)


def steady(report: Report, machine: Machine, cpus: int) -> None:
    reasons = apart(APART_STEADY, cpus)
    print(f"\n  Exits in steady state, {plural(cpus)}, besides {', '.join(reasons)}, which stand below:")
    machine.check("systemctl stop '*.timer'")
    for what, command in LOADS.items():
        before, _ = stats(machine, debian.CTL)
        machine.run(command.format(seconds=STEADY_S))
        after, _ = stats(machine, debian.CTL)
        spent = {reason: after[reason] - before[reason] for reason in after}
        report.figure(f"{what}, {STEADY_S} s", besides(spent, reasons), 0)
        print("    " + ", ".join(f"{reason} {count}" for reason, count in spent.items() if count), flush=True)


def main() -> int:
    report = Report()
    print("Cloister bench (QEMU; -icount shift=0 where instructions are counted)\n")
    parts = ((round_trips,), (domains,), (boot_cost,), (protected_guest,), (shim_sizes,), (first_line,), (quotes,),
             (guest_throughput,), (exits_to_shell,), (exits_of_host,), (exits_of_debian, 1), (exits_of_debian, 2),
             (throughput,))
    for part, *arguments in parts:
        try:
            part(report, *arguments)
        except (AssertionError, RuntimeError, AttributeError, OSError) as error:
            report.absent(part.__name__, error)
    print(f"\n{'all limits kept' if not report.missed else f'{report.missed} limits missed or not measured'}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
