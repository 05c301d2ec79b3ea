/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MADT is one for both machines. */
Signature : "XSDT"
Table Length : 00000000
Revision : 01
Checksum : 00
Oem ID : "CLOIST"
Oem Table ID : "SHIM    "
Oem Revision : 00000001
Asl Compiler ID : "INTL"
Asl Compiler Revision : 00000000

ACPI Table Address 0 : FADT_ADDRESS
ACPI Table Address 1 : 00000000FFFFD000
