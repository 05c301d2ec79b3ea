# SPDX-License-Identifier: GPL-2.0-or-later
"""Suspend to RAM ends the hypervisor; afterwards its module and programs report that."""

import json
import urllib.error

import pytest

from testbed import hosts
from testbed.qemu import Machine


@pytest.fixture(scope="module")
def resumed():
    """A host that was suspended to RAM, and resumed by the firmware without Cloister."""
    disk = hosts.esp("resumed", config=hosts.config(sleep="allow"))
    with Machine("resumed", disks=[disk]) as machine:
        machine.ready()
        machine.check("cloisterctl stats")
        machine.send("echo mem >/sys/power/state; echo RE''SUMED")
        machine.wait_suspended()
        machine.qmp.call("system_wakeup")
        machine.expect("RESUMED\r")
        yield machine


def test_calls_end_with_an_error(resumed):
    """Twice: the first must not keep the module's lock."""
    for _ in range(2):
        status, output = resumed.run("cloisterctl stats")
        assert status == 3 and "the hypervisor is gone" in output, output


def test_the_kernel_goes_on(resumed):
    log = resumed.check("dmesg")
    assert "resumed without the hypervisor" in log
    assert not any(word in log for word in ("invalid opcode", "BUG:", "Oops", "WARNING:")), log


def test_attestd_says_so(resumed):
    with pytest.raises(urllib.error.HTTPError) as refused:
        hosts.ask(resumed, "/v1/evidence", hosts.evidence_request(resumed))
    assert refused.value.code == 503
    assert json.load(refused.value)["error"]["code"] == "hypervisor-gone"
