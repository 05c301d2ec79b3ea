# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that tests/domains cannot make itself: a domain's measurement, and what is left in the pool."""

import hashlib
import struct

from testbed.hypervisor_key import data, sizes
from testbed.remapping_tables import MARK

PAGE = 4096
# Kinds of pages in their records (hv/domain/pool.h)
FREE, RECORDS, DOMAIN, VCPU, TABLE, PRIVATE = range(6)


def build_record(name: bytes, address: int) -> bytes:
    """MRTD's part of one step of a domain's build (Intel TDX module base specification)."""
    return name.ljust(16, b"\0") + struct.pack("<Q", address) + bytes(104)


def measured(lines: list[str]) -> list[str]:
    """MRTD of the domain of tests/domains/domain.c: a page at 0x3000 with its contents, one at 0x1000 without."""
    pages, found = data(lines, "page"), data(lines, "mrtd")
    if not pages or not found:
        return ["not ok - the program printed no domain"]
    expected = hashlib.sha384(build_record(b"MEM.PAGE.ADD", 0x3000))
    for at in range(0, 4096, 256):
        expected.update(build_record(b"MR.EXTEND", 0x3000 + at) + pages[0][at:at + 256])
    expected.update(build_record(b"MEM.PAGE.ADD", 0x1000))
    return [f"{'ok' if found[0] == expected.digest() else 'not ok'} - MRTD is what was built"]


def gone(lines: list[str], looks: list) -> list[str]:
    """The page that was added twice is in memory three times while the domain exists, and nowhere after its end."""
    pages = data(lines, "page")
    if not pages or len(looks) != 2:
        return ["not ok - memory: the program did not come to the point where it can be looked at"]
    there, left = (look.memory.count(pages[0]) for look in looks)
    return [f"{'ok' if there == 3 else 'not ok'} - memory: the domain's pages are in the pool",
            f"{'ok' if left == 0 else 'not ok'} - memory: and nowhere after its end"]


def records_of(pages: int) -> list[int]:
    """The records of the pages that hold the records of a pool."""
    return [RECORDS] * -(-pages * 8 // PAGE)


def whole(lines: list[str], looks: list) -> list[str]:
    """All pages of the pool are free and zero, but those of the records."""
    _, pool = sizes(lines)
    own = records_of(pool // PAGE)
    expected = struct.pack(f"<{len(own)}Q", *own).ljust(pool, b"\0")
    found = len(looks) == 1 and looks[0].memory.count(expected) == 1
    return [f"{'ok' if found else 'not ok'} - memory: the pool is whole and zero"]


def kinds_of(pool: int, memory: bytes) -> tuple[int, list[int]]:
    """Where a pool of so many bytes begins, or -1, and the kinds of its pages. A domain is at its begin."""
    own = records_of(pool // PAGE)
    at = memory.find(struct.pack(f"<{len(own) + 1}Q", *own, len(own) << 32 | DOMAIN))
    if at < 0:
        return at, []
    return at, [record & 7 for record in struct.unpack_from(f"<{pool // PAGE}Q", memory, at)]


def attacked(lines: list[str], looks: list) -> list[str]:
    """After td/devices.c: it attacked pages of each kind, and nowhere in the pool is what the device wrote."""
    if len(looks) != 3:
        return [f"not ok - {len(looks)} looks at the machine: before the attacks, and after either part of them"]
    at, kinds = kinds_of(sizes(lines)[1], looks[0].memory)
    bases = [base for base, in struct.iter_unpack("<Q", data(lines, "pool-bases")[0])]
    there = at in bases and set(kinds) == {FREE, RECORDS, DOMAIN, VCPU, TABLE, PRIVATE}
    marked = any(MARK in look.memory[at:at + len(kinds) * PAGE] for look in looks)
    return [f"{'ok' if there else 'not ok'} - the device was at the pool, which has pages of each kind",
            f"{'ok' if there and not marked else 'not ok'} - what the device wrote is nowhere in it"]


def wiped(lines: list[str], before: bytes, after: bytes) -> list[str]:
    """Of the pool's pages all but records and tables are zero after the machine's end; domains had some before."""
    _, pool = sizes(lines)
    if not pool:
        return []
    at, kinds = kinds_of(pool, before)
    if at < 0:
        return ["not ok - the first domain's record is found in the running machine"]
    secret = [at + PAGE * page for page, kind in enumerate(kinds) if kind not in (RECORDS, TABLE)]
    there, left = (sum(any(memory[page:page + PAGE]) for page in secret) for memory in (before, after))
    return [f"{'ok' if there else 'not ok'} - pages of domains are found in the running machine",
            f"{'ok' if left == 0 else 'not ok'} - and all of the pool but records and tables is zero after its end"]
