# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as TAP (CLOISTER_TAP names the file), and the machines that several tests share."""

import os
import pathlib
import shutil
import tempfile

import pytest

from testbed import hosts
from testbed.attestd import Swtpm
from testbed.qemu import Machine


class Tap:
    """One line for each test, written as it ends, so a run that is cut short still shows its results."""

    def __init__(self, path):
        self.file = open(path, "w", buffering=1)
        self.count = 0

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.outcome == "passed":
            return
        if report.when == "teardown" and report.outcome == "skipped":
            return
        self.count += 1
        word = "not ok" if report.failed else "ok"
        reason = f" # SKIP {report.longrepr[2]}" if report.skipped else ""
        self.file.write(f"{word} {self.count} - {report.nodeid.removeprefix('tests/system/')}{reason}\n")

    def pytest_collectreport(self, report):
        if report.failed:
            self.count += 1
            self.file.write(f"not ok {self.count} - {report.nodeid}: cannot be read\n")

    def pytest_sessionfinish(self):
        self.file.write(f"1..{self.count}\n")
        self.file.close()


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; 'make systems' runs it, 'make system' does not")
    if "CLOISTER_TAP" in os.environ:
        config.pluginmanager.register(Tap(os.environ["CLOISTER_TAP"]))


@pytest.fixture(scope="module")
def folder():
    """A folder for one file's tests, with a short name: sockets are in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="attestd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def tpm(folder):
    """A software TPM for attestd without a machine."""
    (folder / "tpm").mkdir()
    swtpm = Swtpm(folder / "tpm")
    yield swtpm
    swtpm.stop()


@pytest.fixture(scope="session")
def measured():
    """The measured host, booted once, with attestd at its port."""
    with Machine("measured", disks=[hosts.esp("measured")]) as machine:
        machine.ready()
        yield machine


@pytest.fixture(scope="session")
def debian():
    """An ordinary Debian disk, booted through its own GRUB under Cloister, logged in."""
    config = hosts.config(boot="loader", chain=r"\EFI\debian\grubx64.efi")
    disks = [hosts.esp("debian", config=config, kernel=False), hosts.DEBIAN]
    with Machine("debian", disks=disks, nics=("virtio", "e1000e")) as machine:
        machine.login()
        yield machine
