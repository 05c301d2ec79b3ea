# SPDX-License-Identifier: GPL-2.0-or-later
"""Megabytes a second through AHCI and e1000e under Debian's own drivers, with every transfer remapped, beside machines
without Cloister. Printed with no limit: seconds depend on what else the computer does.
"""

import contextlib
import re
import socketserver
import statistics
import threading
from collections.abc import Iterator

from testbed import debian, hosts
from testbed.qemu import Machine
from testbed.report import Report

ROUNDS = 3
MEBI = 1 << 20
NETWORK_BYTES = 32 * MEBI
HOST = "10.0.2.2"  # this computer, seen from the machine


class Discard(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while self.request.recv(MEBI):
            pass


class Supply(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(bytes(NETWORK_BYTES))


@contextlib.contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    """A port of this computer that the machine reaches."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def rate(machine: Machine, command: str) -> float:
    """MB/s, as dd says, in the middle of some rounds."""
    said = [machine.check(command) for _ in range(ROUNDS)]
    found = [re.search(r"(\d+) bytes .* copied, ([\d.e-]+) s", line) for line in said]
    return statistics.median(int(match[1]) / float(match[2]) / 1e6 for match in found)


def rates(machine: Machine) -> dict[str, float]:
    with serving(Discard) as sink, serving(Supply) as source:
        commands = {
            "disk read": "dd if=$(findmnt -no SOURCE /) of=/dev/null bs=1M count=256 iflag=direct",
            "disk write": "dd if=/dev/zero of=/var/tmp/load bs=1M count=64 oflag=direct conv=fsync",
            "network send": f"dd if=/dev/zero bs=64k count={NETWORK_BYTES >> 16} >/dev/tcp/{HOST}/{sink}",
            "network receive": f"dd of=/dev/null bs=64k </dev/tcp/{HOST}/{source}",
        }
        return {what: rate(machine, command) for what, command in commands.items()}


def bare(iommu: bool) -> dict[str, float]:
    with Machine(f"bench-throughput-bare{'-vtd' if iommu else ''}", disks=[hosts.DEBIAN], nics=("e1000e",),
                 iommu=iommu) as machine:
        machine.login()
        machine.run("systemctl is-system-running --wait")
        assert (machine.run("test -e /sys/class/iommu/dmar0")[0] == 0) == iommu, "whether Linux uses VT-d"
        return rates(machine)


def throughput(report: Report) -> None:
    without, linux = bare(iommu=False), bare(iommu=True)
    with debian.running("bench-throughput", nics=("e1000e",), iommu=True) as machine:
        cloister = rates(machine)
        refused = debian.refused_dma(machine)
    print("\n  AHCI and e1000e, 2 CPUs, MB/s: bare; bare, Linux uses VT-d; Cloister uses it, and % of bare:")
    for what, value in cloister.items():
        print(f"    {what:<40} {without[what]:>12.0f} {linux[what]:>8.0f} {value:>8.0f} "
              f"{100 * value / without[what]:>6.0f} %", flush=True)
    report.figure("accesses of devices that were refused meanwhile", refused, 0)
