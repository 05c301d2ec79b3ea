# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole machines with VT-x and EPT: Bochs in a separate root, the same disks and the same console as on QEMU.

    with BochsMachine("name", disks=[esp]) as machine:
        machine.expect("login:")

What a machine wrote stays in build/out/log/system/NAME/: serial.log, bochs.log (where a VM entry that is refused is
explained), bochs.out, bochsrc, command. No TPM, no IOMMU, no network.
"""

import contextlib
import os
import pathlib
import shlex
import signal
import socket
import termios
import threading
import time
from collections.abc import Sequence

import pexpect
from pexpect import fdpexpect

from testbed.emulator import OUT, PATIENCE_S, TREE, Emulator
from testbed.tpm import own_process

MEND = OUT / "tests" / "bochs" / "mend.so"
MODEL = "corei7_icelake_u"
IPS = 100_000_000  # instructions in a second of the machine's time
TERMINAL = (50, 132)  # Bochs draws the VGA text screen on it
CONNECT_S = 300
COPY_S = 60  # for the rest that the machine had sent when it ended

# Bochs has no display that needs no terminal, and a guest's screen is not looked at: the console is COM1.
BOCHSRC = """\
config_interface: textconfig
display_library: term
plugin_ctrl: speaker=0
memory: guest={memory_mib}, host={memory_mib}
romimage: file=/usr/share/ovmf/OVMF.fd, address=0xffc00000
vgaromimage: file=/usr/share/vgabios/vgabios.bin
fw_cfg: enabled=1
cpu: model={model}, count={cpus}, ips={ips}, cpuid_freq=ips, reset_on_triple_fault=1, ignore_bad_msrs=1{features}
clock: sync=none, time0=1000000000
pci: enabled=1, chipset=i440fx
boot: disk
com1: enabled=1, mode=socket-client, dev=127.0.0.1:{com1}
com2: enabled=1, mode=socket-client, dev=127.0.0.1:{com2}
log: {log}
panic: action=fatal
"""
CHANNELS = ("ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n",
            "ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15\n")
# Lines of bochs.log at the machine's end; the first reset is the start.
RESET = "bx_pc_system_c::Reset("
SUSPEND = "ACPI control: suspend to ram"
SHUTDOWN_PORT = "Shutdown port: shutdown requested"


class BochsMachine(Emulator):
    """
    One machine.

    disks:     at most four images, IDE, in the order of booting; written to a snapshot, so the files stay as they are
    model:     a CPU of 'bochs-bin --help cpu'
    features:  changes to that model, such as "exclude_features=x2apic"
    com2:      the file that keeps what the machine writes to its second serial port
    memory:    the begin of the names of files for what look() and look_at_end() return; without one they cannot
    """

    PROGRAM = "Bochs"

    def __init__(self, name: str, disks: Sequence[pathlib.Path | str] = (), *, cpus: int = 1, memory_mib: int = 1024,
                 model: str = MODEL, features: str = "", com2: pathlib.Path | None = None,
                 memory: pathlib.Path | None = None) -> None:
        super().__init__(name)
        self.disks = [pathlib.Path(d) for d in disks]
        self.cpus, self.memory_mib, self.model, self.features = cpus, memory_mib, model, features
        self.com2 = com2 or self.log / "com2.log"
        self.memory, self.looks = memory, 0

    def scratch_base(self) -> pathlib.Path:
        """Inside the tree, which both roots see."""
        base = TREE / "build" / "tmp" / "bochs"
        base.mkdir(parents=True, exist_ok=True)
        return base

    def bochsrc(self, com1: int, com2: int) -> str:
        lines = BOCHSRC.format(memory_mib=self.memory_mib, model=self.model, cpus=self.cpus, ips=IPS, com1=com1,
                               com2=com2, features=self.features and f", {self.features}", log=self.log / "bochs.log")
        for number, disk in enumerate(self.disks):
            if number % 2 == 0:
                lines += CHANNELS[number // 2]
            lines += (f"ata{number // 2}-{('master', 'slave')[number % 2]}: type=disk, path={disk}, mode=volatile, "
                      f"journal={self.scratch / f'disk{number}'}\n")
        return lines

    def start(self) -> None:
        rc = self.log / "bochsrc"
        argv = ["env", "SUITE=forky", TREE / "tools" / "in-root", "env", "TERM=vt100", f"LD_PRELOAD={MEND}"]
        if self.memory:
            argv += [f"BOCHS_MEMORY={self.memory}", f"BOCHS_MEMORY_MIB={self.memory_mib}"]
        argv += ["bochs-bin", "-q", "-f", rc]
        (self.log / "command").write_text(shlex.join(map(str, argv)) + "\n")
        with socket.create_server(("127.0.0.1", 0)) as com1, socket.create_server(("127.0.0.1", 0)) as com2:
            rc.write_text(self.bochsrc(com1.getsockname()[1], com2.getsockname()[1]))
            self.run_on_terminal(argv)
            serial, second = self.accept(com1), self.accept(com2)
        self.console = fdpexpect.fdspawn(serial.detach(), timeout=30, encoding="utf-8", codec_errors="replace")
        self.console.logfile_read = open(self.log / "serial.log", "w", encoding="utf-8", buffering=1)
        self.com2_copy = keep(second.detach(), self.com2)

    def accept(self, server: socket.socket) -> socket.socket:
        server.settimeout(CONNECT_S)
        try:
            return server.accept()[0]
        except TimeoutError:
            raise RuntimeError(f"Bochs did not start: see {self.log}/bochs.out") from None

    def run_on_terminal(self, argv: Sequence[object]) -> None:
        """Starts Bochs on a pseudo-terminal, which a thread keeps empty: a full one would stop the machine."""
        near, far = os.openpty()
        termios.tcsetwinsize(far, TERMINAL)
        with open(self.log / "bochs.out", "wb") as errors:
            self.process = own_process(argv, stdout=far, stderr=errors)
        os.close(far)
        keep(near, os.devnull)

    def run_state(self) -> str:
        """
        "running"; "suspended" (ACPI S3); "shutdown" for a power-off, a triple fault or a reset, from which Bochs itself
        would go on; "gone" if the guest ended Bochs through its shutdown port.
        """
        log = self.log / "bochs.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        if SHUTDOWN_PORT in text:
            self.com2_copy.join(COPY_S)
            return "gone"
        if SUSPEND in text:
            return "suspended"
        return "shutdown" if self.process.poll() is not None or text.count(RESET) > 1 else "running"

    def look(self) -> bytes:
        """All of the memory of a machine that runs, and waits for something."""
        self.looks += 1
        self.process.send_signal(signal.SIGUSR1)
        return self.written(str(self.looks))

    def look_at_end(self) -> bytes:
        """All of the memory, as it was when the machine reset or switched itself off."""
        return self.written("end")

    def written(self, suffix: str) -> bytes:
        """Waits until mend.so has written the memory (tests/bochs/look.c)."""
        file = pathlib.Path(f"{self.memory}.{suffix}")
        deadline = time.monotonic() + COPY_S
        while not file.exists():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: Bochs wrote no memory to {file} in {COPY_S} s: see bochs.out")
            time.sleep(0.05)
        memory = file.read_bytes()
        file.unlink()
        return memory

    def wait_powered_off(self, timeout: float = PATIENCE_S) -> None:
        """Waits until the machine has switched itself off."""
        self.wait_stopped(timeout)
        assert self.run_state() == "shutdown" and self.resets() == 1, f"{self.name}: has reset itself"

    def resets(self) -> int:
        """The first is the start."""
        return (self.log / "bochs.log").read_text(errors="replace").count(RESET)

    def ended(self) -> bool:
        return self.run_state() != "running"

    def wait_stopped(self, timeout: float = PATIENCE_S) -> None:
        """Waits until the machine has switched itself off or reset itself."""
        deadline = time.monotonic() + timeout
        ended = False
        while not ended:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: has not powered off after {timeout} s")
            # A full console stops the machine, so it is read here; after the machine's end, to its end.
            ended = self.ended()
            self.console.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.2)


def keep(descriptor: int, path: pathlib.Path | str) -> threading.Thread:
    """Returns a started thread that copies a descriptor's data to a file, until the other end is closed."""
    output = open(path, "wb", buffering=0)

    def copy() -> None:
        # A terminal's closed end is EIO.
        with open(descriptor, "rb", buffering=0) as source, output, contextlib.suppress(OSError):
            while data := source.read(65536):
                output.write(data)
    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread
