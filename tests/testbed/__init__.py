# SPDX-License-Identifier: GPL-2.0-or-later
"""The test beds: machines that boot Cloister, what they boot from, and what is judged from outside of them.

    from testbed.qemu import Machine

tools/in-root and build.mk put the folder of this package and tools/images into PYTHONPATH.
"""
