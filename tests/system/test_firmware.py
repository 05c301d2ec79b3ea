# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware rules on whole machines: learnt of one that is trusted now, they accept its like and nothing else."""

import json
import subprocess

import pytest

from testbed import hosts
from testbed.emulator import OUT
from testbed.qemu import Machine

OPTION_ROM = "/usr/share/qemu/efi-e1000e.rom"


def changed(policy, **members):
    """The policy with its only model changed."""
    whole = json.loads(policy.read_text())
    whole["firmware"][0] |= members
    path = policy.with_suffix(".changed.json")
    path.write_text(json.dumps(whole))
    return path


@pytest.fixture(scope="module")
def usual(measured):
    return hosts.learnt(measured, "usual")


@pytest.fixture(scope="module")
def with_option_rom():
    """The same machine with a network card whose option ROM holds a driver, which the firmware starts."""
    card = ["-device", f"e1000e,romfile={OPTION_ROM},addr=0x8"]
    with Machine("option-rom", disks=[hosts.esp("option-rom")], extra=card) as machine:
        machine.ready()
        yield machine


def test_trusted_by_its_own_rules(measured, usual):
    policy, words = usual
    status, text = hosts.verify(measured, policy)
    assert status == hosts.TRUSTED and "VERDICT: trusted: " in text, text
    assert "UNUSUAL: Secure Boot is off" in words and "no driver runs before the loader" in words, words


def test_without_rules_nothing_passes(measured):
    status, text = hosts.verify(measured, hosts.REFERENCE)
    assert status == hosts.FIRMWARE_REFUSED and "firmware-unknown" in text, text


def test_other_firmware_is_refused(measured, usual):
    policy, _ = usual
    pcr0 = json.loads(policy.read_text())["firmware"][0]["pcr0"]
    status, text = hosts.verify(measured, changed(policy, pcr0=[pcr0[0], "00" * 32, *pcr0[2:]]))
    assert status == hosts.FIRMWARE_REFUSED and "refused: firmware-code" in text, text
    assert "EV_EFI_PLATFORM_FIRMWARE_BLOB" in text, text


def test_secure_boot_off_is_refused_where_it_must_be_on(measured, usual):
    policy, _ = usual
    state = json.loads(policy.read_text())["firmware"][0]["secure_boot"] | {"enabled": True}
    status, text = hosts.verify(measured, changed(policy, secure_boot=state))
    assert status == hosts.FIRMWARE_REFUSED and "refused: secure-boot-state" in text, text


@pytest.mark.parametrize("rules", [True, False], ids=["rules", "unchecked"])
def test_option_rom_is_refused(with_option_rom, usual, rules):
    """Also where the firmware is not checked: whoever owns the card owns the machine."""
    status, text = hosts.verify(with_option_rom, usual[0] if rules else hosts.POLICY)
    assert status == hosts.FIRMWARE_REFUSED and "refused: driver-before-loader" in text, text


def test_option_rom_is_trusted_once_learnt(with_option_rom):
    policy, words = hosts.learnt(with_option_rom, "option-rom")
    assert "UNUSUAL: 1 drivers ran before the loader" in words, words
    status, text = hosts.verify(with_option_rom, policy)
    assert status == hosts.TRUSTED, text


def test_diff_names_the_driver(measured, with_option_rom, tmp_path):
    for name, machine in (("before", measured), ("after", with_option_rom)):
        hosts.verify_at(hosts.url(machine), "--policy", hosts.POLICY, "--no-cache", save=tmp_path / name)
    result = subprocess.run([OUT / "cloister", "firmware", "diff", tmp_path / "before", tmp_path / "after"],
                            capture_output=True, text=True)
    assert result.returncode == 1 and "+ PCR 2 EV_EFI_BOOT_SERVICES_DRIVER" in result.stdout, result.stdout
