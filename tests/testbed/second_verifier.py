# SPDX-License-Identifier: GPL-2.0-or-later
"""
A second verifier, written from docs/protocol.md. It shares no code with policy/, and must come to the same verdict.

    judge(Evidence.from_answer(answer), nonce, channel, policy) -> the exit code that 'cloister verify' must have
"""

import base64
import dataclasses
import functools
import hashlib
import itertools
import json
import re
import struct
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

TRUSTED, CONDITIONAL = 0, 3
FORMAT, IDENTITY, FRESHNESS, SIGNATURE, COUNTERS, PCRS, FIRMWARE, BOOT_PATH, HYPERVISOR, CONFIG, KEY = range(11, 22)
UNKNOWN = 23

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
QUOTED = (*range(8), 14, 17, 18, 19)
QUOTED_MASK = sum(1 << pcr for pcr in QUOTED)
AK_ATTRIBUTES = 0x00050472  # fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign
BANKS = {0x04: 20, 0x0B: 32, 0x0C: 48, 0x0D: 64, 0x12: 32, 0x27: 32, 0x28: 48, 0x29: 64}
EV_NO_ACTION, EV_IPL = 3, 0x0D
DEBUG, DMA_REQUIRED, DMA_PRESENT, AMD, WEAK, NO_TPM, FLOOR_CLOSED, SMT_EXPOSED = (1 << bit for bit in range(8))
ALL_FLAGS = (1 << 10) - 1
VERSION = 3  # of statement and fresh answer
MAX_CPUS = 1024
MAX_EVENT = 1 << 20
ANY_STATE = DMA_PRESENT  # flags that may change while the hypervisor runs
SHIM_VARIABLES = (b"MokList", b"MokListX", b"MokSBState", b"MokListTrusted", b"MokPolicy")

# Coordinates of a point, or r and s.
Pair = tuple[int, int]
# A policy file, parsed.
Policy = dict[str, Any]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mark(name: bytes) -> bytes:
    return sha256(b"cloister-" + name + b"\0")


SEPARATORS = {sha256(bytes(4)), sha256(b"\xff" * 4)}
ERROR_SEPARATOR = sha256(b"\1\0\0\0")
ATTEMPTS = {sha256(text) for text in (b"Calling EFI Application from Boot Option",
                                      b"Returning from EFI Application from Boot Option", b"BOOT ATTEMPTS OMITTED")}
BOOTING_TO = re.compile(rb"Booting to Boot[0-9A-F]{4}( Option)?")
MARK_LOADER, MARK_STRONG, MARK_WEAK, MARK_ERROR = map(mark, (b"loader", b"strong", b"weak", b"error"))


class Malformed(Exception):
    """A structure that does not read to its last byte."""


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        if count > self.left():
            raise Malformed("too short")
        self.at += count
        return self.data[self.at - count:self.at]

    def unpack(self, form: str) -> Any:
        values = struct.unpack(form, self.take(struct.calcsize(form)))
        return values[0] if len(values) == 1 else values

    def sized(self, limit: int, form: str = ">H") -> bytes:
        size = self.unpack(form)
        if size > limit:
            raise Malformed("too large")
        return self.take(size)

    def end(self) -> None:
        if self.left():
            raise Malformed("bytes after the end")


@dataclasses.dataclass
class Evidence:
    quote: bytes
    signature: bytes
    ak_public: bytes
    tcg_log: bytes
    tcg_claimed: bytes
    hv_log: bytes
    hv_claimed: bytes
    statement: bytes
    fresh: bytes
    pcrs: list[tuple[int, bytes]]  # (index, value)

    @classmethod
    def from_answer(cls, text: str) -> Self:
        """The JSON of POST /v1/evidence, with both logs."""
        answer = json.loads(text)
        binary = {key: base64.b64decode(answer[key] or "", validate=True)
                  for key in ("quote", "signature", "ak_public", "hk_statement", "fresh")}
        logs = {key: (base64.b64decode(answer[key]["data"], validate=True), bytes.fromhex(answer[key]["sha256"]))
                for key in ("tcg_log", "hv_log")}
        return cls(binary["quote"], binary["signature"], binary["ak_public"], *logs["tcg_log"], *logs["hv_log"],
                   binary["hk_statement"], binary["fresh"],
                   [(pcr["index"], base64.b64decode(pcr["sha256"])) for pcr in answer["pcrs"]])


@dataclasses.dataclass
class Quote:
    magic: int
    kind: int
    signer: bytes = b""
    extra: bytes = b""
    reset: int = 0
    restart: int = 0
    safe: int = 0
    selections: list[tuple[int, int]] | None = None
    digest: bytes = b""

    def genuine(self) -> bool:
        return (self.magic, self.kind) == (0xFF544347, 0x8018)


def read_quote(data: bytes) -> Quote:
    """TPMS_ATTEST. Of anything but a quote only the head is read: it is refused anyway."""
    r = Reader(data)
    quote = Quote(*r.unpack(">IH"))
    if not quote.genuine():
        return quote
    quote.signer, quote.extra = r.sized(66), r.sized(64)
    _, quote.reset, quote.restart, quote.safe, _ = r.unpack(">QIIBQ")
    if quote.safe > 1:
        raise Malformed("safe")
    count = r.unpack(">I")
    if count > 16:
        raise Malformed("selections")
    quote.selections = [(r.unpack(">H"), int.from_bytes(r.sized(4, ">B"), "little")) for _ in range(count)]
    quote.digest = r.sized(64)
    r.end()
    return quote


def read_pair(r: Reader) -> Pair:
    """Two TPM2B_ECC_PARAMETERs of P-256."""
    first, second = (int.from_bytes(r.sized(32), "big") for _ in range(2))
    return first, second


def read_signature(data: bytes) -> Pair:
    """TPMT_SIGNATURE, ECDSA with SHA-256: r and s."""
    r = Reader(data)
    if r.unpack(">HH") != (0x18, 0x0B):
        raise Malformed("scheme")
    numbers = read_pair(r)
    r.end()
    return numbers


@dataclasses.dataclass
class Key:
    name_algorithm: int
    attributes: int
    scheme: int
    scheme_hash: int
    point: Pair
    name: bytes


def read_key(data: bytes) -> Key:
    """TPMT_PUBLIC of an ECC key on P-256."""
    r = Reader(data)
    kind, name_algorithm, attributes = r.unpack(">HHI")
    r.sized(64)
    if kind != 0x23:
        raise Malformed("no ECC key")
    cipher, scheme = r.unpack(">HH")
    if cipher != 0x10 or scheme == 0x10:
        raise Malformed("cipher or scheme")
    scheme_hash, curve, kdf = r.unpack(">HHH")
    if curve != 3 or kdf != 0x10:
        raise Malformed("curve")
    point = read_pair(r)
    r.end()
    return Key(name_algorithm, attributes, scheme, scheme_hash, point, b"\0\x0b" + sha256(data))


@dataclasses.dataclass
class Event:
    pcr: int
    kind: int
    digest: bytes
    data: bytes


def filling(data: bytes) -> bool:
    return len(data) > 0 and data[0] in (0, 255) and data.count(data[0]) == len(data)


def read_spec_id(data: bytes) -> dict[int, int]:
    r = Reader(data)
    if r.take(16) != b"Spec ID Event03\0":
        raise Malformed("signature")
    _, minor, major, _, _, count = r.unpack("<IBBBBI")
    if (major, minor) != (2, 0) or not 1 <= count <= 8:
        raise Malformed("version or banks")
    banks = [r.unpack("<HH") for _ in range(count)]
    if any(BANKS.get(bank) != size for bank, size in banks) or len(dict(banks)) != count or 0x0B not in dict(banks):
        raise Malformed("banks")
    r.sized(255, "<B")
    r.end()
    return dict(banks)


@functools.lru_cache(maxsize=64)
def read_log(data: bytes) -> tuple[int, list[Event]]:
    """A crypto-agile log: PCR 0's first byte from the right, and all events that extend."""
    r = Reader(data)
    pcr, kind, digest, size = r.unpack("<II20sI")
    if (pcr, kind, digest) != (0, EV_NO_ACTION, bytes(20)):
        raise Malformed("header")
    banks = read_spec_id(r.take(size))
    locality, events = None, []
    while r.left():
        if filling(r.data[r.at:]):
            raise Malformed("filling")
        pcr, kind, count = r.unpack("<III")
        if pcr > 23 and kind != EV_NO_ACTION or count != len(banks):
            raise Malformed("PCR or digests")
        digests = {}
        for _ in range(count):
            bank = r.unpack("<H")
            if bank not in banks or bank in digests:
                raise Malformed("bank")
            digests[bank] = r.take(banks[bank])
        event = Event(pcr, kind, digests[0x0B], r.sized(MAX_EVENT, "<I"))
        if kind != EV_NO_ACTION:
            events.append(event)
        elif event.data.startswith(b"StartupLocality\0"):
            if pcr or locality is not None or any(e.pcr == 0 for e in events):
                raise Malformed("locality")
            locality, padding = event.data[16:17], event.data[17:]
            if locality not in (b"\0", b"\3", b"\4") or any(padding):
                raise Malformed("locality")
    return (locality or b"\0")[0], events


def read_launch(events: Sequence[Event]) -> bool:
    """Whether the launch log's three events are those of the weak binding."""
    if len(events) != 3 or any(event.kind != EV_IPL for event in events):
        raise Malformed("launch log")
    pcrs = tuple(event.pcr for event in events)
    if pcrs not in ((17, 18, 19), (14, 14, 14)):
        raise Malformed("launch log's PCRs")
    for event, label in zip(events, (b"cloister-image\0", b"cloister-config\0", b"cloister-statement\0")):
        if not event.data.startswith(label):
            raise Malformed("launch log's labels")
    return pcrs[0] == 14


STATEMENT = "<8sII64s32sII32s32sIIIIII64s"
FRESH = "<8sII32s32sIIIIQQQQQQQ64s"


@dataclasses.dataclass
class Statement:
    raw: bytes
    public: bytes
    boot: bytes
    version: int
    svn: int
    image: bytes
    config: bytes
    flags: int
    cpus: int
    reset: int
    restart: int
    units: int
    protections: int


def read_statement(data: bytes) -> Statement:
    r = Reader(data)
    magic, version, size, *fields, _ = r.unpack(STATEMENT)
    r.end()
    s = Statement(data, *fields)
    if (magic, version, size) != (b"CLSTHKS1", VERSION, len(data)):
        raise Malformed("statement")
    if s.flags > ALL_FLAGS or not 1 <= s.cpus <= MAX_CPUS:
        raise Malformed("flags or CPUs")
    if bool(s.flags & DMA_PRESENT) != bool(s.units) or s.protections > 0xF or s.protections and not s.units:
        raise Malformed("DMA")
    return s


@dataclasses.dataclass
class Fresh:
    raw: bytes
    qualifying: bytes
    boot: bytes
    flags: int
    cpus: int
    parked: int


def read_fresh(data: bytes) -> Fresh:
    r = Reader(data)
    magic, version, size, qualifying, boot, flags, cpus, parked, pool, *_ = r.unpack(FRESH)
    r.end()
    if (magic, version, size) != (b"CLSTFRS1", VERSION, len(data)) or flags > ALL_FLAGS or pool >= 1 << 24:
        raise Malformed("fresh answer")
    return Fresh(data, qualifying, boot, flags, cpus, parked)


@functools.lru_cache(maxsize=64)
def public_key(x: int, y: int) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError:
        return None


@functools.lru_cache(maxsize=64)
def signed(point: Pair, numbers: Pair, message: bytes) -> bool:
    key = public_key(*point)
    if not key or not all(0 < number < P256_ORDER for number in numbers):
        return False
    try:
        key.verify(utils.encode_dss_signature(*numbers), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def two_numbers(data: bytes) -> Pair:
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")


def signed_by_hypervisor(statement: Statement, raw: bytes) -> bool:
    return signed(two_numbers(statement.public), two_numbers(raw[-64:]), raw[:-64])


GLOBAL, SECURITY = (uuid.UUID(text).bytes_le for text in (
    "8be4df61-93ca-11d2-aa0d-00e098032b8c", "d719b2cb-3d3a-4596-a3bc-dad00e67656f"))
X509, SHA256 = (uuid.UUID(text).bytes_le for text in (
    "a5c059a1-94e4-4aa7-87b5-ab155c2bf072", "c1c41626-504c-4092-aca9-41f936934328"))
DATABASES = {"PK": GLOBAL, "KEK": GLOBAL, "db": SECURITY, "dbx": SECURITY}
EVENT_TYPES = {
    "EV_PREBOOT_CERT": 0, "EV_POST_CODE": 1, "EV_NO_ACTION": 3, "EV_SEPARATOR": 4, "EV_ACTION": 5, "EV_EVENT_TAG":
    6, "EV_S_CRTM_CONTENTS": 7, "EV_S_CRTM_VERSION": 8, "EV_CPU_MICROCODE": 9, "EV_PLATFORM_CONFIG_FLAGS": 10,
    "EV_TABLE_OF_DEVICES": 11, "EV_COMPACT_HASH": 12, "EV_IPL": 13, "EV_IPL_PARTITION_DATA": 14, "EV_NONHOST_CODE":
    15, "EV_NONHOST_CONFIG": 16, "EV_NONHOST_INFO": 17, "EV_EFI_VARIABLE_DRIVER_CONFIG": 0x80000001,
    "EV_EFI_VARIABLE_BOOT": 0x80000002, "EV_EFI_BOOT_SERVICES_APPLICATION": 0x80000003,
    "EV_EFI_BOOT_SERVICES_DRIVER": 0x80000004, "EV_EFI_RUNTIME_SERVICES_DRIVER": 0x80000005, "EV_EFI_GPT_EVENT":
    0x80000006, "EV_EFI_ACTION": 0x80000007, "EV_EFI_PLATFORM_FIRMWARE_BLOB": 0x80000008, "EV_EFI_HANDOFF_TABLES":
    0x80000009, "EV_EFI_PLATFORM_FIRMWARE_BLOB2": 0x8000000A, "EV_EFI_HANDOFF_TABLES2": 0x8000000B,
    "EV_OMIT_BOOT_DEVICE_EVENTS": 18, "EV_EFI_VARIABLE_BOOT2": 0x8000000C, "EV_EFI_HCRTM_EVENT": 0x80000010,
    "EV_EFI_VARIABLE_AUTHORITY": 0x800000E0, "EV_EFI_SPDM_FIRMWARE_BLOB": 0x800000E1, "EV_EFI_SPDM_FIRMWARE_CONFIG":
    0x800000E2}


def read_variable(data: bytes) -> tuple[str | None, bytes]:
    """The name of a variable of Secure Boot, and its contents (UEFI_VARIABLE_DATA, PFP 10.2.6); else None."""
    r = Reader(data)
    try:
        guid, characters, size = r.unpack("<16sQQ")
        name, contents = r.take(2 * characters).decode("utf-16-le", "replace"), r.take(size)
        r.end()
    except Malformed:
        return None, b""
    known = {**DATABASES, "SecureBoot": GLOBAL}
    return (name, contents) if known.get(name) == guid else (None, b"")


def read_database(data: bytes) -> set[str]:
    """The entries of EFI_SIGNATURE_LISTs (UEFI 2.10, 32.4.1), as the policy names them."""
    r, entries = Reader(data), set()
    while r.left():
        kind, size, header, each = r.unpack("<16sIII")
        body = Reader(r.take(size - 28) if size >= 28 else r.take(1 << 40))
        body.take(header)
        if each <= 16 or body.left() % each:
            raise Malformed("signature list")
        while body.left():
            entry = body.take(each)[16:]
            if kind == X509:
                entries.add(f"x509:{sha256(entry).hex()}")
            elif kind == SHA256 and len(entry) == 32:
                entries.add(f"sha256:{entry.hex()}")
            else:
                entries.add(f"other:{sha256(kind + entry).hex()}")
    return entries


def database_fits(data: bytes, rule: dict[str, Any]) -> bool:
    try:
        entries = read_database(data)
    except Malformed:
        return False
    required, forbidden = set(rule["required"]), set(rule["forbidden"])
    return required <= entries and not forbidden & entries and (rule["others"] or entries <= required)


class Case:
    """One evidence that could be read, before the policy."""

    def __init__(self, evidence: Evidence, nonce: bytes, channel: bytes, policy: Policy, enrolled: bytes | None,
                 any_tpm: bool) -> None:
        e = evidence
        self.evidence, self.policy, self.enrolled, self.any_tpm = e, policy, enrolled, any_tpm
        self.pinned = {bytes.fromhex(name) for name in policy["identity"]["ak_names"]}
        if sha256(e.tcg_log) != e.tcg_claimed or sha256(e.hv_log) != e.hv_claimed:
            raise Malformed("log's digest")
        self.quote, self.numbers, self.key = read_quote(e.quote), read_signature(e.signature), read_key(e.ak_public)
        self.locality, self.firmware = read_log(e.tcg_log)
        self.statement = read_statement(e.statement) if e.statement else None
        self.fresh = read_fresh(e.fresh) if e.fresh else None
        self.launch, self.launch_weak = [], None
        if e.hv_log or e.statement:
            self.launch = read_log(e.hv_log)[1]
            self.launch_weak = read_launch(self.launch)
        if [index for index, _ in e.pcrs] != list(QUOTED):
            raise Malformed("PCRs")
        self.pcrs = dict(e.pcrs)
        self.weak = bool(self.statement.flags & WEAK) if self.statement else bool(self.launch_weak)
        self.qualifying = sha256(b"cloister-evidence-1" + nonce + channel + sha256(e.tcg_log) + sha256(e.hv_log)
                                 + sha256(e.statement))

    def of(self, pcr: int) -> list[Event]:
        return [event for event in self.firmware if event.pcr == pcr]

    def measured(self, which: int, digest: bytes) -> bool:
        """Whether the launch measured this digest as its event 'which'."""
        if not self.weak:
            return self.pcrs[17 + which] == sha256(b"\xff" * 32 + digest)
        digests = [event.digest for event in self.of(14)]
        first = digests.index(MARK_WEAK) + 1 if MARK_WEAK in digests else 0
        return first + which < len(digests) and digests[first + which] == digest

    def identity(self) -> bool:
        k = self.key
        if k.attributes != AK_ATTRIBUTES or (k.name_algorithm, k.scheme, k.scheme_hash) != (0x0B, 0x18, 0x0B):
            return False
        if self.quote.genuine() and self.quote.signer != b"\0\x0b" + sha256(b"\x40\0\0\x0b" + k.name):
            return False
        return (not self.pinned or k.name in self.pinned) and self.enrolled in (None, k.name)

    def freshness(self) -> bool:
        return self.quote.genuine() and self.quote.extra == self.qualifying

    def signature(self) -> bool:
        return signed(self.key.point, self.numbers, self.evidence.quote)

    def counters(self) -> bool:
        q, s = self.quote, self.statement
        if not q.genuine():
            return True
        return not q.restart and q.safe == 1 and (not s or s.reset == q.reset and s.restart == 0)

    def replayed(self, pcr: int, events: Iterable[Event], value: bytes) -> bool:
        for event in events:
            if event.pcr == pcr:
                value = sha256(value + event.digest)
        return value == self.pcrs[pcr]

    def capped(self, pcr: int) -> bool:
        digests = [event.digest for event in self.of(pcr)]
        if pcr != 1 and ERROR_SEPARATOR in digests:
            return False
        first = next((at for at, digest in enumerate(digests) if digest in SEPARATORS), None)
        if first is None or pcr == 0 and first < 2:
            return False
        loader = self.loader()
        separator = next(event for event in self.of(pcr) if event.digest in SEPARATORS)
        return loader is None or self.position(separator) < self.position(loader)

    def position(self, event: Event) -> int:
        return next(at for at, other in enumerate(self.firmware) if other is event)

    def pcr_values(self) -> bool:
        q = self.quote
        if not q.genuine():
            return True
        if q.selections != [(0x0B, QUOTED_MASK)] or q.digest != sha256(b"".join(map(self.pcrs.get, QUOTED))):
            return False
        for pcr in (*range(8), 14):
            start = bytes(31) + bytes([self.locality if pcr == 0 else 0])
            if not self.replayed(pcr, self.firmware, start) or pcr < 8 and not self.capped(pcr):
                return False
        for pcr in (17, 18, 19) if self.launch else ():
            closed = self.launch_weak and self.pcrs[pcr] == sha256(b"\xff" * 32 + MARK_WEAK)
            if not closed and not self.replayed(pcr, self.launch, b"\xff" * 32):
                return False
        return True

    def rules(self) -> bool:
        """Drivers are refused where no rule lists them; every machine is, by a policy that has no rules."""
        rules = self.policy["firmware"]
        if rules == "unchecked":
            return not self.unseparated(2)
        return any(self.is_model(model) for model in rules)

    def unseparated(self, pcr: int) -> list[Event]:
        return [event for event in self.of(pcr) if event.digest not in SEPARATORS]

    def is_model(self, model: dict[str, Any]) -> bool:
        if self.locality != model["startup_locality"]:
            return False
        if [event.digest.hex() for event in self.unseparated(0)] != model["pcr0"]:
            return False
        if not {event.digest.hex() for event in self.unseparated(2)} <= set(model["pcr2"]):
            return False
        for pcr in (1, 3, 6):
            kinds = model["event_types"][f"pcr{pcr}"]
            allowed = {EVENT_TYPES[kind] if kind in EVENT_TYPES else int(kind, 16) for kind in kinds}
            if not {event.kind for event in self.unseparated(pcr)} <= allowed:
                return False
        return self.secure_boot(model["secure_boot"])

    def secure_boot(self, rule: dict[str, Any]) -> bool:
        """Whether the events of PCR 7 before its separator fit the rule."""
        said = {}
        for event in itertools.takewhile(lambda e: e.digest not in SEPARATORS, self.of(7)):
            listed = event.digest.hex() in rule["other_events"]
            own = sha256(event.data) == event.digest
            name, data = read_variable(event.data) if own else (None, b"")
            if name in DATABASES and name not in said:
                said[name] = data
            elif name == "SecureBoot" and name not in said and data in (b"", b"\0", b"\1"):
                said[name] = data == b"\1"
            elif not listed:
                return False
        if set(said) != {"SecureBoot", *DATABASES} or rule["enabled"] not in (None, said["SecureBoot"]):
            return False
        return all(database_fits(said[name], rule[name.lower()]) for name in DATABASES)

    def programs(self) -> tuple[int | None, bool]:
        """Where in PCR 4 the loader is, None if something comes in between; and whether shim was right before that."""
        before = {bytes.fromhex(p["authenticode_sha256"]): p["role"] for p in self.policy["before_loader"]}
        loaders = {bytes.fromhex(p["authenticode_sha256"]) for p in self.policy["loader"]}
        shim = False
        for at, event in enumerate(self.of(4)):
            attempt = event.digest in ATTEMPTS or (BOOTING_TO.fullmatch(event.data)
                                                   and sha256(event.data) == event.digest)
            if event.digest in loaders:
                return at, shim
            if shim or not (event.digest in before or event.digest in SEPARATORS or attempt):
                return None, shim
            shim = before.get(event.digest) == "shim"
        return None, shim

    def loader(self) -> Event | None:
        at, _ = self.programs()
        return None if at is None else self.of(4)[at]

    def boot_path(self) -> bool:
        at, _ = self.programs()
        events = self.of(4)
        return at is not None and at + 1 < len(events) and events[at + 1].digest == MARK_LOADER

    def failed(self) -> bool:
        return any(event.digest == MARK_ERROR
                   or event.data.startswith(b"cloister-error\0") and sha256(event.data) == event.digest
                   for event in self.of(14))

    def hypervisor(self) -> bool:
        s, policy = self.statement, self.policy
        if self.failed() or not self.launch:
            return False
        image = next((i for i in policy["hypervisor"] if self.measured(0, bytes.fromhex(i["sha256"]))), None)
        if not image or not s:
            return bool(image)
        major, minor, patch = map(int, image["version"].split("."))
        version = major << 16 | minor << 8 | patch
        if (s.version, s.svn, bool(s.flags & DEBUG)) != (version, image["svn"], image["debug"]):
            return False
        if s.svn < policy["minimum_svn"] or s.flags & DEBUG and not policy["allow_debug"]:
            return False
        if (policy["require_dma_remapping"] or s.flags & DMA_REQUIRED) and s.protections != 0xF:
            return False
        if s.flags & SMT_EXPOSED and not policy["allow_smt_exposed"]:
            return False
        if policy["require_floor_closed"] and not s.flags & FLOOR_CLOSED:
            return False
        return not s.flags & NO_TPM or policy["allow_no_tpm"]

    def config(self) -> bool:
        if not self.launch:
            return True
        return any(self.measured(1, bytes.fromhex(config["sha256"])) for config in self.policy["config"])

    def binding(self) -> bool:
        digests = [event.digest for event in self.of(14)]
        if self.launch_weak != self.weak or self.weak and not self.policy["allow_weak_binding"]:
            return False
        own = MARK_WEAK if self.weak else MARK_STRONG
        at, first = 0, 0
        if self.programs()[0] is not None and self.programs()[1]:  # shim's variables
            for event in self.of(14):
                name = event.data.removesuffix(b"\0")
                known = [place for place, variable in enumerate(SHIM_VARIABLES) if place >= at and variable == name]
                if event.digest in (MARK_STRONG, MARK_WEAK, MARK_ERROR, MARK_LOADER) or not known:
                    break
                at, first = known[0] + 1, first + 1
        if digests[first:first + 1] != [own]:
            return False
        others = digests[:first] + digests[first + 1:]
        foreign = {MARK_WEAK, MARK_STRONG} if self.weak else {MARK_WEAK, *(event.digest for event in self.launch)}
        return not foreign.intersection(others)

    def hypervisor_key(self) -> bool:
        s, f = self.statement, self.fresh
        if not s:
            return not (self.evidence.hv_log or self.evidence.fresh)
        if not all(self.measured(*pair) for pair in enumerate((s.image, s.config, sha256(s.raw)))):
            return False
        if not self.binding() or not signed_by_hypervisor(s, s.raw):
            return False
        if not f or f.qualifying != self.qualifying or not signed_by_hypervisor(s, f.raw) or f.boot != s.boot:
            return False
        needs_dma = s.flags & DMA_PRESENT
        return not ((f.flags ^ s.flags) & ~ANY_STATE or needs_dma and not f.flags & DMA_PRESENT
                    or f.cpus != s.cpus or f.parked)

    def verdict(self) -> int:
        for code, step in ((IDENTITY, self.identity), (FRESHNESS, self.freshness), (SIGNATURE, self.signature),
                           (COUNTERS, self.counters), (PCRS, self.pcr_values), (FIRMWARE, self.rules),
                           (BOOT_PATH, self.boot_path), (HYPERVISOR, self.hypervisor), (CONFIG, self.config),
                           (KEY, self.hypervisor_key)):
            if not step():
                return code
        known = self.pinned or self.enrolled
        if not known and not self.any_tpm:
            return UNKNOWN
        return TRUSTED if known and self.policy["firmware"] != "unchecked" else CONDITIONAL


def judge(evidence: Evidence, nonce: bytes, channel: bytes, policy: Policy, *, enrolled: bytes | None = None,
          any_tpm: bool = False) -> int:
    """
    The exit code that 'cloister verify' must have.

    policy:   the policy file, parsed
    enrolled: the TPM name of the key that is enrolled for the host
    any_tpm:  --any-tpm
    """
    try:
        case = Case(evidence, nonce, channel, policy, enrolled, any_tpm)
    except Malformed:
        return FORMAT
    return case.verdict()
