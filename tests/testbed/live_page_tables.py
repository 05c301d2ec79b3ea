# SPDX-License-Identifier: GPL-2.0-or-later
"""The hypervisor's live page tables, read from a dump of physical memory.

    python3 -m testbed.live_page_tables DUMP REGION-BYTES POOL-BYTES

Nothing is asked of the hypervisor or its symbols: the VMCBs and the CPUs' host save areas are found by their
layout (APM volume 2, appendix B), and lead to everything else. Prints TAP; the dump begins at address 0 and is taken
while the guest runs, or has stopped the machine.
"""

import pathlib
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PAGE = 4096
TPM_LOCALITY_0 = 0xFED40000
MESSAGES = (0xFEE00000, 0xFEF00000)  # stores there may become interrupt messages, INIT among them
P, W, USER, PS, NX = 1, 2, 4, 1 << 7, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000
EFER_SVME, EFER_NXE = 1 << 12, 1 << 11
CR0_WP, CR4_SMEP, CR4_SMAP = 1 << 16, 1 << 20, 1 << 21

# VMCB control area and state save area (APM volume 2, tables B-1 and B-2); a host save area has the same format.
INTERCEPT_4, ASID, NP_ENABLE, N_CR3 = 0x010, 0x058, 0x090, 0x0B0
INTERCEPT_VMRUN = 1  # VMRUN wants it, and an ASID that is not 0 (15.5.1)
ROOT_ASID = 1  # domains have another, and tables of their own
GDTR_LIMIT, GDTR_BASE = 0x464, 0x468
EFER, CR4, CR3, CR0, RIP, RSP = 0x4D0, 0x548, 0x550, 0x558, 0x578, 0x5D8

TSS_TYPES = (9, 11)  # available, busy
TSS_IST1, TSS_ISTS = 0x24, 7


@dataclass
class Leaf:
    """One mapping: start in 48 bits, physical start, length, and the flags of the whole walk."""
    start: int
    physical: int
    length: int
    flags: int


class Memory:
    def __init__(self, dump: bytes) -> None:
        self.dump = dump

    def u64(self, address: int) -> int:
        return struct.unpack_from("<Q", self.dump, address)[0]

    def table(self, address: int) -> tuple[int, ...]:
        return struct.unpack_from("<512Q", self.dump, address)

    def pages(self) -> range:
        return range(0, len(self.dump), PAGE)


def leaves(memory: Memory, root: int, level: int = 4, base: int = 0, rights: int = W | USER,
           deny: int = 0) -> Iterator[Leaf]:
    """Every leaf below a table. W and USER hold if all levels allow them, NX if any level sets it (APM 2, 5.6)."""
    for index, entry in enumerate(memory.table(root)):
        if not entry & P:
            continue
        start = base + (index << (12 + 9 * (level - 1)))
        allowed, denied = rights & entry, deny | entry & NX
        if level == 1 or (level < 4 and entry & PS):
            length = 1 << (12 + 9 * (level - 1))
            yield Leaf(start, entry & ADDRESS & ~(length - 1), length, P | allowed | denied)
        else:
            yield from leaves(memory, entry & ADDRESS, level - 1, start, allowed, denied)


def holes(found: Iterable[Leaf], end: int) -> list[tuple[int, int]]:
    """Ranges of [0, end) that no leaf covers."""
    at, result = 0, []
    for leaf in sorted(found, key=lambda x: x.start):
        if leaf.start > at:
            result.append((at, leaf.start))
        at = leaf.start + leaf.length
    return result + ([(at, end)] if at < end else [])


def is_host_save_area(memory: Memory, page: int, region: range) -> bool:
    """A state save area in long mode whose code and page tables are the region's."""
    efer = memory.u64(page + EFER)
    return (efer & EFER_SVME != 0 and memory.u64(page + CR3) & ADDRESS in region and memory.u64(page + RIP) in region
            and memory.u64(page + CR3) % PAGE == 0)


def vmcbs(memory: Memory) -> Iterator[tuple[int, int]]:
    """The root guest's VMCBs, with nested paging, running under SVM: addresses of the page and of the table."""
    for page in memory.pages():
        root = memory.u64(page + N_CR3)
        asid = memory.u64(page + ASID) & 0xFFFFFFFF
        if (memory.u64(page + NP_ENABLE) == 1 and root and root % PAGE == 0 and root < len(memory.dump)
                and memory.u64(page + INTERCEPT_4) & INTERCEPT_VMRUN and asid == ROOT_ASID
                and memory.u64(page + EFER) & EFER_SVME):
            yield page, root


class Results:
    def __init__(self) -> None:
        self.lines = []

    def ok(self, passed: object, text: str) -> bool:
        self.lines.append(f"{'ok' if passed else 'not ok'} - {text}")
        return bool(passed)


def check_stage2(results: Results, memory: Memory, roots: Sequence[int], region_bytes: int,
                 pool_bytes: int) -> range | None:
    """Checks the nested tables; returns the region: the end of a hole that holds them (the other may be the pool)."""
    results.ok(len(set(roots)) == 1, f"{len(roots)} VMCBs share one nested page table")
    found = list(leaves(memory, roots[0]))
    end = max(leaf.start + leaf.length for leaf in found)
    results.ok(all(leaf.start == leaf.physical for leaf in found), f"{len(found)} nested leaves map one to one")
    results.ok(end >= 1 << 36 and end & (end - 1) == 0, f"nested tables end at 2^{end.bit_length() - 1}")
    absent = holes(found, end)
    tpm = (TPM_LOCALITY_0 + PAGE, TPM_LOCALITY_0 + 16 * PAGE)
    results.ok(tpm in absent, "the pages of the TPM after locality 0 are absent; locality 0 and fed50000 are not")
    results.ok(MESSAGES in absent, "the local APIC's range is absent: no store becomes an interrupt message")
    others = [hole for hole in absent if hole not in (tpm, MESSAGES)]
    results.ok(sum(high - low for low, high in others) == region_bytes + pool_bytes,
               f"absent besides: {', '.join(f'{low:#x}-{high:#x}' for low, high in others)}: region and pool")
    for low, high in absent:
        for region in (range(low, low + region_bytes), range(high - region_bytes, high)):
            if low <= roots[0] < high and roots[0] in region:
                return region
    return None


def find_detours(memory: Memory, root: int, absent: Iterable[range]) -> Iterator[int]:
    """Top-level tables, in memory that the guest lacks, that differ from 'root' in one entry."""
    nested = memory.table(root)
    for hole in absent:
        for page in hole[::PAGE]:
            if page != root and sum(a != b for a, b in zip(memory.table(page), nested)) == 1:
                yield page


def check_detour(results: Results, memory: Memory, root: int, absent: Sequence[range]) -> int | None:
    """
    The view that a CPU has for one instruction which writes to a host bridge's page: that of 'root', but that the pages
    that are read-only there lead to one page of the hypervisor's. Returns its address.
    """
    found = list(find_detours(memory, root, absent))
    if not results.ok(len(found) == 1, f"{len(found)} view for stores to the host bridge"):
        return None
    usual = {leaf.start: leaf for leaf in leaves(memory, root)}
    there = {leaf.start: leaf for leaf in leaves(memory, found[0])}
    results.ok(usual.keys() == there.keys(), "it has the same holes as the guest's own")
    aside = [start for start in usual if there.get(start) != usual[start]]
    readonly = [start for start, leaf in usual.items() if not leaf.flags & W]
    results.ok(aside and aside == readonly and all(usual[start].length == PAGE for start in aside),
               f"it differs in what the guest may only read: {' '.join(map(hex, aside[:8]))}")
    nowhere = {there[start].physical for start in aside if start in there}
    page = min(nowhere, default=0)
    results.ok(len(nowhere) == 1 and any(page in hole for hole in absent)
               and page not in {*table_pages(memory, root), *table_pages(memory, found[0])},
               "which leads to one page of the hypervisor's that holds no table of these")
    return found[0]


def table_pages(memory: Memory, root: int, level: int = 4) -> Iterator[int]:
    yield root
    if level == 1:
        return
    for entry in memory.table(root):
        if entry & P and not (level < 4 and entry & PS):
            yield from table_pages(memory, entry & ADDRESS, level - 1)


def check_host(results: Results, memory: Memory, area: int, region: range, mapped: dict[int, int],
               name: str) -> None:
    """One CPU's host state: control bits, and a guard page below each of its stacks."""
    cr0, cr4, efer = (memory.u64(area + at) for at in (CR0, CR4, EFER))
    results.ok(cr0 & CR0_WP and efer & EFER_NXE and cr4 & CR4_SMEP and cr4 & CR4_SMAP,
               f"{name}: WP, NX, SMEP and SMAP are on")
    tops = [("main stack", memory.u64(area + RSP))] + ist_stacks(memory, area)
    results.ok(len(tops) >= 4, f"{name}: {len(tops) - 1} IST stacks")
    for stack, top in tops:
        results.ok(guarded(mapped, region, top), f"{name}: guard page below the {stack}")


def ist_stacks(memory: Memory, area: int) -> list[tuple[str, int]]:
    """The IST entries of the TSS that the host's GDT names."""
    base = memory.u64(area + GDTR_BASE)
    limit = struct.unpack_from("<I", memory.dump, area + GDTR_LIMIT)[0]
    for at in range(base + 8, base + limit - 14, 8):
        low, high = memory.u64(at), memory.u64(at + 8)
        if low >> 44 & 1 == 0 and low >> 40 & 15 in TSS_TYPES and low >> 47 & 1:
            tss = (low >> 16 & 0xFFFFFF) | (low >> 56) << 24 | (high & 0xFFFFFFFF) << 32
            ists = [(f"IST {n + 1} stack", memory.u64(tss + TSS_IST1 + 8 * n)) for n in range(TSS_ISTS)]
            return [(name, top) for name, top in ists if top]
    return []


def guarded(mapped: dict[int, int], region: range, top: int) -> bool:
    """Going down from the top: writable pages that do not execute, then one that is absent, within 16 pages."""
    page = (top - 1) & ~(PAGE - 1)
    for at in range(page, page - 16 * PAGE, -PAGE):
        if at not in region:
            return False
        if at not in mapped:
            return at != page
        if not mapped[at] & W or not mapped[at] & NX:
            return False
    return False


def check_own_tables(results: Results, memory: Memory, root: int, region: range) -> dict[int, int]:
    """W^X, and nothing mapped but the region. Returns flags by page."""
    found = list(leaves(memory, root))
    results.ok(not [x for x in found if x.flags & W and not x.flags & NX], "no page is writable and executable")
    results.ok(not [x for x in found if x.flags & USER], "no page is a user page")
    results.ok(all(x.start == x.physical and x.start in region and x.length <= PAGE for x in found),
               "only the region is mapped, one to one, in 4 KiB pages: the windows are closed")
    executable = [x for x in found if not x.flags & NX]
    constant = [x for x in found if not x.flags & W and x.flags & NX]
    results.ok(executable and constant, f"{len(executable)} executable, {len(constant)} constant, "
               f"{len(found) - len(executable) - len(constant)} writable pages, "
               f"{len(region) // PAGE - len(found)} absent")
    results.ok(all(page in region for page in table_pages(memory, root)), "page tables lie in the region")
    return {x.start: x.flags for x in found}


def check(dump: bytes, region_bytes: int, pool_bytes: int) -> list[str]:
    """All checks; returns TAP lines."""
    memory, results = Memory(dump), Results()
    found = list(vmcbs(memory))
    if not results.ok(found, f"{len(found)} VMCBs found"):
        return results.lines
    region = check_stage2(results, memory, [root for _, root in found], region_bytes, pool_bytes)
    if not results.ok(region, "the nested tables lie where the guest has nothing"):
        return results.lines
    results.ok(all(page in region for page, _ in found)
               and all(page in region for page in table_pages(memory, found[0][1])),
               "VMCBs and nested tables lie in the region")
    check_detour(results, memory, found[0][1], [region])
    areas = [page for page in memory.pages() if page in region and is_host_save_area(memory, page, region)]
    if not results.ok(len(areas) == len(found), f"{len(areas)} host save areas in the region"):
        return results.lines
    roots = {memory.u64(area + CR3) & ADDRESS for area in areas}
    results.ok(len(roots) == 1, "all CPUs run on one page table")
    mapped = check_own_tables(results, memory, min(roots), region)
    for number, area in enumerate(areas):
        check_host(results, memory, area, region, mapped, f"CPU {number}")
    return results.lines


def main() -> bool:
    dump, region_bytes, pool_bytes = sys.argv[1:]
    lines = check(pathlib.Path(dump).read_bytes(), int(region_bytes, 0), int(pool_bytes, 0))
    print("\n".join(lines + [f"1..{len(lines)}"]))
    return any(line.startswith("not ok") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
