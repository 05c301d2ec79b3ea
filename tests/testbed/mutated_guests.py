# SPDX-License-Identifier: GPL-2.0-or-later
"""
Mutated evidence of a guest: as somebody on the way could change it, and as somebody could make it who has the
hypervisor's key and the TPM's (guest_evidence.Guest). policy/ and the second verifier must agree on all of it.
"""

import base64
import copy
import random
import struct
from typing import Any

from testbed.guest_evidence import REPORT, Guest, text
from testbed.mutated_evidence import some_bytes, some_list

BYTES = ("report", "report", "report", "quote", "signature", "ak_public", "hk_statement", "fresh")
# Fields of a report that a policy speaks of: offset, format, values that mean something.
NUMBERS = (
    (112, "<Q", (0x301FF, 0x1FF, 0)), (120, "<I", (1, 2, 0)), (124, "<I", (1,)), (232, "<Q", (1,)), (240, "<Q", (1,)),
    (260, "<I", (0, 1, 4, 5, 128)), (264, "<Q", (0, 1 << 63)), (272, "<Q", (0, 1)),
    (280, "B", (0x1F, 0x20, 0x80, 0xFF)), (281, "B", (0xEA, 0xEB, 0x20, 0)), (282, "B", (31, 32, 48, 49)),
    (283, "B", (0, 1, 2)), (368, "<Q", (1 << 28, 1 << 28 | 1, 1, 1 << 63)), (376, "<Q", (7, 3, 0x2E7)))


def decoded(value: str) -> bytes:
    return base64.b64decode(value)


def on_the_way(rng: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    """One or two members changed without any of the keys."""
    changed = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2))):
        if not change_one(rng, changed):
            break
    return changed


def change_one(rng: random.Random, document: dict[str, Any]) -> bool:
    """Can there be another change after it?"""
    kind = rng.randrange(12)
    batch = document["batch"]
    if kind <= 6:
        name = rng.choice(BYTES)
        document[name] = text(some_bytes(rng, decoded(document[name])))
    elif kind == 7:
        batch[rng.choice(("index", "count"))] = rng.choice((-1, 0, 1, 2, 3, 5, 8, 63, 64, 65, "1", None, 1.0, True))
    elif kind == 8:
        path = [decoded(item) for item in batch["path"]]
        path = some_list(rng, path) if path and rng.randrange(2) else [*path, rng.randbytes(32)]
        batch["path"] = [text(item) for item in path]
    elif kind == 9:
        document[rng.choice(("tcg_log", "hv_log"))] = rng.choice((
            {"sha256": rng.randbytes(32).hex()}, {"sha256": "00"}, {}, {"sha256": "00" * 32, "data": ""}, None))
    elif kind == 10:
        document["pcrs"] = some_list(rng, document["pcrs"])
    else:
        document[rng.choice(sorted(document))] = rng.choice((None, "", "AA==", "AA=", 1, [], {}, True))
    return kind < 11


def by_the_owner(rng: random.Random, guest: Guest) -> dict[str, Any]:
    """Complete and signed; wrong in at most two places of the report, or in the host's answers."""
    raw = bytearray(guest.unsigned())
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        change_report(rng, raw)
    count = rng.choice((1, 2, 3, 7, 64))
    document = guest.document(rng.randrange(count), count, guest.signed(bytes(raw)))
    if rng.randrange(6) == 0:
        document["fresh"] = text(guest.owner.fresh(rng, decoded(document["fresh"])[16:48], True))
    return document


def change_report(rng: random.Random, raw: bytearray) -> None:
    if rng.randrange(2):
        offset, layout, values = rng.choice(NUMBERS)
        struct.pack_into(layout, raw, offset, rng.choice(values))
    else:
        at = rng.randrange(REPORT.size)
        raw[at] ^= 1 << rng.randrange(8)
