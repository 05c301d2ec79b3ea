# SPDX-License-Identifier: GPL-2.0-or-later
"""A host's disks, and its tenant's verdict on it."""

import base64
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from typing import Any

import esp as images
import initramfs
from testbed import independent, second_verifier, tls
from testbed.emulator import OUT, PATIENCE_S, TREE
from testbed.qemu import Machine

LOADER = OUT / "loader.efi"
HYPERVISOR = OUT / "hv-svm.elf"
DEBUG_HYPERVISOR = OUT / "hv-svm-debug.elf"
CONFIG = OUT / "esp" / "cloister.conf"
INITRD = OUT / "images" / "initrd.img"
REFERENCE = OUT / "policy.json"
TPM_AUTHORITY = TREE / "build" / "tpm-authority"
DEBIAN = TREE / "build" / "images" / "debian.img"
SCRATCH = TREE / "build" / "tmp" / "system"
CMDLINE = "console=ttyS0 no_timer_check"

# Exit codes of 'cloister verify' (docs/protocol.md, "Verification").
TRUSTED, CONDITIONAL, UNKNOWN = 0, 3, 23
PASS = CONDITIONAL  # firmware is not checked: see test_policy()
IDENTITY_REFUSED, PCRS_REFUSED, FIRMWARE_REFUSED, BOOT_PATH = 12, 16, 17, 18
HYPERVISOR_REFUSED, CONFIG_REFUSED, KEY_REFUSED = 19, 20, 21
NO_VERDICT = (2, 10)
# Options that the second verifier takes into account; with others the tool knows more.
TOLD = {"--policy", "--any-tpm", "--no-cache", "--cache", "--json", "--channel"}


def test_policy() -> pathlib.Path:
    """The build's policy for tests that are not about firmware: "unchecked", which verdict and exit code show."""
    path = SCRATCH / "policy.json"
    if not REFERENCE.exists():
        return path  # 'make reference' comes first; the readers of the policy say so
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=SCRATCH, delete=False) as file:
        json.dump(json.loads(REFERENCE.read_text()) | {"firmware": "unchecked"}, file, indent=1)
    return pathlib.Path(file.name).rename(path)


POLICY = test_policy()


def config(**changes: Any) -> bytes:
    """The text of a cloister.conf: the default one with keys changed, added, or (None) left out."""
    lines, left = [], dict(changes)
    for line in CONFIG.read_text().splitlines():
        key = line.partition("=")[0].strip()
        if key in left:
            value = left.pop(key)
            line = None if value is None else f"{key} = {value}"
        if line is not None:
            lines.append(line)
    lines += [f"{key} = {value}" for key, value in left.items() if value is not None]
    return ("\n".join(lines) + "\n").encode()


def files(*, loader: pathlib.Path | bytes | None = LOADER, hypervisor: pathlib.Path | bytes | None = HYPERVISOR,
          config: pathlib.Path | bytes | None = CONFIG, kernel: bool = True,
          more: Mapping[str, pathlib.Path | bytes] | tuple[()] = ()) -> dict[str, pathlib.Path | bytes]:
    """The files of Cloister's EFI system partition; None leaves one out."""
    contents = {"EFI/BOOT/BOOTX64.EFI": loader,
                "EFI/cloister/hv-svm.elf": hypervisor,
                "EFI/cloister/cloister.conf": config}
    if kernel:
        contents |= {"EFI/cloister/vmlinuz": initramfs.kernel_image(), "EFI/cloister/initrd.img": INITRD}
    contents |= dict(more)
    return {path: content for path, content in contents.items() if content is not None}


def esp(name: str, **changes: Any) -> pathlib.Path:
    """Makes the disk with Cloister's EFI system partition; see files()."""
    return images.disk(SCRATCH / f"{name}.img", files(**changes))


def with_text_changed(image: pathlib.Path) -> bytes:
    """The hypervisor with one bit of one of its messages changed: it works as before, but is another program."""
    data = bytearray(image.read_bytes())
    data[data.index(b"cloister: CPU")] ^= 0x20
    return bytes(data)


def without_cloister(cmdline: str = CMDLINE) -> list[Any]:
    """QEMU's arguments that start the same kernel and initrd directly from the firmware."""
    return ["-kernel", initramfs.kernel_image(), "-initrd", INITRD, "-append", cmdline]


def url(machine: Machine) -> str:
    return f"https://127.0.0.1:{machine.port}"


def pinned(machine: Machine, policy: pathlib.Path = POLICY) -> pathlib.Path:
    """The policy with the attestation key that the machine has now."""
    with ask(machine, "/v1/identity") as answer:
        return pinned_to(base64.b64decode(json.load(answer)["ak_public"]), machine.name, policy)


def pinned_to(public: bytes, name: str, policy: pathlib.Path = POLICY) -> pathlib.Path:
    """The policy with an attestation key, given as TPMT_PUBLIC."""
    path = SCRATCH / f"{name}.pinned.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    identity = {"ak_names": ["000b" + independent.sha256(public).hex()]}
    path.write_text(json.dumps(json.loads(policy.read_text()) | {"identity": identity}))
    return path


def authorities() -> tuple[pathlib.Path, pathlib.Path]:
    """Folders with the root that vouches for the test bed's TPMs, and with the authority between."""
    folders = SCRATCH / "roots", SCRATCH / "issuers"
    for folder, name in zip(folders, ("swtpm-localca-rootca-cert.pem", "issuercert.pem")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((TPM_AUTHORITY / name).read_bytes())
    return folders


def enrol(machine: Machine, *more: object) -> str:
    """Enrols the machine under its name; returns the tool's output, or raises AssertionError if it does not enrol."""
    roots, issuers = authorities()
    argv = [OUT / "cloister", "enrol", url(machine), "--timeout", str(PATIENCE_S), "--roots", roots, "--certificates",
            issuers, *known_as(machine), *more]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert result.returncode == 0, result.stdout + result.stderr
    machine.enrolled = True
    return result.stdout


def known_as(machine: Machine) -> tuple[str | pathlib.Path, ...]:
    """The arguments that name the machine among the hosts that are enrolled."""
    return "--name", machine.name, "--store", SCRATCH / "store"


def known(machine: Machine) -> tuple[str | pathlib.Path, ...]:
    """The same, of a machine that is enrolled if it was not yet; its TPM is another one than the last run's."""
    if not machine.enrolled:
        enrol(machine, "--replace")
    return known_as(machine)


def policy_for(name: str, config: bytes, base: pathlib.Path = POLICY) -> pathlib.Path:
    """The build's policy, which requires DMA remapping, for hosts with this config."""
    path = SCRATCH / f"{name}.policy.json"
    members = json.loads(base.read_text())
    assert members["require_dma_remapping"]
    members["config"] = [{"name": name, "sha256": independent.sha256(config).hex(), "text": config.decode()}]
    path.write_text(json.dumps(members))
    return path


def learnt(machine: Machine, name: str, base: pathlib.Path = REFERENCE) -> tuple[pathlib.Path, str]:
    """A policy with the firmware rules of a machine that is trusted now; and the tool's output."""
    rules, policy = (SCRATCH / f"{name}.{kind}.json" for kind in ("rules", "policy"))
    said = ""
    for command in (["firmware", "learn", url(machine), "--model", name, "--output", rules, *known(machine)],
                    ["policy", "new", "--from", base, "--firmware", rules, "--serial", "1", "--output", policy]):
        result = subprocess.run([OUT / "cloister", *command], capture_output=True, text=True, timeout=2 * PATIENCE_S)
        assert result.returncode == 0, result.stdout + result.stderr
        said += result.stdout
    return policy, said


def verify(machine: Machine, policy: pathlib.Path = POLICY) -> tuple[int, str]:
    """The verdict of a tenant who knows the machine: the tool's exit code and its explanation."""
    return verify_at(url(machine), "--policy", pinned(machine, policy), "--no-cache")


def refusals(text: str) -> list[str]:
    """The names of a verdict's refusals, in the order of the steps."""
    return re.findall(r"^refused: (\S+) ", text, re.M)


def verify_at(*arguments: str | pathlib.Path, save: pathlib.Path | None = None) -> tuple[int, str]:
    """
    The same for any arguments. Independent tools must agree with each acceptance, the second verifier with each
    verdict.

    What was seen of hosts is forgotten after it, unless a store is named: machines here share an address.

    save: a folder that keeps the evidence
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder, tempfile.TemporaryDirectory(dir=SCRATCH) as store:
        folder = pathlib.Path(save or folder)
        argv = [OUT / "cloister", "verify", "--timeout", str(PATIENCE_S), "--save", folder, "--store", store,
                *arguments]
        result = subprocess.run(argv, capture_output=True, text=True, timeout=2 * PATIENCE_S)
        if result.returncode in (TRUSTED, CONDITIONAL):
            independent.check(folder)
        options = {str(argument) for argument in arguments if str(argument).startswith("--")}
        if result.returncode not in NO_VERDICT and options <= TOLD:
            policy = arguments[arguments.index("--policy") + 1]
            second_opinion(folder, policy, "--any-tpm" in arguments, result.returncode)
    return result.returncode, result.stdout + result.stderr


def second_opinion(folder: pathlib.Path, policy: str | pathlib.Path, any_tpm: bool, code: int) -> None:
    """Asserts that the second verifier comes to the same exit code, unless a log was not sent again."""
    answer = (folder / "answer.json").read_text()
    if "data" in json.loads(answer)["tcg_log"]:
        nonce, channel = ((folder / name).read_bytes() for name in ("nonce", "channel"))
        second = second_verifier.judge(second_verifier.Evidence.from_answer(answer), nonce, channel,
                                       json.loads(pathlib.Path(policy).read_text()), any_tpm=any_tpm)
        assert second == code, f"the second verifier says {second}, the tool {code}"


def ask(machine: Machine, path: str, body: bytes | None = None) -> Any:
    """The answer to GET, or to POST with a body."""
    request = urllib.request.Request(f"{url(machine)}{path}", body, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=PATIENCE_S, context=tls.TLS)


def evidence_request(machine: Machine, nonce: bytes = bytes(32)) -> bytes:
    """The body of POST /v1/evidence."""
    channel = tls.channel("127.0.0.1", machine.port)
    return json.dumps({"nonce": base64.b64encode(nonce).decode(),
                       "channel": base64.b64encode(channel).decode()}).encode()


def evidence(machine: Machine, nonce: bytes = bytes(32)) -> dict[str, Any]:
    """The raw evidence, binary fields decoded."""
    with ask(machine, "/v1/evidence", evidence_request(machine, nonce)) as answer:
        fields = json.load(answer)
    for key in ("quote", "signature", "ak_public", "hk_statement", "fresh"):
        fields[key] = base64.b64decode(fields[key] or "")
    for key in ("tcg_log", "hv_log"):
        fields[key] = base64.b64decode(fields[key]["data"])
    fields["pcrs"] = {pcr["index"]: base64.b64decode(pcr["sha256"]) for pcr in fields["pcrs"]}
    return fields
