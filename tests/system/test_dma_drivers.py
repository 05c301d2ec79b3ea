# SPDX-License-Identifier: GPL-2.0-or-later
"""AHCI and e1000e under Debian's own drivers, behind the IOMMU: under load nothing is refused and nothing exits.

Then the kernel has the same drivers program their devices with protected addresses (dma/dma_attack.c), while other
transfers of the same devices go on; and with the addresses of a protected guest's pages, while it runs
(host/kvm.c). QEMU's AMD-Vi blocks as VT-d does, but records no event of it.
"""

import base64
import dataclasses
import itertools
import re
import struct

import pytest

from testbed import built_domain, debian, hosts, remapping_tables
from testbed.costs import APART_STEADY, apart, besides, stats
from testbed.emulator import OUT
from testbed.live_page_tables import PAGE, Memory, holes, leaves, vmcbs
from testbed.qemu import UNITS, Machine

MODULE = OUT / "tests" / "system" / "dma" / "dma_attack.ko"
KVM = OUT / "tests" / "system" / "kvm"
POOL_MIB = 8
ATTACK = "/sys/module/dma_attack/parameters/attack"
SECTOR = 512
SECTORS = 2048
MARK = b"by a device that must not"  # in each sector of the attacks' disk
PING_MARK = "c1057e12c1057e12c1057e12c1057e12"
MARKS = (MARK, bytes.fromhex(PING_MARK))
ETHERTYPE = b"\x88\xb5"  # ETH_P_802_EX1
SUMS, ANSWERS, ENOUGH = "/run/sums", "/run/answers", "/run/enough"  # of the transfers that are allowed
RECEIVE_RING = 256  # buffers, handed out again once used
TPM_LOCALITY_1 = 0xFED41000
SOURCE = {"disk": "0:1f.2", "net": "0:1.0"}
DEBIAN, DISK = (f"/dev/disk/by-path/pci-0000:00:1f.2-ata-{port}" for port in (2, 3))
ACCESS_REQUESTED = 0x22  # TPM_ACCESS of a locality: it is active, or wants to be


@dataclasses.dataclass(repr=False)  # it holds all memory
class Attacked:
    """One machine for all tests of a unit, which run in the order of this file."""
    unit: str
    machine: Machine
    frames: object  # file with all that the network saw
    before: remapping_tables.Look = None  # before the attacks
    protected: range = None  # the hypervisor and the pool
    targets: dict = None  # name: address
    progress: tuple = None  # how far the allowed transfers were before the attacks
    receives: int = 0  # buffers that the network's packets were diverted from
    sectors: itertools.count = dataclasses.field(default_factory=lambda: itertools.count(8, 64))

    def look(self):
        """Memory and registers, with the machine stopped meanwhile."""
        self.machine.qmp.call("stop")
        seen = remapping_tables.look(self.machine)
        self.machine.qmp.call("cont")
        return seen

    def attack(self, kind, address, count, sector=0):
        """Not faster than the hypervisor logs refusals: 16 lines a second."""
        self.machine.check(f"sleep 0.3; echo {kind} {address:#x} {count} {sector} >{ATTACK}")

    def assert_logged(self, source, access, address):
        """The hypervisor says that this was refused, for the right reason (VT-d 5.1, table 26)."""
        line = f"dma: device {source}: {access} of {address & -PAGE:x} refused, reason {5 if access == 'write' else 6}"
        if self.unit == "vtd":  # a driver does not wait for its device
            self.machine.wait_until(f"{debian.CTL} console | grep -q '{line}$'", timeout=60)

    def assert_untouched(self, target):
        """The target has its old contents; the VMCB and the TPM, which change, hold nothing that a device wrote."""
        address = self.targets[target]
        if target == "iommu":
            place = remapping_tables.REGISTERS[self.unit]
            assert not remapping_tables.changed_registers(self.unit, self.before.registers[self.unit],
                                                          self.machine.memory(*place))
        elif target == "tpm":
            assert not self.machine.memory(address, 1)[0] & ACCESS_REQUESTED
        elif target == "vmcb":
            assert not any(mark in self.machine.memory(address, PAGE) for mark in MARKS)
        else:
            assert self.machine.memory(address, PAGE) == self.before.memory[address:address + PAGE]

    def transferred(self):
        """How many sums of the file and answers to pings there are so far."""
        return tuple(int(self.machine.run(f"grep -c . {count}")[1]) for count in (SUMS, ANSWERS))


def find_targets(attacked):
    """Protected memory and the targets in it, from the nested page table that the VMCBs name."""
    memory = Memory(attacked.before.memory)
    (vmcb, root), *_ = vmcbs(memory)
    end = len(memory.dump)
    attacked.protected, = (range(*hole) for hole in holes(list(leaves(memory, root)), end) if hole[0] < end)
    text = memory.dump.find(remapping_tables.text_of(hosts.HYPERVISOR.read_bytes())[:PAGE])
    attacked.targets = {"first-page": attacked.protected.start, "last-page": attacked.protected.stop - PAGE,
                        "text": text, "nested-page-table": root, "vmcb": vmcb, "tpm": TPM_LOCALITY_1,
                        "iommu": remapping_tables.REGISTERS[attacked.unit][0]}
    assert all(target in attacked.protected for target in (text, root, vmcb))


@pytest.fixture(scope="module", params=UNITS)
def attacked(request):
    name = f"dma-drivers-{request.param}"
    scratch, frames = hosts.SCRATCH / f"{name}.scratch", hosts.SCRATCH / f"{name}.pcap"
    hosts.SCRATCH.mkdir(parents=True, exist_ok=True)
    scratch.write_bytes(MARK.ljust(SECTOR, b"!") * SECTORS)
    unit = UNITS[request.param]
    extra = [*unit.get("extra", ()), "-object", f"filter-dump,id=frames,netdev=n0,file={frames}"]
    settings = {"require_iommu": "yes", "pool_mib": POOL_MIB}
    with debian.running(name, carried=[MODULE, KVM], settings=settings, disks=[scratch], nics=("e1000e",),
                        iommu=unit["iommu"], extra=extra) as machine:
        yield Attacked(request.param, machine, frames)


def test_nothing_is_refused_and_nothing_exits_under_load(attacked):
    machine = attacked.machine
    machine.check("systemctl stop '*.timer'")
    before, _ = stats(machine, debian.CTL)
    machine.check(f"dd if={DEBIAN} of=/dev/null bs=1M count=200 iflag=direct")
    machine.check("dd if=/dev/urandom of=/var/tmp/written bs=1M count=32 oflag=direct")
    machine.check("cp /var/tmp/written /var/tmp/copy && sync && echo 3 >/proc/sys/vm/drop_caches"
                  " && cmp /var/tmp/written /var/tmp/copy")
    machine.check("ping -q -c 500 -i 0.002 -s 1400 10.0.2.2")
    after, _ = stats(machine, debian.CTL)
    spent = {reason: after[reason] - before[reason] for reason in after}
    assert besides(spent, apart(APART_STEADY, machine.cpus)) == 0, spent
    assert debian.refused_dma(machine) == 0
    errors = machine.check("dmesg --level=err,crit,alert,emerg")
    assert "ata" not in errors and "e1000e" not in errors, errors


def test_the_attack_is_prepared(attacked):
    """From here on, a file is read and summed again and again, and the network answers, until the attacks are over."""
    machine = attacked.machine
    machine.check(f"insmod {debian.MOUNTED}/dma_attack.ko disk={DISK} nic=$(ls /sys/bus/pci/drivers/e1000e/0*/net)")
    sums = "dd if=/var/tmp/written bs=1M count=2 iflag=direct status=none | sha256sum"
    machine.check(f"{sums} >/run/sum")
    machine.check(f"{{ until test -e {ENOUGH}; do {sums}; done >{SUMS} & ping -i 0.05 10.0.2.2 >{ANSWERS} & }}")
    machine.wait_until(f"test -s {SUMS} -a -s {ANSWERS}")
    attacked.before = attacked.look()
    find_targets(attacked)
    attacked.progress = attacked.transferred()


TARGETS = ("first-page", "last-page", "text", "nested-page-table", "vmcb", "tpm", "iommu")


def written_sectors(attacked, sector, count):
    command = f"dd if={DISK} iflag=direct,skip_bytes,count_bytes skip={sector * SECTOR} count={count} bs=4k status=none"
    return base64.b64decode(attacked.machine.check(f"{command} | base64 -w 0"))


def tells_nothing(data):
    """Of a read that was refused QEMU's devices have zeros."""
    return not any(data)


@pytest.mark.parametrize("target", TARGETS)
def test_disk_cannot_write_protected_memory(attacked, target):
    attacked.attack("disk-read", attacked.targets[target], PAGE)
    attacked.assert_logged(SOURCE["disk"], "write", attacked.targets[target])
    attacked.assert_untouched(target)


@pytest.mark.parametrize("target", TARGETS)
def test_disk_cannot_read_protected_memory(attacked, target):
    sector = next(attacked.sectors)
    attacked.attack("disk-write", attacked.targets[target], PAGE, sector)
    attacked.assert_logged(SOURCE["disk"], "read", attacked.targets[target])
    assert tells_nothing(written_sectors(attacked, sector, PAGE))


def test_disk_cannot_write_several_protected_pages(attacked):
    address = attacked.protected.start + 16 * PAGE
    attacked.attack("disk-read", address, 4 * PAGE)
    attacked.assert_logged(SOURCE["disk"], "write", address)


def test_disk_cannot_read_across_the_edge(attacked):
    """Four pages, of which the first one is the root guest's own."""
    sector, start = next(attacked.sectors), attacked.protected.start
    attacked.attack("disk-write", start - PAGE, 4 * PAGE, sector)
    attacked.assert_logged(SOURCE["disk"], "read", start)
    assert tells_nothing(written_sectors(attacked, sector, 4 * PAGE)[PAGE:])


@pytest.mark.parametrize("target", TARGETS)
def test_network_cannot_read_protected_memory(attacked, target):
    attacked.attack("net-send", attacked.targets[target], 1000)
    attacked.assert_logged(SOURCE["net"], "read", attacked.targets[target])


@pytest.mark.parametrize("target", ("nested-page-table", "tpm"))
def test_network_cannot_write_protected_memory(attacked, target):
    diverted = 2
    attacked.attack("net-receive", attacked.targets[target], diverted)
    attacked.receives += diverted
    attacked.machine.run(f"ping -q -i 0.001 -c {3 * RECEIVE_RING} -p {PING_MARK} 10.0.2.2")
    attacked.assert_logged(SOURCE["net"], "write", attacked.targets[target])
    attacked.assert_untouched(target)


GUEST_PAGES = {"records": built_domain.RECORDS, "domain": built_domain.DOMAIN, "vcpu": built_domain.VCPU,
               "table": built_domain.TABLE, "private": built_domain.PRIVATE}


@dataclasses.dataclass(repr=False)
class Guest:
    """A protected guest that runs in a loop, until it is killed."""
    machine: Machine
    process: str
    pool: int = 0  # address
    kinds: list = None  # of the pool's pages
    before: bytes = None  # all memory

    def look(self, attacked):
        """Memory, between two turns of the guest."""
        state = f"/proc/{self.process}/status"
        self.machine.check(f"kill -STOP {self.process}; until grep -q '^State:.T' {state}; do :; done")
        memory = attacked.look().memory
        self.machine.check(f"kill -CONT {self.process}")
        return memory

    def pages(self, *kinds):
        """Addresses of the pages of some kinds."""
        return [self.pool + number * PAGE for number, kind in enumerate(self.kinds) if kind in kinds]

    def ran(self):
        """Its time in the kernel, where a turn counts, in ticks."""
        return int(self.machine.check(f"cut -d ' ' -f 15 /proc/{self.process}/stat"))


@pytest.fixture(scope="module")
def guest(attacked):
    machine = attacked.machine
    machine.send(f"{debian.MOUNTED}/kvm spin &")
    machine.expect("spinning")
    running = Guest(machine, machine.check("echo $!").strip())
    running.before = running.look(attacked)
    running.pool, running.kinds = built_domain.kinds_of(POOL_MIB << 20, running.before)
    assert running.pool in attacked.protected
    return running


@pytest.mark.parametrize("kind", GUEST_PAGES)
def test_no_device_reaches_a_guest_that_runs(attacked, guest, kind):
    address, sector, ran = guest.pages(GUEST_PAGES[kind])[0], next(attacked.sectors), guest.ran()
    attacked.attack("disk-read", address, PAGE)
    attacked.assert_logged(SOURCE["disk"], "write", address)
    attacked.attack("disk-write", address, PAGE, sector)
    attacked.assert_logged(SOURCE["disk"], "read", address)
    assert tells_nothing(written_sectors(attacked, sector, PAGE))
    attacked.attack("net-send", address, 1000)
    attacked.assert_logged(SOURCE["net"], "read", address)
    guest.machine.wait_until(f"test $(cut -d ' ' -f 15 /proc/{guest.process}/stat) -gt {ran}")


def test_the_guest_is_unchanged(attacked, guest):
    """What its turns do not change: records, tables and memory."""
    after = guest.look(attacked)
    changed = [f"{page:#x}" for page in guest.pages(built_domain.RECORDS, built_domain.TABLE, built_domain.PRIVATE)
               if after[page:page + PAGE] != guest.before[page:page + PAGE]]
    assert not changed
    assert not any(mark in after[guest.pool:guest.pool + (POOL_MIB << 20)] for mark in MARKS)
    guest.machine.check(f"kill -9 {guest.process}; wait {guest.process}; test $? -eq 137")


def test_allowed_transfers_went_on(attacked):
    """While the attacks were made, and after the last one."""
    machine = attacked.machine
    reached = attacked.transferred()
    assert all(now > then for now, then in zip(reached, attacked.progress)), (attacked.progress, reached)
    sums, answers = reached
    machine.wait_until(f"test $(grep -c . {SUMS}) -ge {sums + 5} -a $(grep -c . {ANSWERS}) -ge {answers + 20}")
    machine.check(f"touch {ENOUGH}; pkill -INT ping; wait")
    assert set(machine.check(f"cat {SUMS}").splitlines()) == {machine.check("cat /run/sum").strip()}
    # Up to the last answer: later packets may still have been on their way.
    answered = [int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", machine.check(f"cat {ANSWERS}"))]
    assert max(answered) - len(set(answered)) <= attacked.receives


def test_the_network_saw_nothing(attacked):
    payloads = []
    dump, at = attacked.frames.read_bytes(), 24  # pcap: header of the file, then of each packet
    while at < len(dump):
        length, = struct.unpack_from("<I", dump, at + 8)
        packet = dump[at + 16:at + 16 + length]
        at += 16 + length
        if packet[12:14] == ETHERTYPE:
            payloads.append(packet[14:])
    assert all(tells_nothing(payload) for payload in payloads)
    assert len(payloads) <= len(TARGETS) + len(GUEST_PAGES)


def test_memory_is_unchanged(attacked):
    after = attacked.look()
    protected = after.memory[attacked.protected.start:attacked.protected.stop]
    found = [mark in protected for mark in MARKS]
    assert not any(found)
    results = remapping_tables.check(attacked.unit, attacked.before, after, hosts.HYPERVISOR.read_bytes())
    assert results and not [line for line in results if line.startswith("not ok")], results


def test_the_unit_still_translates(attacked):
    before = debian.refused_dma(attacked.machine)
    sector = next(attacked.sectors)
    attacked.attack("disk-read", TPM_LOCALITY_1 + PAGE, PAGE)
    attacked.assert_logged(SOURCE["disk"], "write", TPM_LOCALITY_1 + PAGE)
    attacked.attack("disk-write", attacked.targets["text"], PAGE, sector)
    assert tells_nothing(written_sectors(attacked, sector, PAGE))
    if attacked.unit == "vtd":
        assert debian.refused_dma(attacked.machine) > before
