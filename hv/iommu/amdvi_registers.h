/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and formats of AMD-Vi (AMD I/O Virtualization Technology Specification 3.08, chapters 2 and 3). All are 64
 * bits wide.
 */
#ifndef CLOISTER_IOMMU_AMDVI_REGISTERS_H
#define CLOISTER_IOMMU_AMDVI_REGISTERS_H

#include <stdint.h>

typedef struct {
	uint32_t offset;
} amdvi_register;

#define AMDVI_DEVICE_TABLE ((amdvi_register){0x0000})
#define AMDVI_COMMANDS     ((amdvi_register){0x0008})
#define AMDVI_EVENTS       ((amdvi_register){0x0010})
#define AMDVI_CONTROL      ((amdvi_register){0x0018})
#define AMDVI_EXCLUSION    ((amdvi_register){0x0020})
#define AMDVI_EXCLUSION_TO ((amdvi_register){0x0028})
#define AMDVI_FEATURES     ((amdvi_register){0x0030})
#define AMDVI_COMMAND_HEAD ((amdvi_register){0x2000})
#define AMDVI_COMMAND_TAIL ((amdvi_register){0x2008})
#define AMDVI_EVENT_HEAD   ((amdvi_register){0x2010})
#define AMDVI_EVENT_TAIL   ((amdvi_register){0x2018})
#define AMDVI_STATUS       ((amdvi_register){0x2020})

#define DEVICE_TABLE_SIZE 511ull       /* pages, less one: all 65,536 devices */
#define RING_256          (8ull << 56) /* 256 entries of 16 bytes: one page */

#define CONTROL_IOMMU_EN  (1ull << 0)
#define CONTROL_HT_TUN_EN (1ull << 1) /* what comes in by a HyperTransport tunnel is translated, too */
#define CONTROL_EVENT_EN  (1ull << 2)
#define CONTROL_COHERENT  (1ull << 10)
#define CONTROL_CMDBUF_EN (1ull << 12)

#define FEATURE_IA (1ull << 6) /* INVALIDATE_IOMMU_ALL */

#define STATUS_OVERFLOW  (1ull << 0)
#define STATUS_EVENT_RUN (1ull << 3)
#define STATUS_CMD_RUN   (1ull << 4)

/* Commands, 2.4 */
#define COMMAND_WAIT           (1ull << 60 | 1ull) /* store */
#define COMMAND_INVALIDATE_ALL (8ull << 60)

/* Event log entry, 2.5: lower half; the upper one is the address */
#define EVENT_SOURCE(low) ((uint16_t)(low))
#define EVENT_WRITE       (1ull << 53)
#define EVENT_CODE(low)   ((uint32_t)((low) >> 60))

/* Device table entry, 2.2.2: valid, translation valid, levels, read and write allowed; no ATS, no exclusion */
#define DTE_V         (1ull << 0)
#define DTE_TV        (1ull << 1)
#define DTE_LEVELS(n) ((uint64_t)(n) << 9)
#define DTE_DOMAIN(n) ((uint64_t)(n))

/* Its second quarter */
#define DTE_SYSMGT(n) ((uint64_t)(n) << 40)

/* Page table entries, 2.2.3, in bits that nested paging leaves to software */
#define IO_NEXT_LEVEL(n) ((uint64_t)(n) << 9)
#define IO_READ          (1ull << 61)
#define IO_WRITE         (1ull << 62)

#endif
