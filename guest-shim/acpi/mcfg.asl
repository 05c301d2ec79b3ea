/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI's configuration space, where platform.c puts it. */
Signature : "MCFG"
Table Length : 00000000
Revision : 01
Checksum : 00
Oem ID : "CLOIST"
Oem Table ID : "SHIM    "
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000000

Reserved : 0000000000000000
Base Address : 00000000E0000000
Segment Group Number : 0000
Start Bus Number : 00
End Bus Number : FF
Reserved : 00000000
