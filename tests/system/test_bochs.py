# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-x and EPT: Debian's kernel under Cloister on Bochs, with one CPU and with two, and CPUs that are refused."""

import pytest

import intel
from bochs import BochsMachine
from emulator import OUT

ROUNDTRIP = OUT / "tests" / "bench" / "roundtrip.efi"
BOOT_S = 1800
IDLE_S = 10  # of the machine's time
ROUND_TRIP = 150  # instructions


@pytest.fixture(scope="module", params=[1, 2], ids=["1-cpu", "2-cpus"])
def host(request):
    name = f"bochs-{request.param}"
    with BochsMachine(name, disks=[intel.disk(name)], cpus=request.param) as machine:
        machine.ready(timeout=BOOT_S)
        yield machine


def test_all_cpus_are_up_and_under_control(host):
    assert host.check("nproc").strip() == str(host.cpus)
    assert f"{host.cpus} in control, 0 parked" in host.check("cloisterctl stats")


def test_vmx_is_hidden(host):
    flags = host.check("grep -m1 ^flags /proc/cpuinfo").split()
    assert "hypervisor" in flags and "vmx" not in flags and "smx" not in flags


def test_stays_in_x2apic(host):
    assert "x2apic" in host.check("dmesg | grep 'APIC routing'")


def test_boot_log_lists_mitigations(host):
    """Bochs's CPUs have no IA32_ARCH_CAPABILITIES, nor the microcode of the others."""
    log = host.check("cloisterctl console")
    assert "VM entry: L1D flush no, VERW no, IBPB no (one domain), RSB no" in log
    assert "indirect branches: none; iTLB multihit: 4 KiB pages" in log


def test_idle_costs_no_exit(host):
    assert intel.idle_exits(host, IDLE_S)[1] == {}


def test_switches_off(host):
    host.send("poweroff -f")
    host.wait_stopped()
    assert host.run_state() == "shutdown"


def test_round_trips():
    """With one CPU the TSC counts instructions."""
    disk = intel.disk("bochs-roundtrip", program=ROUNDTRIP)
    with BochsMachine("bochs-roundtrip", disks=[disk], memory_mib=256) as machine:
        cpuid = int(machine.expect(r"BENCH cpuid (\d+)")[1])
        hypercall = int(machine.expect(r"BENCH hypercall (\d+)")[1])
    assert cpuid <= ROUND_TRIP and hypercall <= ROUND_TRIP, (cpuid, hypercall)


@pytest.mark.parametrize("feature, error", [("vmx", "HV_E_NO_VMX"), ("x2apic", "HV_E_NO_X2APIC"),
                                            ("1g_pages", "HV_E_NO_1GIB_PAGES")])
def test_refuses_a_cpu_without(feature, error):
    name = f"bochs-no-{feature}"
    disk = intel.disk(name, program=ROUNDTRIP)
    with BochsMachine(name, disks=[disk], features=f"exclude_features={feature}", memory_mib=256) as machine:
        machine.expect(f"error {error}")
        machine.expect("where: ")
        machine.expect("next: ")
