# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of others as root guest: each works under Cloister as it does bare."""

import re

import pytest

from testbed import foreign, hosts

BOOT_S = 900
WAYS = [pytest.param("bare", marks=pytest.mark.slow), "cloister"]


@pytest.mark.parametrize("way", WAYS)
def test_uefi_shell_lists_and_switches_off(way):
    """It lists volumes, reads the memory map and PCI, and switches the machine off."""
    with foreign.machine(f"shell-{way}", way, foreign.SHELL, tpm="tis") as machine:
        machine.expect("UEFI Interactive Shell")
        machine.expect("Shell> ")
        for command, answer in {"ver": "UEFI v2", "map -b": "BLK0", "pci": "Host Bridge|Bridge Device",
                                "memmap": r"Total Memory:\s+\d+", "smbiosview -t 0": "SMBIOS",
                                "mem 0 10": "Memory Address"}.items():
            machine.send(command)
            machine.expect(answer)
            machine.expect("Shell> ")
        machine.send("reset -s")
        machine.wait_stopped()
    assert ("cloister: launched" in machine.serial()) == (way == "cloister")


@pytest.mark.parametrize("way", WAYS)
def test_ipxe_gets_an_address(way):
    """It drives the network interface itself, by DMA, and gets an address."""
    with foreign.machine(f"ipxe-{way}", way, foreign.IPXE, nics=("e1000e",)) as machine:
        machine.expect("iPXE initialising devices")
        machine.expect("Ctrl-B")
        machine.console.send("\x02")
        machine.expect("iPXE> ")
        machine.send("dhcp")
        machine.expect(r"Configuring \(net0 [0-9a-f:]+\)[.]+ ok")
        machine.send("show net0/ip")
        machine.expect(r"10\.0\.2\.15")
        machine.send("poweroff")
        machine.wait_stopped()


@pytest.mark.slow
@pytest.mark.parametrize("way", foreign.WAYS)
def test_memtest86_finds_no_error(way):
    """It finds CPUs and memory, and tests without an error. Before version 8 it starts no CPU that is in x2APIC."""
    cpus = {"bare": r"2T \(PAR\)", "cloister": "Disabled"}[way]
    start = foreign.start(foreign.MEMTEST.name, "console=ttyS0,115200")
    more = {foreign.MEMTEST.name: foreign.MEMTEST, "startup.nsh": start}
    with foreign.machine(f"memtest-{way}", way, foreign.SHELL, more, memory_mib=256) as machine:
        machine.expect(r"Memtest86\+", BOOT_S)
        machine.expect(rf"2 Cores 2 Threads +SMP: {cpus}", BOOT_S)
        machine.expect(r"#5  \[Moving inversions, random pattern\]", BOOT_S)
    assert not re.search(r"Errors:\s*[1-9]", machine.serial())


@pytest.mark.slow
@pytest.mark.parametrize("way", foreign.WAYS)
def test_xen_starts_debian_as_dom0(way):
    """Xen with Debian's kernel as dom0, to the first words of systemd on Debian's own disk."""
    kernel, initrd = foreign.from_debian("/vmlinuz"), foreign.from_debian("/initrd.img")
    config = ("[global]\ndefault=debian\n[debian]\n"
              "options=console=com1 com1=115200,8n1 noreboot loglvl=all guest_loglvl=all dom0_mem=512M\n"
              "kernel=vmlinuz root=LABEL=root ro console=hvc0 earlyprintk=xen\nramdisk=initrd.img\n").encode()
    more = {f"{stem}.cfg": config for stem in (foreign.XEN.stem, "BOOTX64", "xen")}
    more |= {"vmlinuz": kernel, "initrd.img": initrd}
    with foreign.machine(f"xen-{way}", way, foreign.XEN, more, disks=[hosts.DEBIAN], memory_mib=1536) as machine:
        machine.expect(r"Xen version 4\.20", BOOT_S)
        machine.expect(r"Brought up 2 CPUs", BOOT_S)
        machine.expect(r"\*\*\* Serial input to DOM0|Dom0 has maximum", BOOT_S)
        machine.expect(r"Welcome to .*Debian GNU/Linux", 2 * BOOT_S)
    assert not re.search(r"FATAL|Panic on CPU|#GP|Call Trace", machine.serial())
