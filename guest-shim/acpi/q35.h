/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's q35 with the fixed hardware of its ICH9, at port 600H (platform.c). Not "hardware-reduced": such a machine,
 * without EFI, is reset by Linux through real mode, which a protected guest does not have.
 */
#define XSDT_ADDRESS    00000000FFFFC040
#define FADT_ADDRESS    00000000FFFFC080
#define DSDT_ADDRESS    00000000FFFFC200
#define FACS_ADDRESS    00000000FFFFC7C0
#define REDUCED         0
#define NO_POWER_BUTTON 0
#define SCI_NUMBER      0009
#define PM1_EVENT       0600
#define PM1_CONTROL     0604
#define PM_TIMER        0608
#define GPE0_BLOCK      0620
#define PM1_EVENT_BYTES 04
#define PM1_CTRL_BYTES  02
#define PM_TIMER_BYTES  04
#define GPE0_BYTES      10
#define REGISTER_SPACE  01
#define RESET_ADDRESS   0000000000000CF9
#define RESET_BYTE      0F
#define SLEEP_CONTROL   0000000000000000
#define SLEEP_STATUS    0000000000000000
