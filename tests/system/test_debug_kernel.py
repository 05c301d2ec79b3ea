# SPDX-License-Identifier: GPL-2.0-or-later
"""The module on a kernel with KASAN, UBSAN, lockdep and more: the small VMM's checks, then random calls."""

import re

import pytest

from testbed import debug_kernel

FUZZ_S = 300


@pytest.fixture(scope="module")
def host():
    with debug_kernel.host("debug-kernel") as machine:
        yield machine


@pytest.mark.slow
def test_nothing_is_said_before_guests(host):
    assert debug_kernel.complaints(host) == []
    assert debug_kernel.looking(host)


@pytest.mark.slow
def test_guests_run(host):
    output = debug_kernel.work(host, f"kvm test {debug_kernel.POOL_MIB}")
    print(output)
    results = re.findall(r"^(not ok|ok) \d+ - (.*) \(errno \d+\)$", output, re.M)
    assert len(results) == int(re.search(r"^1\.\.(\d+)$", output, re.M)[1]) and len(results) > 60
    assert [name for result, name in results if result != "ok"] == []
    assert debug_kernel.complaints(host) == []


@pytest.mark.slow
def test_random_calls_do_no_harm(host):
    said = debug_kernel.work(host, f"kvm fuzz {FUZZ_S} 1", FUZZ_S + debug_kernel.BUSY_S)
    print(said)
    assert int(re.search(r"(\d+) allocations failed", said)[1]) > 100, said
    assert debug_kernel.complaints(host) == []


@pytest.mark.slow
def test_pool_is_whole_and_module_goes(host):
    assert re.findall("^not ok .*", debug_kernel.work(host, f"kvm test {debug_kernel.POOL_MIB}"), re.M) == []
    assert debug_kernel.leaks(host) == ""
    debug_kernel.work(host, "rmmod cloister")
    assert debug_kernel.complaints(host) == []
    assert debug_kernel.looking(host)
