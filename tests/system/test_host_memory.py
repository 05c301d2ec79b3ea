# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters of a host, enrolled or pinned, never go back: TPMs put back or reset alone, stores that are changed."""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

from testbed import hosts
from testbed.attestd import Swtpm
from testbed.emulator import PATIENCE_S, TREE
from testbed.qemu import AUTHORITY, Machine
from testbed.tpm import Tpm

COUNTERS_REFUSED, NO_VERDICT = 15, 2
TRANSPORT = 10
CMD_INIT = 0x02  # swtpm_ioctls(3)


@pytest.fixture(scope="module")
def disk():
    return hosts.esp("memory")


@pytest.fixture(scope="module")
def kept(disk, tmp_path_factory):
    """
    A host whose TPM stays over its boots; it is enrolled, and accepted once.

    In the folder: the TPM's memory as it was after the first and the second boot, each ended in good order.
    """
    folder = tmp_path_factory.mktemp("kept")
    tpm = Tpm(folder / "tpm", AUTHORITY)
    for name in ("first", "second"):
        with booted(disk, tpm) as machine:
            machine.enrolled = name != "first"
            status, text = judged(machine)
            assert status == hosts.PASS, text
            power_off(machine)
        tpm.stop()
        copy_state(tpm.state, folder / name)
    yield tpm, folder
    tpm.remove()


def booted(disk, tpm):
    return Machine("memory", disks=[disk], tpm=tpm)


def power_off(machine):
    """In good order: Linux sends TPM2_Shutdown, and the TPM's clock stays safe."""
    machine.send("poweroff -f")
    machine.wait_stopped()


def judged(machine):
    """The verdict on a host that is enrolled, once it is up."""
    machine.ready()
    return judged_again(machine)


def judged_again(machine):
    return hosts.verify_at(hosts.url(machine), "--policy", hosts.POLICY, "--no-cache", *hosts.known(machine))


def copy_state(source, target):
    """swtpm's file in place of a TPM's NV memory."""
    target.mkdir(exist_ok=True)
    for path in source.glob("tpm2-*"):
        shutil.copyfile(path, target / path.name)


def seen(machine):
    """The tenant's record of the machine."""
    return json.loads(store(machine).read_text())["memory"]


def store(machine):
    return hosts.SCRATCH / "store" / f"{machine.name}.json"


def judged_as_pinned(machine, store, **changes):
    """By who has not enrolled the host, but pins its key in his policy."""
    policy = hosts.pinned(machine)
    policy.write_text(json.dumps(json.loads(policy.read_text()) | changes))
    return hosts.verify_at(hosts.url(machine), "--policy", policy, "--no-cache", "--store", store)


def seen_as_pinned(folder):
    """What is then remembered, under the name of the address."""
    return json.loads((folder / "127.0.0.1.json").read_text())


class TestTpmPutBack:
    """The TPM's memory, copied while the machine was off in good order, and put back later."""

    def test_next_boot_is_accepted(self, kept, disk):
        """A third boot: resetCount and clock rise. (QEMU and swtpm start the TPM twice each time.)"""
        tpm, folder = kept
        with booted(disk, tpm) as machine:
            machine.enrolled = True
            before = seen(machine)
            status, text = judged(machine)
            after = seen(machine)
            pinned = judged_as_pinned(machine, folder / "pinned")
            power_off(machine)
        assert status == hosts.PASS and pinned[0] == hosts.PASS, text + pinned[1]
        assert after["reset_count"] > before["reset_count"] and after["clock_ms"] > before["clock_ms"]

    def test_earlier_tpm_memory_is_refused(self, kept, disk):
        """As it was before the boots that were seen since."""
        tpm, folder = kept
        tpm.stop()
        copy_state(folder / "first", tpm.state)
        with booted(disk, tpm) as machine:
            machine.enrolled = True
            before = seen(machine)
            status, text = judged(machine)
            assert seen(machine) == before, "what is refused is not remembered"
            pinned = judged_as_pinned(machine, folder / "pinned")
        assert pinned[0] == COUNTERS_REFUSED and re.search("refused: (reset-count-back|boot-id) ", pinned[1]), pinned[1]
        assert status == COUNTERS_REFUSED, text
        assert re.search("refused: (reset-count-back|boot-id) ", text), text
        assert "hypervisor-key  pass" in text.replace("\x1b[32m", ""), text


class RelayedTpm(Tpm):
    """Between QEMU and swtpm's control channel: it can reset the TPM while the machine runs."""

    def start(self):
        self.control = self.state / "control"
        super().start()
        self.near = socket.socket(socket.AF_UNIX)
        self.near.connect(str(self.control))
        self.lock = threading.Lock()
        self.control = self.state / "relay"
        self.control.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.control))
        server.listen()
        threading.Thread(target=self.relay, args=(server,), daemon=True).start()

    def relay(self, server):
        """Request and answer, one after the other; the first request carries QEMU's end of the data channel."""
        client = server.accept()[0]
        server.close()
        while True:
            request, descriptors, _, _ = socket.recv_fds(client, 4096, 1)
            if not request:
                return
            answer = self.ask(request, descriptors)
            client.sendall(answer)

    def ask(self, request, descriptors=()):
        with self.lock:
            socket.send_fds(self.near, [request], descriptors)
            answer = self.near.recv(4096)
        for descriptor in descriptors:
            os.close(descriptor)
        return answer

    def reset(self):
        """As by its reset line: PCRs lose their values."""
        assert self.ask(struct.pack(">II", CMD_INIT, 0)) == bytes(4)


# TPM2_Startup(CLEAR), which the firmware would send: root sends it past the kernel's driver.
STARTUP = r"exec 3<>/dev/tpm0; printf '\200\001\000\000\000\014\000\000\001\104\000\000' >&3; head -c 10 <&3 " \
    "| od -An -tx1"


def test_reset_under_the_running_host_is_refused(disk, tmp_path):
    """PCRs 17 to 19 are open again to software with locality 2; the quote shows the reset."""
    with Machine("reset-alone", disks=[disk], tpm=RelayedTpm(tmp_path / "tpm", AUTHORITY)) as machine:
        status, text = judged(machine)
        assert status == hosts.PASS, text
        machine.tpm.reset()
        assert machine.check(STARTUP).split()[-4:] == ["00"] * 4
        deadline = time.monotonic() + PATIENCE_S
        while (judgement := judged_again(machine))[0] == TRANSPORT and time.monotonic() < deadline:
            time.sleep(0.5)  # attestd finds its key gone, and opens the TPM again
        status, text = judgement
        machine.tpm.stop()
    assert status == COUNTERS_REFUSED, text
    assert "refused: reset-count (step 5" in text and "refused: pcr-replay" in text, text


def test_clock_is_safe_again_after_the_documented_command(tmp_path):
    """It is not safe; docs/protocol.md's command makes it so: it moves it past every value reported before."""
    command = re.search(r"^ *(tpm2_setclock .*)$", (TREE / "docs/protocol.md").read_text(), re.M)[1]
    tpm = Swtpm(tmp_path)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while (before := clock(tpm))["safe"] == "yes":  # a slow test may meet the moment at which the TPM saves it
            assert time.monotonic() < deadline
            tpm.stop()
            tpm.start()
        tools(tpm, command)
        after = clock(tpm)
    finally:
        tpm.stop()
    assert after["safe"] == "yes" and int(after["clock"]) >= int(before["clock"]) + (1 << 22)


def clock(tpm):
    return dict(re.findall(r"(clock|safe): (\w+)", tools(tpm, "tpm2_readclock")))


def tools(tpm, command):
    return subprocess.run(["sh", "-c", command], env=os.environ | {"TPM2TOOLS_TCTI": tpm.tcti}, capture_output=True,
                          text=True, check=True, timeout=PATIENCE_S).stdout


class TestHostStore:
    """The tenant's own file: a record that the tool wrote is believed, whatever its age."""

    @pytest.fixture(scope="class")
    def enrolled(self, measured):
        assert hosts.known(measured)
        return measured, ("--policy", hosts.POLICY, "--no-cache", *hosts.known_as(measured))

    def test_earlier_store_refuses_less_and_learns_again(self, enrolled):
        """It knows less, so it refuses less; the counters seen now are remembered again."""
        machine, arguments = enrolled
        assert hosts.verify_at(hosts.url(machine), *arguments)[0] == hosts.PASS
        old, before = store(machine).read_bytes(), seen(machine)
        assert hosts.verify_at(hosts.url(machine), *arguments)[0] == hosts.PASS
        after = seen(machine)
        assert after["clock_ms"] > before["clock_ms"]
        store(machine).write_bytes(old)
        status, text = hosts.verify_at(hosts.url(machine), *arguments)
        assert status == hosts.PASS, text
        assert seen(machine)["clock_ms"] > after["clock_ms"]

    @pytest.mark.parametrize("damage", [
        lambda text: text.replace('"reset_count": ', '"reset_count": 1'), lambda text: text[:len(text) // 2],
        lambda text: "", lambda text: text.replace('"boot_id": "', '"boot_id": "0')], ids=range(4))
    def test_edited_or_cut_store_gives_no_verdict(self, enrolled, damage):
        """No verdict, and the file stays as it is, for the tenant to look at."""
        machine, arguments = enrolled
        good = store(machine).read_text()
        bad = damage(good)
        assert bad != good
        store(machine).write_text(bad)
        try:
            status, text = hosts.verify_at(hosts.url(machine), *arguments)
            assert status == NO_VERDICT and "nothing in it is believed" in text, text
            assert store(machine).read_text() == bad
        finally:
            store(machine).write_text(good)
        assert hosts.verify_at(hosts.url(machine), *arguments)[0] == hosts.PASS


class TestPinnedByPolicy:
    """A host that nothing enrolled: the policy pins its key, and what was seen of it is kept under its name."""

    def test_policys_serial_does_not_fall(self, measured, tmp_path):
        assert judged_as_pinned(measured, tmp_path, serial=9)[0] == hosts.PASS
        host = seen_as_pinned(tmp_path)
        assert (host["ek_name"], host["enrolled"], host["certificate"]) == (None, None, None)
        status, text = judged_as_pinned(measured, tmp_path, serial=3)
        assert status == COUNTERS_REFUSED and "refused: policy-serial-back " in text, text
        assert seen_as_pinned(tmp_path) == host
        assert judged_as_pinned(measured, tmp_path, serial=9)[0] == hosts.PASS
        assert seen_as_pinned(tmp_path)["memory"]["clock_ms"] > host["memory"]["clock_ms"]

    def test_enrolment_replaces_it(self, measured, tmp_path):
        """The key is the same, so what was seen stays."""
        assert judged_as_pinned(measured, tmp_path, serial=9)[0] == hosts.PASS
        seen_before = seen_as_pinned(tmp_path)["memory"]
        hosts.enrol(measured, "--name", "127.0.0.1", "--store", tmp_path)
        host = seen_as_pinned(tmp_path)
        measured.enrolled = False  # in the store of the other tests
        assert host["certificate"] and host["memory"] == seen_before
        assert judged_as_pinned(measured, tmp_path, serial=3)[0] == COUNTERS_REFUSED

    def test_edited_memory_gives_no_verdict(self, measured, tmp_path):
        assert judged_as_pinned(measured, tmp_path, serial=9)[0] == hosts.PASS
        path = tmp_path / "127.0.0.1.json"
        path.write_text(path.read_text().replace('"policy_serial": 9', '"policy_serial": 1'))
        status, text = judged_as_pinned(measured, tmp_path, serial=3)
        assert status == NO_VERDICT and "nothing in it is believed" in text, text

    def test_no_verdict_where_nothing_can_be_remembered(self, measured):
        """Without a home there is no store: nothing is printed that a caller could take for a verdict."""
        homeless = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_DATA_HOME")}
        for form in (), ("--json",):
            result = subprocess.run(
                [hosts.OUT / "cloister", "verify", hosts.url(measured), "--policy", hosts.pinned(measured),
                 "--no-cache", *form], env=homeless, capture_output=True, text=True, timeout=PATIENCE_S)
            assert (result.returncode, result.stdout) == (NO_VERDICT, ""), result.stdout + result.stderr
            assert "give --store DIR" in result.stderr and "no verdict is given" in result.stderr, result.stderr
