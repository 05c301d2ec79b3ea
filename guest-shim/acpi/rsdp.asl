/* SPDX-License-Identifier: GPL-2.0-or-later */
Signature : "RSD PTR "
Checksum : 00
Oem ID : "CLOIST"
Revision : 02
RSDT Address : 00000000
Length : 00000024
XSDT Address : XSDT_ADDRESS
Extended Checksum : 00
Reserved : 000000
