# SPDX-License-Identifier: GPL-2.0-or-later
"""
Evidence of a guest, all of it real: an unmodified kernel in Debian's QEMU on a measured host gets a quote by
configfs-tsm, and the tenant's tool judges it together with the host.
"""

import base64
import hashlib
import json
import pathlib
import secrets
import subprocess

import pytest

from testbed import guests, hosts, qemu_host
from testbed.emulator import OUT
from testbed.tdvf import mrtd

BOOT_S = 1800
GUEST_REFUSED = 22
# struct hk_report, include/cloister/report.h
REPORT_DATA, TD_INFO = 48, 112 + 239 + 17
MRTD, RTMRS = TD_INFO + 16, TD_INFO + 208


class Guest:
    """A guest, and what its tenant has: the policies, and where its host is."""

    def __init__(self, machine, folder):
        self.machine, self.folder = machine, folder
        base = hosts.policy_for(machine.name, hosts.config(pool_mib=600))
        self.host_policy = folder / "host-policy.json"
        self.host_policy.write_text(hosts.pinned(machine, base).read_text())
        machine.check("mount -t configfs configfs /sys/kernel/config && mkdir /sys/kernel/config/tsm/report/tenant")

    def quote(self, data):
        """What the guest gets for 64 bytes of report data."""
        place = "/sys/kernel/config/tsm/report/tenant"
        self.machine.check(f"echo {base64.b64encode(data).decode()} | base64 -d >{place}/inblob")
        return base64.b64decode(self.machine.check(f"base64 {place}/outblob", BOOT_S))

    def evidence(self, nonce, bound=b""):
        path = self.folder / "evidence.json"
        path.write_bytes(self.quote(hashlib.sha512(nonce + bound).digest()))
        return path

    def policy(self, report, **changed):
        """A guest policy of what the firmware's file says, of registers as they are, and of what is changed."""
        path = self.folder / "guest-policy.json"
        path.unlink(missing_ok=True)
        values = {"mrtd": mrtd((qemu_host.dumped() / qemu_host.FIRMWARE).read_bytes())}
        values |= {f"rtmr{i}": report[RTMRS + 48 * i:RTMRS + 48 * (i + 1)].hex() for i in range(3)}
        values |= {"name": "test", "max-vcpus": "1"} | changed
        tool("guest", "policy", "new", "--output", path, *(f"--{name}={value}" for name, value in values.items()))
        return path

    def verdict(self, evidence, policy, nonce, *more):
        argv = [OUT / "cloister", "verify-guest", evidence, "--host", hosts.url(self.machine), "--no-cache",
                "--policy", self.host_policy, "--guest-policy", policy, "--nonce", nonce.hex(), *more]
        done = subprocess.run(argv, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def tool(*arguments):
    done = subprocess.run([OUT / "cloister", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def report_of(evidence):
    return base64.b64decode(json.loads(evidence.read_text())["report"])


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd": guests.initrd("guest-evidence", modules)}
    with qemu_host.attested_host("guest-evidence", files) as machine:
        kernel = f"-kernel /vmlinuz -initrd /initrd -append 'console=ttyS0 {guests.PATIENT}'"
        qemu_host.start(machine, f"{qemu_host.QUOTED} {kernel}")
        guests.facts(machine, BOOT_S)
        yield Guest(machine, tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def asked(guest):
    """A nonce, what the guest bound, and the evidence."""
    nonce, bound = secrets.token_bytes(32), b"the guest's public key"
    (guest.folder / "bound").write_bytes(bound)
    evidence = guest.evidence(nonce, bound)
    return nonce, ("--bound", guest.folder / "bound"), evidence


def test_quote_fits_the_guests_buffer(asked):
    assert asked[2].stat().st_size <= 8192


def test_measured_firmware_is_what_the_file_says(asked):
    firmware = qemu_host.dumped() / qemu_host.FIRMWARE
    expected = mrtd(firmware.read_bytes())
    assert report_of(asked[2])[MRTD:MRTD + 48].hex() == expected
    assert json.loads(tool("guest", "measure", "--firmware", firmware, "--json"))["mrtd"] == expected


def test_guest_is_trusted(guest, asked):
    nonce, bound, evidence = asked
    code, text = guest.verdict(evidence, guest.policy(report_of(evidence)), nonce, *bound)
    assert code == hosts.PASS, text


@pytest.mark.parametrize("changed", ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner"])
def test_another_guest_is_refused(guest, asked, changed):
    nonce, bound, evidence = asked
    policy = guest.policy(report_of(evidence), **{changed: "ab" * 48})
    code, text = guest.verdict(evidence, policy, nonce, *bound)
    assert code == GUEST_REFUSED and changed in text.lower().replace(" ", ""), text


def test_replayed_evidence_is_refused(guest, asked):
    nonce, bound, evidence = asked
    policy = guest.policy(report_of(evidence))
    assert guest.verdict(evidence, policy, secrets.token_bytes(32), *bound)[0] == GUEST_REFUSED
    assert guest.verdict(evidence, policy, nonce)[0] == GUEST_REFUSED


def test_host_that_the_policy_does_not_know_is_refused(guest, asked):
    nonce, bound, evidence = asked
    known, guest.host_policy = guest.host_policy, hosts.pinned(guest.machine)
    code, text = guest.verdict(evidence, guest.policy(report_of(evidence)), nonce, *bound)
    guest.host_policy = known
    assert code == hosts.CONFIG_REFUSED, text


def test_changed_report_is_refused(guest, asked):
    nonce, bound, evidence = asked
    document, report = json.loads(evidence.read_text()), bytearray(report_of(evidence))
    report[MRTD] ^= 1
    changed = pathlib.Path(guest.folder, "changed.json")
    changed.write_text(json.dumps(document | {"report": base64.b64encode(report).decode()}))
    code, _ = guest.verdict(changed, guest.policy(bytes(report)), nonce, *bound)
    assert code not in (hosts.PASS, hosts.CONDITIONAL)


def test_guest_is_judged_again_for_another_nonce(guest):
    nonce = secrets.token_bytes(32)
    evidence = guest.evidence(nonce)
    code, text = guest.verdict(evidence, guest.policy(report_of(evidence)), nonce)
    assert code == hosts.PASS, text
