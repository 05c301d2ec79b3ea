# SPDX-License-Identifier: GPL-2.0-or-later
"""VT-x and EPT: Debian's kernel under Cloister on Bochs, with one CPU and with two, and CPUs that are refused."""

import re

import pexpect
import pytest

from testbed import intel
from testbed.bochs import BochsMachine
from testbed.emulator import OUT

ROUNDTRIP = OUT / "tests" / "bench" / "roundtrip.efi"
BOOT_S = 1800
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
    assert "VM entry: L1D flush no, VERW no, IBPB no (at switches), RSB no" in log
    assert "indirect branches: none; iTLB multihit: 4 KiB pages" in log


@pytest.mark.parametrize("load", intel.LOADS)
def test_steady_state_costs_no_exit(host, load):
    assert intel.steady_exits(host, intel.LOADS[load])[1] == {}


def test_exits_under_a_load_would_be_seen(host):
    """PCI configuration goes through ports that the hypervisor filters."""
    assert intel.steady_exits(host, "cat /sys/bus/pci/devices/*/config >/dev/null")[1].keys() == {"pci-config"}


def test_power_off_ends_the_machine(host):
    host.send("poweroff -f")
    host.wait_stopped()
    assert host.run_state() == "shutdown"


def test_round_trips_keep_their_limits():
    """With one CPU the TSC counts instructions."""
    disk = intel.disk("bochs-roundtrip", program=ROUNDTRIP)
    with BochsMachine("bochs-roundtrip", disks=[disk], memory_mib=256) as machine:
        cpuid = int(machine.expect(r"BENCH cpuid (\d+)\s")[1])
        hypercall = int(machine.expect(r"BENCH hypercall (\d+)\s")[1])
    assert cpuid <= ROUND_TRIP and hypercall <= ROUND_TRIP, (cpuid, hypercall)


# A missing feature, and the error that comes first: a Penryn has no EPT, but no trap flag either.
REFUSED = {"vmx": ("HV_E_NO_VMX", {"features": "exclude_features=vmx"}),
           "x2apic": ("HV_E_NO_X2APIC", {"features": "exclude_features=x2apic"}),
           "1g_pages": ("HV_E_NO_EPT", {"features": "exclude_features=1g_pages"}),
           "ept": ("HV_E_NO_TRAP_FLAG", {"model": "core2_penryn_t9600"}),
           "unrestricted": ("HV_E_NO_UNRESTRICTED", {"model": "corei5_lynnfield_750"})}


@pytest.mark.parametrize("feature", REFUSED)
def test_cpu_without_a_feature_is_refused(feature):
    """A message, and at a key the machine is off: neither hypervisor nor guest has run."""
    error, machine = REFUSED[feature]
    name = f"bochs-no-{feature}"
    with BochsMachine(name, disks=[intel.disk(name, program=ROUNDTRIP)], memory_mib=256, **machine) as machine:
        machine.expect(f"error {error}")
        machine.expect("where: ")
        machine.expect("next: ")
        machine.expect("press a key")
        machine.send("")
        machine.wait_powered_off()
        assert "launched" not in machine.serial() and "BENCH" not in machine.serial()


MTRR_FAULTS = {"off": "HV_E_MTRR_RAM", "uncacheable": "HV_E_MTRR_RAM", "write-through": "HV_E_MTRR_RAM",
               "overlap": "HV_E_MTRR"}


@pytest.fixture(scope="module")
def mtrr_refusals():
    """The loader's output under each fault of the MTRRs, all of them in one boot."""
    disk = intel.disk("bochs-mtrr", program=ROUNDTRIP, starter=OUT / "tests" / "system" / "mtrr.efi")
    with BochsMachine("bochs-mtrr", disks=[disk], memory_mib=256) as machine:
        machine.expect("CASES DONE")
        machine.wait_powered_off()
        return dict(re.findall(r"CASE (\S+) BEGIN\n(.*?CASE) \1 END Load Error\n", machine.serial(), re.S))


@pytest.mark.parametrize("fault", MTRR_FAULTS)
def test_wrong_mtrrs_are_refused(mtrr_refusals, fault):
    """The loader comes back, so nothing has been launched."""
    printed = mtrr_refusals[fault]
    assert f"error {MTRR_FAULTS[fault]}:" in printed and "next: " in printed
    assert "launched" not in printed
    if fault in ("uncacheable", "write-through"):
        assert "at 0x4000000\n" in printed


WRONG_STATE = {"debug": ("wrong_state-debug.elf", "VM entry: guest TR type 3, must be 11", "0"),
               "release": ("wrong_state.elf", "", "80000021")}  # SDM 3C 26.8: entry failed, invalid guest state


@pytest.mark.parametrize("image", WRONG_STATE)
def test_stops_at_a_wrong_guest_state(image):
    """The second VM entry is with a TR that no CPU takes (wrong_state.c): the CPU stops with a record of it."""
    file, name, code = WRONG_STATE[image]
    disk = intel.disk(f"bochs-wrong-{image}", hypervisor=OUT / "tests" / "system" / file, program=ROUNDTRIP,
                      on_crash="stop")
    with BochsMachine(f"bochs-wrong-{image}", disks=[disk], memory_mib=256) as machine:
        machine.expect(rf"{name}.*CPU 0 stopped: the CPU refused the guest's state, code {code},")
        machine.expect(r"CPU 0: rip [0-9a-f]+, rsp [0-9a-f]+\. The hypervisor's key is wiped; reset the machine")
        machine.console.expect(pexpect.TIMEOUT, timeout=3)
        assert "BENCH" not in machine.serial() and machine.resets() == 1


def test_resets_after_a_crash():
    """The same fault, on_crash as it is by default: the firmware starts the loader again."""
    disk = intel.disk("bochs-reset", hypervisor=OUT / "tests" / "system" / "wrong_state.elf", program=ROUNDTRIP)
    with BochsMachine("bochs-reset", disks=[disk], memory_mib=256) as machine:
        machine.expect(r"The hypervisor's key is wiped; the machine is reset\.")
        machine.expect("cloister: loader ")
        assert machine.resets() == 2
