# SPDX-License-Identifier: GPL-2.0-or-later
"""
Mutated evidence: of what a whole host sent (tests/unit/policy/recorded), as somebody on the way could change it, and as
somebody could make it who owns the machine's TPM and its hypervisor's key.

All of it is judged by policy/ (judge.c) and, each time, by the second verifier; the two must agree.
"""

import dataclasses
import pathlib
import random
import struct
from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from testbed import event_log, second_verifier
from testbed.event_log import Event
from testbed.second_verifier import Evidence, sha256

RECORDED = pathlib.Path(__file__).parents[1] / "unit" / "policy" / "recorded"
FIELDS = ("quote", "signature", "ak_public", "tcg_log", "tcg_claimed", "hv_log", "hv_claimed", "statement", "fresh")
EV_APPLICATION = 0x80000003


def name_of(public: bytes) -> bytes:
    return b"\0\x0b" + sha256(public)


class Recorded:
    """The host's evidence, the challenge, and the policy that accepts it."""

    def __init__(self) -> None:
        self.evidence = Evidence.from_answer((RECORDED / "answer.json").read_text())
        self.nonce, self.channel = (RECORDED / "nonce").read_bytes(), (RECORDED / "channel").read_bytes()
        loader = next(e for e in second_verifier.read_log(self.evidence.tcg_log)[1]
                      if (e.pcr, e.kind) == (4, EV_APPLICATION))
        image, config, _ = second_verifier.read_log(self.evidence.hv_log)[1]
        text = config.data[len(b"cloister-config\0"):]
        self.policy = {
            "version": 2, "serial": 1, "not_before": None, "not_after": None,
            "loader": [{"name": "loader.efi", "authenticode_sha256": loader.digest.hex()}],
            # A firmware application and a shim, for mutants of both.
            "before_loader": [
                {"name": "app", "authenticode_sha256": sha256(b"app").hex(), "role": "firmware-program"},
                {"name": "shim", "authenticode_sha256": sha256(b"shim").hex(), "role": "shim"}],
            "hypervisor": [{"name": "hv", "sha256": image.digest.hex(), "version": "0.1.0", "svn": 1, "debug": False}],
            "config": [{"name": "config", "sha256": config.digest.hex(), "text": text.decode()}],
            "firmware": "unchecked", "identity": {"ak_names": [name_of(self.evidence.ak_public).hex()]},
            "minimum_svn": 1, "allow_debug": False, "allow_weak_binding": False, "allow_no_tpm": False,
            "allow_smt_exposed": False, "require_dma_remapping": True, "require_floor_closed": False}

    def with_rules(self) -> dict[str, Any]:
        """The policy with rules for exactly this machine's firmware."""
        case = second_verifier.Case(self.evidence, self.nonce, self.channel, self.policy, None, False)
        said = dict(second_verifier.read_variable(event.data) for event in case.of(7))
        databases = {name.lower(): {"required": sorted(second_verifier.read_database(said[name])), "forbidden": [],
                                    "others": name == "dbx"} for name in second_verifier.DATABASES}
        names = {number: name for name, number in second_verifier.EVENT_TYPES.items()}
        kinds = {f"pcr{pcr}": sorted({names[event.kind] for event in case.unseparated(pcr)}) for pcr in (1, 3, 6)}
        rules = {"model": "recorded", "startup_locality": case.locality,
                 "pcr0": [event.digest.hex() for event in case.unseparated(0)], "pcr2": [], "event_types": kinds,
                 "secure_boot": {"enabled": said["SecureBoot"] == b"\1", **databases, "other_events": []}}
        return self.policy | {"firmware": [rules]}

    def challenge(self) -> bytes:
        return self.nonce + self.channel


def some_bytes(rng: random.Random, data: bytes | bytearray) -> bytes:
    """The bytes with something about them changed."""
    data, at = bytearray(data), rng.randrange(len(data) + 1)
    length = min(len(data) - at, rng.choice((1, 1, 2, 4, 8, 32, 100)))
    other = rng.randrange(len(data) + 1)
    kind = rng.randrange(9)
    if kind <= 2 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 3 and at < len(data):
        data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
    elif kind == 4:
        data[at:at + length] = rng.randbytes(length)
    elif kind == 5:
        del data[at:at + length]
    elif kind == 6:
        data[at:at] = data[other:other + length]
    elif kind == 7:
        del data[at:]
    else:
        data += rng.choice((b"\0", b"\xff", bytes(16), b"\xff" * 16, rng.randbytes(3)))
    return bytes(data)


def some_list(rng: random.Random, items: Iterable[Any]) -> list[Any]:
    """The list with an item taken out, given twice, or moved."""
    items = list(items)
    at, other = rng.randrange(len(items)), rng.randrange(len(items))
    kind = rng.randrange(4)
    if kind == 0:
        del items[at]
    elif kind == 1:
        items.insert(other, items[at])
    elif kind == 2:
        items[at], items[other] = items[other], items[at]
    else:
        items.insert(other, items.pop(at))
    return items


def on_the_way(rng: random.Random, base: Evidence) -> Evidence:
    """One or two fields changed without any of the keys."""
    e = dataclasses.replace(base)
    for _ in range(rng.choice((1, 1, 1, 2))):
        field = rng.choice((*FIELDS, "pcrs"))
        if field.endswith("claimed"):  # in an answer, it has the length of a digest
            setattr(e, field, rng.choice((rng.randbytes(32), e.tcg_claimed, e.hv_claimed, bytes(32))))
        elif field != "pcrs":
            setattr(e, field, some_bytes(rng, getattr(e, field)))
        elif rng.randrange(2):
            e.pcrs = some_list(rng, e.pcrs)
        else:
            at = rng.randrange(len(e.pcrs))
            index, value = e.pcrs[at]
            other = (rng.randrange(33), value) if rng.randrange(2) else (index, rng.randbytes(32))
            e.pcrs = e.pcrs[:at] + [other] + e.pcrs[at + 1:]
    # A log's digest that fits the log is worth more than one that does not.
    if rng.randrange(4):
        e.tcg_claimed, e.hv_claimed = sha256(e.tcg_log), sha256(e.hv_log)
    return e


class Owner:
    """Has a TPM's key and a hypervisor's, signs anything, and fills its PCRs as its logs say."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.ak, self.hk = (ec.derive_private_key(number, ec.SECP256R1()) for number in (0xA77E57, 0xC1015))
        e = recorded.evidence
        self.ak_public = e.ak_public[:-68] + b"".join(struct.pack(">H", 32) + half for half in self.point(self.ak))
        self.header, self.events = event_log.split(e.tcg_log)
        self.launch_header, self.launch = event_log.split(e.hv_log)
        recorded.policy["identity"]["ak_names"].append(name_of(self.ak_public).hex())

    @staticmethod
    def point(key: ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
        numbers = key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")

    @staticmethod
    def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> list[bytes]:
        numbers = utils.decode_dss_signature(
            key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return [number.to_bytes(32, "big") for number in numbers]

    def digests(self, data: bytes) -> dict[int, bytes]:
        """Of data, for the banks that the host's log has."""
        return event_log.digests(self.events[0][2], data)

    def notable(self, rng: random.Random) -> bytes:
        """An event's data that means something, or means nothing."""
        return rng.choice((
            bytes(4), b"\xff" * 4, b"\1\0\0\0", b"cloister-loader\0", b"cloister-strong\0", b"cloister-weak\0",
            b"cloister-error\0", b"cloister-error\0why", b"app", b"shim", b"MokList", b"BOOT ATTEMPTS OMITTED",
            b"Calling EFI Application from Boot Option", b"Booting to Boot0003", b"Booting to Boot0003 Option",
            b"Booting to Boot000g", b"anything"))

    def log_changed(self, rng: random.Random) -> list[Event]:
        events = [list(event) for event in self.events]
        pcr = rng.choice((0, 1, 2, 3, 4, 4, 4, 4, 7, 7, 14, 14, 14))
        places = [at for at, event in enumerate(events) if event[0] == pcr]
        at = rng.choice(places)
        kind = rng.randrange(7)
        if kind <= 2:
            data = self.notable(rng)
            place = rng.choice((*places, len(events)))
            events.insert(place, [pcr, rng.choice((4, 0x0D, 5, EV_APPLICATION)), self.digests(data), data])
            if rng.randrange(3) == 0:  # often two of them together mean something
                data = self.notable(rng)
                events.insert(place + rng.randrange(2), [pcr, 0x0D, self.digests(data), data])
        elif kind == 3:
            del events[at]
        elif kind == 4:
            other = rng.choice(places)
            events[at], events[other] = events[other], events[at]
        elif kind == 5:
            events[at][2] = self.digests(self.notable(rng)) if rng.randrange(2) else rng.choice(events)[2]
        elif rng.randrange(2):
            events[at][1] = rng.choice((3, 4, 0x0D, 0x80000007))
        else:
            events[at][3] = some_bytes(rng, events[at][3])
        return events

    def startup(self, locality: int) -> Event:
        """StartupLocality, which extends nothing (PFP 10.4.5.3)."""
        digests = {bank: bytes(len(digest)) for bank, digest in self.events[0][2].items()}
        return [0, second_verifier.EV_NO_ACTION, digests, b"StartupLocality\0" + bytes([locality])]

    def statement(self, rng: random.Random, change: bool) -> bytes:
        """The statement with one of its numbers changed, or as it is; signed."""
        raw = bytearray(self.recorded.evidence.statement[:-64])
        raw[16:80] = b"".join(self.point(self.hk))
        if change:
            at = rng.choice((*range(8, 16, 4), *range(112, 120, 4), *range(184, len(raw), 4), rng.randrange(16, 184)))
            at = min(at, len(raw) - 4)
            number = struct.unpack_from("<I", raw, at)[0]
            number = rng.choice((number ^ 1 << rng.randrange(9), 0, 1, 0xFFFFFFFF, number + 1 & 0xFFFFFFFF))
            struct.pack_into("<I", raw, at, number)
        return bytes(raw) + b"".join(self.sign(self.hk, bytes(raw)))

    def honest(self) -> Evidence:
        return self.evidence(random.Random(0), "nothing")

    def evidence(self, rng: random.Random, part: str | None = None) -> Evidence:
        """Complete, signed, and wrong in at most one place."""
        part = part or rng.choice(("log", "log", "log", "log", "start", "statement", "fresh", "quote", "launch", "pcr"))
        base = self.recorded.evidence
        e = dataclasses.replace(base, ak_public=self.ak_public)
        events = self.log_changed(rng) if part == "log" else self.events
        locality = rng.choice((0, 3, 4)) if part == "start" else 0
        if part == "start":  # a TPM that another part of the platform started
            events = [self.startup(locality), *events]
        e.tcg_log = event_log.join(self.header, events)
        e.statement = self.statement(rng, part == "statement")
        launch = [list(event) for event in self.launch]
        launch[2] = [launch[2][0], launch[2][1], self.digests(e.statement), b"cloister-statement\0" + e.statement]
        if part == "launch":
            at = rng.randrange(3)
            change = rng.randrange(4)
            if change == 0:
                launch = some_list(rng, launch)
            elif change == 1:
                launch[at][3] = some_bytes(rng, launch[at][3])
            elif change == 2:
                launch[at][2] = self.digests(self.notable(rng))
            else:
                launch[at][0] = rng.choice((14, 17, 18, 19))
        e.hv_log = event_log.join(self.launch_header, launch)
        e.tcg_claimed, e.hv_claimed = sha256(e.tcg_log), sha256(e.hv_log)
        pcrs = {pcr: bytes(32) if pcr < 16 else b"\xff" * 32 for pcr in second_verifier.QUOTED}
        pcrs[0] = bytes(31) + bytes([locality])
        for pcr, kind, digests, data in (*events, *launch):
            if kind != 3 and pcr in pcrs:
                pcrs[pcr] = sha256(pcrs[pcr] + digests[0x0B])
        if part == "pcr":
            pcr = rng.choice(second_verifier.QUOTED)
            pcrs[pcr] = rng.choice((bytes(32), b"\xff" * 32, sha256(pcrs[pcr] + bytes(32)), rng.randbytes(32)))
        e.pcrs = list(pcrs.items())
        qualifying = sha256(b"cloister-evidence-1" + self.recorded.challenge() + e.tcg_claimed + e.hv_claimed
                            + sha256(e.statement))
        e.quote = self.quote(rng, qualifying, sha256(b"".join(pcrs.values())), part == "quote")
        e.signature = struct.pack(">HH", 0x18, 0x0B) + b"".join(
            struct.pack(">H", 32) + number for number in self.sign(self.ak, e.quote))
        e.fresh = self.fresh(rng, qualifying, part == "fresh")
        return e

    def quote(self, rng: random.Random, qualifying: bytes, digest: bytes, change: bool) -> bytes:
        """The host's TPMS_ATTEST (part 2, 10.12.8) for other data."""
        raw = bytearray(self.recorded.evidence.quote)
        raw[8:42] = b"\0\x0b" + sha256(b"\x40\0\0\x0b" + name_of(self.ak_public))
        raw[44:76] = qualifying
        raw[-32:] = digest
        if change:
            return some_bytes(rng, raw)
        return bytes(raw)

    def fresh(self, rng: random.Random, qualifying: bytes, change: bool) -> bytes:
        raw = bytearray(self.recorded.evidence.fresh[:-64])
        raw[16:48] = qualifying
        if change:
            at = rng.choice((*range(80, len(raw), 4), rng.randrange(len(raw) - 4)))
            number = struct.unpack_from("<I", raw, at)[0]
            struct.pack_into("<I", raw, at, rng.choice((number ^ 1 << rng.randrange(9), 0, 1, 0xFFFFFFFF)))
        return bytes(raw) + b"".join(self.sign(self.hk, bytes(raw)))


def packed(e: Evidence) -> bytes:
    """As judge.c reads it."""
    fields = b"".join(struct.pack("<I", len(getattr(e, name))) + getattr(e, name) for name in FIELDS)
    pcrs = b"".join(struct.pack("<I", index) + value for index, value in e.pcrs)
    return struct.pack("<I", 1) + fields + struct.pack("<I", len(e.pcrs)) + pcrs
