/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's microvm, without fixed hardware, with the registers of its generic event device. It has no PCI. */
#define XSDT_ADDRESS    00000000FFFFC840
#define FADT_ADDRESS    00000000FFFFC880
#define DSDT_ADDRESS    00000000FFFFCA00
#define FACS_ADDRESS    0000000000000000
#define REDUCED         1
#define NO_POWER_BUTTON 1
#define SCI_NUMBER      0000
#define PM1_EVENT       0000
#define PM1_CONTROL     0000
#define PM_TIMER        0000
#define GPE0_BLOCK      0000
#define PM1_EVENT_BYTES 00
#define PM1_CTRL_BYTES  00
#define PM_TIMER_BYTES  00
#define GPE0_BYTES      00
#define REGISTER_SPACE  00
#define RESET_ADDRESS   00000000FEA00202
#define RESET_BYTE      42
#define SLEEP_CONTROL   00000000FEA00200
#define SLEEP_STATUS    00000000FEA00201
