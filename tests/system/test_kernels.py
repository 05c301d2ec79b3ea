# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels as root guest, on models of CPUs: they come up, and their logs hold no complaint."""

import pytest

from testbed import bochs, intel, systems
from testbed.qemu import Machine

BOOT_S = 1800
# Family 19h by hand: the model's own features under another number.
AMD = {"epyc": "EPYC", "milan": "EPYC-Milan", "genoa": "EPYC-Genoa", "family-25": "EPYC,family=25,model=17"}
INTEL = ("corei7_icelake_u", "corei7_skylake_x", "tigerlake")


def boots(machine, cpus):
    machine.expect("init: ready", BOOT_S)
    machine.shell()
    assert machine.check("nproc").strip() == str(cpus)
    assert not systems.complaints(machine)


@pytest.mark.slow
@pytest.mark.parametrize("kind", systems.KINDS)
@pytest.mark.parametrize("suite", systems.SUITES)
def test_debian_kernel_comes_up(suite, kind):
    name = f"kernel-{suite}-{kind}"
    disk = systems.disk(name, kernel=systems.kernel(suite, kind))
    with Machine(name, disks=[disk], tpm=None, nics=()) as machine:
        boots(machine, 2)
        assert "x2apic" in machine.serial()


# The newest one in 'make test': new features of CPUs and Linux show there first.
@pytest.mark.parametrize("model", [name if name == "family-25" else pytest.param(name, marks=pytest.mark.slow)
                                   for name in AMD])
def test_kernel_comes_up_on_amd_model(model):
    name = f"amd-{model}"
    with Machine(name, disks=[systems.disk(name)], tpm=None, nics=(), cpu=f"{AMD[model]},+svm,+x2apic") as machine:
        boots(machine, 2)
        assert "2 in control, 0 parked" in machine.check("cloisterctl stats")


@pytest.mark.slow
@pytest.mark.parametrize("model", INTEL)
def test_kernel_comes_up_on_intel_model(model):
    name = f"intel-{model}"
    with bochs.BochsMachine(name, disks=[intel.disk(name)], model=model) as machine:
        boots(machine, 1)
        assert "1 in control, 0 parked" in machine.check("cloisterctl stats")


@pytest.mark.slow
def test_installer_asks_its_first_question():
    """Debian's installer asks its first question."""
    disk = systems.disk("installer", cmdline="console=ttyS0,115200 no_timer_check priority=critical vga=off",
                        kernel=systems.fetched(systems.INSTALLER / "linux"),
                        initrd=systems.fetched(systems.INSTALLER / "initrd.gz"))
    with Machine("installer", disks=[disk], tpm=None, memory_mib=1536) as machine:
        machine.expect("Select a language|Choose a language|Language:", BOOT_S)
        assert not systems.complaints(machine)
