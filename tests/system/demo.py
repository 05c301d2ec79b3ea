# SPDX-License-Identifier: GPL-2.0-or-later
"""make demo: a measured host that a tenant trusts, and three hosts that it must not trust.

Everything is real: the machines boot in QEMU with a TPM each, the tenant's tool talks to them over TLS. Exits 0
only if all four verdicts come out right.
"""

import sys
import time


from testbed import hosts
from testbed.qemu import Machine

LIVE = sys.stdout.isatty()
BOOT_S = 600

# The parts of the demonstration, in order: name, title, what to boot, the right exit code of 'cloister verify'.
SCENES = [
    ("demo-measured", "A host that boots measured, as built",
     lambda: {"disks": [hosts.esp("demo-measured")]}, hosts.TRUSTED),
    ("demo-byte", "The same host, one byte of the hypervisor changed",
     lambda: {"disks": [hosts.esp("demo-byte", hypervisor=hosts.with_text_changed(hosts.HYPERVISOR))]},
     hosts.HYPERVISOR_REFUSED),
    ("demo-flag", "The same host, one flag of its config changed (on_error)",
     lambda: {"disks": [hosts.esp("demo-flag", config=hosts.config(on_error="continue"))]}, hosts.CONFIG_REFUSED),
    ("demo-bare", "The same kernel, booted without the hypervisor",
     lambda: {"extra": hosts.without_cloister()}, hosts.BOOT_PATH),
]


def wait_ready(machine, started):
    """Waits until attestd listens, and shows the machine's progress on a terminal."""
    while True:
        try:
            machine.expect("init: ready", timeout=1)
            return
        except AssertionError:
            if time.monotonic() - started > BOOT_S:
                raise
            if LIVE:
                last = machine.serial().rstrip().rpartition("\n")[2]
                print(f"\r\033[K  {time.monotonic() - started:3.0f} s  {last[:100]}", end="", flush=True)


def play(number, name, title, make, right, policy):
    """One host; the policy is learnt of the first. Returns whether its verdict is right, and the policy."""
    print(f"\n=== {number} of {len(SCENES)}: {title}", flush=True)
    started = time.monotonic()
    with Machine(name, **make()) as machine:
        wait_ready(machine, started)
        print(("\r\033[K" if LIVE else "") + f"  booted in {time.monotonic() - started:.0f} s; the tenant asks "
              f"{hosts.url(machine)}:\n", flush=True)
        if number == 1:
            print("".join(f"    {line}\n" for line in hosts.enrol(machine, "--replace").splitlines()))
            policy, said = hosts.learnt(machine, name)
            print("".join(f"    {line}\n" for line in said.splitlines()))
        status, text = hosts.verify(machine, policy)
    print("".join(f"    {line}\n" for line in text.splitlines()))
    expected = "trusted" if right == hosts.TRUSTED else f"refused with code {right}"
    if status == right:
        # hosts.verify() has run them on each accepted evidence.
        agree = "; tpm2_checkquote, tpm2_eventlog and systemd-pcrlock agree" if right == hosts.TRUSTED else ""
        print(f"  as it must be: {expected}{agree}")
        return True, policy
    print(f"  WRONG: the verdict must be: {expected}; 'cloister verify' exited with {status}.\n"
          f"  Console: {machine.log}/serial.log")
    return False, policy


def main():
    print("Cloister demo: four hosts (QEMU, AMD-V, TPM 2.0), one tenant.")
    results, policy = [], hosts.POLICY
    for number, scene in enumerate(SCENES, 1):
        try:
            right, policy = play(number, *scene, policy)
            results.append(right)
        except (AssertionError, RuntimeError) as error:
            print(f"  FAILED: {error}")
            results.append(False)
    right = sum(results)
    print(f"\n{right} of {len(SCENES)} hosts were judged as they must be.")
    return 0 if right == len(SCENES) else 1


if __name__ == "__main__":
    sys.exit(main())
