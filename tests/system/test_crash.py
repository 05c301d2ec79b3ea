# SPDX-License-Identifier: GPL-2.0-or-later
"""A root guest that ends in a triple fault, or in a panic: the machine comes back, or stops, as on_crash says."""

import pexpect
import pytest

from testbed import hosts, intel
from testbed.bochs import BochsMachine
from testbed.qemu import Machine

BOOT_S = 1800
QUIET_S = 10  # longer than all means of a reset take
TRIPLE_FAULT = r"stopped: triple fault of the guest.*The hypervisor's key is wiped; "
# QEMU resets the machine in place of pausing it.
RESETS = ("-action", "reboot=reset")
# A kernel option, the command that ends the kernel, and the hypervisor's record of the end.
ENDS = {"triple-fault": ("reboot=t", "reboot -f", TRIPLE_FAULT + r"the machine is reset\."),
        "panic": ("panic=1", "echo c >/proc/sysrq-trigger", "Kernel panic - not syncing")}


def amd(name, **settings):
    disk = hosts.esp(name, config=hosts.config(require_tpm="no", **settings))
    return Machine(name, disks=[disk], tpm=None, nics=(), extra=RESETS)


def vtx(name, **settings):
    return BochsMachine(name, disks=[intel.disk(name, **settings)])


# Bochs takes minutes for a kernel; test_bochs.py also checks what follows the record there.
BEDS = [pytest.param(amd, hosts.CMDLINE, id="amd"),
        pytest.param(vtx, intel.CMDLINE, id="intel", marks=pytest.mark.slow)]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("bed, cmdline", BEDS)
def test_machine_boots_again_after_a_crash(bed, cmdline, end):
    option, command, record = ENDS[end]
    with bed(f"crash-{bed.__name__}-{end}", cmdline=f"{cmdline} {option}") as machine:
        machine.ready(BOOT_S)
        machine.send(command)
        machine.expect(record)
        machine.expect("cloister: launched: ", BOOT_S)
        machine.expect("Linux version", BOOT_S)


@pytest.mark.parametrize("bed, cmdline", BEDS)
def test_machine_stays_stopped_after_a_crash(bed, cmdline):
    with bed(f"crash-{bed.__name__}-stop", cmdline=f"{cmdline} reboot=t", on_crash="stop") as machine:
        machine.ready(BOOT_S)
        machine.send("reboot -f")
        machine.expect(TRIPLE_FAULT + r"reset the machine\.")
        machine.console.expect(pexpect.TIMEOUT, timeout=QUIET_S)
        assert not machine.stopped() and machine.serial().count("cloister: launched: ") == 1
