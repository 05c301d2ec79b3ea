# SPDX-License-Identifier: GPL-2.0-or-later
"""What protected guests boot, on the bed alone; and the host that runs them, with Debian's QEMU and libvirt."""

import json
import re

import pytest

from testbed import debian, guests, qemu_host, systems

BOOT_S = 1800
FACTS = {"cpus": "2", "tdx": "no", "memory is encrypted:": "no", "/dev/tdx_guest": "no", "disk": "works",
         "network": "works", "console": "written"}


@pytest.mark.parametrize("suite", ["trixie", pytest.param("forky", marks=pytest.mark.slow)])
def test_kernel_comes_up_bare(suite):
    with guests.bare_kernel(f"guest-bare-{suite}", suite) as machine:
        facts = guests.facts(machine)
        assert "cloud" in facts.pop("kernel")
        assert facts == FACTS
        assert not systems.complaints(machine)


@pytest.mark.slow
def test_disk_comes_up_bare():
    with guests.bare_disk("guest-bare-disk") as machine:
        machine.login()
        assert machine.run("systemctl is-system-running --wait")[1].strip() == "running"
        assert not systems.complaints(machine)


LATER = "forky"


def later_kernel():
    """The guest with Debian's next kernel: its files and its description, if it could be had."""
    if not systems.found(LATER, "cloud"):
        return {}
    image, modules = guests.kernel(LATER)
    return {"later-vmlinuz": image, "later-initrd.img": guests.initrd("debian-guests-later", modules),
            "later.xml": guests.documented("A kernel", name="later", kernel=f"{guests.IMAGES}/later-vmlinuz",
                                           initrd=f"{guests.IMAGES}/later-initrd.img")}


@pytest.fixture(scope="module")
def host():
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd.img": guests.initrd("debian-guests", modules),
             "scratch.img": bytes(guests.SCRATCH_BYTES), "guest.img": guests.GUEST,
             "kernel.xml": guests.documented("A kernel"), "disk.xml": guests.documented("A disk"),
             "whole.xml": guests.documented("A kernel", name="whole", memory=guests.POOL_MIB - 100),
             "large.xml": guests.documented("A kernel", name="large", memory=guests.POOL_MIB + 50)}
    with guests.host("debian-guests", files | later_kernel()) as machine:
        yield machine


@pytest.mark.slow
def test_host_comes_up(host):
    assert host.run("systemctl is-system-running --wait")[1].strip() == "running"
    assert not systems.complaints(host)


@pytest.mark.slow
def test_pool_is_set_aside(host):
    assert f"guest pool {guests.POOL_MIB << 10} KiB" in host.check(f"{debian.CTL} stats")


@pytest.mark.slow
def test_qemu_knows_tdx(host):
    assert int(host.check("qemu-system-x86_64 --version").partition("version ")[2].partition(".")[0]) >= 11
    assert "tdx-guest" in host.check("qemu-system-x86_64 -object help").split()


@pytest.mark.slow
def test_node_is_the_groups(host):
    assert host.check("stat -c '%U %G %a' /dev/kvm").strip() == "root kvm 660"


@pytest.mark.slow
def test_libvirt_finds_qemu(host):
    assert "Running hypervisor: QEMU 11." in host.check("virsh version")


PROTECTED = {"tdx": "yes", "memory is encrypted:": "yes", "/dev/tdx_guest": "yes"}


def started(host, name):
    host.check(f"virsh define {guests.IMAGES}/{name}.xml")
    host.check(f"virsh start {name}", BOOT_S)


def gone(host, name):
    """The guest is gone, and the pool is whole: another guest takes nearly all of it."""
    host.check(f"virsh undefine {name}")
    started(host, "whole")
    host.check("virsh destroy whole && virsh undefine whole")


def ended(host, name):
    host.check(f"virsh destroy {name}")
    gone(host, name)


@pytest.mark.slow
def test_guest_larger_than_the_pool_is_refused(host):
    host.check(f"virsh define {guests.IMAGES}/large.xml")
    assert host.run("virsh start large", BOOT_S)[0] != 0
    said = re.search(r"a guest needs (\d+) MiB of the pool, (\d+) of (\d+) are free: set pool_mib", host.check("dmesg"))
    # One page in 512 has the pool's records.
    assert [guests.POOL_MIB * 511 // 512, guests.POOL_MIB] == [int(said[2]), int(said[3])]
    assert 50 < int(said[1]) - guests.POOL_MIB < 100
    gone(host, "large")


def kernel_facts(host):
    """Returns the kernel's version."""
    facts = guests.facts(host, BOOT_S)
    kernel = facts.pop("kernel")
    assert "cloud" in kernel
    assert facts == FACTS | {"cpus": "1"} | PROTECTED
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", kernel).groups()))


@pytest.mark.slow
def test_kernel_is_protected(host):
    started(host, "kernel")
    with guests.console(host, "kernel"):
        kernel_facts(host)
        assert not systems.COMPLAINTS.findall(host.check("dmesg", BOOT_S))
    ended(host, "kernel")


@pytest.mark.slow
def test_later_kernel_is_protected(host):
    systems.kernel(LATER, "cloud")  # or skips
    started(host, "later")
    with guests.console(host, "later"):
        assert kernel_facts(host) >= (7,)
        assert not systems.COMPLAINTS.findall(host.check("dmesg", BOOT_S))
    ended(host, "later")


@pytest.mark.slow
def test_kernel_is_protected_by_vtx():
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd": guests.initrd("vtx-guest", modules)}
    with qemu_host.vtx_host("vtx-guest", files) as machine:
        kernel = f"-kernel /vmlinuz -initrd /initrd -append 'console=ttyS0 {guests.PATIENT}'"
        qemu_host.start(machine, f"{qemu_host.PROTECTED} {kernel}")
        facts = guests.facts(machine, 2 * BOOT_S)
        assert "cloud" in facts.pop("kernel")
        assert facts == FACTS | PROTECTED | {"cpus": "1", "disk": "none", "network": "none", "console": "none"}
        assert not systems.complaints(machine)
        qemu_host.power_off(machine, BOOT_S)
        assert not systems.COMPLAINTS.findall(systems.EXCUSED.sub("", machine.check("dmesg")))
        assert json.loads(machine.check("cloisterctl domains --json")) == []


@pytest.mark.slow
def test_guest_reboots(host):
    started(host, "kernel")
    with guests.console(host, "kernel"):
        kernel_facts(host)
        host.send("reboot -f")
        kernel_facts(host)
    ended(host, "kernel")


@pytest.mark.slow
def test_guest_outlives_another_that_is_killed(host):
    started(host, "disk")
    started(host, "kernel")
    with guests.console(host, "kernel"):
        kernel_facts(host)
    host.check("kill -9 $(cat /run/libvirt/qemu/disk.pid)")
    host.wait_until("virsh domstate disk | grep -q 'shut off'")
    with guests.console(host, "kernel"):
        host.check("dd if=/dev/urandom of=/tmp/sent bs=1M count=4 && dd if=/tmp/sent of=/dev/vda bs=1M oflag=direct && "
                   "dd if=/dev/vda bs=1M count=4 iflag=direct | cmp - /tmp/sent && ping -c 1 $(cat /run/gateway)")
    host.check("virsh undefine disk")
    ended(host, "kernel")


@pytest.mark.slow
def test_disk_is_protected(host):
    started(host, "disk")
    with guests.console(host, "disk"):
        host.login()
        assert host.run("systemctl is-system-running --wait")[1].strip() == "running"
        assert "Memory Encryption Features active: Intel TDX" in host.check("dmesg", BOOT_S)
        assert host.check("nproc").strip() == "2"
        host.check("test -c /dev/hvc0 && echo \"a guest's line\" >/dev/hvc0")
        host.wait_until("ip -4 address show scope global | grep -q inet")
        assert not systems.COMPLAINTS.findall(host.check("dmesg", BOOT_S))
        host.send("exit")
        host.expect("login: ")
    ended(host, "disk")
