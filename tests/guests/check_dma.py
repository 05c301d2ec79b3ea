# SPDX-License-Identifier: GPL-2.0-or-later
"""What a device sees and what it left, read from memory after the attacks.

The tables that the units walk are found by what they must hold, starting from the nested table that the VMCBs name:
entries for all devices, which lead to that very table (VT-d 5.1, 9.1 and 9.3; AMD I/O Virtualization Technology 3.08,
2.2.2).
"""

import struct

from check_tables import PAGE, Memory, Results, holes, leaves, vmcbs

PRESENT, WIDTH_48, DOMAIN = 1, 2, 1 << 8
VALID, FOUR_LEVELS, READ_WRITE, DEVICES = 3, 4 << 9, 3 << 61, 65536
PT_LOAD, PF_X = 1, 1
MARK = bytes(at * 7 + 1 & 0xFF for at in range(8))  # what dma.c has the device write


def pages_of(memory, low, high):
    """Pages that are 256 times the same entry."""
    page = struct.pack("<QQ", low, high) * 256
    return [at for at in memory.pages() if memory.dump[at:at + PAGE] == page]


def text_of(image):
    """The executable segment of an ELF file."""
    start, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for at in range(start, start + size * count, size):
        kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", image, at)
        if kind == PT_LOAD and flags & PF_X:
            return image[offset:offset + length]
    raise ValueError("the image has no executable segment")


def check_vtd(results, memory, root):
    """Root table and context table; returns their addresses."""
    contexts = pages_of(memory, root | PRESENT, WIDTH_48 | DOMAIN)
    results.ok(len(contexts) == 1, "the context entries of all 256 functions lead to the CPUs' nested page table")
    buses = pages_of(memory, contexts[0] | PRESENT, 0) if contexts else []
    results.ok(len(buses) == 1, "the root entries of all 256 buses lead there")
    return contexts + buses


def check_amdvi(results, memory, root):
    """Device table; returns its address."""
    entry = struct.pack("<QQQQ", root | VALID | FOUR_LEVELS | READ_WRITE, 1, 0, 0)
    at = memory.dump.find(entry * DEVICES)
    results.ok(at >= 0 and at % PAGE == 0, "the entries of all 65,536 devices lead to the CPUs' nested page table")
    return [at]


def check(name, dump, image):
    """All checks after dma-vtd or dma-amdvi; returns TAP lines."""
    memory, results = Memory(dump), Results()
    roots = {root for _, root in vmcbs(memory)}
    if not results.ok(len(roots) == 1, "one nested page table"):
        return results.lines
    root, = roots
    tables = {"dma-vtd": check_vtd, "dma-amdvi": check_amdvi}[name](results, memory, root)
    absent = [range(low, high) for low, high in holes(list(leaves(memory, root)), len(dump))]
    results.ok(all(any(page in hole for hole in absent) for page in [root, *tables]),
               "no device and no guest reaches these tables")
    results.ok(MARK in dump and not any(MARK in dump[hole.start:hole.stop] for hole in absent),
               "no device wrote there")
    text = text_of(image)
    copies = [at for hole in absent for at in hole[::PAGE] if dump[at:at + len(text)] == text]
    results.ok(len(copies) == 1, "the hypervisor's text is what the image file holds")
    return results.lines
