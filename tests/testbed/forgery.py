# SPDX-License-Identifier: GPL-2.0-or-later
"""
A forged strong launch, as an attacker would make it who owns the host's disk and its operating system: an image of his
own (efi/forger.c) is launched under the weak binding and extends PCRs 17 to 19 as a strong launch of the real one does;
evidence that speaks of that launch is then quoted by the host's own TPM, and signed by a key of the attacker's.
"""

import base64
import contextlib
import http.server
import json
import pathlib
import ssl
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from testbed import hosts, tls
from testbed.emulator import OUT
from testbed.independent import qualifying_data, sha256
from testbed.tpm import Tpm

FORGER = OUT / "tests" / "system" / "forger.elf"
MAGIC = b"CLOISTER-FORGERY"
STATEMENTS = 16  # efi/forger.c
QUOTED = (*range(8), 14, 17, 18, 19)
FLAGS = 0x4E  # statement.h: DMA remapping required and present, AMD, floor closed
CPUS = 2
BOOT_ID = sha256(b"a boot that never was")
# struct hk_statement and struct hk_fresh (include/cloister/statement.h) up to the signature.
STATEMENT, STATEMENT_BYTES = "<8sII64s32sII32s32sIIIIII", 272
FRESH, FRESH_BYTES = "<8sII32s32sIIIIQQQQQQQ", 216

TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND, TPM_CC_CREATE_PRIMARY, TPM_CC_QUOTE = 0x8002, 0x182, 0x131, 0x158
TPM_RH_ENDORSEMENT, TPM_ALG_SHA256, TPM_ALG_NULL, EV_IPL = 0x4000000B, 0x0B, 0x10, 0x0D
NO_PASSWORD = struct.pack(">IIHBH", 9, 0x40000009, 0, 0, 0)  # TPM_RS_PW
# TPMT_PUBLIC of an attestation key as attestd makes it: ECC, restricted signing, ECDSA P-256 with SHA-256.
AK_TEMPLATE = struct.pack(">HHIHHHHHHHH", 0x23, TPM_ALG_SHA256, 0x00050472, 0, TPM_ALG_NULL, 0x18, TPM_ALG_SHA256, 3,
                          TPM_ALG_NULL, 0, 0)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sized(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def command(code: int, handle: int, parameters: bytes) -> bytes:
    body = struct.pack(">I", handle) + NO_PASSWORD + parameters
    return struct.pack(">HII", TPM_ST_SESSIONS, 10 + len(body), code) + body


def extend_command(pcr: int, digest: bytes) -> bytes:
    return command(TPM_CC_PCR_EXTEND, pcr, struct.pack(">IH", 1, TPM_ALG_SHA256) + digest)


def openssl(*argv: object, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, check=True).stdout


def numbers(der: bytes) -> bytes:
    """r || s of an ECDSA signature in DER."""
    out, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        out += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return out


class Forgery:
    def __init__(self) -> None:
        """The attacker's key; statements of the build's image and default config, by the count of TPM resets."""
        hosts.SCRATCH.mkdir(parents=True, exist_ok=True)
        self.key = hosts.SCRATCH / "forger.pem"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        self.public = openssl("ec", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
        self.statements = {}
        self.tpm = self.tcg_log = None

    def signed(self, message: bytes, length: int) -> bytes:
        assert len(message) == length - 64
        return message + numbers(openssl("dgst", "-sha256", "-sign", self.key, data=message))

    def signed_statement(self, reset_count: int) -> bytes:
        """Made once: each signature of it is another."""
        if reset_count not in self.statements:
            self.statements[reset_count] = self.signed(self.statement(reset_count), STATEMENT_BYTES)
        return self.statements[reset_count]

    def statement(self, reset_count: int) -> bytes:
        reference = json.loads(hosts.POLICY.read_text())["hypervisor"][0]
        major, minor, patch = map(int, reference["version"].split("."))
        return struct.pack(STATEMENT, b"CLSTHKS1", 3, STATEMENT_BYTES, self.public, BOOT_ID,
                           major << 16 | minor << 8 | patch, reference["svn"], sha256(hosts.HYPERVISOR.read_bytes()),
                           sha256(hosts.CONFIG.read_bytes()), FLAGS, CPUS, reset_count, 0, 1, 0xF)

    def image(self) -> bytes:
        """forger.elf with the commands that it sends."""
        return self.fill_in(FORGER)

    def fill_in(self, program: pathlib.Path) -> bytes:
        """A program of efi/ with the commands that it sends."""
        extends = [(17, hosts.HYPERVISOR.read_bytes()), (18, hosts.CONFIG.read_bytes())]
        extends += [(19, self.signed_statement(count)) for count in range(STATEMENTS)]
        image = program.read_bytes()
        at = image.index(MAGIC) + len(MAGIC)
        commands = b"".join(extend_command(pcr, sha256(data)) for pcr, data in extends)
        return image[:at] + commands + image[at + len(commands):]

    def take_over(self, tpm: Tpm, tcg_log: bytes) -> None:
        """The TPM as the boot left it, with the firmware's log; makes the attestation key."""
        self.tpm, self.tcg_log = tpm, tcg_log
        answer = self.ask(command(TPM_CC_CREATE_PRIMARY, TPM_RH_ENDORSEMENT, struct.pack(">HHH", 4, 0, 0)
                                  + sized(AK_TEMPLATE) + struct.pack(">HI", 0, 0)))
        self.ak, public_bytes = struct.unpack_from(">I4xH", answer, 10)
        self.ak_public = answer[20:20 + public_bytes]

    def ask(self, request: bytes) -> bytes:
        answer = self.tpm.command(request)
        assert answer[6:10] == bytes(4), answer.hex()
        return answer

    def quote(self, qualifying: bytes) -> tuple[bytes, bytes]:
        mask = sum(1 << pcr for pcr in QUOTED)
        answer = self.ask(command(TPM_CC_QUOTE, self.ak, sized(qualifying) + struct.pack(
            ">HIHB", TPM_ALG_NULL, 1, TPM_ALG_SHA256, 3) + mask.to_bytes(3, "little")))
        length = struct.unpack_from(">H", answer, 14)[0]
        return answer[16:16 + length], answer[16 + length:-5]  # the session's answer ends it

    def reset_count(self) -> int:
        """Of a TPMS_ATTEST: after magic, type, the signer's name, no extra data, and the clock."""
        return struct.unpack_from(">I", self.quote(b"")[0], 4 + 2 + 2 + 34 + 2 + 8)[0]

    def launch_log(self, statement: bytes) -> bytes:
        """As docs/protocol.md has it for the strong binding; the header event is the real log's kind, SHA-256 only."""
        spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, TPM_ALG_SHA256, 32, 0)
        log = struct.pack("<II20sI", 0, 3, bytes(20), len(spec)) + spec
        for pcr, label, digested, data in (
                (17, b"image", hosts.HYPERVISOR.read_bytes(), rb"\EFI\cloister\hv-svm.elf"),
                (18, b"config", hosts.CONFIG.read_bytes(), hosts.CONFIG.read_bytes()),
                (19, b"statement", statement, statement)):
            data = b"cloister-" + label + b"\0" + data
            log += struct.pack("<IIIH32sI", pcr, EV_IPL, 1, TPM_ALG_SHA256, sha256(digested), len(data)) + data
        return log

    def evidence(self, request: Mapping[str, str]) -> dict[str, Any]:
        nonce, channel = (base64.b64decode(request[key]) for key in ("nonce", "channel"))
        statement = self.signed_statement(self.reset_count())
        hv_log = self.launch_log(statement)
        qualifying = qualifying_data(nonce, channel, self.tcg_log, hv_log, statement)
        quote, signature = self.quote(qualifying)
        fresh = struct.pack(FRESH, b"CLSTFRS1", 3, FRESH_BYTES, qualifying, BOOT_ID, FLAGS, CPUS, 0, 0,
                            10 ** 7, 0, 0, 0, 0, 0, 0)
        logs = {name: {"sha256": sha256(log).hex(), "data": b64(log)}
                for name, log in (("tcg_log", self.tcg_log), ("hv_log", hv_log))}
        return logs | {"version": 1, "quote": b64(quote), "signature": b64(signature), "ak_public": b64(self.ak_public),
                       "pcrs": [{"index": pcr, "sha256": b64(self.tpm.pcr(pcr))} for pcr in QUOTED],
                       "hk_statement": b64(statement), "fresh": b64(self.signed(fresh, FRESH_BYTES))}

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """In place of attestd; the address."""
        forgery = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(forgery.evidence(request)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = tls.make_pair(pathlib.Path(folder), "attacker")
            context.load_cert_chain(certificate, key)
        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"https://127.0.0.1:{server.server_port}"
            server.shutdown()


class Invention(Forgery):
    """The same without any machine: the TPM is a key in a file."""

    def __init__(self, tcg_log: bytes, pcrs: dict[int, bytes]) -> None:
        super().__init__()
        self.tcg_log, self.tpm = tcg_log, self
        self.pcrs = pcrs | {pcr: sha256(b"\xff" * 32 + sha256(data)) for pcr, data in (
            (17, hosts.HYPERVISOR.read_bytes()), (18, hosts.CONFIG.read_bytes()), (19, self.signed_statement(1)))}
        self.ak_public = AK_TEMPLATE[:-4] + sized(self.public[:32]) + sized(self.public[32:])
        self.name = struct.pack(">H", TPM_ALG_SHA256) + sha256(self.ak_public)

    def pcr(self, index: int) -> bytes:
        return self.pcrs[index]

    def reset_count(self) -> int:
        return 1

    def quote(self, qualifying: bytes) -> tuple[bytes, bytes]:
        """TPMS_ATTEST (TPM 2.0 Library, part 2, 10.12.12), and TPMT_SIGNATURE."""
        signer = struct.pack(">H", TPM_ALG_SHA256) + sha256(struct.pack(">I", TPM_RH_ENDORSEMENT) + self.name)
        mask = sum(1 << pcr for pcr in QUOTED).to_bytes(3, "little")
        digest = sha256(b"".join(self.pcrs[pcr] for pcr in QUOTED))
        attest = (struct.pack(">IH", 0xFF544347, 0x8018) + sized(signer) + sized(qualifying)
                  + struct.pack(">QIIBQ", 10 ** 6, self.reset_count(), 0, 1, 1)
                  + struct.pack(">IHB", 1, TPM_ALG_SHA256, 3) + mask + sized(digest))
        signature = numbers(openssl("dgst", "-sha256", "-sign", self.key, data=attest))
        return attest, struct.pack(">HH", 0x18, TPM_ALG_SHA256) + sized(signature[:32]) + sized(signature[32:])
