# SPDX-License-Identifier: GPL-2.0-or-later
"""A device's view of memory, and its traces there, read from memory after the attacks.

The tables that the units walk are found by what they must hold, starting from the nested table that the VMCBs name:
entries for all devices, which lead to that very table (VT-d 5.1, 9.1 and 9.3; AMD I/O Virtualization Technology 3.08,
2.2.2).
"""

import dataclasses
import struct
from collections.abc import Iterable, Sequence

from testbed.live_page_tables import (ADDRESS, CR3, PAGE, W, Memory, Results, check_detour, holes, is_host_save_area,
                                      leaves, table_pages, vmcbs)
from testbed.qemu import Machine

PRESENT, WIDTH_48, DOMAIN = 1, 2, 1 << 8
VALID, FOUR_LEVELS, READ_WRITE, DEVICES = 3, 4 << 9, 3 << 61, 65536
ACCESSED, DIRTY = 1 << 5, 1 << 6
PT_LOAD, PF_X = 1, 1
# Where QEMU has the units' registers, and how many bytes; of them fault status, the pending fault interrupt and the
# fault record of VT-d (5.1, 11.4.7; QEMU has one record).
REGISTERS = {"vtd": (0xFED90000, 0x1000), "amdvi": (0xFED80000, 0x4000)}
FAULT_REGISTERS = {"vtd": ((0x34, 0x38), (0x3B, 0x3C), (0x220, 0x230)), "amdvi": ()}
MARK = bytes(at * 7 + 1 & 0xFF for at in range(8))  # rt/attack.c has the device write it


@dataclasses.dataclass(repr=False)  # it holds all memory
class Look:
    """A machine's memory and its units' registers at one time."""
    memory: bytes
    registers: dict[str, bytes]  # by unit, of each that it may have


def look(machine: Machine) -> Look:
    """Of a machine that stands still."""
    return Look(machine.memory(0, machine.memory_mib << 20),
                {unit: machine.memory(*place) for unit, place in REGISTERS.items()})


def pages_of(memory: Memory, low: int, high: int) -> list[int]:
    """Pages that are 256 times the same entry."""
    page = struct.pack("<QQ", low, high) * 256
    return [at for at in memory.pages() if memory.dump[at:at + PAGE] == page]


def text_of(image: bytes) -> bytes:
    """The executable segment of an ELF file."""
    start, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for at in range(start, start + size * count, size):
        kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", image, at)
        if kind == PT_LOAD and flags & PF_X:
            return image[offset:offset + length]
    raise ValueError("the image has no executable segment")


def check_vtd(results: Results, memory: Memory, root: int) -> list[int]:
    """Root table and context table; returns their addresses."""
    contexts = pages_of(memory, root | PRESENT, WIDTH_48 | DOMAIN)
    results.ok(len(contexts) == 1, "the context entries of all 256 functions lead to the CPUs' nested page table")
    buses = pages_of(memory, contexts[0] | PRESENT, 0) if contexts else []
    results.ok(len(buses) == 1, "the root entries of all 256 buses lead there")
    return contexts + buses


def check_amdvi(results: Results, memory: Memory, root: int) -> list[int]:
    """Device table; returns its address."""
    entry = struct.pack("<QQQQ", root | VALID | FOUR_LEVELS | READ_WRITE, 1, 0, 0)
    at = memory.dump.find(entry * DEVICES)
    results.ok(at >= 0 and at % PAGE == 0, "the entries of all 65,536 devices lead to the CPUs' nested page table")
    return [at]


def host_roots(memory: Memory, absent: Iterable[range]) -> set[int]:
    """The page tables that the hypervisor itself runs on."""
    return {memory.u64(page + CR3) & ADDRESS for hole in absent for page in hole[::PAGE]
            if is_host_save_area(memory, page, hole)}


@dataclasses.dataclass
class Views:
    """The views of memory that devices, guest and hypervisor have."""
    absent: list[range]  # ranges of memory that no guest and no device has
    tables: set[int]  # pages of the tables of all three
    writable: set[int]  # pages that the hypervisor itself writes to


def find_views(results: Results, unit: str, memory: Memory) -> Views | None:
    """Finds them from the VMCBs on, and checks that the guest's view and the devices' are one. None: not found."""
    roots = {root for _, root in vmcbs(memory)}
    if not results.ok(len(roots) == 1, "one nested page table"):
        return None
    root, = roots
    unit_tables = {"vtd": check_vtd, "amdvi": check_amdvi}[unit](results, memory, root)
    end = len(memory.dump)
    absent = [range(low, high) for low, high in holes(list(leaves(memory, root)), end) if low < end]
    results.ok(all(any(page in hole for hole in absent) for page in [root, *unit_tables]),
               "no device and no guest reaches these tables")
    own = host_roots(memory, absent)
    if not results.ok(len(own) == 1, "one page table of the hypervisor's own"):
        return None
    detour = check_detour(results, memory, root, absent)
    if detour is None:
        return None
    own, = own
    tables = {page for top in (root, own, detour) for page in table_pages(memory, top)} | set(unit_tables)
    return Views(absent, tables, {leaf.start for leaf in leaves(memory, own) if leaf.flags & W})


def contents(dump: bytes, page: int, tables: set[int]) -> bytes | tuple[int, ...]:
    """A page; of a table without the bits that a CPU sets when it uses an entry."""
    if page not in tables:
        return dump[page:page + PAGE]
    return tuple(entry & ~(ACCESSED | DIRTY) for entry in struct.unpack_from("<512Q", dump, page))


def check_unchanged(results: Results, views: Views, before: bytes, after: bytes) -> None:
    """Pages never written after the launch: tables, text, constants, guard pages, a pool without guests."""
    pages = [page for hole in views.absent for page in hole[::PAGE]
             if page in views.tables or page not in views.writable]
    changed = [f"{page:#x}" for page in pages
               if contents(before, page, views.tables) != contents(after, page, views.tables)]
    results.ok(not changed, f"{len(pages)} protected pages, {len(views.tables)} of them tables, are as before "
               f"the attacks {' '.join(changed[:8])}")


def check_text(results: Results, dump: bytes, views: Views, image: bytes) -> None:
    text = text_of(image)
    copies = [at for hole in views.absent for at in hole[::PAGE] if dump[at:at + len(text)] == text]
    results.ok(len(copies) == 1, "the hypervisor's text is what the image file holds")


def changed_registers(unit: str, before: bytes, after: bytes) -> list[str]:
    """Registers of the unit that are not as they were, but for the ones that change with each fault."""
    own = {at for register in FAULT_REGISTERS[unit] for at in range(*register)}
    return [f"{at:#x}" for at in range(len(before)) if at not in own and before[at] != after[at]]


def check_registers(results: Results, unit: str, before: bytes, after: bytes) -> None:
    changed = changed_registers(unit, before, after)
    results.ok(any(before), "the unit's registers can be looked at")
    results.ok(not changed, f"the unit's registers are as before the attacks {' '.join(changed[:8])}")


def check(unit: str, before: Look, after: Look, image: bytes) -> list[str]:
    """All checks of two looks, before and after attacks on protected memory and on the unit; returns TAP lines."""
    results = Results()
    check_registers(results, unit, before.registers[unit], after.registers[unit])
    views = [find_views(results, unit, Memory(seen.memory)) for seen in (before, after)]
    if None in views:
        return results.lines
    results.ok(views[0] == views[1], "all tables, and what they leave out, are where they were")
    check_unchanged(results, views[0], before.memory, after.memory)
    check_text(results, after.memory, views[0], image)
    return results.lines


def attacked(unit: str, looks: Sequence[Look], image: bytes) -> list[str]:
    """All checks after dma.c, which had two looks taken; returns TAP lines."""
    results = Results()
    if not results.ok(len(looks) == 2, f"{len(looks)} looks at the machine, before and after the attacks"):
        return results.lines
    before, after = looks
    results.ok(MARK in after.memory, "what the device writes is found where it may write")
    return results.lines + check(unit, before, after, image)
