# SPDX-License-Identifier: GPL-2.0-or-later
"""
Evidence of a guest, made from docs/protocol.md and the headers by somebody who owns a TPM's key and a hypervisor's
(mutated_evidence.Owner): complete and signed, on the recorded host.
"""

import base64
import dataclasses
import hashlib
import json
import random
import struct
from collections.abc import Sequence
from typing import Any

from testbed import mutated_evidence
from testbed.second_verifier import Evidence, sha256

# struct hk_report without its signature: head; TEE_TCB_INFO; reserved bytes; TDINFO.
HEAD, TCB_INFO, TD_INFO = "8sII32s64s", "Q16s48s48sQ16sIIQQBBBB48s19s", "QQ48s48s48s48s192s48s64s"
REPORT = struct.Struct(f"<{HEAD}{TCB_INFO}17s{TD_INFO}")
REPORT_BYTES = REPORT.size + 64
SIGNER = b"Cloister: TDX guest interface in software"
BOUND, NONCE = b"the guest's key", bytes(range(32))
HASH_BYTES = 48


def hash_of(name: str) -> bytes:
    """Of what the tests call by a name."""
    return hashlib.sha384(name.encode()).digest()


def tree(leaves: Sequence[bytes]) -> bytes:
    """The root of RFC 6962, 2.1."""
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + tree(leaves[:split]) + tree(leaves[split:]))


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path(leaves[:split], index), tree(leaves[split:])]
    return [*path(leaves[split:], index - split), tree(leaves[:split])]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Guest:
    """One guest of the recorded host, the policies that accept it, and the challenge that it answers."""

    def __init__(self) -> None:
        self.recorded = mutated_evidence.Recorded()
        self.owner = mutated_evidence.Owner(self.recorded)
        self.host = self.owner.honest()
        self.host_policy = self.recorded.with_rules()
        zeros = "00" * HASH_BYTES
        registers = {f"rtmr{number}": [hash_of(f"rtmr{number}").hex()] for number in range(4)}
        self.policy: dict[str, Any] = {
            "version": 1, "name": "web", "mrtd": [hash_of("mrtd").hex()], **registers, "mrconfigid": [zeros],
            "mrowner": [zeros], "mrownerconfig": [zeros], "cpuid_sha384": [hash_of("cpuid").hex()],
            "xfam": [f"{7:016x}"], "attributes": f"{1 << 28:016x}", "allow_debug": False,
            "allow_lazy_acceptance": False, "allow_removed_pages": False, "max_vcpus": 4, "first_vector": 32,
            "last_vector": 234}

    def unsigned(self, data: bytes = hashlib.sha512(NONCE + BOUND).digest()) -> bytes:
        statement = self.host.statement
        boot_id, svn, image = statement[80:112], statement[116:120], statement[120:152]
        head = b"CLSTTDR1", 1, REPORT_BYTES, boot_id, data
        tcb_info = (0x301FF, svn, image, SIGNER, 0, bytes(16), 5, 2, 1, 0, 32, 234, 48, 0, hash_of("cpuid"), bytes(19))
        registers = b"".join(hash_of(f"rtmr{number}") for number in range(4))
        zeros = bytes(HASH_BYTES)
        td_info = 1 << 28, 7, hash_of("mrtd"), zeros, zeros, zeros, registers, zeros, bytes(64)
        return REPORT.pack(*head, *tcb_info, bytes(17), *td_info)

    def signed(self, raw: bytes) -> bytes:
        return raw + b"".join(self.owner.sign(self.owner.hk, raw))

    def quoted(self, root: bytes) -> Evidence:
        """The host's answers for a batch."""
        e = dataclasses.replace(self.host)
        qualifying = sha256(b"cloister-guest-1" + root + e.tcg_claimed + e.hv_claimed + sha256(e.statement))
        nothing = random.Random(0)
        e.quote = self.owner.quote(nothing, qualifying, sha256(b"".join(value for _, value in e.pcrs)), False)
        e.signature = struct.pack(">HH", 0x18, 0x0B) + b"".join(
            struct.pack(">H", 32) + number for number in self.owner.sign(self.owner.ak, e.quote))
        e.fresh = self.owner.fresh(nothing, qualifying, False)
        return e

    def document(self, index: int = 0, count: int = 1, report: bytes | None = None) -> dict[str, Any]:
        leaves = [b"another report %d" % number for number in range(count)]
        leaves[index] = report or self.signed(self.unsigned())
        e = self.quoted(tree(leaves))
        batch = {"index": index, "count": count, "path": [text(node) for node in path(leaves, index)]}
        return {"version": 1, "report": text(leaves[index]), "batch": batch, "quote": text(e.quote),
                "signature": text(e.signature), "ak_public": text(e.ak_public),
                "pcrs": [{"index": pcr, "sha256": text(value)} for pcr, value in e.pcrs],
                "tcg_log": {"sha256": e.tcg_claimed.hex()}, "hv_log": {"sha256": e.hv_claimed.hex()},
                "hk_statement": text(e.statement), "fresh": text(e.fresh)}

    def logs(self) -> dict[str, bytes]:
        """By their digests, as GET /v1/logs has them."""
        return {log.hex(): data for log, data in ((self.host.tcg_claimed, self.host.tcg_log),
                                                  (self.host.hv_claimed, self.host.hv_log))}


def compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
