# SPDX-License-Identifier: GPL-2.0-or-later
"""make kvm-unit-tests DIR=...: EFI programs of kvm-unit-tests as root guest, against the bare emulator.

DIR is the folder x86 of kvm-unit-tests, built with --enable-efi; unittests.cfg in it says with which arguments each
program is run. Each is run bare and under Cloister. A verdict (PASS, FAIL, SKIP of a name), an exception that the
program did not expect, or an end that differs and is not in EXPLAINED is printed. Exits 1 then, 2 if there was nothing
to compare.

The programs' start-up code switches the local APIC off and on (lib/x86/apic.c), which #GP refuses where x2APIC is
locked: a run that ends there is not compared. For a comparison, make reset_apic() return, with x2apic_ops chosen, where
it finds x2APIC on, and enable_apic() write by apic_write().
"""

import collections
import pathlib
import re
import shlex
import sys

from testbed import foreign
from testbed.emulator import PATIENCE_S

VERDICT = re.compile(r"^(PASS|FAIL|SKIP|XPASS|XFAIL): (.*)$", re.M)
NUMBER = re.compile(r"0x[0-9a-f]+|[0-9]{4,}|[0-9]+(?= [mn]s\b)")  # addresses, counts, times: not the same in each run
# Only the first ends a program: its own walk of the stack after that may cause another.
UNEXPECTED = re.compile(r"^Unhandled (exception \d+ #\w+)", re.M)
SECTION = re.compile(r"^\[(?P<name>\S+)\]$|^(?P<key>\w+)\s*=\s*(?P<value>.*)$", re.M)
# How a program ends the machine, the lines of interrupts that it sets, and the device of intel-iommu.
DEVICES = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-device", "pc-testdev", "-device", "edu")
# Programs that take minutes on the emulator.
PATIENT = {"sieve": 4 * PATIENCE_S}

RESERVED_CR4 = "QEMU takes reserved bits of CR4 in place of #GP: the bare machine hangs, VMRUN refuses them"

# (program, verdict as a regular expression) of one way or of both: why it may be another under Cloister.
EXPLAINED = {
    ("apic", ".*"): "it switches x2APIC off, which is locked: #GP where it expects none",
    ("hypercall", "(PASS|FAIL): .*VMMCALL.*"): "the bare machine has no hypervisor to call",
    ("idt_test", ".*"): RESERVED_CR4,
    ("intel-iommu", "PASS: vtd_.*|exception 13 #GP"): "the unit is the hypervisor's: #GP at its registers",
    ("lam", ".*"): RESERVED_CR4,
    ("msr", "(PASS|FAIL): MSR_IA32_MISC_ENABLE"): "frozen: writes are dropped (docs/design.md)",
    ("pmu", "(PASS|FAIL): (AMD: .*|N <= 0 <= N)|exception 13 #GP"): "no performance counters (docs/design.md)",
    ("s3", ".*"): "sleep is refused (docs/protocol.md)",
    ("vmexit", "exception 6 #UD"): "the bare machine has no hypervisor to call",
    ("vmware_backdoors", ".*rdpmc_test.*"): "QEMU has no RDPMC; how the program dies of it depends on its stack",
}
BEGUN = "enabling apic"  # the start-up code's first words
NOT_BEGUN, SWITCHED_OFF = "did not begin", "switches x2APIC off"
# #GP at a WRMSR of IA32_APIC_BASE.
LOCKED_OUT = re.compile(r"Unhandled exception 13 #GP.*\n.*\nrax=\w+ rcx=000000000000001b ")


def runs(folder):
    """(program, arguments) of each run that unittests.cfg names, of programs that are there; the others without any."""
    sections, config = [], folder / "unittests.cfg"
    for match in SECTION.finditer(config.read_text() if config.exists() else ""):
        if match["name"]:
            sections.append({})
        elif sections:
            sections[-1][match["key"]] = match["value"].strip("'\"")
    # Several sections differ only in a CPU or machine that is not this bed's.
    found = dict.fromkeys((folder / f"{section['file'].rpartition('.')[0]}.efi", section.get("test_args", ""))
                          for section in sections if "file" in section)
    named = {program for program, _ in found}
    found.update(((program, ""), None) for program in sorted(folder.glob("*.efi")) if program not in named)
    return [(program, arguments) for program, arguments in found if program.exists()]


def verdicts(program, arguments, way):
    """A run's verdicts, each with its count, and how the run ended; or only why there are none."""
    name = re.sub(r"\W+", "-", f"{program.stem} {arguments}").strip("-")
    more = {program.name: program, "startup.nsh": foreign.start(program.name, arguments)}
    with foreign.machine(f"kut-{name}-{way}", way, foreign.SHELL, more, memory_mib=512, nics=(), tpm="tis",
                         extra=DEVICES) as machine:
        try:
            machine.wait_stopped(PATIENT.get(program.stem, PATIENCE_S))
            end = next(event["data"]["reason"] for event in machine.qmp.events if event["event"] == "SHUTDOWN")
        except AssertionError:
            end = "did not end"
        text = machine.serial()
    said = collections.Counter(f"{verdict}: {NUMBER.sub('N', what)}" for verdict, what in VERDICT.findall(text))
    if not said and LOCKED_OUT.search(text):
        return collections.Counter([SWITCHED_OFF])
    if BEGUN not in text:
        return collections.Counter([NOT_BEGUN])
    said.update([end, *UNEXPECTED.findall(text)[:1]])
    return said


def explained(program, verdict):
    return next((reason for (name, pattern), reason in EXPLAINED.items()
                 if name == program.stem and re.fullmatch(pattern, verdict)), None)


def compare(program, arguments):
    """Prints the differences; returns how many verdicts agree, differ for a known reason, and differ, or None."""
    bare, cloister = (verdicts(program, arguments, way) for way in foreign.WAYS)
    if cloister[SWITCHED_OFF] or bare[NOT_BEGUN]:
        reason = SWITCHED_OFF if cloister[SWITCHED_OFF] else NOT_BEGUN
        print(f"{shlex.join([program.stem, *arguments.split()])}: not compared: it {reason}", flush=True)
        return None
    known = unknown = 0
    lines = []
    for verdict in sorted((bare - cloister) + (cloister - bare)):
        reason = explained(program, verdict)
        known += reason is not None
        unknown += reason is None
        lines.append(f"  {'bare' if bare[verdict] > cloister[verdict] else 'Cloister'}: {verdict}"
                     f"{f' ({reason})' if reason else ''}")
    same = sum((bare & cloister).values())
    print(f"{shlex.join([program.stem, *arguments.split()])}: {same} the same, {known} explained, {unknown} differ",
          *lines, sep="\n", flush=True)
    return same, known, unknown


def main(folder, only=""):
    totals = [compare(program, arguments) for program, arguments in runs(pathlib.Path(folder))
              if re.search(only, program.stem)]
    compared = [total for total in totals if total]
    same, known, unknown = map(sum, zip(*compared, strict=True)) if compared else (0, 0, 0)
    print(f"kvm-unit-tests: {len(totals)} runs, {len(compared)} compared; verdicts: {same} the same, "
          f"{known} explained, {unknown} differ")
    return 2 if not compared else 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
