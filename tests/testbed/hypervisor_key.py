# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that a guest program cannot make itself: signatures, with OpenSSL, and memory after the end."""

import pathlib
import struct
import subprocess
import tempfile

PUBLIC, BOOT_ID = slice(16, 80), slice(80, 112)  # struct hk_statement
MAGIC = b"CLSTHKS1"
SIGNATURE_BYTES = 64
# SubjectPublicKeyInfo of a P-256 key, up to the point (RFC 5480).
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200" "04")


def data(lines: list[str], name: str) -> list[bytes]:
    """The values that the program printed with data()."""
    prefix = f"# data {name} "
    return [bytes.fromhex(line.removeprefix(prefix)) for line in lines if line.startswith(prefix)]


def sizes(lines: list[str]) -> tuple[int, int]:
    """Bytes of region and pool."""
    return struct.unpack("<QQ", data(lines, "sizes")[0])


def der(raw: bytes) -> bytes:
    """r || s as OpenSSL wants it."""
    parts = b""
    for number in (raw[:32], raw[32:]):
        number = number.lstrip(b"\0") or b"\0"
        number = b"\0" * (number[0] >> 7) + number
        parts += bytes([2, len(number)]) + number
    return bytes([0x30, len(parts)]) + parts


def verifies(public: bytes, signed: bytes) -> bool:
    """Does OpenSSL find the signature at the end of 'signed' to be over all bytes before it?"""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "key").write_bytes(SPKI + public)
        (folder / "signature").write_bytes(der(signed[-SIGNATURE_BYTES:]))
        result = subprocess.run(["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", folder / "key",
                                 "-signature", folder / "signature"], input=signed[:-SIGNATURE_BYTES],
                                capture_output=True)
    return result.returncode == 0


def signatures(lines: list[str]) -> list[str]:
    statements, fresh = data(lines, "statement"), data(lines, "fresh")
    if not statements or not fresh:
        return ["not ok - the program printed no statement or no fresh answer"]
    public = statements[0][PUBLIC]
    flipped = fresh[0][:20] + bytes([fresh[0][20] ^ 1]) + fresh[0][21:]
    results = [(verifies(public, statements[0]), "OpenSSL verifies the statement"),
               (all(verifies(public, f) for f in fresh), f"OpenSSL verifies {len(fresh)} fresh answers"),
               (not verifies(public, flipped), "and refuses one with a bit changed")]
    return [f"{'ok' if passed else 'not ok'} - {text}" for passed, text in results]


def find_private(memory: bytes, statement: bytes) -> dict[int, bytes]:
    """
    Private keys, by their addresses: in struct hk one stands before the public key and the boot ID, in a statement the
    header does.
    """
    needle = statement[PUBLIC] + statement[BOOT_ID]
    keys: dict[int, bytes] = {}
    at = memory.find(needle)
    while at >= 0:
        key = memory[at - 32:at]
        if memory[at - 16:at - 8] != MAGIC and any(key):
            keys[at - 32] = key
        at = memory.find(needle, at + 1)
    return keys


def wiped(lines: list[str], before: bytes, after: bytes) -> list[str]:
    """The private key was in memory while the machine ran, and is nowhere after its end."""
    statements = data(lines, "statement")
    if not statements:
        return ["not ok - the program printed no statement"]
    keys = set(find_private(before, statements[0]).values())
    left = sum(after.count(k) + after.count(k[::-1]) for k in keys)
    return [f"{'ok' if len(keys) == 1 else 'not ok'} - the private key is found in the running machine",
            f"{'ok' if keys and not left else 'not ok'} - and in none of {len(after) >> 20} MiB after its end"]


def signed_report(lines: list[str]) -> list[str]:
    """A domain's report (include/cloister/report.h), as the host has it signed."""
    statements, reports = data(lines, "statement"), data(lines, "signed-report")
    if not statements or not reports:
        return ["not ok - the program printed no statement or no signed report"]
    public = statements[0][PUBLIC]
    flipped = reports[0][:100] + bytes([reports[0][100] ^ 1]) + reports[0][101:]
    return [f"{'ok' if verifies(public, reports[0]) else 'not ok'} - OpenSSL verifies the report",
            f"{'ok' if not verifies(public, flipped) else 'not ok'} - and refuses one with a bit changed"]


def secret_gone(lines: list[str], before: bytes, after: bytes) -> list[str]:
    """What a domain had in its memory was there while the machine ran, and is nowhere after its end."""
    secrets = data(lines, "secret")
    if not secrets:
        return []
    there, left = before.count(secrets[0]), after.count(secrets[0])
    return [f"{'ok' if there == 1 else 'not ok'} - a domain's secret is found in the running machine, once",
            f"{'ok' if left == 0 else 'not ok'} - and nowhere after its end"]


def stayed(lines: list[str], before: bytes, after: bytes) -> list[str]:
    """The private key is where it was, and nowhere else."""
    statements = data(lines, "statement")
    if not statements:
        return ["not ok - the program printed no statement"]
    keys = find_private(before, statements[0])
    same = len(keys) == 1 and keys == find_private(after, statements[0])
    copies = sum(after.count(key) - before.count(key) for key in keys.values())
    return [f"{'ok' if same and copies == 0 else 'not ok'} - the private key is where it was, and nowhere else"]
