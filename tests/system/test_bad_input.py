# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad configs, images, ACPI tables and machines: each is refused by name, and no later launch can pass."""

import hashlib
import struct

import pytest

from testbed import hosts, refused_volumes
from testbed.qemu import CPU, Machine
from testbed.refused_volumes import Case, Edit


def image(offset, data):
    """The hypervisor image with some bytes replaced."""
    def make():
        whole = bytearray(hosts.HYPERVISOR.read_bytes())
        whole[offset:offset + len(data)] = data
        return bytes(whole)
    return {"hypervisor": make}


def image_cut(count):
    return {"hypervisor": lambda: hosts.HYPERVISOR.read_bytes()[:count]}


def config(text):
    return {"config": lambda: text}


def changed(**keys):
    return {"config": lambda: refused_volumes.config(**keys)}


def added(line):
    return {"config": lambda: refused_volumes.config() + line}


def missing(part):
    return {part: lambda: None}


# Offsets in ELF64's header and first program header.
E_MACHINE, E_PHOFF, E_PHNUM, P_OFFSET = 18, 32, 56, 64 + 8
HUGE = struct.pack("<Q", 0xFFFFFFFFFFFFF000)
# Offsets in ACPI tables: length and checksum of any; the first entry of the MADT; the TPM2's start method.
LENGTH, CHECKSUM, MADT_ENTRY, TPM2_START, FADT_X_PM1A_CNT = 4, 9, 44, 48, 172


def length(value):
    return struct.pack("<I", value)


NONE, LOADER = r"\EFI\cloister\none.efi", r"\EFI\cloister\loader.efi"
CASES = [
    Case("config-unknown-key", "LOADER_E_CONFIG_KEY", added(b"colour = blue\n"), where="'colour'"),
    Case("config-duplicate-key", "LOADER_E_CONFIG_DUPLICATE", added(b"pool_mib = 2\npool_mib = 4\n"), where="pool_mib"),
    Case("config-bad-number", "LOADER_E_CONFIG_NUMBER", changed(pool_mib="12x"), where="'pool_mib'"),
    Case("config-odd-pool", "LOADER_E_CONFIG_NUMBER", changed(pool_mib="3"), where="'pool_mib'"),
    Case("config-overlong-line", "LOADER_E_CONFIG_LONG", added(b"cmdline = " + b"x" * 2200 + b"\n"),
         where="cloister.conf, line"),
    Case("config-not-ascii", "LOADER_E_CONFIG_ASCII", added(b"# caf\xc3\xa9\n"), where="column 6"),
    Case("config-97-lines", "LOADER_E_CONFIG_LINES", added(b"#\n" * 97), where="line 97"),
    Case("config-no-kernel", "LOADER_E_CONFIG_NEEDS", changed(boot="kernel"), where="'kernel'"),
    Case("config-error-before-serial", "LOADER_E_CONFIG_KEY", silent=True, where="line 2, key 'colour'",
         files=config(b"on_error = continue\ncolour = blue\nserial = none\n")),
    Case("kernel-missing", "LOADER_E_FILE_MISSING", changed(boot="kernel", kernel=NONE),
         where="none.efi, key 'kernel'"),
    Case("initrd-missing", "LOADER_E_FILE_MISSING", changed(boot="kernel", kernel=LOADER, initrd=NONE),
         where="none.efi, key 'initrd'"),
    Case("chain-missing", "LOADER_E_FILE_MISSING", changed(boot="loader", chain=NONE), where="none.efi, key 'chain'"),
    Case("driver-order", "LOADER_E_PREBOOT", variable="DriverOrder", where="DriverOrder: 1 entries"),
    Case("sysprep-order", "LOADER_E_PREBOOT", variable="SysPrepOrder", where="SysPrepOrder: 1 entries"),
    Case("driver-order-allowed", "LOADER_E_FILE_MISSING", variable="DriverOrder", where="hv-svm.elf",
         files=changed(allow_preboot="yes") | missing("hypervisor")),
    Case("config-pool-over-ram", "LOADER_E_MEMORY_POOL", changed(pool_mib="4096"), where="4096"),
    Case("memory-too-little", "LOADER_E_MEMORY_REGION", starved=True, where="4 MiB"),
    Case("image-missing", "LOADER_E_FILE_MISSING", missing("hypervisor"), where="hv-svm.elf"),
    Case("image-truncated", "LOADER_E_IMAGE_SEGMENT", image_cut(5000), where="program header 0"),
    Case("image-empty", "LOADER_E_FILE_SIZE", image_cut(0), where="hv-svm.elf"),
    Case("image-wrong-machine", "LOADER_E_IMAGE_HEADER", image(E_MACHINE, struct.pack("<H", 183)), where="machine 183"),
    Case("image-bad-phoff", "LOADER_E_IMAGE_HEADER", image(E_PHOFF, HUGE), where="headers at 18446744073709547520"),
    Case("image-bad-phnum", "LOADER_E_IMAGE_HEADER", image(E_PHNUM, b"\xff\xff"), where="65535 of them"),
    Case("image-bad-segment", "LOADER_E_IMAGE_SEGMENT", image(P_OFFSET, HUGE), where="program header 0"),
    Case("rsdp-checksum", "LOADER_E_ACPI_RSDP", acpi=(Edit("RSD", 8, b"\x5a", False),), where="RSDP"),
    Case("xsdt-length", "LOADER_E_ACPI_TABLE", acpi=(Edit("XSDT", LENGTH, length(0xFFFFFFF0), False),), where="XSDT"),
    Case("madt-missing", "LOADER_E_ACPI_MISSING", acpi=(Edit("APIC", 0, b"XXXX"),), where="MADT"),
    Case("madt-checksum", "LOADER_E_ACPI_TABLE", acpi=(Edit("APIC", CHECKSUM, b"\x5a", False),), where="MADT"),
    Case("madt-loop", "LOADER_E_ACPI_TABLE", acpi=(Edit("APIC", MADT_ENTRY + 1, b"\0"),), where="MADT"),
    Case("madt-entry-length", "LOADER_E_ACPI_TABLE", acpi=(Edit("APIC", MADT_ENTRY + 1, b"\xff"),), where="MADT"),
    Case("madt-cpu-twice", "LOADER_E_ACPI_TABLE", acpi=(Edit("APIC", MADT_ENTRY + 8 + 3, b"\0"),),
         where="two entries of type 0 with APIC id 0"),
    Case("madt-short", "LOADER_E_ACPI_TABLE", acpi=(Edit("APIC", LENGTH, length(40)),), where="MADT"),
    Case("fadt-missing", "LOADER_E_ACPI_MISSING", acpi=(Edit("FACP", 0, b"XXXX"),), where="FADT"),
    Case("fadt-short", "LOADER_E_ACPI_TABLE", acpi=(Edit("FACP", LENGTH, length(60)),), where="FADT"),
    Case("fadt-sleep-in-memory", "LOADER_E_ACPI_SLEEP", changed(pool_mib="8"), where="pool_mib = 8",
         acpi=(Edit("FACP", FADT_X_PM1A_CNT, b"\0"),)),
    Case("fadt-checksum", "LOADER_E_ACPI_TABLE", acpi=(Edit("FACP", CHECKSUM, b"\x5a", False),), where="FADT"),
    Case("tpm2-missing", "LOADER_E_TPM_LOCALITY", acpi=(Edit("TPM2", 0, b"XXXX"),), where="TPM"),
    Case("tpm2-short", "LOADER_E_ACPI_TABLE", acpi=(Edit("TPM2", LENGTH, length(44)),), where="TPM2"),
    Case("tpm2-checksum", "LOADER_E_ACPI_TABLE", acpi=(Edit("TPM2", CHECKSUM, b"\x5a", False),), where="TPM2"),
    Case("tpm2-start-method", "LOADER_E_TPM_LOCALITY", acpi=(Edit("TPM2", TPM2_START, length(99)),), where="TPM"),
]


@pytest.fixture(scope="module")
def printed():
    return refused_volumes.run("bad-input", CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_volume_is_refused_by_name_and_capped(printed, case):
    refused_volumes.check(case, printed.get(case.name))


CPU_0 = "hv_prepare, CPU 0"
MACHINES = {
    "no-svm": ("HV_E_NO_SVM", CPU_0, {"cpu": "max,-svm,phys-bits=48"}),
    "no-npt": ("HV_E_NO_NPT", CPU_0, {"cpu": CPU + ",-npt"}),
    "no-x2apic": ("HV_E_NO_X2APIC", CPU_0, {"cpu": CPU + ",-x2apic"}),
    "no-rdrand": ("HV_E_NO_ENTROPY", CPU_0, {"cpu": CPU + ",-rdrand,-rdseed"}),
    "foreign-vendor": ("LOADER_E_CPU_VENDOR", "'CentaurHauls'", {"cpu": CPU + ",vendor=CentaurHauls"}),
    "no-tpm": ("LOADER_E_TPM_MISSING", "EFI_TCG2_PROTOCOL", {"tpm": None}),
    "no-locality-2": ("LOADER_E_TPM_LOCALITY", "start method 7 (CRB)", {"tpm": "crb"}),
}


# The PCRs that a machine has to cap, by its TPM: a CRB has no locality 2 here.
CAPPED = {"tis": (14, 17, 18, 19), "crb": (14,), None: ()}


@pytest.mark.parametrize("name", MACHINES)
def test_machine_is_refused_by_name_and_capped(name):
    error, where, machine = MACHINES[name]
    case = Case(name, error, where=where, capped=CAPPED[machine.get("tpm", "tis")])
    refused_volumes.check(case, refused_volumes.run(f"machine-{name}", [case], **machine).get(name))


def test_processor_that_does_not_come_up_is_refused():
    """A MADT that names a processor which the machine does not have."""
    third_is_enabled = Edit("APIC", MADT_ENTRY + 2 * 8 + 4, b"\1")
    case = Case("processor-lost", "HV_E_AP_LOST", acpi=(third_is_enabled,), where="CPU 2 (APIC ID 2)")
    refused_volumes.check(case, refused_volumes.run("processor-lost", [case], cpus="2,maxcpus=3").get(case.name))


def test_message_goes_to_the_configured_port():
    """The loader's own driver: the firmware shows nothing on serial ports meanwhile."""
    case = Case("com2", "LOADER_E_CONFIG_KEY", changed(serial="0x2f8", colour="blue"), silent=True, where="'colour'")
    com2 = hosts.SCRATCH / "com2.txt"
    port = ["-chardev", f"file,id=com2,path={com2}", "-device", "isa-serial,chardev=com2,iobase=0x2f8,irq=3,index=1"]
    printed = refused_volumes.run("com2", [case], extra=port)[case.name]
    refused_volumes.check_message(case, com2.read_text(errors="replace").replace("\r", ""))
    refused_volumes.check_capped(case, printed)
    assert "cloister:" not in printed


def test_missing_config_is_reported_on_com1():
    """Where no config says anything of a port."""
    case = Case("config-missing", "LOADER_E_FILE_MISSING", missing("config"), silent=True, where="cloister.conf")
    with Machine("com1", disks=[refused_volumes.disk("com1", [case])], nics=()) as machine:
        machine.expect("press a key")
        refused_volumes.check_message(case, machine.serial())


def extended(pcr, data):
    return hashlib.sha256(pcr + hashlib.sha256(data).digest()).digest()


STOPS = {
    "unknown-key": ("LOADER_E_CONFIG_KEY", "key 'colour'", lambda: hosts.config(colour="blue")),
    "config-missing": ("LOADER_E_FILE_MISSING", "cloister.conf", lambda: None),
}


@pytest.mark.parametrize("name", STOPS)
def test_stop_waits_for_a_key_and_caps(name):
    """on_error = stop, the default: the message stays until a key is pressed; then the machine is off."""
    error, where, config = STOPS[name]
    with Machine(f"stop-{name}", disks=[hosts.esp(f"stop-{name}", config=config())], nics=()) as machine:
        machine.expect("press a key")
        refused_volumes.check_message(Case(name, error, where=where), machine.serial())
        machine.send("")
        machine.wait_stopped(timeout=25)  # by itself it would go on for 30 s
        machine.cut_power()
        for pcr in (17, 18, 19):
            assert machine.pcr(pcr) == extended(b"\xff" * 32, b"cloister-error\0")
        assert machine.pcr(14) != bytes(32)
