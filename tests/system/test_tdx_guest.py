# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's own checks of its interface (tests/tdx-guest), as a protected guest of Debian's QEMU."""

import re

import pytest

from testbed import qemu_host, tdvf
from testbed.emulator import OUT

IMAGE = OUT / "tdx-guest.fd"
START = qemu_host.SHIMMED.replace(qemu_host.SHIM.name, IMAGE.name)
END_S = 900
# After which QEMU waits for ever.
NO_END = "KVM internal error"
ONE = (1, ["the guest has one"])  # vCPUs, and what is skipped


@pytest.fixture(scope="module")
def machine():
    with qemu_host.host("tdx-guest", {IMAGE.name: IMAGE}, icount=False, cpus=2, pool_mib=700) as booted:
        yield booted


def run(machine, cpus):
    """The suite's lines, from its first to the plan."""
    qemu_host.start(machine, f"{START} -smp {cpus}")
    return machine.expect("TAP version 14(?s:.*)QEMU_ENDED", END_S, NO_END)[0].splitlines()


def judge(lines):
    """Every check is ok, and the plan says how many there are; the reasons of skips."""
    results = [line for line in lines if re.match("(not )?ok ", line)]
    assert [line for line in lines if line.startswith(("not ok", "Bail out!"))] == []
    assert [line for line in lines if line.startswith("1..")] == [f"1..{len(results)}"]
    assert [int(line.split()[1]) for line in results] == list(range(1, len(results) + 1))
    return [line.partition("# SKIP ")[2] for line in results if "# SKIP " in line]


def check(machine, cpus, skips):
    lines = run(machine, cpus)
    assert judge(lines) == skips
    assert f"# data mrtd {tdvf.mrtd(IMAGE.read_bytes())}" in lines


@pytest.mark.parametrize("cpus, skips", [(2, []), ONE], ids=["two vCPUs", "one vCPU"])
def test_all_checks_are_ok(machine, cpus, skips):
    check(machine, cpus, skips)


@pytest.mark.slow
def test_all_checks_are_ok_by_vtx():
    """With one vCPU: Bochs ends no turn of one that spins with interrupts off, as they wait for the mailbox."""
    with qemu_host.vtx_host("tdx-guest-vtx", {IMAGE.name: IMAGE}) as machine:
        check(machine, *ONE)
