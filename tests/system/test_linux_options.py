# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's options for the local APIC, which Cloister holds in x2APIC: the host comes up, or the loader says why not."""

import pytest

from testbed import hosts, intel
from testbed.bochs import BochsMachine
from testbed.qemu import Machine

BOOT_S = 1800


def amd(name, option):
    config = hosts.config(cmdline=f"{hosts.CMDLINE} {option}", require_tpm="no")
    return Machine(name, disks=[hosts.esp(name, config=config)], tpm=None, nics=())


def vtx(name, option):
    return BochsMachine(name, disks=[intel.disk(name, cmdline=f"{intel.CMDLINE} {option}")], cpus=2)


@pytest.mark.parametrize("option", ["nox2apic", "noapic"])
@pytest.mark.parametrize("bed", [amd, pytest.param(vtx, marks=pytest.mark.slow)], ids=["amd", "intel"])
def test_host_comes_up_with_option(bed, option):
    with bed(f"option-{option}-{bed.__name__}", option) as machine:
        machine.ready(BOOT_S)
        assert machine.check("nproc").strip() == "2"
        assert "2 in control, 0 parked" in machine.check("cloisterctl stats")
        log = machine.check("dmesg")
        assert not any(word in log for word in ("unchecked MSR access", "WARNING:", "Call Trace")), log


@pytest.mark.parametrize("option", ["nolapic", "disableapic"])
def test_loader_refuses_option(option):
    """Linux would panic, as on any machine whose firmware leaves x2APIC on."""
    with amd(f"option-{option}", option) as machine:
        machine.expect("error LOADER_E_CONFIG_CMDLINE: ")
        machine.expect(f"where: .*'cmdline': {option}")
        machine.expect("press a key")
