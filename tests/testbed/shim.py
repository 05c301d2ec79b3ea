# SPDX-License-Identifier: GPL-2.0-or-later
"""What guest-shim measures, by its specification: a second calculation, beside Cloister's own code."""

import hashlib
import struct
import uuid

GIB = 1 << 30
MARKER = uuid.UUID("6f3a2b5e-9c41-4d7a-8e0b-c10157e25481").bytes_le
BINDING_BYTES = 160
Q35, MICROVM = 1, 2


def sha384(data: bytes) -> bytes:
    return hashlib.sha384(data).digest()


def extended(*digests: bytes) -> str:
    """A register that was extended with these, one after the other."""
    register = bytes(48)
    for digest in digests:
        register = sha384(register + digest)
    return register.hex()


def ram(machine: int, size: int) -> list[tuple[int, int]]:
    """Base and length of each piece of RAM, as QEMU places it."""
    if machine == Q35:
        below = min(size, 2 * GIB if size >= 0xb0000000 else size)
    else:
        below = min(size, 3 * GIB)
    return [(0, below)] + ([(4 * GIB, size - below)] if size > below else [])


def rtmr0(machine: int, size: int) -> str:
    pieces = ram(machine, size)
    record = struct.pack("<16sII", b"cloister-shim-1", machine, len(pieces))
    record += b"".join(struct.pack("<QQ", *piece) for piece in pieces)
    return extended(sha384(record.ljust(152, b"\0")))


def rtmr1(kernel: bytes) -> str:
    return extended(sha384(kernel))


def rtmr2(command_line: bytes, initrd: bytes) -> str:
    return extended(sha384(command_line), sha384(initrd))


def binding(kernel: bytes, command_line: bytes, initrd: bytes) -> bytes:
    return b"cloister-bound-1" + sha384(kernel) + sha384(command_line) + sha384(initrd)
