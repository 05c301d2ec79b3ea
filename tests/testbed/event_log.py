# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCG crypto-agile event log taken apart and put together again."""

import hashlib
import struct
from collections.abc import Iterable
from typing import Any

BANKS = {0x04: "sha1", 0x0B: "sha256", 0x0C: "sha384", 0x0D: "sha512"}
SHA256 = 0x0B
EV_NO_ACTION = 3
# PCR, type, digests by bank, data; a list, which tests can change.
Event = list[Any]


def split(log: bytes) -> tuple[bytes, list[Event]]:
    """A well-formed log's header and its events as [pcr, type, {bank: digest}, data]."""
    at, events = 32 + struct.unpack_from("<I", log, 28)[0], []
    header = log[:at]
    while at < len(log):
        pcr, kind, count = struct.unpack_from("<III", log, at)
        at, digests = at + 12, {}
        for _ in range(count):
            bank = struct.unpack_from("<H", log, at)[0]
            length = hashlib.new(BANKS[bank]).digest_size
            digests[bank] = log[at + 2:at + 2 + length]
            at += 2 + length
        length = struct.unpack_from("<I", log, at)[0]
        events.append([pcr, kind, digests, log[at + 4:at + 4 + length]])
        at += 4 + length
    return header, events


def join(header: bytes, events: Iterable[Event]) -> bytes:
    parts = [header]
    for pcr, kind, digests, data in events:
        parts.append(struct.pack("<III", pcr, kind, len(digests)))
        parts += [struct.pack("<H", bank) + digest for bank, digest in digests.items()]
        parts.append(struct.pack("<I", len(data)) + data)
    return b"".join(parts)


def digests(banks: Iterable[int], data: bytes) -> dict[int, bytes]:
    """Of data, for each of the banks."""
    return {bank: hashlib.new(BANKS[bank], data).digest() for bank in banks}
