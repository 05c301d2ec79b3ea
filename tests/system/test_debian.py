# SPDX-License-Identifier: GPL-2.0-or-later
"""An ordinary Debian 13, installed without Cloister, booted under it through its own GRUB."""

import pytest

TPM_RC_LOCALITY = "0x907"


def test_hypervisor_is_seen_and_virtualisation_is_hidden(debian):
    assert "hypervisor" in debian.check("grep -m1 flags /proc/cpuinfo")
    debian.check("! grep -qw -e svm -e vmx /proc/cpuinfo")


def test_boots_to_a_running_system(debian):
    assert debian.run("systemctl is-system-running --wait")[1].strip() == "running"


def test_has_both_cpus_in_x2apic(debian):
    assert debian.check("nproc").strip() == "2"
    assert "x2apic" in debian.check("dmesg | grep -i x2apic")


def test_disk_works(debian):
    drop_caches = "sync && echo 3 >/proc/sys/vm/drop_caches"
    debian.check(f"cd /var/tmp && dd if=/dev/urandom of=a bs=1M count=16 && {drop_caches}")
    debian.check(f"cp a b && {drop_caches} && cmp a b")


@pytest.mark.parametrize("driver, gateway", [("virtio_net", "10.0.2.2"), ("e1000e", "10.0.3.2")])
def test_network_works(debian, driver, gateway):
    find = f"for n in e*; do ethtool -i $n | grep -q 'driver: {driver}$' && echo $n; done"
    nic = debian.check(f"cd /sys/class/net; {find}; cd").strip()
    assert nic, f"no network interface of {driver}"
    debian.wait_until(f"ip -4 address show dev {nic} | grep -qF 'inet {gateway.rpartition('.')[0]}.'")  # DHCP
    debian.check(f"ping -c 3 -W 5 -I {nic} {gateway}")


def test_tpm_reads_at_locality_0(debian):
    assert "17:" in debian.check("tpm2_pcrread sha256:17,18,19")
    assert len(debian.check("tpm2_getrandom --hex 16").strip()) == 32


@pytest.mark.parametrize("pcr", range(17, 23))
def test_pcrs_of_the_launch_are_closed(debian, pcr):
    before = debian.check(f"tpm2_pcrread sha256:{pcr}")
    for command in (f"tpm2_pcrextend {pcr}:sha256={'00' * 32}", f"tpm2_pcrreset {pcr}"):
        status, output = debian.run(command)
        assert status != 0 and TPM_RC_LOCALITY in output, output
    assert debian.check(f"tpm2_pcrread sha256:{pcr}") == before


def test_launch_pcrs_are_filled(debian):
    lines = debian.check("tpm2_pcrread sha256:17,18,19").upper()
    assert "F" * 64 not in lines


def test_power_off_ends_the_machine(debian):
    """The last test of this machine: ACPI power-off goes through."""
    debian.send("systemctl poweroff")
    debian.wait_stopped()
