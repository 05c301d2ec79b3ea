# SPDX-License-Identifier: GPL-2.0-or-later
"""make demo BED=bochs: Debian's kernel under Cloister on a CPU with VT-x and EPT, with two CPUs.

Exits 0 only if the host comes up, sees no VMX, costs no exit while it is idle, and switches itself off.
"""

import sys
import time


from testbed import intel
from testbed.bochs import BochsMachine

LIVE = sys.stdout.isatty()
BOOT_S = 1800
STEPS = ("cloister: loader", "cloister: launched", "Linux version", "init: ready")


def boot(machine):
    """Shows the steps of the boot as they come, and on a terminal the last line of the console."""
    started = time.monotonic()
    for step in STEPS:
        while True:
            try:
                machine.expect(rf"({step}[^\r\n]*)\r", timeout=1)
                break
            except AssertionError:
                if time.monotonic() - started > BOOT_S or machine.ended():
                    raise
                if LIVE:
                    last = machine.serial().rstrip().rpartition("\n")[2]
                    print(f"\r\033[K  {time.monotonic() - started:3.0f} s  {last[:100]}", end="", flush=True)
        shown = machine.console.match[1][:100]
        print(("\r\033[K" if LIVE else "") + f"  {time.monotonic() - started:3.0f} s  {shown}", flush=True)
    machine.shell()


def show(machine):
    """Looks at Cloister from inside the host; returns what is wrong."""
    wrong = []
    flags = machine.check("grep -m1 ^flags /proc/cpuinfo").split()
    cpus = machine.check("cloisterctl stats | grep ^CPUs").strip()
    print(f"  {cpus}\n  the host's CPU flags: hypervisor {'yes' if 'hypervisor' in flags else 'no'}, "
          f"vmx {'yes' if 'vmx' in flags else 'no'}")
    if "vmx" in flags or f"{machine.cpus} in control" not in cpus:
        wrong.append("CPUs")
    whole_boot = sum(intel.exits(machine.check("cloisterctl stats")).values())
    asked_for, others = intel.steady_exits(machine, intel.IDLE)
    print(f"  exits of the whole boot: {whole_boot}; of {intel.IDLE_S} idle seconds: {others or 'none'}, but for what "
          f"the programs ask themselves: {asked_for}")
    if others:
        wrong.append("idle exits")
    return wrong


def main():
    print("Cloister demo: Debian on an Intel server (Bochs, VT-x and EPT, 2 CPUs, no TPM).\n", flush=True)
    try:
        with BochsMachine("demo-bochs", disks=[intel.disk("demo-bochs")], cpus=2) as machine:
            boot(machine)
            wrong = show(machine)
            machine.send("poweroff -f")
            machine.wait_stopped()
    except (AssertionError, RuntimeError) as error:
        wrong = [str(error)]
    if wrong:
        print(f"  WRONG: {', '.join(wrong)}")
        return 1
    print("  switched itself off\n\nAs it must be. This bed has no TPM, so no tenant may trust this host: "
          "'make demo' shows the verdicts.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
