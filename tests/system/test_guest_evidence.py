# SPDX-License-Identifier: GPL-2.0-or-later
"""
Evidence of a guest, all of it real: an unmodified kernel in Debian's QEMU on a measured host gets a quote by
configfs-tsm, and the tenant's tool judges it together with the host. The guest policy is computed from the guest's
files and QEMU's command line before anything runs.
"""

import base64
import contextlib
import hashlib
import io
import json
import pathlib
import re
import secrets
import shlex
import subprocess
import tarfile

import pytest

from testbed import debian, guests, hosts, qemu_host
from testbed.emulator import OUT
from testbed.tdvf import mrtd
from test_host import send_program

BOOT_S = 1800
KERNEL = f"-kernel /vmlinuz -initrd /initrd -append 'console=ttyS0 {guests.PATIENT}'"
GUEST_REFUSED = 22
REFERENCE = OUT / "guest-shim.json"
REPORT = "/sys/kernel/config/tsm/report/tenant"  # in the guest
# struct hk_report, include/cloister/report.h
REPORT_DATA, TD_INFO = 48, 112 + 239 + 17
MRTD = TD_INFO + 16
DOMAIN = TD_INFO - 17 - 95  # its number
FIELDS = ("mrtd", "mrconfigid", "mrowner", "mrownerconfig", "rtmr0", "rtmr1", "rtmr2", "rtmr3")  # as they lie there


class Guest:
    """A guest, and what its tenant has: the policies, and where its host is."""

    def __init__(self, machine, folder, files, computed, host_policy):
        self.machine, self.folder, self.files, self.computed = machine, folder, files, computed
        self.host_policy = host_policy
        machine.check(f"mount -t configfs configfs /sys/kernel/config && mkdir {REPORT}")

    def quote(self, data):
        """What the guest gets for 64 bytes of report data."""
        self.machine.check(f"echo {base64.b64encode(data).decode()} | base64 -d >{REPORT}/inblob")
        self.machine.check(f"cat {REPORT}/outblob >/run/outblob", BOOT_S)  # QEMU may have something to say
        return base64.b64decode(self.machine.check("base64 /run/outblob"))

    def has_no_quote(self):
        """Its kernel says so, or has one of no bytes."""
        self.machine.check(f"head -c 64 /dev/urandom >{REPORT}/inblob")
        _, said = self.machine.run(f"cat {REPORT}/outblob | wc -c", BOOT_S)
        return said.split()[-1] == "0"

    def evidence(self, nonce, bound=b""):
        path = self.folder / "evidence.json"
        path.write_bytes(self.quote(hashlib.sha512(nonce + bound).digest()))
        return path

    def policy(self, **changed):
        """The computed policy, but for lists that are changed."""
        path = self.folder / "guest-policy.json"
        path.write_text(json.dumps(self.computed | {name: [value] for name, value in changed.items()}))
        return path

    def verdict(self, evidence, policy, nonce, *more):
        argv = [OUT / "cloister", "verify-guest", evidence, "--host", hosts.url(self.machine), "--no-cache",
                "--policy", self.host_policy, "--guest-policy", policy, "--nonce", nonce.hex(), *more]
        done = subprocess.run(argv, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def tool(*arguments):
    done = subprocess.run([OUT / "cloister", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def report_of(evidence):
    return base64.b64decode(json.loads(evidence.read_text())["report"])


def fields_of(evidence):
    """The registers in the report."""
    return {field: report_of(evidence)[MRTD + 48 * i:MRTD + 48 * (i + 1)].hex() for i, field in enumerate(FIELDS)}


def domain_of(evidence):
    return int.from_bytes(report_of(evidence)[DOMAIN:DOMAIN + 4], "little")


def computed(folder, command, *options, **files):
    """The guest policy that QEMU's command line and the owner's files make."""
    output = folder / "computed.json"
    tool("guest", "measure", "--name", "test", "--output", output, *options,
         *(f"--{name}={file}" for name, file in files.items()), "--qemu", "--", *shlex.split(command))
    return json.loads(output.read_text())


def learned(machine, folder, pool_mib=qemu_host.POOL_MIB):
    """The policy of a host, which has to answer."""
    base = hosts.policy_for(machine.name, hosts.config(pool_mib=pool_mib))
    path = folder / "host-policy.json"
    path.write_text(hosts.pinned(machine, base).read_text())
    return path


@contextlib.contextmanager
def running(name, suite, folder):
    """A guest with a suite's kernel on an attested host; its policy is computed before."""
    image, modules = guests.kernel(suite)
    initrd = guests.initrd(name, modules)
    command = f"{qemu_host.QUOTED} {KERNEL}"
    files = {"kernel": image, "initrd": initrd}
    policy = computed(folder, command, firmware=qemu_host.SHIM, **files)
    places = {"vmlinuz": image, "initrd": initrd, qemu_host.SHIM.name: qemu_host.SHIM}
    with qemu_host.attested_host(name, places) as machine:
        qemu_host.start(machine, command)
        guests.facts(machine, BOOT_S)
        yield Guest(machine, folder, files, policy, learned(machine, folder))


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    with running("guest-evidence", "trixie", tmp_path_factory.mktemp("evidence")) as started:
        yield started


@pytest.fixture(scope="module")
def asked(guest):
    """A nonce, what the guest bound, and the evidence."""
    nonce, bound = secrets.token_bytes(32), b"the guest's public key"
    (guest.folder / "bound").write_bytes(bound)
    evidence = guest.evidence(nonce, bound)
    return nonce, ("--bound", guest.folder / "bound"), evidence


def test_quote_fits_the_guests_buffer(asked):
    assert asked[2].stat().st_size <= 8192


def test_guest_is_trusted(guest, asked):
    nonce, bound, evidence = asked
    code, text = guest.verdict(evidence, guest.policy(), nonce, *bound)
    assert code == hosts.PASS, text
    assert f"{qemu_host.POOL_MIB} MiB for protected guests" in text


@pytest.mark.parametrize("changed", ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner"])
def test_another_guest_is_refused(guest, asked, changed):
    nonce, bound, evidence = asked
    policy = guest.policy(**{changed: "ab" * 48})
    code, text = guest.verdict(evidence, policy, nonce, *bound)
    assert code == GUEST_REFUSED and changed in text.lower().replace(" ", ""), text


def test_references_of_the_build_are_the_guest(guest, asked):
    """'make reference' computes them; the guest was started with these files."""
    make = ["make", "-f", "build.mk", "guest-reference"]
    subprocess.run([*make, f"GUEST_KERNEL={guest.files['kernel']}", f"GUEST_INITRD={guest.files['initrd']}",
                    f"GUEST_APPEND=console=ttyS0 {guests.PATIENT}", f"GUEST_MEMORY={qemu_host.GUEST_MIB}"], check=True)
    reference = json.loads(REFERENCE.read_text())
    subprocess.run(make, check=True)
    found = fields_of(asked[2])
    assert all(reference[field] == found[field] for field in ("mrtd", "rtmr0", "rtmr1", "rtmr2"))
    assert json.loads(REFERENCE.read_text())["mrtd"] == found["mrtd"]


def test_replayed_evidence_is_refused(guest, asked):
    nonce, bound, evidence = asked
    policy = guest.policy()
    assert guest.verdict(evidence, policy, secrets.token_bytes(32), *bound)[0] == GUEST_REFUSED
    assert guest.verdict(evidence, policy, nonce)[0] == GUEST_REFUSED


def test_host_that_the_policy_does_not_know_is_refused(guest, asked):
    nonce, bound, evidence = asked
    known, guest.host_policy = guest.host_policy, hosts.pinned(guest.machine)
    code, text = guest.verdict(evidence, guest.policy(), nonce, *bound)
    guest.host_policy = known
    assert code == hosts.CONFIG_REFUSED, text


def test_changed_report_is_refused(guest, asked):
    nonce, bound, evidence = asked
    document, report = json.loads(evidence.read_text()), bytearray(report_of(evidence))
    report[MRTD] ^= 1
    changed = pathlib.Path(guest.folder, "changed.json")
    changed.write_text(json.dumps(document | {"report": base64.b64encode(report).decode()}))
    code, _ = guest.verdict(changed, guest.policy(mrtd=bytes(report[MRTD:MRTD + 48]).hex()), nonce, *bound)
    assert code not in (hosts.PASS, hosts.CONDITIONAL)


def test_guest_is_judged_again_for_another_nonce(guest):
    nonce = secrets.token_bytes(32)
    evidence = guest.evidence(nonce)
    code, text = guest.verdict(evidence, guest.policy(), nonce)
    assert code == hosts.PASS, text


def test_quote_is_there_when_the_call_returns(guest):
    """Linux would look for it once a second."""
    said = guest.machine.check(f"for i in 1 2 3; do head -c 64 /dev/urandom >{REPORT}/inblob; "
                               f"time cat {REPORT}/outblob >/dev/null; done", BOOT_S)
    seconds = [60 * int(m) + float(s) for m, s in re.findall(r"^real\s+(\d+)m ([\d.]+)s", said, re.M)]
    assert len(seconds) == 3 and min(seconds) < 1, said


def test_guest_with_stock_firmware_is_trusted(guest):
    """The ACPI tables that it measures are those of the tenant's own QEMU; another command line is another guest."""
    command = f"{qemu_host.STOCK_QUOTED} {KERNEL} -device pcie-root-port,chassis=1 -device virtio-rng-pci"
    firmware = qemu_host.dumped() / qemu_host.FIRMWARE
    own = command.replace(qemu_host.QEMU.name, str(qemu_host.here()), 1)
    policy, longer = (computed(guest.folder, words, "--ovmf", "2025.02", "--run-qemu", firmware=firmware, **guest.files)
                      for words in (own, own.replace("console=ttyS0", "console=ttyS0 single")))
    assert policy["mrtd"] == [mrtd(firmware.read_bytes())] and not policy["allow_lazy_acceptance"]
    qemu_host.power_off(guest.machine, BOOT_S)
    qemu_host.start(guest.machine, command)
    guests.facts(guest.machine, BOOT_S)
    nonce = secrets.token_bytes(32)
    stock = Guest(guest.machine, guest.folder, guest.files, policy, guest.host_policy)
    evidence = stock.evidence(nonce)
    code, text = stock.verdict(evidence, stock.policy(), nonce)
    assert code == hosts.PASS and "guest-unchecked" not in text, text
    code, text = stock.verdict(evidence, stock.policy(rtmr2=longer["rtmr2"][0]), nonce)
    assert code == GUEST_REFUSED and "guest-rtmr2" in text, text
    assert longer == policy | {"rtmr2": longer["rtmr2"]} != policy


def small_guests(machine, data):
    """What as many guests of a small VMM get, who ask at once: the evidence of each, in the order of their data."""
    send_program(machine, "kvm")
    machine.check("mkdir -p /run/quotes")
    for start in range(0, len(data), 600):  # a line of the console is short
        part = base64.b64encode(data[start:start + 600]).decode()
        machine.check(f"echo {part} | base64 -d >>/run/data")
    machine.check(f"/run/kvm quotes {guests.QUOTE_SOCKET} /run/data /run/quotes", BOOT_S)
    archive = base64.b64decode(machine.check("tar -c -C /run/quotes . | gzip | base64", BOOT_S))
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return [files.extractfile(f"./{number}").read() for number in range(len(data) // 64)]


def as_it_is(evidence):
    """A policy of what a guest's report says: its list of operations, which is measured, has its report data."""
    policy = evidence.with_suffix(".policy.json")
    tool("guest", "policy", "new", "--name=small", "--max-vcpus=1", "--output", policy,
         *(f"--{field}={value}" for field, value in fields_of(evidence).items() if field != "rtmr3"))
    return policy


def test_hundred_guests_ask_at_once(guest):
    """All are there when the first one gets its answer. Each has evidence of its own, and the TPM signs far fewer."""
    qemu_host.power_off(guest.machine, BOOT_S)
    nonces = [secrets.token_bytes(32) for _ in range(100)]
    quotes = small_guests(guest.machine, b"".join(hashlib.sha512(nonce).digest() for nonce in nonces))
    assert len({json.dumps(json.loads(quote)["quote"]) for quote in quotes}) < 20
    numbers = set()
    for number, (nonce, quote) in enumerate(zip(nonces, quotes)):
        evidence = guest.folder / f"small-{number}.json"
        evidence.write_bytes(quote)
        code, text = guest.verdict(evidence, as_it_is(evidence), nonce)
        assert code == hosts.PASS, text
        numbers.add(domain_of(evidence))
    assert len(numbers) == len(quotes)


def test_service_that_lies_gives_no_evidence(guest, asked):
    """Root has a service of its own between. What an earlier guest of the same number got is no evidence, either."""
    real, bad = guests.QUOTE_SOCKET, ("noise", "endless", "short", "nothing", "silent")
    answers = " ".join([real, *bad, "invented", real])
    send_program(guest.machine, "false_quotes")
    guest.machine.check(f"(/run/false_quotes /run/false.socket {answers} >/dev/null 2>&1 &)")
    start = qemu_host.QUOTED.replace(real, "/run/false.socket")
    qemu_host.start(guest.machine, f"{start} {KERNEL}")
    guests.facts(guest.machine, BOOT_S)
    again = Guest(guest.machine, guest.folder, guest.files, guest.computed, guest.host_policy)
    nonce, earlier = secrets.token_bytes(32), guest.folder / "earlier.json"
    earlier.write_bytes(asked[2].read_bytes())

    evidence = again.evidence(nonce)
    assert domain_of(earlier) == domain_of(evidence)
    assert again.verdict(evidence, again.policy(), nonce)[0] == hosts.PASS
    code, text = again.verdict(earlier, again.policy(), nonce)
    assert code == GUEST_REFUSED and "report-data" in text, text
    for answer in bad:
        assert again.has_no_quote(), answer
    code, text = again.verdict(again.evidence(nonce), again.policy(), nonce)
    assert code not in (hosts.PASS, hosts.CONDITIONAL) and "guest-evidence-malformed" in text, text
    assert again.verdict(again.evidence(nonce), again.policy(), nonce)[0] == hosts.PASS
    qemu_host.power_off(guest.machine, BOOT_S)


def test_guest_goes_on_without_a_service(guest):
    """The host's program that makes quotes is gone."""
    guest.machine.check("kill $(pidof attestd)")
    guest.machine.wait_until("! pidof attestd")
    qemu_host.start(guest.machine, f"{qemu_host.QUOTED} {KERNEL}")
    guests.facts(guest.machine, BOOT_S)
    without = Guest(guest.machine, guest.folder, guest.files, guest.computed, guest.host_policy)
    assert without.has_no_quote()
    assert f"Failed to connect to '{guests.QUOTE_SOCKET}'" in guest.machine.serial()
    qemu_host.power_off(guest.machine, BOOT_S)


@pytest.mark.slow
def test_later_kernel_proves_itself(tmp_path):
    nonce = secrets.token_bytes(32)
    with running("guest-evidence-forky", "forky", tmp_path) as later:
        code, text = later.verdict(later.evidence(nonce), later.policy(), nonce)
    assert code == hosts.PASS, text


# More RAM than fits below the devices: both machines have a second piece at 4 GiB.
@pytest.mark.slow
def test_machine_and_ram_are_measured(tmp_path):
    image, modules = guests.kernel("trixie")
    files = {"kernel": image, "initrd": guests.initrd("guest-large", modules)}
    places = {"vmlinuz": image, "initrd": files["initrd"], qemu_host.SHIM.name: qemu_host.SHIM}
    pool = 3900  # in one piece
    with qemu_host.attested_host("guest-large", places, pool_mib=pool, memory_mib=pool + 3072) as machine:
        machine.check("echo 1 >/proc/sys/vm/overcommit_memory")  # QEMU maps a guest's RAM, and does not touch it
        known = learned(machine, tmp_path, pool)
        for start in (qemu_host.QUOTED, qemu_host.MICROVM_QUOTED):
            command = f"{start} {KERNEL}".replace(f"-m {qemu_host.GUEST_MIB}", "-m 3584")
            policy = computed(tmp_path, command, firmware=qemu_host.SHIM, **files)
            qemu_host.start(machine, command)
            guests.facts(machine, BOOT_S)
            large, nonce = Guest(machine, tmp_path, files, policy, known), secrets.token_bytes(32)
            evidence = large.evidence(nonce)
            assert fields_of(evidence)["rtmr0"] == policy["rtmr0"][0]
            code, text = large.verdict(evidence, large.policy(), nonce)
            assert code == hosts.PASS, text
            qemu_host.power_off(machine, BOOT_S)


# Where the guest has it, and where the tenant does.
NAMES = {"vmlinuz": "kernel", "initrd.img": "initrd"}


@pytest.mark.slow
def test_guest_of_libvirt_is_trusted(tmp_path):
    """Stock firmware by the guide's XML: libvirt tells QEMU's command line, by which the tenant's QEMU makes tables."""
    image, modules = guests.kernel("trixie")
    files = {"vmlinuz": image, "initrd.img": guests.initrd("guest-libvirt", modules)}
    more = {"kernel.xml": guests.quoted(guests.documented("A kernel")), "scratch.img": bytes(guests.SCRATCH_BYTES)}
    settings = {"pool_mib": guests.POOL_MIB}
    with guests.attested_host("guest-libvirt", files | more, settings=settings) as machine:
        base = hosts.policy_for("guest-libvirt", debian.config(**settings), hosts.REFERENCE)
        known, _ = hosts.learnt(machine, "guest-libvirt", base)
        words = shlex.split(machine.check(f"virsh domxml-to-native qemu-argv {guests.IMAGES}/kernel.xml"))
        program = next(index for index, word in enumerate(words) if word.endswith(qemu_host.QEMU.name))
        command = shlex.join([str(qemu_host.here()), *words[program + 1:]])
        policy = computed(tmp_path, command, "--ovmf", "2025.02", "--run-qemu",
                          firmware=qemu_host.dumped() / qemu_host.FIRMWARE,
                          **{NAMES[name]: file for name, file in files.items()})
        machine.check(f"virsh create {guests.IMAGES}/kernel.xml", BOOT_S)
        with guests.console(machine, "kernel"):
            guests.facts(machine, BOOT_S)
            guest = Guest(machine, tmp_path, files, policy, hosts.pinned(machine, known))
            nonce = secrets.token_bytes(32)
            evidence = guest.evidence(nonce)
        assert fields_of(evidence)["rtmr0"] == policy["rtmr0"][0]
        code, text = guest.verdict(evidence, guest.policy(), nonce)
    assert code == hosts.TRUSTED, text
