# SPDX-License-Identifier: GPL-2.0-or-later
"""The common part of the test beds: a process with a log folder, a console to talk to, and an end."""

import pathlib
import re
import shutil
import tempfile
import time
from typing import Any, Self

import pexpect

TREE = pathlib.Path(__file__).resolve().parents[2]
OUT = TREE / "build" / "out"
LOG = OUT / "log" / "system"
PROMPT = r"\n# "  # the measured host's
PATIENCE_S = 300  # for events that take seconds: even on a slow computer, only a missing one takes longer


class Unwanted(AssertionError):
    """The console had something that ends a wait: nothing else may come."""


class Emulator:
    """
    A machine in an emulator. A test bed's own class sets self.process and self.console in start().

    PROGRAM: its name in messages
    scratch_base(): the folder of its temporary files
    """

    PROGRAM: str

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = LOG / name
        self.scratch: Any = None  # these three are there from start() to close()
        self.process: Any = None
        self.console: Any = None

    def __enter__(self) -> Self:
        shutil.rmtree(self.log, ignore_errors=True)
        self.log.mkdir(parents=True)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="cloister-", dir=self.scratch_base()))
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def expect(self, pattern: str, timeout: float = PATIENCE_S, never: str | None = None) -> re.Match[str]:
        """
        Waits for a regular expression on the console; returns the match. Ends early if the machine stops; with
        Unwanted, if another expression, `never`, comes first.
        """
        deadline = time.monotonic() + timeout
        patterns = [pattern, pexpect.EOF, pexpect.TIMEOUT] + ([never] if never else [])
        while True:
            left = deadline - time.monotonic()
            stopped, unmatched = self.stopped(), len(self.console.buffer)
            found = self.console.expect(patterns, timeout=max(0, min(left, 2)))
            if found == 0:
                return self.console.match
            if found == 3:
                raise Unwanted(f"{self.name}: waited for {pattern!r}: {self.console.match[0]!r} came")
            if found == 1 or left < 0 or stopped and len(self.console.buffer) == unmatched:
                what = f"nothing for {timeout} s" if left < 0 else f"{self.PROGRAM} has stopped"
                raise AssertionError(f"{self.name}: waited for {pattern!r}: {what}; serial.log ends:\n"
                                     f"{self.serial()[-2000:]}")

    def scratch_base(self) -> pathlib.Path:
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def stopped(self) -> bool:
        """Whether the machine has powered itself off, or its emulator has ended."""
        return self.process.poll() is not None

    def send(self, line: str) -> None:
        self.console.send(line + "\r")

    def run(self, command: str, timeout: float = PATIENCE_S, never: str | None = None) -> tuple[int, str]:
        """Runs a command in the machine's shell; returns its exit status and its output. `never` is expect()'s."""
        # The marks are split in the typed line, so their echo does not match.
        self.send(f"echo BE''GIN; {command}; echo RC''MARK=$?")
        match = self.expect(r"RCMARK=(\d+)\r", timeout, never)
        # A guest's console on the host's has one more carriage return.
        output = re.split(r"BEGIN\r+\n", self.console.before)[-1].replace("\r", "")
        return int(match[1]), output

    def check(self, command: str, timeout: float = PATIENCE_S, never: str | None = None) -> str:
        """Runs a command that must succeed; returns its output. `never` is expect()'s."""
        status, output = self.run(command, timeout, never)
        assert status == 0, f"{self.name}: {command!r} exited with {status}:\n{output}"
        return output

    def wait_until(self, condition: str, timeout: float = PATIENCE_S) -> None:
        """Waits until a command of the machine's shell succeeds. The shell can be used even if it never does."""
        try:
            self.check(f"until {condition}; do sleep 0.1; done", timeout)
        except AssertionError:
            self.console.send("\x03")
            raise

    def ready(self, timeout: float = PATIENCE_S, never: str | None = None) -> None:
        """Waits until the measured host is up, with its shell on the console. `never` is expect()'s."""
        self.expect("init: ready", timeout, never)
        self.shell()

    def shell(self) -> None:
        """Waits for the measured host's shell, and keeps the kernel's messages out of the commands' output."""
        self.expect(PROMPT)
        self.check("dmesg -n 1")

    def login(self, user: str = "root", password: str = "root") -> None:
        self.expect("login: ", 3 * PATIENCE_S)
        self.send(user)
        self.expect("Password: ")
        self.send(password)
        self.expect(rf"{user}@\S+# ")
        # A plain prompt, no colours, no line editing; neither the kernel nor systemd writes in between.
        self.check("bind 'set enable-bracketed-paste off'; stty -echo columns 500; export TERM=dumb PS1='# '; "
                   "dmesg -n 1; kill -s RTMIN+21 1")

    def serial(self) -> str:
        """All that the machine has written to its console."""
        return (self.log / "serial.log").read_text(errors="replace").replace("\r", "")

    def cut_power(self) -> None:
        """Ends the machine at once. Its TPM stays on and can be read."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        self.cut_power()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch = None
