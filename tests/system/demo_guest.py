# SPDX-License-Identifier: GPL-2.0-or-later
"""make demo-guest: a tenant verifies a host, starts a Debian guest there, and root tries to read it.

Everything is real: the host is a Debian 13 with QEMU and libvirt under Cloister, the guest Debian's kernel, started
by virsh as docs/guests.md describes. Then the same host with a changed hypervisor: it is refused, and gets no guest.
Exits 0 only if all comes out right.
"""

import codecs
import contextlib
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import initramfs
from testbed import debian, guests, hosts
from testbed.emulator import OUT, PATIENCE_S, TREE
from testbed.qemu import Machine

ATTACK = TREE / "tests" / "system" / "attack" / "attack.py"
HYPERCALLS = OUT / "tests" / "system" / "attack" / "hypercalls.ko"
ATTESTD = OUT / "host" / "attestd"
KEEPER = TREE / "tests" / "system" / "guest" / "keeper"
SETTINGS = {"pool_mib": 700}
GUEST = "keeper"
SCRATCH = f"{guests.IMAGES}/scratch.img"
DUMP = "/var/tmp/dump"
BOOT_S, ATTACK_S = 1800, 1800
# A line of 32 bytes, its end included, so that each page of the guest's file begins with it.
SECRET = f"the-tenant-keeps:{secrets.token_hex(7)}\n"
BEAT = re.compile(r"keeper: beat (\d+), the secret is as it was")


class Wrong(Exception):
    """Something that must not be."""


def say(text: str) -> None:
    print("".join(f"    {line}\n" for line in text.rstrip("\n").splitlines()), end="", flush=True)


def check(right: bool, text: str) -> None:
    say(text)
    if not right:
        raise Wrong(text)


def rotated() -> str:
    return codecs.encode(SECRET.rstrip("\n"), "rot13")


def guest_files() -> dict[str, Any]:
    """The guest of docs/guests.md, its kernel and its initramfs, whose program keeps the secret."""
    image, modules = guests.kernel("trixie")
    initrd = hosts.SCRATCH / "demo-guest.initrd"
    initrd.parent.mkdir(parents=True, exist_ok=True)
    initramfs.initramfs(initrd, [], drivers=guests.DRIVERS, init=KEEPER, kernel=modules)
    described = guests.documented("A kernel", name=GUEST, cmdline=f"console=ttyS0 {guests.PATIENT} keep={rotated()}")
    return {"vmlinuz": image, "initrd.img": initrd, "scratch.img": bytes(guests.SCRATCH_BYTES),
            f"{GUEST}.xml": described}


@contextlib.contextmanager
def host(name: str, hypervisor: Any) -> Iterator[Machine]:
    """A host with attestd, and what root attacks with."""
    carried = [ATTESTD, *debian.libraries(ATTESTD), *initramfs.plugins(), HYPERCALLS, ATTACK]
    with guests.host(name, guest_files(), hypervisor=hypervisor, carried=carried, settings=SETTINGS,
                     extra=["-device", "edu,dma_mask=0xffffffffffffffff"]) as machine:
        machine.check(f"{{ {debian.MOUNTED}/attestd --listen 0.0.0.0:8180 >/run/attestd.log 2>&1 & }}")
        machine.wait_until("grep -q 'the attestation key is loaded' /run/attestd.log")
        yield machine


def beat(machine: Machine) -> int:
    """The last beat that the guest has written to its disk; 0: none."""
    found = BEAT.search(machine.run(f"head -c 100 {SCRATCH} | tr -d '\\0' | head -n 1")[1])
    return int(found[1]) if found else 0


def goes_on(machine: Machine) -> None:
    """The guest has looked at its secret again since this was called."""
    before, deadline = beat(machine), time.monotonic() + BOOT_S
    while (now := beat(machine)) < before + 2:
        if time.monotonic() > deadline:
            raise Wrong(f"the guest has stopped at beat {now}")
        time.sleep(2)
    say(f"the guest goes on, and has its secret: beat {now}")


def attempt(machine: Machine, kind: str, *more: str) -> dict[str, Any]:
    """What came of one of attack.py's attempts."""
    output = machine.check(f"python3 {debian.MOUNTED}/attack.py {kind} {rotated()} {' '.join(more)}", ATTACK_S)
    return json.loads(output.strip().splitlines()[-1])


def look(machine: Machine, where: str, kind: str, place: str) -> None:
    """What the guest shares must be found there, which shows that this looks well; the secret must not."""
    what = attempt(machine, kind, place)
    check(what["found"] == 0 < what["public"],
          f"{where}, {what['bytes'] >> 20} MiB: what the guest writes to its disk is there {what['public']} times, the "
          f"secret {what['found']} times")


def dump_by_monitor(machine: Machine) -> None:
    machine.check(f"virsh dump --memory-only {GUEST} {DUMP}", ATTACK_S)
    look(machine, "the dump", "file", DUMP)
    machine.check(f"rm -f {DUMP}")


def process(machine: Machine) -> None:
    look(machine, "all that QEMU's process maps", "process", f"$(pgrep -f guest={GUEST})")


def devmem(machine: Machine) -> None:
    what = attempt(machine, "devmem")
    check(what["found"] == 0 and what["refused"] == what["pages"] > 100_000,
          f"{what['refused']} of the pool's {what['pages']} pages are refused, the secret is in {what['found']}")


def device(machine: Machine) -> None:
    before = debian.refused_dma(machine)
    what = attempt(machine, "device")
    refused = debian.refused_dma(machine) - before
    check(what["found"] == what["answered"] == 0 < refused,
          f"{what['reads']} reads and {what['writes']} writes all over the pool: {what['answered']} reads answered; "
          f"the IOMMU has recorded {refused} as refused")


def calls(machine: Machine) -> None:
    what = attempt(machine, "calls")
    for name, result in what.items():
        check(str(result).startswith("HC_E_"), f"{name}: {result}")


ATTEMPTS: list[tuple[str, Callable[[Machine], None]]] = [
    ("dumps it by QEMU's monitor (virsh dump)", dump_by_monitor),
    ("reads QEMU's memory with a debugger's means", process),
    ("reads the pool through /dev/mem", devmem),
    ("has a device read and write the pool", device),
    ("puts its own pages in place of the guest's", calls),
]


def exchange(machine: Machine) -> None:
    """Root may take memory away, for it may end the guest. What it brings back does not pass for the guest's own."""
    what = attempt(machine, "exchange")
    deadline = time.monotonic() + PATIENCE_S
    while machine.run(f"virsh domstate {GUEST}")[1].strip() == "running" and time.monotonic() < deadline:
        time.sleep(2)
    ended = machine.run("dmesg | grep -c 'a guest ended at its address .* no memory that it accepted'")[0] == 0
    state = machine.run(f"virsh domstate {GUEST}")[1].strip()
    check(what["exchanged"] > 0 and ended and state != "running",
          f"{what['exchanged']} pages taken away and others put there: the guest is {state!r}; it has not gone on with "
          "memory that it did not accept")


def tenant(machine: Machine, policy: Any) -> int:
    """The tenant's verdict; the guest is started only on a trusted host."""
    status, text = hosts.verify(machine, policy)
    say(text)
    if status == hosts.TRUSTED:
        machine.check(f"virsh define {guests.IMAGES}/{GUEST}.xml && virsh start {GUEST}", BOOT_S)
    return status


def attacked_host() -> Any:
    """The host as built; returns the tenant's policy."""
    print("\n=== 1 of 3: The host boots measured, and the tenant verifies it", flush=True)
    with host("demo-guest", hosts.HYPERVISOR) as machine:
        say(hosts.enrol(machine, "--replace"))
        policy, said = hosts.learnt(machine, "demo-guest",
                                    hosts.policy_for("guests", debian.config(**SETTINGS), hosts.REFERENCE))
        say(said)
        check(tenant(machine, policy) == hosts.TRUSTED, "the host is trusted: its guest is started by virsh")
        goes_on(machine)
        machine.check(f"insmod {debian.MOUNTED}/hypercalls.ko")
        print("\n=== 2 of 3: Root tries to read and to change the guest", flush=True)
        for name, function in ATTEMPTS:
            print(f"--- root {name}", flush=True)
            function(machine)
            goes_on(machine)
        print("--- root takes pages away, and brings others in their place", flush=True)
        exchange(machine)
    return policy


def changed_host(policy: Any) -> None:
    print("\n=== 3 of 3: The same host, one byte of its hypervisor changed", flush=True)
    with host("demo-guest-byte", hosts.with_text_changed(hosts.HYPERVISOR)) as machine:
        status = tenant(machine, policy)
        check(status == hosts.HYPERVISOR_REFUSED, f"the verdict is {status}: no guest is started")
        check(GUEST not in machine.check("virsh list --all --name").split(), "virsh list has none")


def main() -> int:
    print("Cloister demo: a Debian guest on a verified host (QEMU, AMD-V, TPM 2.0, libvirt).")
    try:
        changed_host(attacked_host())
    except (AssertionError, RuntimeError, Wrong) as error:
        print(f"  WRONG: {error}\n  Consoles: {OUT / 'log' / 'system'}/demo-guest*/serial.log")
        return 1
    print("\nThe secret stayed the guest's, and the changed host got no guest.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
