# SPDX-License-Identifier: GPL-2.0-or-later
"""Code that runs before the loader owns everything after it: each such machine is refused, whatever its TPM says."""

import json

import pytest

from testbed import firmware, hosts
from testbed.emulator import OUT
from testbed.forgery import Forgery
from testbed.independent import sha256
from testbed.qemu import Machine

ROGUE, EARLY = (OUT / "tests" / "system" / name for name in ("rogue.efi", "early.efi"))


class TestRogueDriver:
    """rogue.efi: the loader is measured and not started, its launch is made up, and plain Linux answers."""

    def judged(self, name, forgery, more=(), **machine):
        disk = hosts.esp(name, more=more)
        with Machine(name, disks=[disk], **machine) as booted:
            booted.expect("rogue: measured, and not started")
            booted.ready()
            assert "launched: " not in booted.serial()
            tcg_log = hosts.evidence(booted)["tcg_log"]
            booted.cut_power()  # the TPM stays on, and is the attacker's alone
            forgery.take_over(booted.tpm, tcg_log)
            with forgery.served() as url:
                return hosts.verify_at(url, "--policy", hosts.pinned_to(forgery.ak_public, name), "--no-cache")

    @pytest.fixture(scope="class")
    def forgery(self):
        return Forgery()

    def test_refused_if_started_by_a_variable(self, forgery):
        variables = firmware.Variables()
        variables.start_first("Driver", r"\EFI\rogue.efi")
        status, text = self.judged("rogue-variable", forgery, more={"EFI/rogue.efi": forgery.fill_in(ROGUE)},
                                   variables=variables.write("rogue-variable"))
        assert (status, hosts.refusals(text)) == (hosts.FIRMWARE_REFUSED, ["driver-before-loader"]), text

    def test_refused_if_started_from_an_option_rom(self, forgery):
        rom = hosts.SCRATCH / "rogue.rom"
        rom.write_bytes(firmware.option_rom(forgery.fill_in(ROGUE)))
        device = f"virtio-rng-pci,iommu_platform=on,disable-legacy=on,romfile={rom}"
        status, text = self.judged("rogue-rom", forgery, extra=["-device", device])
        assert (status, hosts.refusals(text)) == (hosts.FIRMWARE_REFUSED, ["driver-before-loader"]), text


class TestFirmwareProgram:
    """An application that the firmware starts first and that returns; it announces a boot option as PFP 1.06 does."""

    @pytest.fixture(scope="class")
    def machine(self):
        variables = firmware.Variables()
        variables.start_first("SysPrep", r"\EFI\early.efi")
        disk = hosts.esp("early", config=hosts.config(allow_preboot="yes"), more={"EFI/early.efi": EARLY})
        with Machine("early", disks=[disk], variables=variables.write("early")) as machine:
            machine.expect("early: before any boot option")
            machine.ready()
            yield machine

    def policy(self, name, listed):
        text = hosts.config(allow_preboot="yes")
        path = hosts.SCRATCH / f"{name}.policy.json"
        config = [{"name": "early", "sha256": sha256(text).hex(), "text": text.decode()}]
        path.write_text(json.dumps(json.loads(hosts.POLICY.read_text()) | {"config": config, "before_loader": listed}))
        return path

    def test_refused_unless_the_policy_lists_it(self, machine):
        status, text = hosts.verify(machine, self.policy("early-unknown", []))
        assert (status, hosts.refusals(text)) == (hosts.BOOT_PATH, ["foreign-program"]), text

    def test_accepted_where_the_policy_lists_it(self, machine):
        digest = firmware.authenticode(EARLY)
        listed = [{"name": "early.efi", "authenticode_sha256": digest, "role": "firmware-program"}]
        status, text = hosts.verify(machine, self.policy("early-listed", listed))
        assert status == hosts.PASS, text
