# SPDX-License-Identifier: GPL-2.0-or-later
"""Protected guests on the measured host's /dev/kvm: a small VMM in place of QEMU (tests/system/host/kvm.c)."""

import re

import pytest

from testbed import hosts
from testbed.emulator import PATIENCE_S
from testbed.qemu import Machine
from test_host import send_program

POOL_MIB = 128
TROUBLE = re.compile("BUG:|WARNING:|Oops|general protection|Call Trace|cloister: .*(?:lost|answered)")


@pytest.fixture(scope="module")
def host():
    """A measured host with a pool, and the small VMM in it."""
    config = hosts.config(pool_mib=POOL_MIB)
    with Machine("guests", disks=[hosts.esp("guests", config=config)]) as machine:
        machine.ready()
        send_program(machine, "kvm")
        yield machine


@pytest.fixture(scope="module")
def tap(host):
    """The results of the small VMM, by the name of the check."""
    output = host.check(f"/run/kvm test {POOL_MIB}", 3 * PATIENCE_S)
    print(output)
    results = re.findall(r"^(not ok|ok) \d+ - (.*) \(errno \d+\)$", output, re.M)
    assert len(results) == int(re.search(r"^1\.\.(\d+)$", output, re.M)[1]), output
    return results


def test_node_is_there(host):
    assert f"/dev/kvm: protected guests, a pool of {POOL_MIB} MiB" in host.check("dmesg")
    assert "10, 232" in host.check("ls -l /dev/kvm")


def test_guests_run(tap):
    assert len(tap) > 60
    assert [name for result, name in tap if result != "ok"] == []


def test_kernel_has_no_complaints(tap, host):
    assert TROUBLE.findall(host.check("dmesg")) == []


def test_ordinary_vm_is_refused_in_words(tap, host):
    assert "protected guests (TDX) only" in host.check("dmesg")


def test_pool_that_is_too_small_is_named(tap, host):
    assert re.search(r"needs \d+ MiB of the pool, \d+ of 128 are free: set pool_mib", host.check("dmesg"))


def test_module_stays_while_a_guest_runs(tap, host):
    host.send("/run/kvm spin &")
    host.expect("spinning")
    status, output = host.run("rmmod cloister")
    assert status != 0 and "Resource temporarily unavailable" in output
    status, output = host.run("echo mem >/sys/power/state")
    assert status != 0
    assert "does not sleep while protected guests exist" in host.check("dmesg")
    host.check("kill -9 $!")


def test_random_calls_do_no_harm(tap, host):
    host.check("chmod 666 /dev/kvm")
    print(host.check("/run/kvm fuzz 20 1", PATIENCE_S))
    output = host.check(f"/run/kvm test {POOL_MIB}", 3 * PATIENCE_S)
    assert not re.search("^not ok", output, re.M), output
    assert TROUBLE.findall(host.check("dmesg")) == []


def test_module_goes_and_comes(tap, host):
    host.check("rmmod cloister && ! test -e /dev/kvm && insmod /lib/modules/cloister.ko")
    assert "1..0" not in host.check("/run/kvm test 128 | tail -n 1", 3 * PATIENCE_S)
