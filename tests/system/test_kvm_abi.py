# SPDX-License-Identifier: GPL-2.0-or-later
"""Which parts of /dev/kvm Debian's QEMU cannot do without: each of them is taken away, one at a time (abi/deny.c).

A new QEMU may need more, or less. It then differs from these lists, which say what the module must have.
"""

import re

import pytest

from testbed import guests, qemu_host
from testbed.emulator import OUT

pytestmark = pytest.mark.slow

DENY = OUT / "tests" / "system" / "abi" / "deny.so"
SCRATCH = "/run/scratch"
GUEST_S = 1200
TIMED_OUT = 124  # timeout(1)

# QEMU ends by itself without one of these, before the guest's first instruction or at its first virtio driver.
CALLS = ("GET_SUPPORTED_CPUID", "GET_MSR_INDEX_LIST", "X86_GET_MCE_CAP_SUPPORTED", "X86_SETUP_MCE",
         "SET_IDENTITY_MAP_ADDR", "SET_TSS_ADDR", "SET_TSC_KHZ", "CREATE_GUEST_MEMFD", "SET_USER_MEMORY_REGION2",
         "SET_MEMORY_ATTRIBUTES", "SET_GSI_ROUTING", "IRQ_LINE_STATUS", "IRQFD", "IOEVENTFD", "GET_CLOCK", "SET_CLOCK",
         "MEMORY_ENCRYPT_OP", "CREATE_VCPU", "SET_CPUID2", "SET_MSRS", "SET_VAPIC_ADDR", "ENABLE_CAP")
CAPABILITIES = ("USER_MEMORY", "DESTROY_MEMORY_REGION_WORKS", "JOIN_MEMORY_REGIONS_WORKS", "INTERNAL_ERROR_DATA",
                "IOEVENTFD", "IOEVENTFD_ANY_LENGTH", "SET_TSS_ADDR", "SET_IDENTITY_MAP_ADDR", "EXT_CPUID", "MP_STATE",
                "SIGNAL_MSI", "IRQ_ROUTING", "DEBUGREGS", "XSAVE", "VCPU_EVENTS", "X86_ROBUST_SINGLESTEP", "MCE",
                "ADJUST_CLOCK", "SYNC_MMU", "IRQCHIP", "IRQFD", "VM_TYPES", "MEMORY_ATTRIBUTES", "GUEST_MEMFD",
                "USER_MEMORY2", "X86_APIC_BUS_CYCLES_NS", "EXIT_HYPERCALL", "SPLIT_IRQCHIP")
NEEDED = [f"KVM_{name}" for name in CALLS] + [f"KVM_CAP_{name}" for name in CAPABILITIES]
# All of these can be absent together, and the guest comes up.
OPTIONAL = ("KVM_CAP_MAX_VCPU_ID", "KVM_CAP_NR_VCPUS", "KVM_CAP_MAX_VCPUS", "KVM_CAP_NR_MEMSLOTS")


@pytest.fixture(scope="module")
def host():
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd": guests.initrd("kvm-abi", modules), "deny.so": DENY}
    with qemu_host.host("kvm-abi", files, icount=False, cpus=2) as machine:
        machine.check(f"dd if=/dev/zero of={SCRATCH} bs=1M count={guests.SCRATCH_BYTES >> 20}")
        yield machine


def qemu(denied):
    """QEMU's command line in the host, with parts of /dev/kvm taken away."""
    return (f"env DENY={','.join(denied)} LD_PRELOAD=/deny.so {qemu_host.PROTECTED} -kernel /vmlinuz -initrd /initrd "
            f"-append 'console=ttyS0 {guests.PATIENT}' -drive file={SCRATCH},format=raw,if=none,id=v0 "
            "-device virtio-blk-pci,drive=v0")


@pytest.mark.parametrize("name", NEEDED)
def test_qemu_ends_without(host, name):
    status, output = host.run(f"timeout {GUEST_S} {qemu([name])} </dev/null", GUEST_S + 60)
    assert status not in (0, TIMED_OUT), output[-2000:]


def test_guest_comes_up_without_what_is_optional(host):
    host.send(qemu(OPTIONAL))
    facts = guests.facts(host, GUEST_S)
    assert facts["tdx"] == "yes" and facts["disk"] == "works"
    host.send("poweroff -f")
    host.expect(r"Power down(?s:.*)\n# ", GUEST_S)


def test_pool_is_whole(host):
    """However QEMU ended."""
    assert "no domains" in host.check("cloisterctl domains")
    assert not re.search(r"cloister: .*(?:lost|answered)", host.check("dmesg"))
