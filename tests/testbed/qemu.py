# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole machines: QEMU's q35 without hardware virtualisation, a separate TPM, a console to talk to.

    with Machine("name", disks=[esp]) as machine:
        machine.expect("login:")

What a machine wrote stays in build/out/log/system/NAME/: serial.log, qemu.log, command.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import pexpect
from pexpect import fdpexpect

from testbed.emulator import OUT, PATIENCE_S, TREE, Emulator
from testbed.tpm import Tpm, own_process, scratch_base

FIRMWARE = pathlib.Path("/usr/share/OVMF")
CODE = {False: "OVMF_CODE_4M.fd", True: "OVMF_CODE_4M.secboot.fd"}  # by Machine's 'secure'
MEND = OUT / "tests" / "qemu" / "mend.so"
AUTHORITY = TREE / "build" / "tpm-authority"
CPU = "max,+svm,phys-bits=48"
ATTESTD_PORT = 8180
# Arguments that give a machine one IOMMU or the other.
UNITS = {"vtd": {"iommu": True}, "amdvi": {"iommu": False, "extra": ["-device", "amd-iommu"]}}


class Qmp:
    """QEMU's machine protocol on a connected socket."""

    def __init__(self, sock: socket.socket, log: pathlib.Path) -> None:
        self.file = sock.makefile("rwb", buffering=0)
        self.log = log
        self.events: list[dict[str, Any]] = []
        self._receive()  # the greeting
        self.call("qmp_capabilities")

    def _receive(self) -> dict[str, Any]:
        try:
            line = self.file.readline()
        except ConnectionResetError:
            line = b""
        if not line:
            raise RuntimeError(f"QEMU has ended: {self.log.read_text()}")
        return json.loads(line)

    def call(self, execute: str, **arguments: Any) -> Any:
        self.file.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = self._receive()
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{execute}: {answer['error']['desc']}")
            else:
                return answer["return"]


class Machine(Emulator):
    """
    One machine.

    disks:     images, on AHCI in the order of booting; written to a snapshot, so the files stay as they are
    tpm:       "tis", "crb" or None; or a Tpm to keep over several machines
    nics:      "virtio" and/or "e1000e"; the first one forwards self.port on 127.0.0.1 to attestd
    secure:    OVMF with Secure Boot and SMM: the firmware's variables are written in SMM alone
    variables: the file of firmware variables, see firmware.py; copied, so it stays as it is
    icount:    counted instructions drive the clock: the same run every time
    iommu:     VT-d with interrupt remapping; there by default, as on a server
    chipset:   "q35" or "pc", which has PIIX4 and no room for an IOMMU
    acpi:      files to be added as ACPI tables
    extra:     further arguments of QEMU
    port:      the forwarded port on 127.0.0.1; 0 takes a free one
    """

    PROGRAM = "QEMU"

    def __init__(self, name: str, disks: Sequence[pathlib.Path | str] = (), *, cpus: int | str = 2,
                 memory_mib: int = 1024, cpu: str = CPU, tpm: str | Tpm | None = "tis",
                 nics: Sequence[str] = ("virtio",), icount: bool = False, iommu: bool = True, chipset: str = "q35",
                 acpi: Sequence[pathlib.Path] = (), extra: Sequence[object] = (), variables: pathlib.Path | None = None,
                 secure: bool = False, port: int = 0) -> None:
        super().__init__(name)
        self.disks = [pathlib.Path(d) for d in disks]
        self.cpus, self.memory_mib, self.cpu = cpus, memory_mib, cpu
        self.nics, self.icount, self.iommu, self.chipset = nics, icount, iommu, chipset
        self.acpi, self.extra = acpi, extra
        self.secure = secure
        self.variables = variables or FIRMWARE / "OVMF_VARS_4M.fd"
        self.tpm_model = "tis" if isinstance(tpm, Tpm) else tpm
        self.tpm = tpm if isinstance(tpm, Tpm) else None
        self.owns_tpm = self.tpm is None
        self.port = port
        self.enrolled = False  # see hosts.known()

    def scratch_base(self) -> pathlib.Path:
        return scratch_base()

    def prepare(self) -> None:
        """Everything that QEMU needs to find: a TPM that is on, and firmware variables."""
        if self.tpm_model and not self.tpm:
            self.tpm = Tpm(self.scratch / "tpm", AUTHORITY)
        if self.tpm:
            self.tpm.start()
        shutil.copyfile(self.variables, self.scratch / "vars.fd")

    def start(self) -> None:
        self.prepare()
        serial, serial_far = tcp_pair()
        qmp, qmp_far = socket.socketpair()
        argv = self.arguments() + [
            "-display", "none", "-no-shutdown",
            "-chardev", f"socket,id=serial,fd={serial_far.fileno()},logfile={self.log / 'serial.log'}",
            "-serial", "chardev:serial",
            "-chardev", f"socket,id=qmp,fd={qmp_far.fileno()}", "-mon", "chardev=qmp,mode=control"]
        (self.log / "command").write_text(shlex.join(map(str, argv)) + "\n")
        with open(self.log / "qemu.log", "w") as log:
            self.process = own_process(argv, stdout=log, stderr=log, pass_fds=[serial_far.fileno(), qmp_far.fileno()])
        serial_far.close()
        qmp_far.close()
        self.console = fdpexpect.fdspawn(serial.detach(), timeout=30, encoding="utf-8", codec_errors="replace")
        self.qmp = Qmp(qmp, self.log / "qemu.log")
        if self.nics:
            usernet = self.qmp.call("human-monitor-command", **{"command-line": "info usernet"})
            self.port = int(re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", usernet)[1])

    def arguments(self) -> list[Any]:
        """QEMU's command line but for the console."""
        argv = ["env", f"LD_PRELOAD={MEND}", "qemu-system-x86_64",
                "-accel", "tcg,thread=single" if self.icount else "tcg",
                "-machine", self.chipset + ",kernel-irqchip=split" * self.iommu + ",smm=on" * self.secure,
                "-cpu", self.cpu, "-m", self.memory_mib, "-smp", self.cpus, "-no-reboot", "-nodefaults",
                "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE / CODE[self.secure]}",
                "-drive", f"if=pflash,format=raw,file={self.scratch / 'vars.fd'}"]
        if self.secure:
            argv += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        if self.icount:
            argv += ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01,clock=vm"]
        if self.iommu:
            argv += ["-device", "intel-iommu,intremap=on,eim=on,aw-bits=48"]
        for number, disk in enumerate(self.disks):
            argv += ["-drive", f"file={disk},format=raw,if=none,id=d{number},snapshot=on",
                     "-device", f"ide-hd,drive=d{number},bus=ide.{number},bootindex={number + 1}"]
        if self.tpm:
            argv += ["-chardev", f"socket,id=tpm,path={self.tpm.control}", "-tpmdev", "emulator,id=t,chardev=tpm",
                     "-device", f"tpm-{self.tpm_model},tpmdev=t"]
        for number, nic in enumerate(self.nics):
            forward = f",hostfwd=tcp:127.0.0.1:{self.port}-:{ATTESTD_PORT}" if number == 0 else ""
            model = {"virtio": "virtio-net-pci,iommu_platform=on,disable-legacy=on", "e1000e": "e1000e"}[nic]
            argv += ["-netdev", f"user,id=n{number},net=10.0.{number + 2}.0/24{forward}",
                     "-device", f"{model},netdev=n{number},romfile="]
        for table in self.acpi:
            argv += ["-acpitable", f"file={table}"]
        return argv + list(self.extra)

    def stopped(self) -> bool:
        """Whether the machine has powered itself off or reset: QEMU then pauses it."""
        return super().stopped() or self.qmp.call("query-status")["status"] in ("shutdown", "paused")

    def wait_stopped(self, timeout: float = PATIENCE_S) -> None:
        """Waits until the machine has powered itself off or reset."""
        self._wait(self.stopped, "powered off", timeout)

    def wait_suspended(self, timeout: float = PATIENCE_S) -> None:
        """Waits until the machine sleeps, its memory on (S3)."""
        self._wait(lambda: self.qmp.call("query-status")["status"] == "suspended", "gone to sleep", timeout)

    def _wait(self, condition: Callable[[], bool], what: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: has not {what} after {timeout} s")
            # A full console stops the machine, so it is read here.
            self.console.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.2)

    def memory(self, address: int, count: int) -> bytes:
        """Physical memory, as a device without an IOMMU would see it."""
        file = self.scratch / "memory"
        self.qmp.call("pmemsave", val=address, size=count, filename=str(file))
        return file.read_bytes()

    def pcr(self, index: int) -> bytes:
        """A PCR as the TPM holds it, asked of the TPM itself. The machine must be off."""
        assert self.process is None, "cut the power first: the TPM serves one client"
        return self.tpm.pcr(index)

    def close(self) -> None:
        super().close()
        if self.tpm and self.owns_tpm:
            self.tpm.remove()


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """
    Two ends of a connection that take megabytes before they are read. Unix sockets take 278 single bytes, and a machine
    whose UART is not emptied in time goes on without what it wanted to say.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        return near, server.accept()[0]


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def interactive(machine: Machine) -> int:
    """Runs a machine with its console on this terminal (Ctrl-A X ends it); returns QEMU's exit status."""
    machine.scratch = pathlib.Path(tempfile.mkdtemp(prefix="cloister-", dir=scratch_base()))
    try:
        machine.prepare()
        argv = list(map(str, machine.arguments() + ["-display", "none", "-serial", "mon:stdio"]))
        return os.spawnvp(os.P_WAIT, "setpriv", ["setpriv", "--pdeathsig", "KILL", *argv])
    finally:
        machine.close()
