# SPDX-License-Identifier: GPL-2.0-or-later
"""The measured host passes; each changed one is refused with its code; independent tools agree."""

import functools
import json
import re
import shutil

import pytest

from testbed import hosts, independent
from testbed.emulator import OUT
from testbed.forgery import Forgery
from testbed.independent import ALL_ONES, sha256
from testbed.qemu import Machine


def refused(name, code, *, disks=(), policy=hosts.POLICY, **machine):
    """Boots a host that must be refused; returns the explanation."""
    with Machine(name, disks=disks, **machine) as booted:
        booted.ready()
        status, text = hosts.verify(booted, policy)
    assert status == code, text
    return text


@pytest.fixture(scope="module")
def accepted(measured):
    return hosts.evidence(measured)


def policy(name, **changes):
    """The build's policy with members replaced."""
    path = hosts.SCRATCH / f"{name}.policy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(json.loads(hosts.POLICY.read_text()) | changes))
    return path


def config_entry(text):
    return [{"name": "test", "sha256": sha256(text).hex(), "text": text.decode()}]


@pytest.fixture(scope="module")
def saved(measured, tmp_path_factory):
    """The evidence of an acceptance, as the tool keeps it."""
    folder = tmp_path_factory.mktemp("saved")
    arguments = ("--policy", hosts.pinned(measured), "--no-cache")
    status, text = hosts.verify_at(hosts.url(measured), *arguments, save=folder)
    assert status == hosts.PASS, text
    return folder


class TestAccepted:
    def test_tenant_accepts(self, measured):
        status, text = hosts.verify(measured)
        assert status == hosts.PASS, text

    def test_unknown_machine_is_not_trusted(self, measured):
        """Without a key that is known, nothing tells the machine from a program that has a key in a file."""
        status, text = hosts.verify_at(hosts.url(measured), "--policy", hosts.POLICY, "--no-cache")
        assert status == hosts.UNKNOWN and "not trusted: identity unknown" in text, text
        status, text = hosts.verify_at(hosts.url(measured), "--policy", hosts.POLICY, "--no-cache", "--any-tpm")
        assert status == hosts.CONDITIONAL and "VERDICT: conditionally trusted" in text, text

    @pytest.mark.parametrize("check, file", [
        (independent.check_quote, "nonce"), (independent.check_quote, "quote.signature"),
        (independent.check_quote, "quote.pcrs"), (independent.check_quote, "tcg.log"),
        *((functools.partial(independent.check_logs, read=read), log)
          for read in (independent.tpm2_eventlog, independent.systemd_pcrlock) for log in ("tcg.log", "launch.log"))],
        ids=["nonce", "signature", "pcrs", "log", "eventlog-tcg", "eventlog-launch", "pcrlock-tcg", "pcrlock-launch"])
    def test_independent_tools_notice_each_change(self, saved, tmp_path, check, file):
        """Whatever the tenant's tool accepts, hosts.verify_at() has them check; each can say no."""
        statement = sha256((saved / "statement").read_bytes())
        digests = {"tcg.log": sha256(b"cloister-strong\0"), "launch.log": statement,
                   "quote.pcrs": sha256(ALL_ONES + statement)}
        folder = shutil.copytree(saved, tmp_path / "saved")
        check(folder)
        data = bytearray((folder / file).read_bytes())
        data[data.index(digests[file]) if file in digests else -1] ^= 1
        (folder / file).write_bytes(data)
        with pytest.raises(AssertionError):
            check(folder)

    def test_launch_pcrs_hold_this_build(self, accepted):
        digests = {17: hosts.HYPERVISOR.read_bytes(), 18: hosts.CONFIG.read_bytes(), 19: accepted["hk_statement"]}
        for pcr, data in digests.items():
            assert accepted["pcrs"][pcr] == sha256(ALL_ONES + sha256(data)), f"PCR {pcr}"

    def test_pcr_14_says_strong_first(self, accepted):
        assert accepted["pcrs"][14] == sha256(bytes(32) + sha256(b"cloister-strong\0"))

    def test_loader_in_the_log_is_the_policys(self, accepted):
        loader = json.loads(hosts.POLICY.read_text())["loader"][0]["authenticode_sha256"]
        assert bytes.fromhex(loader) in accepted["tcg_log"]

    def test_logs_travel_once(self, measured, tmp_path):
        known = hosts.pinned(measured)
        log, line, answers = "/run/attestd.log", "/v1/evidence: 200, ", []
        before = int(measured.run(f"grep -c '{line}' {log}")[1])
        for number in (1, 2):
            status, text = hosts.verify_at(hosts.url(measured), "--policy", known, "--cache", tmp_path)
            assert status == hosts.PASS, text
            # The line is written after the answer.
            measured.wait_until(f"test $(grep -c '{line}' {log}) -ge {before + number}")
            answers.append(int(re.findall(rf"{line}(\d+) bytes", measured.check(f"cat {log}"))[-1]))
        logs = sum(len(path.read_bytes()) for path in tmp_path.iterdir())
        assert answers[0] - answers[1] > logs * 4 / 3, answers  # in base64
        print("bytes of the first and the second answer:", *answers)


class TestRefused:
    def test_hypervisor_with_one_byte_changed(self):
        disk = hosts.esp("byte", hypervisor=hosts.with_text_changed(hosts.HYPERVISOR))
        refused("byte", hosts.HYPERVISOR_REFUSED, disks=[disk])

    def test_config_with_one_flag_changed(self):
        disk = hosts.esp("flag", config=hosts.config(on_error="continue"))
        assert "on_error" in refused("flag", hosts.CONFIG_REFUSED, disks=[disk])

    def test_same_kernel_without_the_hypervisor(self):
        refused("bare", hosts.BOOT_PATH, extra=hosts.without_cloister())

    def test_foreign_program_before_the_loader(self):
        foreign = OUT / "tests" / "system" / "foreign.efi"
        disk = hosts.esp("foreign", loader=foreign, more={"EFI/cloister/loader.efi": hosts.LOADER})
        refused("foreign", hosts.BOOT_PATH, disks=[disk])

    def test_debug_build(self):
        debug = hosts.DEBUG_HYPERVISOR
        entry = json.loads(hosts.POLICY.read_text())["hypervisor"][0]
        entry |= {"name": debug.name, "sha256": sha256(debug.read_bytes()).hex(), "debug": True}
        disk = hosts.esp("debug", hypervisor=debug)
        refused("debug", hosts.HYPERVISOR_REFUSED, disks=[disk], policy=policy("debug", hypervisor=[entry]))


class TestWeakBinding:
    @pytest.fixture(scope="class")
    def weak(self):
        config = hosts.config(tpm_binding="weak")
        with Machine("weak", disks=[hosts.esp("weak", config=config)], tpm="crb") as machine:
            machine.ready()
            yield machine, config

    def test_refused_unless_the_policy_consents(self, weak):
        machine, config = weak
        status, text = hosts.verify(machine, policy("strong-only", config=config_entry(config)))
        assert status == hosts.KEY_REFUSED, text
        assert "weak" in text

    def test_locality_2_is_of_no_use_to_what_is_launched(self):
        """Where the TPM has it, PCRs 17 to 19 are closed: no strong launch can be made up there."""
        config = hosts.config(tpm_binding="weak")
        consents = policy("weak-closed", config=config_entry(config), allow_weak_binding=True)
        with Machine("weak-closed", disks=[hosts.esp("weak-closed", config=config)]) as machine:
            machine.ready()
            pcrs = hosts.evidence(machine)["pcrs"]
            status, text = hosts.verify(machine, consents)
        assert [pcrs[pcr] for pcr in (17, 18, 19)] == [sha256(ALL_ONES + sha256(b"cloister-weak\0"))] * 3
        assert status == hosts.PASS, text

    def test_strong_launch_forged_after_a_weak_one(self):
        """An image of the attacker's extends PCRs 17 to 19 like a strong launch; nothing else gives it away."""
        forgery = Forgery()
        disk = hosts.esp("forged", hypervisor=forgery.image(), config=hosts.config(tpm_binding="weak"))
        with Machine("forged", disks=[disk]) as machine:
            machine.ready()
            assert "launched: 2 CPUs" in machine.serial()
            tcg_log, known = hosts.evidence(machine)["tcg_log"], hosts.pinned(machine)
            machine.cut_power()  # the TPM stays on, and is the attacker's alone
            forgery.take_over(machine.tpm, tcg_log)
            for pcr, data in {17: hosts.HYPERVISOR.read_bytes(), 18: hosts.CONFIG.read_bytes()}.items():
                closed = sha256(ALL_ONES + sha256(b"cloister-weak\0"))
                assert machine.pcr(pcr) == sha256(closed + sha256(data)), f"PCR {pcr}: closed, then extended"
            with forgery.served() as url:
                status, text = hosts.verify_at(url, "--policy", known, "--no-cache", "--json")
        verdict = json.loads(text)
        assert status == hosts.PCRS_REFUSED, text
        states = {step["name"]: step["state"] for step in verdict["steps"]}
        assert {states[step] for step in ("format", "freshness", "signature", "counters", "boot-path")} == {"pass"}
        causes = {refusal["code"]: refusal["cause"] for refusal in verdict["refusals"]}
        assert {"pcr-replay", "hypervisor-unknown", "config-unknown", "statement-foreign"} < causes.keys()
        assert "launched another image, under the weak binding" in causes["strong-binding-order"]

    def test_accepted_where_the_policy_consents(self, weak):
        machine, config = weak
        status, text = hosts.verify(machine, policy("weak", config=config_entry(config), allow_weak_binding=True))
        assert status == hosts.PASS, text
        assert "weak" in text
