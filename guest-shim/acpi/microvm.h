/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's microvm, with the registers of its generic event device. PCI's table is there, and not named. */
#define XSDT_ADDRESS   00000000FFFFC840
#define FADT_ADDRESS   00000000FFFFC880
#define DSDT_ADDRESS   00000000FFFFCA00
#define REGISTER_SPACE 00
#define RESET_ADDRESS  00000000FEA00202
#define RESET_BYTE     42
#define SLEEP_CONTROL  00000000FEA00200
#define SLEEP_STATUS   00000000FEA00201
