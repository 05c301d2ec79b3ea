# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots the measured host and leaves the user on its console."""

import sys


from testbed import hosts
from testbed.qemu import Machine, free_port, interactive

if __name__ == "__main__":
    port = free_port()
    print(f"The host's console follows; Ctrl-A X ends it. From another terminal, once it is ready:\n"
          f"  make reference && tools/in-root build/out/cloister verify https://127.0.0.1:{port} "
          "--policy build/out/policy.json --any-tpm\n", flush=True)
    sys.exit(interactive(Machine("run", disks=[hosts.esp("run")], port=port)))
