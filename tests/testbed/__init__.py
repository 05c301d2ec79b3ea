# SPDX-License-Identifier: GPL-2.0-or-later
"""The test beds: machines that boot Cloister, the disks they boot from, and checks from outside.

    from testbed.qemu import Machine

tools/in-root and build.mk put the folder of this package and tools/images into PYTHONPATH.
"""
