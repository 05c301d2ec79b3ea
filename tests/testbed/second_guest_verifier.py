# SPDX-License-Identifier: GPL-2.0-or-later
"""
The second verifier of a guest's evidence, written from docs/protocol.md: as second_verifier.py, no code of policy/.

    judge(document, Asked(...), policy, guest_policy) -> the exit code that 'cloister verify-guest' must have
"""

import base64
import binascii
import dataclasses
import hashlib
import json
from typing import Any

from testbed import second_verifier
from testbed.guest_evidence import HASH_BYTES, REPORT, REPORT_BYTES, SIGNER
from testbed.second_verifier import Case, Evidence, Malformed, Policy, sha256, signed_by_hypervisor

GUEST = 22
DOCUMENT_MAX, LEAVES_MAX, PATH_MAX = 8192, 64, 6
MEMBERS = {"version", "report", "batch", "quote", "signature", "ak_public", "pcrs", "tcg_log", "hv_log",
           "hk_statement", "fresh"}
DEBUG = 1
REGISTERS = ("mrtd", "mrconfigid", "mrowner", "mrownerconfig", "rtmr0", "rtmr1", "rtmr2", "rtmr3")


@dataclasses.dataclass
class Asked:
    """What a guest was asked, and the logs of its host."""

    nonce: bytes
    bound: bytes
    tcg_log: bytes
    hv_log: bytes


def members(value: Any, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise Malformed("members")
    return value


def number(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise Malformed("number")
    return value


def data(value: Any, length: int | None = None) -> bytes:
    if not isinstance(value, str):
        raise Malformed("no string")
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("base64") from error
    if base64.b64encode(decoded).decode() != value or length not in (None, len(decoded)):
        raise Malformed("base64")
    return decoded


def digest(value: Any) -> bytes:
    text = members(value, {"sha256"})["sha256"]
    if not isinstance(text, str) or len(text) != 64 or not set(text) <= set("0123456789abcdefABCDEF"):
        raise Malformed("digest")
    return bytes.fromhex(text)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


def root_of(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes:
    """The root to which an audit path leads, from RFC 6962's definition of the path: its last hash is the top one."""
    if count == 1:
        if path:
            raise Malformed("path too long")
        return sha256(b"\0" + leaf)
    if not path:
        raise Malformed("path too short")
    split = 1 << (count - 1).bit_length() - 1
    if index < split:
        return node(root_of(leaf, index, split, path[:-1]), path[-1])
    return node(path[-1], root_of(leaf, index - split, count - split, path[:-1]))


def read_batch(value: Any, report: bytes) -> bytes:
    batch = members(value, {"index", "count", "path"})
    index, count = number(batch["index"], LEAVES_MAX - 1), number(batch["count"], LEAVES_MAX)
    if not isinstance(batch["path"], list) or len(batch["path"]) > PATH_MAX or index >= count:
        raise Malformed("place")
    return root_of(report, index, count, [data(item, 32) for item in batch["path"]])


def read_pcr(value: Any) -> tuple[int, bytes]:
    pcr = members(value, {"index", "sha256"})
    return number(pcr["index"], 0xFFFFFFFF), data(pcr["sha256"], 32)


@dataclasses.dataclass
class Report:
    raw: bytes
    boot: bytes
    data: bytes
    valid: int
    svn: bytes
    mrseam: bytes
    signer: bytes
    tcb_attributes: int
    svn2: bytes
    domain: int
    vcpus: int
    started: int
    removed: int
    first_vector: int
    last_vector: int
    width: int
    lazy: int
    cpuid: bytes
    reserved1: bytes
    reserved2: bytes
    attributes: int
    xfam: int
    mrtd: bytes
    mrconfigid: bytes
    mrowner: bytes
    mrownerconfig: bytes
    rtmrs: bytes
    servtd: bytes
    reserved3: bytes

    def register(self, name: str) -> bytes:
        if not name.startswith("rtmr"):
            return getattr(self, name)
        which = int(name.removeprefix("rtmr"))
        return self.rtmrs[which * HASH_BYTES:(which + 1) * HASH_BYTES]


def read_report(raw: bytes) -> Report:
    if len(raw) != REPORT_BYTES:
        raise Malformed("report")
    magic, version, size, *fields = REPORT.unpack(raw[:-64])
    if (magic, version, size) != (b"CLSTTDR1", 1, REPORT_BYTES):
        raise Malformed("report")
    return Report(raw, *fields)


class GuestCase(Case):
    """A guest and its host, that could be read."""

    def __init__(self, document: bytes, asked: Asked, policy: Policy, guest_policy: Policy) -> None:
        if len(document) > DOCUMENT_MAX:
            raise Malformed("too long")
        root = members(json.loads(document), MEMBERS)
        if number(root["version"], 0xFFFFFFFF) != 1 or not isinstance(root["pcrs"], list):
            raise Malformed("version or PCRs")
        raw = data(root["report"])
        batch = read_batch(root["batch"], raw)
        evidence = Evidence(
            quote=data(root["quote"]), signature=data(root["signature"]), ak_public=data(root["ak_public"]),
            tcg_log=asked.tcg_log, tcg_claimed=digest(root["tcg_log"]), hv_log=asked.hv_log,
            hv_claimed=digest(root["hv_log"]), statement=data(root["hk_statement"]), fresh=data(root["fresh"]),
            pcrs=[read_pcr(pcr) for pcr in root["pcrs"]])
        super().__init__(evidence, b"", b"", policy, None, False)
        self.qualifying = sha256(b"cloister-guest-1" + batch + evidence.tcg_claimed + evidence.hv_claimed
                                 + sha256(evidence.statement))
        self.asked, self.guest_policy, self.report = asked, guest_policy, read_report(raw)

    def genuine(self) -> bool:
        """Is the report the word of the hypervisor?"""
        r, s, f = self.report, self.statement, self.fresh
        if not s or not signed_by_hypervisor(s, r.raw) or r.boot != s.boot or r.valid != 0x301FF:
            return False
        if r.svn != s.svn.to_bytes(4, "little") + bytes(12) or r.mrseam != s.image + bytes(16):
            return False
        if r.signer != SIGNER.ljust(HASH_BYTES, b"\0") or r.tcb_attributes:
            return False
        if any(r.svn2 + r.reserved1 + r.reserved2 + r.reserved3 + r.servtd) or not 32 <= r.width <= 48:
            return False
        uptime = int.from_bytes(f.raw[96:104], "little") if f else None
        return uptime is None or r.started <= uptime

    def described(self) -> bool:
        """Is the guest that of the guest policy?"""
        r, p = self.report, self.guest_policy
        for name in REGISTERS:
            if p[name] != "unchecked" and r.register(name).hex() not in p[name]:
                return False
        if p["cpuid_sha384"] is not None and r.cpuid.hex() not in p["cpuid_sha384"]:
            return False
        if p["xfam"] is not None and r.xfam not in [int(text, 16) for text in p["xfam"]]:
            return False
        if r.attributes & DEBUG and not p["allow_debug"] or r.attributes & ~DEBUG != int(p["attributes"], 16):
            return False
        if r.lazy not in ((0, 1) if p["allow_lazy_acceptance"] else (0,)) or r.removed and not p["allow_removed_pages"]:
            return False
        if not 1 <= r.vcpus <= p["max_vcpus"]:
            return False
        return p["first_vector"] <= r.first_vector <= r.last_vector <= p["last_vector"]

    def answers(self) -> bool:
        return self.report.data == hashlib.sha512(self.asked.nonce + self.asked.bound).digest()

    def verdict(self) -> int:
        host = super().verdict()
        fine = (second_verifier.TRUSTED, second_verifier.CONDITIONAL, second_verifier.UNKNOWN)
        if host in fine and not (self.genuine() and self.described() and self.answers()):
            return GUEST
        unchecked = any(self.guest_policy[name] == "unchecked" for name in REGISTERS)
        return second_verifier.CONDITIONAL if host == second_verifier.TRUSTED and unchecked else host


def judge(document: bytes, asked: Asked, policy: Policy, guest_policy: Policy) -> int:
    try:
        case = GuestCase(document, asked, policy, guest_policy)
    except Malformed:
        return second_verifier.FORMAT
    return case.verdict()
