# SPDX-License-Identifier: GPL-2.0-or-later
"""
The measured host on a kernel that looks for faults in the module: KASAN, UBSAN, lockdep and more, see
tools/images/debug-kernel. The small VMM is in it (tests/system/host/kvm.c), and neither a network nor a TPM.

    with host("name") as machine:
        work(machine, f"kvm test {POOL_MIB}")
        assert complaints(machine) == []
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import initramfs
import pexpect
from testbed import debian, guests, hosts
from testbed.emulator import OUT, TREE, Emulator, Unwanted
from testbed.qemu import Machine

KERNEL = TREE / "build" / "kernels" / "debug" / "vmlinuz"
MODULE = OUT / "tests" / "system" / "debug" / "cloister.ko"
VMM = OUT / "tests" / "system" / "kvm"
POOL_MIB = 128
MEMORY_MIB = 2048  # an eighth of it is KASAN's
SLAB_DEBUG = "slab_debug=FZPU"
# The ring holds all that a portion of fuzzing says. A stall is a matter of how busy the computer is. An oops ends the
# machine, so that no test waits for what a thread was to do.
CMDLINE = f"{hosts.CMDLINE} {SLAB_DEBUG} log_buf_len=4M rcupdate.rcu_cpu_stall_suppress=1 oops=panic panic=-1"
BUSY_S = 3600  # a portion of work, with these checks, on a busy computer
REPORT_S = 30  # the rest of a report, for the log: not all have a backtrace, and with interrupts off none is printed
# What no kernel may say while the module works: sanitisers, lockdep, slab_debug, the module's own worst.
COMPLAINT = (r"(?:BUG[: ]|WARNING:|UBSAN:|INFO: trying to register|Oops|general protection|"
             r"cloister: [^\n]*(?:lost|answered))")
TROUBLE = re.compile(rf"^.*(?:{COMPLAINT}|Call Trace).*$", re.M)
# An allocation that was made to fail: the kernel says where.
REPORTED = re.compile(r"^.*(?:vmalloc error|page allocation failure).*\n(?:.*\n)*?.*</TASK>$", re.M)
SAID = "/run/said"  # the output of a portion of work, apart from the kernel's
INJECTED = {"failslab": ("verbose=0", "ignore-gfp-wait=N"),
            "fail_page_alloc": ("verbose=0", "ignore-gfp-wait=N", "min-order=0")}


@contextlib.contextmanager
def host(name: str, **machine: Any) -> Iterator[Machine]:
    """The host, up, at its shell. A group may use /dev/kvm, anybody have allocations of their own calls fail."""
    initrd = hosts.SCRATCH / f"{name}.initrd"
    initrd.parent.mkdir(parents=True, exist_ok=True)
    initramfs.initramfs(initrd, [debian.TOOL, MODULE], drivers=(), files={"bin/kvm": VMM})
    config = hosts.config(require_tpm="no", pool_mib=POOL_MIB, cmdline=CMDLINE)
    kernel = {"EFI/cloister/vmlinuz": KERNEL, "EFI/cloister/initrd.img": initrd}
    with Machine(name, disks=[hosts.esp(name, config=config, kernel=False, more=kernel)], tpm=None, nics=(),
                 memory_mib=MEMORY_MIB, **machine) as booted:
        with ends_with_complaint(booted):
            booted.ready(BUSY_S, COMPLAINT)
        booted.check(f"{guests.GROUP_NODE} && mount -t debugfs debugfs /sys/kernel/debug")
        for folder, settings in INJECTED.items():
            for setting in settings:
                key, _, value = setting.partition("=")
                booted.check(f"echo {value} >/sys/kernel/debug/{folder}/{key}")
        yield booted


@contextlib.contextmanager
def ends_with_complaint(machine: Emulator) -> Iterator[None]:
    """Ends the machine at the kernel's first complaint: a deadlock holds it for good, and no later call may wait."""
    try:
        yield
    except Unwanted as unwanted:
        machine.console.expect(["</TASK>", pexpect.EOF, pexpect.TIMEOUT], timeout=REPORT_S)
        machine.process.kill()
        machine.process.wait()
        said = machine.serial()
        raise Unwanted(f"{unwanted}; serial.log has:\n{said[re.search(COMPLAINT, said).start():]}") from unwanted


def work(machine: Emulator, command: str, timeout: float = BUSY_S) -> str:
    """Runs a portion of work that must succeed; returns its output. The kernel's first complaint ends it."""
    # Warnings are on the console meanwhile, so the output is not. A deadlocked kernel still writes to its console.
    line = f"dmesg -n 5; {command} >{SAID} 2>&1; RC=$?; dmesg -n 1; cat {SAID}; (exit $RC)"
    with ends_with_complaint(machine):
        return machine.check(line, timeout, COMPLAINT)


def complaints(machine: Emulator) -> list[str]:
    """Lines with trouble that the kernel has written since it was asked last; all of them are in the machine's log."""
    return TROUBLE.findall(REPORTED.sub("", machine.check("dmesg -c", BUSY_S)))


def looking(machine: Emulator) -> bool:
    """Whether the kernel still looks: at its first complaint lockdep stops."""
    return re.search(r"debug_locks: +1", machine.check("cat /proc/lockdep_stats")) is not None


def leaks(machine: Emulator) -> str:
    """What the module has allocated, and nobody has a pointer to. It must be loaded, to have names in backtraces."""
    machine.check("cd /sys/kernel/debug; echo scan >kmemleak; sleep 6; echo scan >kmemleak; cd /", BUSY_S)
    found = machine.check("cat /sys/kernel/debug/kmemleak", BUSY_S)
    return "".join(part for part in re.split("(?=^unreferenced object)", found, flags=re.M) if "[cloister]" in part)
