# SPDX-License-Identifier: GPL-2.0-or-later
"""make demo-guest: a tenant verifies a host, starts a Debian guest there that proves itself, and root tries to read it.

Everything is real: the host is a Debian 13 with QEMU and libvirt under Cloister, the guest Debian's kernel, started
by virsh as docs/guests.md describes, by guest-shim. Its policy is computed from its files. Other guests are refused; so
is the same host with a changed hypervisor, and a guest there. Exits 0 only if all comes out right.
"""

import base64
import codecs
import contextlib
import hashlib
import json
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import initramfs
from testbed import debian, guests, hosts, qemu_host
from testbed.emulator import OUT, PATIENCE_S, TREE
from testbed.qemu import Machine

ATTACK = TREE / "tests" / "system" / "attack" / "attack.py"
HYPERCALLS = OUT / "tests" / "system" / "attack" / "hypercalls.ko"
KEEPER = TREE / "tests" / "system" / "guest" / "keeper"
SETTINGS = {"pool_mib": 700}
GUEST = "keeper"
GUEST_REFUSED = 22
# Guests that are not the tenant's, and what its tool says of them.
OTHER_GUESTS = (("initrd", "another initramfs", "guest-rtmr2"),
                ("word", "one word more on its command line", "guest-rtmr2"))
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


class Tenant:
    """What the tenant has of its own: the guest's files, libvirt's description, and a policy computed from them."""

    def __init__(self) -> None:
        self.kernel, modules = guests.kernel("trixie")
        self.initrd = self.make_initrd("demo-guest", modules, KEEPER)
        keeper = pathlib.Path(tempfile.mkdtemp(dir=hosts.SCRATCH), "keeper")
        keeper.write_text(KEEPER.read_text() + "# not the tenant's\n")
        keeper.chmod(0o755)
        self.other_initrd = self.make_initrd("demo-guest-other", modules, keeper)
        self.policy = hosts.SCRATCH / "demo-guest.guest-policy.json"

    @staticmethod
    def make_initrd(name: str, modules: pathlib.Path, init: pathlib.Path) -> pathlib.Path:
        output = hosts.SCRATCH / f"{name}.initrd"
        output.parent.mkdir(parents=True, exist_ok=True)
        initramfs.initramfs(output, [], drivers=guests.DRIVERS, init=init, kernel=modules)
        return output

    @staticmethod
    def described(name: str, initrd: str = "initrd.img", more: str = "", properties: str = "") -> bytes:
        """The kernel's guest of docs/guests.md with guest-shim and quotes; 'properties' of its tdx-guest besides."""
        xml = guests.documented("A kernel", name=name, loader=f"{guests.IMAGES}/{qemu_host.SHIM.name}",
                                initrd=f"{guests.IMAGES}/{initrd}",
                                cmdline=f"console=ttyS0 {guests.PATIENT} keep={rotated()}{more}")
        return guests.quoted(xml, properties)

    def files(self) -> dict[str, Any]:
        """What goes to the host."""
        return {"vmlinuz": self.kernel, "initrd.img": self.initrd, "other.img": self.other_initrd,
                qemu_host.SHIM.name: qemu_host.SHIM, "scratch.img": bytes(guests.SCRATCH_BYTES),
                f"{GUEST}.xml": self.described(GUEST), "initrd.xml": self.described("initrd", initrd="other.img"),
                "word.xml": self.described("word", more=" single"),
                "debug.xml": self.described("debug", properties='"attributes": 268435457, ')}

    def measure(self) -> str:
        """Computes the guest's policy; nothing runs, and no host is asked."""
        xml = hosts.SCRATCH / "demo-guest.xml"
        xml.write_bytes(self.described(GUEST))
        return cloister("guest", "measure", "--libvirt-xml", xml, "--firmware", qemu_host.SHIM, "--kernel", self.kernel,
                        "--initrd", self.initrd, "--name", GUEST, "--output", self.policy)[1]


def cloister(*arguments: Any) -> tuple[int, str]:
    done = subprocess.run([OUT / "cloister", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def host(name: str, tenant: Tenant, hypervisor: Any) -> Iterator[Machine]:
    """A host with attestd, and what root attacks with."""
    with guests.attested_host(name, tenant.files(), hypervisor=hypervisor, carried=[HYPERCALLS, ATTACK],
                              settings=SETTINGS, extra=["-device", "edu,dma_mask=0xffffffffffffffff"]) as machine:
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


def asked(machine: Machine, nonce: bytes) -> pathlib.Path:
    """What the guest answers to a nonce, which goes there and back by its disk, through the host's hands."""
    question = base64.b64encode(hashlib.sha512(nonce).digest()).decode()
    block = f"dd of={SCRATCH} bs=4096 conv=notrunc"
    machine.check(f"head -c 8192 /dev/zero | {block} seek=2 && echo {question} | base64 -d | {block} seek=1")
    answer = f"dd if={SCRATCH} bs=4096 skip=2 count=2 2>/dev/null | tr -d '\\0'"
    machine.wait_until(f"{answer} | grep -q '}}$'", BOOT_S)
    path = hosts.SCRATCH / "demo-guest.evidence.json"
    path.write_bytes(base64.b64decode(machine.check(f"{answer} | base64")))
    return path


def judged(machine: Machine, tenant: Tenant, policy: Any, evidence: pathlib.Path, nonce: bytes) -> tuple[int, str]:
    return cloister("verify-guest", evidence, "--host", hosts.url(machine), "--no-cache", "--guest-policy",
                    tenant.policy, "--policy", hosts.pinned(machine, policy), "--nonce", nonce.hex())


def refused(said: tuple[int, str], code: int, words: str) -> None:
    """The verdict's first refusal is printed."""
    status, text = said
    line = next((line for line in text.splitlines() if words in line), text)
    check(status == code and words in text, f"refused ({status}): {line.strip()}")


def proves_itself(machine: Machine, tenant: Tenant, policy: Any) -> None:
    nonce = secrets.token_bytes(32)
    evidence = asked(machine, nonce)
    status, text = judged(machine, tenant, policy, evidence, nonce)
    say(text)
    check(status == hosts.TRUSTED, "the guest is the tenant's, on the host that the tenant verified")
    refused(judged(machine, tenant, policy, evidence, secrets.token_bytes(32)), GUEST_REFUSED, "report-data")


def other_guests(machine: Machine, tenant: Tenant, policy: Any) -> None:
    for name, what, code in OTHER_GUESTS:
        print(f"--- the host starts {what}", flush=True)
        machine.check(f"virsh create {guests.IMAGES}/{name}.xml", BOOT_S)
        nonce = secrets.token_bytes(32)
        refused(judged(machine, tenant, policy, asked(machine, nonce), nonce), GUEST_REFUSED, code)
        machine.check(f"virsh destroy {name}")
    print("--- the host starts it with the attribute that lets it be debugged", flush=True)
    status, text = machine.run(f"virsh create {guests.IMAGES}/debug.xml", BOOT_S)
    check(status != 0, f"it is not started: {text.strip().splitlines()[-1]}")


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


def starts(machine: Machine) -> None:
    machine.check(f"virsh create {guests.IMAGES}/{GUEST}.xml", BOOT_S)


def verified(machine: Machine, policy: Any) -> int:
    """The tenant's verdict on the host."""
    status, text = hosts.verify(machine, policy)
    say(text)
    return status


def attacked_host(tenant: Tenant) -> Any:
    """The host as built; returns the tenant's policy."""
    print("\n=== 1 of 4: The host boots measured, and the tenant verifies it", flush=True)
    with host("demo-guest", tenant, hosts.HYPERVISOR) as machine:
        say(hosts.enrol(machine, "--replace"))
        policy, said = hosts.learnt(machine, "demo-guest",
                                    hosts.policy_for("guests", debian.config(**SETTINGS), hosts.REFERENCE))
        say(said)
        check(verified(machine, policy) == hosts.TRUSTED, "the host is trusted: its guest is started by virsh")
        print("\n=== 2 of 4: The guest proves what it is; others cannot", flush=True)
        say(tenant.measure())
        starts(machine)
        goes_on(machine)
        proves_itself(machine, tenant, policy)
        machine.check(f"virsh destroy {GUEST}")
        other_guests(machine, tenant, policy)
        print("\n=== 3 of 4: Root tries to read and to change the guest", flush=True)
        starts(machine)
        goes_on(machine)
        machine.check(f"insmod {debian.MOUNTED}/hypercalls.ko")
        for name, function in ATTEMPTS:
            print(f"--- root {name}", flush=True)
            function(machine)
            goes_on(machine)
        print("--- root takes pages away, and brings others in their place", flush=True)
        exchange(machine)
    return policy


def changed_host(tenant: Tenant, policy: Any) -> None:
    print("\n=== 4 of 4: The same host, one byte of its hypervisor changed", flush=True)
    with host("demo-guest-byte", tenant, hosts.with_text_changed(hosts.HYPERVISOR)) as machine:
        status = verified(machine, policy)
        check(status == hosts.HYPERVISOR_REFUSED, f"the verdict is {status}: the tenant starts no guest")
        print("--- the host starts it all the same", flush=True)
        starts(machine)
        nonce = secrets.token_bytes(32)
        refused(judged(machine, tenant, policy, asked(machine, nonce), nonce), hosts.HYPERVISOR_REFUSED, "hypervisor")


def main() -> int:
    print("Cloister demo: a Debian guest on a verified host (QEMU, AMD-V, TPM 2.0, libvirt).")
    tenant = Tenant()
    try:
        changed_host(tenant, attacked_host(tenant))
    except (AssertionError, RuntimeError, Wrong) as error:
        print(f"  WRONG: {error}\n  Consoles: {OUT / 'log' / 'system'}/demo-guest*/serial.log")
        return 1
    print("\nThe secret stayed the guest's. Other guests, and the changed host's, were refused.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
