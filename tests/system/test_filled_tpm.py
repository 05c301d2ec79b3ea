# SPDX-License-Identifier: GPL-2.0-or-later
"""
TPMs into which no firmware measured: an operating system has one for itself and fills it with the digests of an honest
host's log, changed in one place. The tenant's tool says of each change what it says of firmware that measures so.
"""

import json
import struct

import pytest

from testbed import event_log, hosts
from testbed.forgery import Forgery, Invention, extend_command
from testbed.independent import sha256
from testbed.qemu import AUTHORITY
from testbed.tpm import TPM_ST_NO_SESSIONS, Tpm

EV_SEPARATOR, EV_ACTION, EV_IPL, EV_APPLICATION, EV_DRIVER = 4, 0x80000007, 0x0D, 0x80000003, 0x80000004
TPM_CC_SHUTDOWN, TPM_SU_CLEAR = 0x145, 0
ZEROS, ERROR = bytes(4), b"\1\0\0\0"
MARK = b"cloister-loader\0"
PROGRAM, SHIM, DRIVER = b"System_Services.efi", b"shimx64.efi", b"a card's driver"


class Log:
    """The honest host's log, with events put in and taken out; places are numbers in it."""

    def __init__(self, tcg_log):
        self.header, self.events = event_log.split(tcg_log)
        self.banks = list(self.events[-1][2])

    def place(self, pcr, data=None, kind=None):
        """Where the first event is that matches."""
        return next(at for at, event in enumerate(self.events) if event[0] == pcr
                    and (kind is None or event[1] == kind)
                    and (data is None or event[2][event_log.SHA256] == sha256(data)))

    def loader(self):
        return self.place(4, kind=EV_APPLICATION)

    def insert(self, at, pcr, kind, data):
        """Of a program its digest is measured; the data beside it says where it was (PFP 10.2.3): here in no place."""
        said = bytes(32) if kind in (EV_APPLICATION, EV_DRIVER) else data
        self.events.insert(at, [pcr, kind, event_log.digests(self.banks, data), said])

    def remove(self, pcr, data=None, kind=None):
        return self.events.pop(self.place(pcr, data, kind))


def honest(log):
    pass


def empty_pcr_0(log):
    log.events = [e for e in log.events if e[0] != 0 or e[1] == EV_SEPARATOR]


def no_separator(log):
    log.remove(7, ZEROS)


def separator_last(log):
    log.events.append(log.remove(4, ZEROS))


def separator_after_the_loader(log):
    log.insert(log.loader() + 1, 3, EV_SEPARATOR, log.remove(3, ZEROS)[3])


def error_then_good(log):
    log.insert(log.place(5, ZEROS), 5, EV_SEPARATOR, ERROR)


def loader_returned(log):
    log.remove(4, MARK)


def another_program_first(log):
    log.insert(log.loader() + 1, 4, EV_APPLICATION, b"another system's loader")


def mark_late(log):
    log.insert(log.place(4, MARK), 4, EV_ACTION, b"Returning from EFI Application from Boot Option")


def driver(log):
    log.insert(log.place(2, ZEROS), 2, EV_DRIVER, DRIVER)


def driver_after_the_loader(log):
    log.insert(log.loader() + 2, 2, EV_DRIVER, DRIVER)


def firmware_program(log):
    """A Dell server's System_Services.efi, a Lenovo laptop's application of its firmware volume."""
    log.insert(log.place(4, ZEROS), 4, EV_APPLICATION, PROGRAM)


def booting_to(log):
    """PFP 1.06."""
    log.insert(log.loader(), 4, EV_ACTION, b"Booting to Boot0003")


def shim(log):
    log.insert(log.loader(), 4, EV_APPLICATION, SHIM)
    log.insert(log.place(14), 14, EV_IPL, b"MokList")


def shim_then_another(log):
    shim(log)
    log.insert(log.loader(), 4, EV_APPLICATION, PROGRAM)
    log.events[log.loader():log.loader() + 2] = reversed(log.events[log.loader():log.loader() + 2])


LISTED = [{"name": name.decode(), "authenticode_sha256": sha256(name).hex(), "role": role}
          for name, role in ((PROGRAM, "firmware-program"), (SHIM, "shim"))]


@pytest.fixture(scope="module")
def forgery():
    return Forgery()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    tpm = Tpm(tmp_path_factory.mktemp("filled"), AUTHORITY)
    yield tpm
    tpm.remove()


@pytest.fixture
def tpm(made):
    """Powered on for each test, and shut down after it: its clock is safe."""
    made.start()
    yield made
    made.command(struct.pack(">HIIH", TPM_ST_NO_SESSIONS, 12, TPM_CC_SHUTDOWN, TPM_SU_CLEAR))
    made.stop()


@pytest.fixture(scope="module")
def genuine(measured):
    return hosts.evidence(measured)["tcg_log"]


def fill(tpm, log, forgery):
    """As Linux does it that has the TPM for itself, and drives its locality 2."""
    for pcr, kind, digests, _ in log.events:
        if kind != event_log.EV_NO_ACTION:
            answer = tpm.command(extend_command(pcr, digests[event_log.SHA256]))
            assert answer[6:10] == bytes(4), answer.hex()
    forgery.take_over(tpm, event_log.join(log.header, log.events))
    statement = forgery.signed_statement(forgery.reset_count())
    for pcr, data in ((17, hosts.HYPERVISOR.read_bytes()), (18, hosts.CONFIG.read_bytes()), (19, statement)):
        answer = tpm.command(extend_command(pcr, sha256(data)), locality=2)
        assert answer[6:10] == bytes(4), answer.hex()


def judged(change, tpm, genuine, forgery, listed):
    log = Log(genuine)
    change(log)
    fill(tpm, log, forgery)
    policy = hosts.SCRATCH / f"filled-{change.__name__}.policy.json"
    policy.write_text(json.dumps(json.loads(hosts.POLICY.read_text()) | {"before_loader": LISTED if listed else []}))
    pinned = hosts.pinned_to(forgery.ak_public, f"filled-{change.__name__}", policy)
    with forgery.served() as url:
        return hosts.verify_at(url, "--policy", pinned, "--no-cache")


REFUSED = [
    (empty_pcr_0, hosts.PCRS_REFUSED, ["firmware-not-measured"]),
    (no_separator, hosts.PCRS_REFUSED, ["separator-missing"]),
    (separator_last, hosts.PCRS_REFUSED, ["separator-late"]),
    (separator_after_the_loader, hosts.PCRS_REFUSED, ["separator-late"]),
    (error_then_good, hosts.PCRS_REFUSED, ["separator-error"]),
    (driver, hosts.FIRMWARE_REFUSED, ["driver-before-loader"]),
    (driver_after_the_loader, hosts.FIRMWARE_REFUSED, ["driver-before-loader"]),
    (loader_returned, hosts.BOOT_PATH, ["loader-not-run"]),
    (another_program_first, hosts.BOOT_PATH, ["loader-not-run"]),
    (mark_late, hosts.BOOT_PATH, ["loader-not-run"]),
    (firmware_program, hosts.BOOT_PATH, ["foreign-program"]),
    (shim, hosts.BOOT_PATH, ["foreign-program", "strong-binding-order"])]


@pytest.mark.parametrize("change, code, names", REFUSED, ids=[change.__name__ for change, *_ in REFUSED])
def test_filled_tpm_is_refused(change, code, names, tpm, genuine, forgery):
    status, text = judged(change, tpm, genuine, forgery, listed=False)
    assert (status, hosts.refusals(text)) == (code, names), text


@pytest.mark.parametrize("change", [honest, firmware_program, booting_to, shim], ids=lambda change: change.__name__)
def test_accepted_where_the_policy_lists_it(change, tpm, genuine, forgery):
    """The attacker did everything right: without firmware that measures, the bank proves nothing."""
    status, text = judged(change, tpm, genuine, forgery, listed=True)
    assert status == hosts.PASS, text


def test_refused_though_the_policy_lists_both(tpm, genuine, forgery):
    status, text = judged(shim_then_another, tpm, genuine, forgery, listed=True)
    assert (status, hosts.refusals(text)) == (hosts.BOOT_PATH, ["shim-order", "strong-binding-order"]), text


class TestKeyInAFile:
    """A key in a file signs what a TPM would: every part is right, but nothing shows whose key it is."""

    @pytest.fixture(scope="class")
    def url(self, measured):
        genuine = hosts.evidence(measured)
        with Invention(genuine["tcg_log"], genuine["pcrs"]).served() as url:
            yield url

    @pytest.mark.parametrize("more, code", [((), hosts.UNKNOWN), (("--any-tpm",), hosts.CONDITIONAL)],
                             ids=["by-default", "any-tpm"])
    def test_unknown_key_is_not_trusted(self, url, more, code):
        status, text = hosts.verify_at(url, "--policy", hosts.POLICY, "--no-cache", *more)
        assert status == code, text

    def test_refused_where_the_policy_pins_another_key(self, url, measured):
        status, text = hosts.verify_at(url, "--policy", hosts.pinned(measured), "--no-cache")
        assert (status, hosts.refusals(text)) == (hosts.IDENTITY_REFUSED, ["ak-name"]), text
