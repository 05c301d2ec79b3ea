#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What root tries with a protected guest, on the host. For tests and the demonstration only.

    attack.py ATTEMPT ROTATED [FILE-OR-PID]

Looks for a secret, which ROTATED names (ROT13, so that no memory but the guest's holds it). Attempts:

    file FILE     in a dump of the guest
    process PID   in the memory of its VMM, as a debugger reads it
    devmem        in the pool, by /dev/mem, from which the kernel must not keep root itself (iomem=relaxed)
    device        in the pool, by DMA of the device 'edu' (QEMU, docs/specs/edu)
    calls         not for the secret: root's own pages in place of the guest's, by hypercalls
    exchange      takes pages away and puts others there, until the guest stops

Each prints one line of JSON with what came of it.
"""

import codecs
import ctypes
import errno
import glob
import json
import mmap
import os
import pathlib
import re
import struct
import subprocess
import sys
import time

PAGE = 4096
LARGE = 512  # pages
CHUNK = 16 << 20
PARAMETERS = "/sys/module/hypercalls/parameters"
CTL = pathlib.Path(__file__).with_name("cloisterctl")
SAMPLES = 64

# include/cloister/hypercall.h and domain.h
HC_PAGE_ADD, HC_PAGE_RECLAIM, HC_PAGE_AUG, HC_PAGE_REMOVE, HC_SHARED_MAP = (
    0x434C0013, 0x434C0016, 0x434C0017, 0x434C0018, 0x434C0019)
HC_E_BUSY, HC_E_PAGE = -5, -6
ERRORS = {-2: "HC_E_ARGUMENT", -3: "HC_E_BUFFER", HC_E_BUSY: "HC_E_BUSY", HC_E_PAGE: "HC_E_PAGE", -8: "HC_E_STATE",
          -9: "HC_E_MAPPING"}
LEVEL_2MIB = 1
PUBLIC = b"keeper: beat "  # what the guest writes to its disk: it is in memory that the guest shares
GUEST_PAGE = 16 << 20  # an address in the guest's memory that it has accepted

EDU = "1234:11e8"
SOURCE, DESTINATION, COUNT, COMMAND, BUFFER = 0x80, 0x88, 0x90, 0x98, 0x40000
START, TO_MEMORY = 1, 2


def pool():
    """Where the pool is, page by page: the largest range that the loader left out of the kernel's RAM."""
    found = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : Unusable memory", open("/proc/iomem").read(), re.M)
    ranges = [(int(first, 16), int(last, 16) + 1) for first, last in found]
    first, end = max(ranges, key=lambda one: one[1] - one[0])
    return range(first, end, PAGE)


def occurrences(read, secret):
    """How often the secret, and what is public, are in what read() returns, and how much that was."""
    counts = dict.fromkeys(("found", "public", "bytes"), 0)
    before = b""
    while data := read():
        counts["bytes"] += len(data)
        counts["found"] += (before + data).count(secret)
        counts["public"] += data.count(PUBLIC)
        before = data[1 - len(secret):]
    return counts


def look_in_file(secret, path):
    with open(path, "rb") as file:
        return occurrences(lambda: file.read(CHUNK), secret)


def look_in_process(secret, pid):
    counts = dict.fromkeys(("found", "public", "bytes"), 0)
    mappings = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)$", open(f"/proc/{pid}/maps").read(), re.M)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for first, end, name in mappings:
            at, end = int(first, 16), int(end, 16)
            if name.startswith("[v"):  # the kernel's, no memory of the process
                continue
            memory.seek(at)

            def read():
                return memory.read(min(CHUNK, end - memory.tell()))
            try:
                part = occurrences(read, secret)
            except OSError:  # a device's
                continue
            counts = {key: counts[key] + part[key] for key in counts}
    return counts


def look_in_devmem(secret):
    refused = found = 0
    with open("/dev/mem", "rb", buffering=0) as memory:
        memory.seek(0xF0000)  # this way of reading works
        assert len(memory.read(PAGE)) == PAGE
        for address in pool():
            try:
                found += os.pread(memory.fileno(), len(secret), address) == secret
            except OSError as error:
                refused += error.errno == errno.EFAULT  # the access faulted; EPERM would be the kernel's own refusal
    return {"pages": len(pool()), "refused": refused, "found": found}


class Edu:
    """The device, and a page of this program through which it gives what it read."""

    def __init__(self):
        folder = next(folder for folder in glob.glob("/sys/bus/pci/devices/*") if self.id_of(folder) == EDU)
        with open(f"{folder}/enable", "w") as enable:
            enable.write("1")
        with open(f"{folder}/config", "r+b", buffering=0) as config:
            config.seek(4)
            config.write(struct.pack("<H", 6))  # memory, bus master
        with open(f"{folder}/resource0", "r+b") as resource:
            self.registers = mmap.mmap(resource.fileno(), 1 << 20)
        self.page = mmap.mmap(-1, PAGE, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
        place = ctypes.addressof(ctypes.c_char.from_buffer(self.page))
        ctypes.CDLL(None).mlock(ctypes.c_void_p(place), PAGE)
        with open("/proc/self/pagemap", "rb") as pagemap:
            pagemap.seek(place // PAGE * 8)
            self.address = (struct.unpack("<Q", pagemap.read(8))[0] & (1 << 55) - 1) * PAGE

    @staticmethod
    def id_of(folder):
        return ":".join(open(f"{folder}/{name}").read().strip()[2:] for name in ("vendor", "device"))

    def register(self, offset):
        return ctypes.c_uint64.from_buffer(self.registers, offset)

    def transfer(self, source, destination, command):
        for register, value in ((SOURCE, source), (DESTINATION, destination), (COUNT, PAGE), (COMMAND, command)):
            self.register(register).value = value
        while self.register(COMMAND).value & START:
            time.sleep(0.01)

    def read(self, address):
        """What the device reads there; zeros where it may not."""
        self.page[:] = bytes(PAGE)
        self.transfer(self.address, BUFFER, START)
        self.transfer(address, BUFFER, START)
        self.transfer(BUFFER, self.address, START | TO_MEMORY)
        return bytes(self.page)

    def write(self, address):
        """Zeros there."""
        self.page[:] = bytes(PAGE)
        self.transfer(self.address, BUFFER, START)
        self.transfer(BUFFER, address, START | TO_MEMORY)


def look_by_device(secret):
    edu = Edu()
    edu.page[:] = b"a device reads and writes this. " * (PAGE // 32)
    edu.transfer(edu.address, BUFFER, START)
    edu.page[:] = bytes(PAGE)
    edu.transfer(BUFFER, edu.address, START | TO_MEMORY)
    assert edu.page[:6] == b"a devi"  # this way works
    places = pool()[::len(pool()) // SAMPLES]
    read = [edu.read(address) for address in places]
    for address in places:
        edu.write(address)
    return {"reads": len(places), "writes": len(places), "found": sum(data.count(secret) for data in read),
            "answered": sum(data != bytes(PAGE) for data in read)}


def call(number, *arguments):
    arguments = [*arguments, 0, 0, 0, 0][:4]
    while True:
        with open(f"{PARAMETERS}/call", "w") as file:
            file.write(" ".join(map(str, (number, *arguments))))
        result = int(open(f"{PARAMETERS}/call").read())
        if result != HC_E_BUSY:
            return result


def own_page():
    return int(open(f"{PARAMETERS}/page").read())


def the_domain():
    """The number of the only domain."""
    [domain] = json.loads(subprocess.check_output([CTL, "domains", "--json"]))
    return domain["domain"]


def make_calls(_):
    domain, free = the_domain(), len(pool()) - 1
    attempts = {
        "a page of root's as new memory": (HC_PAGE_ADD, domain, GUEST_PAGE, free, own_page()),
        "an empty page over the guest's": (HC_PAGE_AUG, domain, GUEST_PAGE, free),
        "root's page shared over the guest's": (HC_SHARED_MAP, domain, GUEST_PAGE, own_page()),
        "the guest's pages back, while it runs": (HC_PAGE_RECLAIM, domain, domain, LARGE),
        "the hypervisor's memory shared with the guest": (HC_SHARED_MAP, domain, GUEST_PAGE, pool()[0]),
    }
    return {name: ERRORS.get(result := call(*attempt), result) for name, attempt in attempts.items()}


def exchange(_):
    """Removes pages from 16 MiB on and adds an empty one for each, as if the host had swapped or replayed them."""
    domain, exchanged = the_domain(), 0
    blocks = [number for number in range(0, len(pool()) - LARGE, LARGE)]
    for address in range(GUEST_PAGE, GUEST_PAGE + (256 << 20), LARGE * PAGE):
        if call(HC_PAGE_REMOVE, domain, address | LEVEL_2MIB) != LARGE:
            continue
        while call(HC_PAGE_AUG, domain, address | LEVEL_2MIB, blocks[-1]) == HC_E_PAGE:
            blocks.pop()
        exchanged += LARGE
    return {"exchanged": exchanged}


ATTEMPTS = {"file": look_in_file, "process": look_in_process, "devmem": look_in_devmem, "device": look_by_device,
            "calls": make_calls, "exchange": exchange}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ATTEMPTS:
        sys.exit(__doc__)
    secret = codecs.decode(sys.argv[2], "rot13").encode()
    print(json.dumps(ATTEMPTS[sys.argv[1]](secret, *sys.argv[3:])))


main()
