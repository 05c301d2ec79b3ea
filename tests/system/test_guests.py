# SPDX-License-Identifier: GPL-2.0-or-later
"""Protected guests on the measured host's /dev/kvm: a small VMM in place of QEMU (tests/system/host/kvm.c)."""

import json
import re
import signal

import pytest

from testbed import debug_kernel, guests, hosts, qemu_host
from testbed.emulator import OUT, PATIENCE_S
from testbed.qemu import Machine
from test_host import send_program

POOL_MIB = 128
FUZZ_S = 180


@pytest.fixture(scope="module")
def host():
    """A measured host with a pool, and the small VMM in it. Its kernel looks at what the module allocates."""
    config = hosts.config(pool_mib=POOL_MIB, cmdline=f"{hosts.CMDLINE} {debug_kernel.SLAB_DEBUG}")
    with Machine("guests", disks=[hosts.esp("guests", config=config)]) as machine:
        machine.ready()
        send_program(machine, "kvm")
        yield machine


def results_of(host, command):
    """The results of the small VMM, each with the name of the check."""
    output = host.check(f"/run/kvm {command}", 3 * PATIENCE_S)
    print(output)
    results = re.findall(r"^(not ok|ok) \d+ - (.*) \(errno \d+\)$", output, re.M)
    assert len(results) == int(re.search(r"^1\.\.(\d+)$", output, re.M)[1]), output
    return results


@pytest.fixture(scope="module")
def tap(host):
    return results_of(host, f"test {POOL_MIB}")


def complaints(host):
    return debug_kernel.TROUBLE.findall(host.check("dmesg"))


def test_node_is_there(host):
    assert f"/dev/kvm: protected guests, a pool of {POOL_MIB} MiB" in host.check("dmesg")
    assert "10, 232" in host.check("ls -l /dev/kvm")


def test_guests_run(tap):
    assert len(tap) > 60
    assert [name for result, name in tap if result != "ok"] == []


def test_kernel_has_no_complaints(tap, host):
    assert complaints(host) == []
    assert host.check("cat /sys/kernel/slab/kmalloc-64/poison").strip() == "1"


def test_guest_shim_is_told_lies(tap, host):
    """Of fw_cfg and RAM: it says what is wrong, and starts nothing but what it has measured."""
    send_program(host, qemu_host.SHIM.name, OUT)
    results = results_of(host, f"lies /run/{qemu_host.SHIM.name}")
    assert len(results) > 25 and [name for result, name in results if result != "ok"] == []


def test_ordinary_vm_is_refused_in_words(tap, host):
    assert "protected guests (TDX) only" in host.check("dmesg")


def test_pool_that_is_too_small_is_named(tap, host):
    assert re.search(r"needs \d+ MiB of the pool, \d+ of 128 are free: set pool_mib", host.check("dmesg"))


def listed(host):
    return json.loads(host.check("cloisterctl domains --json"))


def test_domains_are_listed(tap, host):
    assert listed(host) == [] and "no domains" in host.check("cloisterctl domains")
    host.send("/run/kvm spin -name guest=small,debug-threads=on &")
    host.expect("spinning")
    host.wait_until("cloisterctl domains | grep -q 'preempted [1-9]'")
    [first] = listed(host)
    assert (first["name"], first["state"], first["vcpus"]) == ("small", "ready", 1)
    assert first["pid"] == int(host.check("pidof kvm"))
    assert first["pool_bytes"] == first["private_bytes"] + first["tables_bytes"] + 3 * 4096
    assert first["pending_bytes"] == 0 and re.fullmatch("[0-9a-f]{96}", first["mrtd"])
    table = host.check("cloisterctl domains")
    assert re.search(rf"^small +{first['domain']} +{first['pid']} ready +1 ", table, re.M), table
    assert re.search(r"^  exits: answered \d+, preempted \d+", table, re.M), table
    metrics = hosts.ask(host, "/v1/metrics").read().decode()
    assert f'\ncloister_domain_vcpus{{domain="{first["domain"]}"}} 1\n' in metrics and "small" not in metrics
    watched = host.run("timeout 5 cloisterctl domains --watch")[1]
    assert watched.count("small ") > 1 and re.search(r"exits a second: answered \d+, preempted [1-9]", watched), watched
    host.check("kill -9 $!")
    host.wait_until("cloisterctl domains | grep -q 'no domains'")


def test_loop_takes_no_exit_but_the_hosts_timer(tap, host):
    host.send("/run/kvm spin &")
    host.expect("spinning")
    host.wait_until("cloisterctl domains | grep -q 'preempted [1-9]'")
    [first] = listed(host)
    turns = first["exits"]["preempted"]
    host.wait_until(f"[ $(cloisterctl domains | sed -n 's/.*preempted //p') -gt {turns + 50} ]")
    [later] = listed(host)
    assert later["answered"] == first["answered"]
    assert [kind for kind, count in later["exits"].items() if count != first["exits"][kind]] == ["preempted"]
    assert first["run_us"] < later["run_us"] <= later["uptime_us"]
    host.check("kill -9 $!")
    host.wait_until("cloisterctl domains | grep -q 'no domains'")


def test_watching_a_file_is_one_look(tap, host):
    output = host.check("cloisterctl domains --watch | cat")
    assert "no domains" in output and "\033" not in output
    assert host.run("cloisterctl domains --watch --json")[0] == 2


def test_module_stays_while_a_guest_runs(tap, host):
    host.send("/run/kvm spin &")
    host.expect("spinning")
    status, output = host.run("rmmod cloister")
    assert status != 0 and "Resource temporarily unavailable" in output
    status, output = host.run("echo mem >/sys/power/state")
    assert status != 0
    assert "does not sleep while protected guests exist" in host.check("dmesg")
    host.check("kill -9 $!")


def test_kernel_ends_a_vmm_that_takes_too_much(tap, host):
    host.check("mkdir -p /run/groups && mount -t cgroup2 none /run/groups && mkdir /run/groups/vmm")
    host.check("echo +memory >/run/groups/cgroup.subtree_control && echo 16M >/run/groups/vmm/memory.max")
    status, output = host.run("sh -c 'echo $$ >/run/groups/vmm/cgroup.procs && exec /run/kvm hog'")
    assert status == 128 + signal.SIGKILL, output
    said = host.check("dmesg -c")
    assert "Memory cgroup out of memory: Killed process" in said
    assert len(debug_kernel.TROUBLE.findall(said)) == 1  # the kernel says where it came to that
    host.wait_until("cloisterctl domains | grep -q 'no domains'")


def test_random_calls_do_no_harm(tap, host):
    host.check(guests.GROUP_NODE)
    print(host.check(f"/run/kvm fuzz {FUZZ_S} 1", FUZZ_S + PATIENCE_S))
    output = host.check(f"/run/kvm test {POOL_MIB}", 3 * PATIENCE_S)
    assert not re.search("^not ok", output, re.M), output
    assert complaints(host) == []


def test_module_goes_and_comes(tap, host):
    host.check("rmmod cloister && ! test -e /dev/kvm && insmod /lib/modules/cloister.ko")
    assert "1..0" not in host.check("/run/kvm test 128 | tail -n 1", 3 * PATIENCE_S)
