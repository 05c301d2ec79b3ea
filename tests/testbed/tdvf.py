# SPDX-License-Identifier: GPL-2.0-or-later
"""MRTD of firmware with TDX metadata, by the TDX specifications: a second calculation, beside Cloister's own code."""

import hashlib
import struct
import uuid
from typing import Iterator, NamedTuple

from testbed.built_domain import build_record

PAGE = 4096
FOOTER = uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d").bytes_le
METADATA = uuid.UUID("e47a6535-984a-4798-865e-4685a7bf8ec2").bytes_le


class Section(NamedTuple):
    """TDX Virtual Firmware Design Guide, table of the TDVF descriptor's sections."""
    offset: int
    raw_bytes: int
    address: int
    memory_bytes: int
    kind: int
    attributes: int


def metadata_offset(image: bytes) -> int:
    """From the table of GUIDs that ends 32 bytes before the end."""
    end = len(image) - 32
    assert image[end - 16:end] == FOOTER, "no GUID table"
    start = end - struct.unpack_from("<H", image, end - 18)[0]
    at = end - 18
    while at > start:
        length = struct.unpack_from("<H", image, at - 18)[0]
        if image[at - 16:at] == METADATA:
            return len(image) - struct.unpack_from("<I", image, at - 22)[0]
        at -= length
    raise AssertionError("no TDVF metadata")


def sections(image: bytes) -> Iterator[Section]:
    at = metadata_offset(image)
    signature, _length, version, count = struct.unpack_from("<4sIII", image, at)
    assert (signature, version) == (b"TDVF", 1)
    for index in range(count):
        yield Section(*struct.unpack_from("<IIQQII", image, at + 16 + 32 * index))


def mrtd(image: bytes) -> str:
    digest = hashlib.sha384()
    for section in sections(image):
        data = image[section.offset:section.offset + section.raw_bytes].ljust(section.memory_bytes, b"\0")
        for at in range(0, section.memory_bytes, PAGE):
            digest.update(build_record(b"MEM.PAGE.ADD", section.address + at))
            for chunk in range(at, at + PAGE if section.attributes & 1 else at, 256):
                digest.update(build_record(b"MR.EXTEND", section.address + chunk) + data[chunk:chunk + 256])
    return digest.hexdigest()
