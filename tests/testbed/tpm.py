# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine's own software TPM 2.0: made with an EK certificate, and readable after the machine has stopped."""

import array
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from typing import Any

# Control channel of swtpm (swtpm_ioctls(3)).
CMD_SET_LOCALITY, CMD_SET_DATAFD = 0x05, 0x10

TPM_ST_NO_SESSIONS = 0x8001
TPM_CC_PCR_READ = 0x17E
TPM_ALG_SHA256 = 0x0B
PCR_BANKS = "sha256,sha384"
START_S = 60
ANSWER_S = 60


def own_process(argv: Sequence[object], **kwargs: Any) -> subprocess.Popen[Any]:
    """Starts a process that cannot outlive this one."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, argv)], stdin=subprocess.DEVNULL, **kwargs)


def wait_listening(path: pathlib.Path, process: subprocess.Popen[Any]) -> bool:
    """Waits until a process listens on a Unix socket; false if it has ended, or does not for a minute."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return True
        time.sleep(0.01)
    return False


def manufacture(state: pathlib.Path, authority: pathlib.Path) -> None:
    """Makes a TPM's EK and its certificate, signed by the certificate authority in the folder 'authority'."""
    authority.mkdir(parents=True, exist_ok=True)
    config = state / "setup.conf"
    localca = state / "localca.conf"
    options = state / "localca.options"
    options.write_text("--platform-manufacturer Cloister\n--platform-version 1\n--platform-model testbed\n")
    localca.write_text(f"statedir = {authority}\nsigningkey = {authority}/signkey.pem\n"
                       f"issuercert = {authority}/issuercert.pem\ncertserial = {authority}/certserial\n")
    config.write_text("create_certs_tool = /usr/bin/swtpm_localca\n"
                      f"create_certs_tool_config = {localca}\ncreate_certs_tool_options = {options}\n")
    with open(state / "setup.log", "w") as log:
        subprocess.run(["swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--pcr-banks", PCR_BANKS,
                        "--config", config, "--overwrite"], check=True, stdout=log, stderr=log)


class Tpm:
    """One running swtpm. It goes on when the machine ends, so its PCRs can be read."""

    def __init__(self, state: pathlib.Path | str, authority: pathlib.Path) -> None:
        self.state = pathlib.Path(state)
        self.state.mkdir(parents=True, exist_ok=True)
        manufacture(self.state, authority)
        self.control = self.state / "control"
        self.process = None

    def start(self) -> None:
        """Powers the TPM on: a reset of all PCRs."""
        self.stop()
        self.control.unlink(missing_ok=True)
        self.process = own_process(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}", "--ctrl",
                                    f"type=unixio,path={self.control}", "--flags", "startup-clear",
                                    "--log", f"file={self.state}/swtpm.log"])
        if not wait_listening(self.control, self.process):
            raise RuntimeError(f"swtpm did not start: see {self.state}/swtpm.log")

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def command(self, request: bytes, locality: int = 0) -> bytes:
        """Sends one TPM command. Only while no machine is connected: swtpm serves one client at a time."""
        ours, theirs = socket.socketpair()
        with socket.socket(socket.AF_UNIX) as control, ours:
            control.settimeout(ANSWER_S)
            ours.settimeout(ANSWER_S)
            control.connect(str(self.control))
            with theirs:
                control.sendmsg([struct.pack(">I", CMD_SET_DATAFD)],
                                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
            if struct.unpack(">I", control.recv(4))[0] != 0:
                raise RuntimeError("swtpm refuses a data channel")
            control.sendall(struct.pack(">IB", CMD_SET_LOCALITY, locality))
            if struct.unpack(">I", control.recv(4))[0] != 0:
                raise RuntimeError(f"swtpm refuses locality {locality}")
            ours.sendall(request)
            return ours.recv(4096)

    def pcr(self, index: int) -> bytes:
        """The SHA-256 PCR as the TPM holds it."""
        select = bytearray(3)
        select[index // 8] |= 1 << (index % 8)
        body = struct.pack(">IHB", 1, TPM_ALG_SHA256, 3) + bytes(select)
        answer = self.command(struct.pack(">HII", TPM_ST_NO_SESSIONS, 10 + len(body), TPM_CC_PCR_READ) + body)
        code = struct.unpack_from(">I", answer, 6)[0]
        if code:
            raise RuntimeError(f"TPM2_PCR_Read: {code:#x}")
        return answer[-32:]


def scratch_base() -> pathlib.Path:
    """Short paths: a Unix socket's name has at most 107 bytes."""
    return pathlib.Path(os.environ.get("TMPDIR", "/tmp"))
