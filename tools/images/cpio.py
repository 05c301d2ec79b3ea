# SPDX-License-Identifier: GPL-2.0-or-later
"""Archives in the kernel's initramfs format ("newc"), the same bytes for the same files."""

import stat

HEADER = "070701" + "%08X" * 13


class Archive:
    """Collects files; folders come by themselves. Everything belongs to root and dates from 1970."""

    def __init__(self):
        self.entries = {}

    def _folders(self, path):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:depth]), (stat.S_IFDIR | 0o755, b"", (0, 0)))

    def _add(self, path, mode, data=b"", device=(0, 0)):
        path = path.lstrip("/")
        self._folders(path)
        self.entries[path] = (mode, data, device)

    def file(self, path, data, mode=0o644):
        self._add(path, stat.S_IFREG | mode, data)

    def folder(self, path):
        self._add(path, stat.S_IFDIR | 0o755)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        self._add(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def bytes(self):
        archive = bytearray()
        entries = [*sorted(self.entries.items()), ("TRAILER!!!", (0, b"", (0, 0)))]
        for number, (path, (mode, data, device)) in enumerate(entries, 1):
            name = path.encode() + b"\0"
            header = HEADER % (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
            for piece in (header.encode() + name, data):
                archive += piece + bytes(-len(piece) % 4)
        return bytes(archive)
