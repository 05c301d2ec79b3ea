# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that tests/domains/domain.c cannot make itself: its domain's measurement, and its remains in the pool."""

import hashlib
import struct

from testbed.hypervisor_key import data


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
