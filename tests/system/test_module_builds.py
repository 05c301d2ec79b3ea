# SPDX-License-Identifier: GPL-2.0-or-later
"""The DKMS tree builds against the kernels of every Debian suite that hosts use."""

import shutil
import subprocess

import pytest

from testbed.emulator import OUT, TREE

KERNELS = TREE / "build" / "kernels"
DKMS = next((OUT / "dkms").glob("cloister-*"))


@pytest.mark.parametrize("suite", ["bookworm", "bookworm-backports", "trixie-backports", "forky"])
def test_module_builds_without_warnings(suite, tmp_path):
    if not (KERNELS / suite / "headers").exists():
        pytest.skip(f"the headers of {suite} could not be fetched: see build/kernels/log")
    tree = tmp_path / "cloister"
    shutil.copytree(DKMS, tree)
    make = ["make", "-s", "-C", tree, f"KERNEL={KERNELS / suite / 'headers'}", "CC=gcc"]
    subprocess.run([*make, "clean"], check=True, capture_output=True)
    # The headers of a kernel that a newer compiler has built have attributes that this one does not know.
    built = subprocess.run([*make, "KCFLAGS=-Werror -Wno-error=attributes"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    version = subprocess.run(["modinfo", "-F", "vermagic", tree / "cloister.ko"], check=True, capture_output=True,
                             text=True).stdout
    assert version.split()[0] == (KERNELS / suite / "release").read_text().strip()
