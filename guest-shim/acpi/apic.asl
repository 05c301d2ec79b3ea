/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O APIC, a PC's overrides, the mailbox (start.S). The vCPUs follow at run time (platform.c). */
Signature : "APIC"
Table Length : 00000000
Revision : 05
Checksum : 00
Oem ID : "CLOIST"
Oem Table ID : "SHIM    "
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000000

Local Apic Address : FEE00000
Flags (decoded below) : 00000001
PC-AT Compatibility : 1

Subtable Type : 01
Length : 0C
I/O Apic ID : 00
Reserved : 00
Address : FEC00000
Interrupt : 00000000

Subtable Type : 02
Length : 0A
Bus : 00
Source : 00
Interrupt : 00000002
Flags (decoded below) : 0000
Polarity : 0
Trigger Mode : 0

Subtable Type : 02
Length : 0A
Bus : 00
Source : 09
Interrupt : 00000009
Flags (decoded below) : 000D
Polarity : 1
Trigger Mode : 3

Subtable Type : 10
Length : 10
Mailbox Version : 0000
Reserved : 00000000
Mailbox Address : 00000000FFFF7000
