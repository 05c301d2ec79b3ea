/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's q35, as a machine without ACPI's fixed hardware: the upper bytes of PM1_CNT and PM1_STS have the layout of the
 * sleep registers (ACPI 6.5, 4.8.3.2.1 and 4.8.3.7).
 */
#define XSDT_ADDRESS   00000000FFFFC040
#define FADT_ADDRESS   00000000FFFFC080
#define MCFG_ADDRESS   00000000FFFFC1A0
#define DSDT_ADDRESS   00000000FFFFC200
#define REGISTER_SPACE 01
#define RESET_ADDRESS  0000000000000CF9
#define RESET_BYTE     0F
#define SLEEP_CONTROL  0000000000000605
#define SLEEP_STATUS   0000000000000601
