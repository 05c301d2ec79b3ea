# SPDX-License-Identifier: GPL-2.0-or-later
"""EFI system partitions: GPT disks with FAT file systems, the same bytes for the same files.

    python3 tools/images/esp.py OUTPUT PATH-ON-THE-DISK=FILE...
"""

import os
import pathlib
import subprocess
import sys
import tempfile

MIB = 1 << 20
DISK_GUID = "c1057e12-0000-4000-8000-0000000000f0"
PARTITION_GUID = "c1057e12-0000-4000-8000-0000000001{:02x}"
VOLUME_ID = "c1057{:03x}"


def tool(*argv):
    # FAT's first day is in 1980; mtools takes its times from here.
    environment = dict(os.environ, SOURCE_DATE_EPOCH="315532800", TZ="UTC", MTOOLS_SKIP_CHECK="1")
    result = subprocess.run(list(map(str, argv)), env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{argv[0]}: {result.stdout}{result.stderr}")


def folders(paths):
    """Every folder that the paths need, parents first."""
    found = set()
    for path in paths:
        found.update(str(p) for p in pathlib.PurePosixPath(path).parents)
    return sorted(found - {".", "/"})


def fat(files, output, number):
    """Makes a FAT file system with 'files': path with slashes -> bytes or the path of a file."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = {}
        for index, (path, content) in enumerate(sorted(files.items())):
            source = pathlib.Path(content) if not isinstance(content, bytes) else pathlib.Path(scratch, str(index))
            if isinstance(content, bytes):
                source.write_bytes(content)
            sources[path.lstrip("/")] = source
        size_mib = 4 + sum(s.stat().st_size + 8192 for s in sources.values()) * 11 // 10 // MIB
        output.unlink(missing_ok=True)
        tool("mkfs.fat", "--invariant", "-i", VOLUME_ID.format(number), "-n", "CLOISTER", "-C", output, size_mib * 1024)
        for folder in folders(sources):
            tool("mmd", "-i", output, f"::/{folder}")
        for path, source in sources.items():
            tool("mcopy", "-i", output, source, f"::/{path}")
    return size_mib


def disk(output, *partitions):
    """Makes a GPT disk with one EFI system partition for each dictionary of files."""
    output = pathlib.Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.{os.getpid()}")
    layout, start, volumes = [], 1, []
    with tempfile.TemporaryDirectory() as scratch:
        for number, files in enumerate(partitions, 1):
            volume = pathlib.Path(scratch, f"fat{number}")
            size = fat(files, volume, number)
            layout += ["-n", f"{number}:{start * 2048}:+{size}M", "-t", f"{number}:ef00",
                       "-u", f"{number}:{PARTITION_GUID.format(number)}"]
            volumes.append((start, volume))
            start += size
        partial.write_bytes(b"")
        os.truncate(partial, (start + 1) * MIB)
        tool("sgdisk", "-o", "-U", DISK_GUID, *layout, partial)
        with open(partial, "r+b") as whole:
            for first_mib, volume in volumes:
                whole.seek(first_mib * MIB)
                whole.write(volume.read_bytes())
    partial.rename(output)
    return output


if __name__ == "__main__":
    disk(sys.argv[1], dict(argument.split("=", 1) for argument in sys.argv[2:]))
