# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence that the tenant's tool accepted, checked by tools that are not ours.

The tools are tpm2_checkquote, tpm2_eventlog and systemd-pcrlock, on folders that 'cloister verify --save' makes.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
from collections.abc import Callable

from testbed.emulator import PATIENCE_S
from testbed.second_verifier import Evidence, read_log

PCRLOCK = "/usr/lib/systemd/systemd-pcrlock"
TPM_ALG_SHA256 = 0x0B
# SubjectPublicKeyInfo of a P-256 key, up to the point's coordinates (RFC 5480).
SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
ALL_ONES = b"\xff" * 32
# PCRs of the quote that the firmware's log must explain, from zeros, and that the launch log must, from ones.
FIRMWARE_PCRS, LAUNCH_PCRS = (*range(8), 14), (17, 18, 19)
# In tpm2-tools' file of PCR values: TPML_PCR_SELECTION, and a TPML_DIGEST of 8 TPM2B_DIGESTs, as C structures.
SELECTION_BYTES, LIST_BYTES, DIGEST_BYTES = 132, 532, 66

# PCR and SHA-256 digest of each.
Events = list[tuple[int, bytes]]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class ToolFailed(AssertionError):
    """A tool ended with an error: it refuses, or it cannot read its input."""


def tool(folder: pathlib.Path, *argv: object, **environment: str) -> str:
    """Runs a tool in the folder, where it may leave files; returns its output."""
    words = list(map(str, argv))
    result = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, cwd=folder,
                            env=os.environ | environment)
    if result.returncode != 0:
        raise ToolFailed(f"{words[0]}: {result.stdout}{result.stderr}")
    return result.stdout


def qualifying_data(nonce: bytes, channel: bytes, tcg_log: bytes, hv_log: bytes, statement: bytes) -> bytes:
    """The data that the quote must be over (docs/protocol.md)."""
    return sha256(b"cloister-evidence-1" + nonce + channel + sha256(tcg_log) + sha256(hv_log) + sha256(statement))


def quoted_pcrs(folder: pathlib.Path) -> dict[int, bytes]:
    """The PCR values that tpm2_checkquote is given, by index."""
    data = (folder / "quote.pcrs").read_bytes()
    banks, algorithm, select_bytes = struct.unpack_from("<IHB", data)
    assert (banks, algorithm, select_bytes) == (1, TPM_ALG_SHA256, 3)
    mask = int.from_bytes(data[7:10], "little")
    values = []
    for at in range(SELECTION_BYTES + 4, len(data), LIST_BYTES):
        count = struct.unpack_from("<I", data, at)[0]
        values += [data[entry + 2:entry + 34] for entry in range(at + 4, at + 4 + count * DIGEST_BYTES, DIGEST_BYTES)]
    return dict(zip((pcr for pcr in range(24) if mask >> pcr & 1), values, strict=True))


def check_quote(folder: pathlib.Path) -> None:
    parts = [(folder / name).read_bytes() for name in ("nonce", "channel", "tcg.log", "launch.log", "statement")]
    tool(folder, "tpm2_checkquote", "-u", "ak.pem", "-m", "quote.attest", "-s", "quote.signature", "-f", "quote.pcrs",
         "-g", "sha256", "-q", qualifying_data(*parts).hex())


def tpm2_eventlog(folder: pathlib.Path, log: str) -> Events:
    """(PCR, SHA-256 digest) of each event that was extended, as tpm2_eventlog reads the log."""
    text = tool(folder, "tpm2_eventlog", log)
    events = [(int(pcr), bytes.fromhex(digest)) for pcr, kind, digest in re.findall(
        r"PCRIndex: (\d+)\s+EventType: (\S+)\s+DigestCount: .*?AlgorithmId: sha256\s+Digest: \"([0-9a-f]{64})\"",
        text, re.S) if kind != "EV_NO_ACTION"]
    replayed = dict(re.findall(r"^\s+(\d+)\s*: 0x([0-9a-f]{64})$", text, re.M))
    assert {int(pcr): value for pcr, value in replayed.items()} == {
        pcr: replay(events, pcr, reset_value(folder / log, pcr)).hex() for pcr, _ in events}, "the tool's own replay"
    return events


def systemd_pcrlock(folder: pathlib.Path, log: str) -> Events:
    """The same, as systemd-pcrlock reads the log."""
    (folder / "no.log").write_bytes(b"")
    # It insists on a TPM, though only the log is asked for: one in its own process will do.
    text = tool(folder, PCRLOCK, "log", "--json=short", SYSTEMD_TPM2_DEVICE="libtpms:",
                SYSTEMD_MEASURE_LOG_FIRMWARE=str(folder / log), SYSTEMD_MEASURE_LOG_USERSPACE=str(folder / "no.log"))
    return [(event["pcr"], bytes.fromhex(event["sha256"])) for event in json.loads(text)["log"] if event["sha256"]]


READERS = (tpm2_eventlog, systemd_pcrlock)


def replay(events: Events, pcr: int, value: bytes) -> bytes:
    for _, digest in (event for event in events if event[0] == pcr):
        value = sha256(value + digest)
    return value


def reset_value(log: pathlib.Path, pcr: int) -> bytes:
    """Of a PCR of the firmware's. PCR 0 starts with the locality of TPM2_Startup, as tpm2_eventlog confirms."""
    return bytes(31) + bytes([read_log(log.read_bytes())[0] if pcr == 0 else 0])


def check_logs(folder: pathlib.Path, read: Callable[[pathlib.Path, str], Events]) -> None:
    """The logs explain the quoted values, as the tool 'read' reads them."""
    pcrs, firmware, launch = quoted_pcrs(folder), read(folder, "tcg.log"), read(folder, "launch.log")
    assert set(pcrs) == {*FIRMWARE_PCRS, *LAUNCH_PCRS}
    for pcr in FIRMWARE_PCRS:
        assert replay(firmware, pcr, reset_value(folder / "tcg.log", pcr)) == pcrs[pcr], f"{read.__name__}: PCR {pcr}"
    if [pcr for pcr, _ in launch] == list(LAUNCH_PCRS):
        for pcr in LAUNCH_PCRS:
            assert replay(launch, pcr, ALL_ONES) == pcrs[pcr], f"{read.__name__}: PCR {pcr}"
    else:  # the weak binding: the firmware made these events, last of all in PCR 14
        assert len(launch) == 3
        assert launch == [event for event in firmware if event[0] == 14][-3:], f"{read.__name__}: launch log"


def key_file(ak_public: bytes) -> str:
    """A P-256 key whose TPMT_PUBLIC ends in TPM2B x and TPM2B y, as OpenSSL reads it."""
    der = SPKI_P256 + ak_public[-66:-34] + ak_public[-32:]
    return f"-----BEGIN PUBLIC KEY-----\n{base64.encodebytes(der).decode()}-----END PUBLIC KEY-----\n"


def pcrs_file(pcrs: list[tuple[int, bytes]]) -> bytes:
    """PCR values as tpm2-tools' own file has them: the reverse of quoted_pcrs()."""
    mask, lists = sum(1 << pcr for pcr, _ in pcrs), [pcrs[at:at + 8] for at in range(0, len(pcrs), 8)]
    data = struct.pack("<IHB", 1, TPM_ALG_SHA256, 3) + mask.to_bytes(3, "little")
    data = data.ljust(SELECTION_BYTES, b"\0") + struct.pack("<I", len(lists))
    for values in lists:
        digests = b"".join(struct.pack("<H", 32) + value + bytes(DIGEST_BYTES - 34) for _, value in values)
        data += (struct.pack("<I", len(values)) + digests).ljust(LIST_BYTES, b"\0")
    return data


def write(folder: pathlib.Path, evidence: Evidence, nonce: bytes, channel: bytes) -> None:
    """The folder of an evidence that no tenant's tool has seen."""
    (folder / "ak.pem").write_text(key_file(evidence.ak_public))
    for name, data in {"nonce": nonce, "channel": channel, "tcg.log": evidence.tcg_log, "launch.log": evidence.hv_log,
                       "statement": evidence.statement, "quote.attest": evidence.quote,
                       "quote.signature": evidence.signature, "quote.pcrs": pcrs_file(evidence.pcrs)}.items():
        (folder / name).write_bytes(data)


def check(folder: pathlib.Path) -> None:
    """Raises AssertionError unless all three tools agree with the tenant's."""
    check_quote(folder)
    for read in READERS:
        check_logs(folder, read)
