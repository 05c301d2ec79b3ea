# SPDX-License-Identifier: GPL-2.0-or-later
"""The measured files depend neither on the tree's folder nor on the time of the build."""

import os
import shutil
import subprocess

from testbed.emulator import OUT, TREE

MEASURED = ("loader.efi", "hv-svm.elf", "hv-vmx.elf", "guest-shim.fd")


def build(folder):
    """Copies the tree's files that git has, builds the measured ones, returns their bytes."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(git, cwd=TREE, check=True, capture_output=True)
    for name in filter(None, listing.stdout.decode().split("\0")):
        if (TREE / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(TREE / name, folder / name)
            (folder / name).chmod((TREE / name).stat().st_mode)
    targets = [f"build/out/{name}" for name in MEASURED]
    environment = {key: os.environ[key] for key in ("PATH", "HOME")}
    subprocess.run(["make", "-f", "build.mk", *targets], cwd=folder, check=True, capture_output=True, env=environment)
    return {name: (folder / "build/out" / name).read_bytes() for name in MEASURED}


def test_two_folders_give_the_same_bytes(tmp_path):
    first, second = (build(tmp_path / folder) for folder in ("a", "another/and/deeper"))
    for name in MEASURED:
        assert first[name] == second[name], f"{name} differs"
        assert first[name] == (OUT / name).read_bytes(), f"{name} differs from the one in build/out"
