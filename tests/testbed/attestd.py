# SPDX-License-Identifier: GPL-2.0-or-later
"""attestd with a software TPM, over loopback, for the tests of the service itself."""

import base64
import contextlib
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

from testbed.emulator import PATIENCE_S
from testbed.tls import TLS, spki_hash
from testbed.tpm import wait_listening

TREE = pathlib.Path(__file__).resolve().parents[2]
ATTESTD = TREE / "build/out/host/attestd"
NONCE = bytes(range(32))
JSON = ("-H", "Content-Type: application/json")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def child(argv: Sequence[object], **kwargs: Any) -> subprocess.Popen[Any]:
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, argv)], stdin=subprocess.DEVNULL, **kwargs)


class Swtpm:
    """A software TPM behind a socket, with an EK certificate."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.socket = folder / "s"
        self.process = None
        with open(folder / "setup.log", "w") as log:
            subprocess.run(["swtpm_setup", "--tpm2", "--tpmstate", folder, "--create-ek-cert", "--pcr-banks", "sha256",
                            "--config", self.configuration()], check=True, stdout=log, stderr=log)
        self.start()

    def configuration(self) -> pathlib.Path:
        """A certificate authority for this TPM alone; the machines' TPMs have another."""
        folder = self.folder
        (folder / "options").write_text("--platform-manufacturer Cloister\n--platform-version 1\n"
                                        "--platform-model test\n")
        (folder / "localca").write_text(f"statedir = {folder}\nsigningkey = {folder}/ca.key\n"
                                        f"issuercert = {folder}/ca.pem\ncertserial = {folder}/serial\n")
        (folder / "setup").write_text("create_certs_tool = /usr/bin/swtpm_localca\n"
                                      f"create_certs_tool_config = {folder}/localca\n"
                                      f"create_certs_tool_options = {folder}/options\n")
        return folder / "setup"

    def start(self) -> None:
        self.process = child(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
                              "--ctrl", f"type=unixio,path={self.socket}.ctrl",
                              "--server", f"type=unixio,path={self.socket}", "--flags", "startup-clear,not-need-init",
                              "--log", f"file={self.folder}/swtpm.log"], stderr=subprocess.DEVNULL)
        assert wait_listening(self.socket, self.process), "swtpm has not started"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    @property
    def tcti(self) -> str:
        return f"swtpm:path={self.socket}"


class Attestd:
    """The service on a free port of loopback: TLS with a key that it makes itself, unless the options say otherwise."""

    def __init__(self, folder: pathlib.Path, tcti: str, *options: str) -> None:
        self.plain = "--plain-http" in options
        self.log = pathlib.Path(tempfile.mkstemp(prefix="attestd-", dir=folder)[1])
        with open(self.log, "w") as log:
            self.process = child([ATTESTD, "--listen", "127.0.0.1:0", "--tcti", tcti, "--device", folder / "none",
                                  *options], stderr=log)
        self.port = int(self.wait_log(r"listening on port (\d+)")[1])
        self.url = f"{'http' if self.plain else 'https'}://127.0.0.1:{self.port}"
        self.channel = bytes(32) if self.plain else self.key_hash()

    def wait_log(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.log.read_text())):
            assert time.monotonic() < deadline, f"no {pattern!r} in: {self.log.read_text()}"
            time.sleep(0.02)
        return match

    def curl(self, path: str, *options: str, data: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        argv = ["curl", "-sS", "--max-time", str(PATIENCE_S), "-D", "-", *options,
                "--insecure", f"{self.url}{path}"]
        if data is not None:
            argv += ["--data-binary", "@-"]
        done = subprocess.run(argv, input=data, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, body = body.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:]), body

    def evidence(self, **members: Any) -> tuple[int, dict[str, str], bytes]:
        body = {"nonce": b64(NONCE), "channel": b64(self.channel)} | members
        return self.curl("/v1/evidence", *JSON, data=json.dumps(body).encode())

    def evidence_at_last(self) -> dict[str, Any]:
        """Asks again while the TPM is busy, as the answer says."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self.evidence())[0] == 503 and time.monotonic() < deadline:
            assert error_of(answer[2])[0] == "tpm-busy"
        assert answer[0] == 200
        return json.loads(answer[2])

    def good_evidence(self, **members: Any) -> dict[str, Any]:
        status, headers, body = self.evidence(**members)
        assert status == 200, body
        assert headers["content-type"] == "application/json"
        return json.loads(body)

    def metric(self, name: str) -> float:
        text = self.curl("/v1/metrics")[2].decode()
        return float(re.search(rf"^{name} ([\d.]+)$", text, re.M)[1])

    def wait_metric(self, name: str, value: float) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.metric(name)) != value:
            assert time.monotonic() < deadline, f"{name} is {found}, must become {value}"

    def settle(self) -> None:
        """Returns when all earlier requests are served: the service has taken them before the second of these."""
        for _ in range(2):
            self.curl("/v1/metrics")

    def connect_tcp(self, source: str = "") -> socket.socket:
        """A connection on which nothing was said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S, source_address=(source, 0))

    def connect(self, source: str = "") -> Any:
        """A connection for requests."""
        connection = self.connect_tcp(source)
        return connection if self.plain else TLS.wrap_socket(connection)

    def key_hash(self) -> bytes:
        """SHA-256 of the key that the TLS connection has."""
        with self.connect() as connection:
            return spki_hash(connection.getpeercert(binary_form=True))

    def stop(self) -> int:
        """Ends the service as its unit does; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextlib.contextmanager
def another(folder: pathlib.Path, tcti: str, *options: str) -> Iterator[Attestd]:
    attestd = Attestd(folder, tcti, *options)
    try:
        yield attestd
    finally:
        status = attestd.stop()
        assert status == 0, f"attestd ended with {status}: {attestd.log.read_text()[-2000:]}"


def error_of(body: bytes) -> tuple[str, str | None]:
    error = json.loads(body)["error"]
    assert set(error) == {"code", "field", "message"} and error["message"]
    return error["code"], error["field"]
