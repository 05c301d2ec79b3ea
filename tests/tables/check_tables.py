# SPDX-License-Identifier: GPL-2.0-or-later
"""make check-tables DIR=...: the loader's parsers over ACPI tables of real machines.

    python3 tests/tables/check_tables.py WALKER DIRECTORY

A file is a raw table (as in /sys/firmware/acpi/tables), several of them one after the other, or the text that acpidump
writes. Raw files of one table each make a machine with the others of their folder; any other file is a machine.
Prints machine, table, accepted or refused with the reason, and totals; a machine without MADT or FADT is not judged as
a whole. Exits 1 if something was refused, 2 if there was no table that the loader reads.
"""

import collections
import pathlib
import re
import struct
import subprocess
import sys

HEADER_BYTES = 36
NEEDED = {b"APIC", b"FACP"}  # MADT and FADT: without them a dump is not whole
DUMP_TABLE = re.compile(rb"^(\S{4}) @ 0x[0-9A-Fa-f]+\s*$", re.M)
DUMP_LINE = re.compile(rb"^\s*[0-9A-Fa-f]+:((?: [0-9A-Fa-f]{2}){1,16})", re.M)


def tables_of_acpidump(text):
    """The tables of acpidump's text."""
    starts = [match.end() for match in DUMP_TABLE.finditer(text)] + [len(text)]
    for first, last in zip(starts, starts[1:]):
        yield bytes.fromhex(b"".join(line[1] for line in DUMP_LINE.finditer(text, first, last)).decode())


def tables_of_raw_file(data):
    """Tables one after the other; any other data counts as a table, to be refused."""
    while data:
        length = struct.unpack_from("<I", data, 4)[0] if len(data) >= 8 else 0
        if not HEADER_BYTES <= length <= len(data):
            length = len(data)
        yield data[:length]
        data = data[length:]


def tables_of(data):
    return list(tables_of_acpidump(data) if DUMP_TABLE.search(data) else tables_of_raw_file(data))


def machines_below(directory):
    """Name and tables of each machine below a folder."""
    folders = collections.defaultdict(list)
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        found = tables_of(file.read_bytes())
        if len(found) == 1:
            folders[file.parent].append((file, found[0]))
        elif found:
            yield str(file.relative_to(directory)), found
    for folder, single in folders.items():
        signatures = [table[:4] for _, table in single]
        unlike = len(set(signatures) - {b"SSDT"}) == len(signatures) - signatures.count(b"SSDT")
        if unlike:
            yield str(folder.relative_to(directory)), [table for _, table in single]
        else:  # a folder of samples: each of them is a machine's only table
            yield from ((str(file.relative_to(directory)), [table]) for file, table in single)


class Walker:
    """The loader's parsers, as a program."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def verdicts(self, found):
        """(table, accepted, the parser's words) of each table that the loader reads, then of the machine."""
        self.process.stdin.write(struct.pack("=I", len(found)) + b"".join(
            struct.pack("=I", len(table)) + table for table in found))
        self.process.stdin.flush()
        results = []
        while line := self.process.stdout.readline().decode().rstrip("\n"):
            head, _, said = line.partition(": ")
            name, verdict = head.split()
            results.append((name, verdict == "accepted", said))
        if not results:
            raise RuntimeError("the parsers ended: see above")
        return results


def main(program, directory):
    walker = Walker(program)
    totals = collections.Counter()
    for machine, found in machines_below(pathlib.Path(directory)):
        whole = NEEDED <= {table[:4] for table in found}
        for name, accepted, said in walker.verdicts(found):
            if name == "machine" and not whole:
                continue
            totals[name, accepted] += 1
            print(f"{machine}: {name} {'accepted' if accepted else 'refused'}: {said}")
    for name in sorted({name for name, _ in totals}, key=lambda name: (name == "machine", name)):
        print(f"total: {name}: {totals[name, True]} accepted, {totals[name, False]} refused")
    return 2 if not totals else 1 if any(not accepted for _, accepted in totals) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
