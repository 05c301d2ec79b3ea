# SPDX-License-Identifier: GPL-2.0-or-later
"""make runtime-boots BOOTS=N: does the firmware's runtime code survive a launch? (docs/testing.md)

Boots Linux N times bare and N times under Cloister, in turn, to just after SetVirtualAddressMap. Between
ExitBootServices and that call runtime memory is not written: there the machine is stopped, and its runtime code and
data are saved and compared, between the boots of one way and between the two ways.
"""

import collections
import contextlib
import hashlib
import re
import sys


from testbed import hosts
from testbed.qemu import Machine

CMDLINE = f"{hosts.CMDLINE} earlyprintk=serial efi=debug crashkernel=192M panic=0"
MAP_END = r"efi: mem\d+: [^\n]*\n\[[^]\n]*\] (?!efi: )[^\n]*\n"  # the line after the map's last
MAP_LINE = re.compile(r"efi: mem\d+: \[(Runtime (?:Code|Data))[^]]*\]+ range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]")
VIRTUAL = "Mount-cache hash table"  # printed after SetVirtualAddressMap has returned
FAULT = r"Kernel panic|BUG:|Oops|PANIC:|firmware bug.*fault|CPU \d+ stopped"
PAGE = 4096
SHOWN = 40


class Way:
    """The boots of one way, and the memory that they had in common."""

    def __init__(self, name):
        self.name = name
        self.boots = self.failures = 0
        self.maps = collections.Counter()
        self.first = {}  # (kind, base): bytes of the first boot
        self.varies = {}  # (kind, base): set of offsets of bytes that were another in a later boot

    def add(self, memory):
        self.maps[tuple((kind, base, len(data)) for (kind, base), data in sorted(memory.items()))] += 1
        for place, data in memory.items():
            known = self.first.setdefault(place, data)
            self.varies.setdefault(place, set()).update(differing(known, data))


def differing(one, other):
    """Offsets at which two contents differ."""
    if len(one) != len(other):
        return set(range(max(len(one), len(other))))
    return {at for page in range(0, len(one), PAGE) if one[page:page + PAGE] != other[page:page + PAGE]
            for at in range(page, page + PAGE) if one[at] != other[at]}


def runtime_memory(machine):
    """Runtime code and data, by kind and address, as they are now."""
    ranges = {(kind, int(first, 16), int(last, 16)) for kind, first, last in MAP_LINE.findall(machine.serial())}
    assert ranges, f"{machine.name}: the kernel has printed no map with runtime memory"
    return {(kind, first): machine.memory(first, last + 1 - first) for kind, first, last in sorted(ranges)}


def machine_for(way):
    name = f"runtime-{way}"
    if way == "bare":
        return Machine(name, nics=(), cpus=2, memory_mib=1024, extra=hosts.without_cloister(CMDLINE))
    disk = hosts.esp(name, hypervisor=hosts.DEBUG_HYPERVISOR, config=hosts.config(cmdline=CMDLINE))
    return Machine(name, disks=[disk], nics=(), cpus=2, memory_mib=1024)


def boot(way, number):
    """One boot. True if the kernel got through SetVirtualAddressMap."""
    with machine_for(way.name) as machine:
        machine.expect("efi: mem00:", 1800)
        machine.expect(MAP_END)
        machine.qmp.call("stop")
        memory = runtime_memory(machine)
        in_time = VIRTUAL not in machine.serial()
        machine.qmp.call("cont")
        try:
            passed = machine.expect(rf"{VIRTUAL}|{FAULT}")[0].startswith(VIRTUAL)
        except AssertionError as error:
            print(error)
            passed = False
        if not passed:
            keep = machine.log.with_name(f"{machine.log.name}-failed-{number}")
            keep.mkdir(exist_ok=True)
            (keep / "serial.log").write_text(machine.serial())
            (keep / "registers").write_text(machine.qmp.call("human-monitor-command", **{
                "command-line": "info registers -a"}))
    way.boots += 1
    way.failures += not passed
    if in_time:
        way.add(memory)
    digest = hashlib.sha256(b"".join(data for _, data in sorted(memory.items()))).hexdigest()[:12]
    print(f"{way.name:8} boot {number}: {'passed' if passed else 'FAILED'}, {len(memory)} regions, "
          f"{sum(map(len, memory.values())) >> 10} KiB, digest {digest}{'' if in_time else ', stopped too late'}",
          flush=True)


def compare(bare, cloister):
    """Prints where runtime memory is the same in all boots of each way, but another in the other way."""
    for way in (bare, cloister):
        varying = sum(map(len, way.varies.values()))
        print(f"{way.name}: {way.boots} boots, {way.failures} failed; {len(way.maps)} maps of runtime memory, "
              f"{varying} bytes differ from boot to boot")
    print("the map is the same both ways" if set(bare.maps) & set(cloister.maps) else "the maps differ")
    for place in sorted(set(bare.first) | set(cloister.first)):
        kind, base = place
        if place not in bare.first or place not in cloister.first:
            way = bare if place in bare.first else cloister
            print(f"{kind} at {base:x}: under {way.name} alone")
            continue
        noise = bare.varies[place] | cloister.varies[place]
        steady = sorted(differing(bare.first[place], cloister.first[place]) - noise)
        if steady:
            print(f"{kind} at {base:x}: {len(steady)} bytes are another under Cloister")
            for at in sorted({offset & ~7 for offset in steady})[:SHOWN]:
                values = (int.from_bytes(way.first[place][at:at + 8], "little") for way in (bare, cloister))
                print("  {:x}: bare {:016x}, Cloister {:016x}".format(base + at, *values))


def main(boots):
    bare, cloister = Way("bare"), Way("cloister")
    with contextlib.suppress(KeyboardInterrupt):  # the results so far are printed
        for number in range(1, boots + 1):
            for way in (bare, cloister):
                boot(way, number)
    compare(bare, cloister)
    return 1 if bare.failures or cloister.failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
