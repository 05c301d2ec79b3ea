# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware that starts signed programs only, with its variables in SMM; see docs/secure-boot.md."""

import json
import pathlib

import pytest

import esp as images
import initramfs
from testbed import firmware, hosts
from testbed.emulator import OUT
from testbed.qemu import Machine

SHIM = pathlib.Path("/opt/foreign/usr/lib/shim/shimx64.efi.signed")


@pytest.fixture(scope="module")
def signer():
    return firmware.Signer()


@pytest.fixture(scope="module")
def initrd(signer):
    """The measured host's, with the module signed: a kernel that was started so loads no other."""
    path = hosts.SCRATCH / "signed-initrd.img"
    programs = [OUT / "host" / name for name in ("attestd", "cloisterctl")]
    initramfs.initramfs(path, [*programs, signer.module(OUT / "host" / "cloister.ko")])
    return path


def check(machine):
    machine.ready()
    assert "Secure boot enabled" in machine.check("dmesg"), "the kernel was told of Secure Boot"
    assert "launched: 2 CPUs" in machine.serial()


def learnt(machine, **members):
    """The policy with the machine's own rules, which demand Secure Boot with its keys; and what its owner is told."""
    policy, words = hosts.learnt(machine, machine.name)
    whole = json.loads(policy.read_text()) | members
    assert whole["firmware"][0]["secure_boot"]["enabled"] is True
    policy.write_text(json.dumps(whole))
    return policy, words


def test_own_key_in_db_starts_loader_and_kernel(signer, initrd):
    """Loader and kernel are signed with a key that is the machine's own."""
    variables = firmware.Variables()
    variables.trust(signer.certificate)
    disk = hosts.esp("secure-own", loader=signer.program(hosts.LOADER), more={
        "EFI/cloister/vmlinuz": signer.program(initramfs.kernel_image()), "EFI/cloister/initrd.img": initrd})
    with Machine("secure-own", disks=[disk], secure=True, variables=variables.write("secure-own")) as machine:
        check(machine)
        policy, words = learnt(machine)
        status, text = hosts.verify(machine, policy)
    assert status == hosts.TRUSTED, text
    assert "UNUSUAL" not in words, words


def test_unsigned_loader_is_not_started(signer):
    variables = firmware.Variables()
    variables.trust(signer.certificate)
    with Machine("secure-unsigned", disks=[hosts.esp("secure-unsigned")], secure=True, nics=(),
                 variables=variables.write("secure-unsigned")) as machine:
        machine.expect("Access Denied|Security Violation")
        assert "cloister: loader" not in machine.serial()


class TestShim:
    """Microsoft's keys: shim, whose signature they accept, starts the loader, which a machine owner's key signed."""

    @pytest.fixture(scope="class")
    def machine(self, signer, initrd):
        variables = firmware.Variables("OVMF_VARS_4M.ms.fd")
        variables.trust_as_machine_owner(signer.der.read_bytes())
        disk = hosts.esp("secure-shim", loader=SHIM, more={
            "EFI/BOOT/grubx64.efi": signer.program(hosts.LOADER), "EFI/cloister/initrd.img": initrd})
        with Machine("secure-shim", disks=[disk], secure=True, variables=variables.write("secure-shim")) as machine:
            check(machine)
            yield machine

    def test_accepted_where_the_policy_lists_shim(self, machine):
        listed = [{"name": "shimx64.efi", "authenticode_sha256": firmware.authenticode(SHIM), "role": "shim"}]
        policy, _ = learnt(machine, before_loader=listed)
        status, text = hosts.verify(machine, policy)
        assert status == hosts.TRUSTED, text

    def test_refused_where_it_does_not(self, machine):
        policy, _ = learnt(machine)
        status, text = hosts.verify(machine, policy)
        assert (status, hosts.refusals(text)) == (hosts.BOOT_PATH, ["foreign-program", "strong-binding-order"]), text


def test_firmware_goes_on_to_its_next_boot_option():
    """boot = firmware: the loader returns, and firmware that counts the memory it gave away does not reset for it."""
    config = hosts.config(boot="firmware", kernel=None, initrd=None, cmdline=None)
    following = {"EFI/BOOT/BOOTX64.EFI": OUT / "tests" / "system" / "netboot.efi"}
    disks = [hosts.esp("secure-next", config=config, kernel=False),
             images.disk(hosts.SCRATCH / "secure-next-2.img", following)]
    with Machine("secure-next", disks=disks, secure=True, nics=()) as machine:
        machine.expect("launched: 2 CPUs")
        machine.expect("NETBOOT units 1 refused 0")
