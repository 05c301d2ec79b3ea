# SPDX-License-Identifier: GPL-2.0-or-later
"""What protected guests boot, on the bed alone; and the host that runs them, with Debian's QEMU and libvirt."""

import pytest

from testbed import debian, guests, systems

BOOT_S = 1800
FACTS = {"cpus": "2", "tdx": "no", "memory is encrypted:": "no", "/dev/tdx_guest": "no", "disk": "works",
         "network": "works"}


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


@pytest.fixture(scope="module")
def host():
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd.img": guests.initrd("debian-guests", modules),
             "scratch.img": bytes(guests.SCRATCH_BYTES), "guest.img": guests.GUEST,
             "kernel.xml": guests.documented("A kernel"), "disk.xml": guests.documented("A disk")}
    with guests.host("debian-guests", files) as machine:
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
def test_libvirt_finds_qemu(host):
    assert "Running hypervisor: QEMU 11." in host.check("virsh version")


PROTECTED = {"tdx": "yes", "memory is encrypted:": "yes", "/dev/tdx_guest": "yes"}


def started(host, name):
    host.check(f"virsh define {guests.IMAGES}/{name}.xml")
    host.check(f"virsh start {name}", BOOT_S)


def ended(host, name):
    """The guest is gone, and the pool is whole again."""
    host.check(f"virsh destroy {name}")
    host.check(f"virsh undefine {name}")


@pytest.mark.slow
def test_kernel_is_protected(host):
    started(host, "kernel")
    with guests.console(host, "kernel"):
        facts = guests.facts(host, BOOT_S)
        assert "cloud" in facts.pop("kernel")
        assert facts == FACTS | {"cpus": "1"} | PROTECTED
        assert not systems.COMPLAINTS.findall(host.check("dmesg", BOOT_S))
    ended(host, "kernel")


@pytest.mark.slow
def test_disk_is_protected(host):
    started(host, "disk")
    with guests.console(host, "disk"):
        host.login()
        assert host.run("systemctl is-system-running --wait")[1].strip() == "running"
        assert "Memory Encryption Features active: Intel TDX" in host.check("dmesg", BOOT_S)
        assert host.check("nproc").strip() == "2"
        host.wait_until("ip -4 address show scope global | grep -q inet")
        assert not systems.COMPLAINTS.findall(host.check("dmesg", BOOT_S))
        host.send("exit")
        host.expect("login: ")
    ended(host, "disk")
