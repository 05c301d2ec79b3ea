/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and table formats of VT-d (specification 5.1, chapters 9 to 11). A register's type carries its width. */
#ifndef CLOISTER_IOMMU_VTD_REGISTERS_H
#define CLOISTER_IOMMU_VTD_REGISTERS_H

#include <stdint.h>

typedef struct {
	uint32_t offset;
} vtd_register32;

typedef struct {
	uint32_t offset;
} vtd_register64;

#define VTD_VER    ((vtd_register32){0x00})
#define VTD_CAP    ((vtd_register64){0x08})
#define VTD_ECAP   ((vtd_register64){0x10})
#define VTD_GCMD   ((vtd_register32){0x18})
#define VTD_GSTS   ((vtd_register32){0x1c})
#define VTD_RTADDR ((vtd_register64){0x20})
#define VTD_CCMD   ((vtd_register64){0x28})
#define VTD_FSTS   ((vtd_register32){0x34})
#define VTD_PMEN   ((vtd_register32){0x64})
#define VTD_IQH    ((vtd_register64){0x80})
#define VTD_IQT    ((vtd_register64){0x88})
#define VTD_IQA    ((vtd_register64){0x90})

/* VTD_VER: from major version 6 on there is no register-based invalidation (6.5). */
#define VER_MAJOR(ver) ((ver) >> 4 & 0xf)
#define VER_QUEUE_ONLY 6u

/* VTD_CAP */
#define CAP_RWBF         (1ull << 4)
#define CAP_PLMR         (1ull << 5)
#define CAP_PHMR         (1ull << 6)
#define CAP_SAGAW_39     (1ull << 9)  /* three levels */
#define CAP_SAGAW_48     (1ull << 10) /* four levels */
#define CAP_SLLPS_2MIB   (1ull << 34)
#define CAP_SLLPS_1GIB   (1ull << 35)
#define CAP_FRO(cap)     ((uint32_t)((cap) >> 24 & 0x3ff) * 16)
#define CAP_RECORDS(cap) ((uint32_t)((cap) >> 40 & 0xff) + 1)

/* VTD_ECAP */
#define ECAP_C         (1ull << 0) /* table walks snoop the caches */
#define ECAP_QI        (1ull << 1)
#define ECAP_IRO(ecap) ((uint32_t)((ecap) >> 8 & 0x3ff) * 16)

/* VTD_GCMD and VTD_GSTS */
#define GLOBAL_TE   (1u << 31)
#define GLOBAL_SRTP (1u << 30)
#define GLOBAL_WBF  (1u << 27)
#define GLOBAL_QIE  (1u << 26)
#define GLOBAL_IRE  (1u << 25)
#define GSTS_KEPT   0x96ffffffu /* status bits that a command must repeat; the others are one-shot */

/* VTD_RTADDR: legacy mode is 0; it may not change while translation is on (11.4.5) */
#define RTADDR_TTM (3ull << 10)

/* VTD_CCMD; and the IOTLB register, at ECAP_IRO + 8 */
#define CCMD_ICC     (1ull << 63)
#define CCMD_GLOBAL  (1ull << 61)
#define IOTLB_IVT    (1ull << 63)
#define IOTLB_GLOBAL (1ull << 60)
#define IOTLB_DR     (1ull << 49)
#define IOTLB_DW     (1ull << 48)

/* Invalidation descriptors, 6.5.2 */
#define QI_CONTEXT_GLOBAL (1ull | 1ull << 4)
#define QI_IOTLB_GLOBAL   (2ull | 1ull << 4 | 1ull << 6 | 1ull << 7) /* reads and writes drained */
#define QI_WAIT_STATUS    (5ull | 1ull << 5)

/* VTD_FSTS */
#define FSTS_PFO (1u << 0)
#define FSTS_PPF (1u << 1)

/* VTD_PMEN */
#define PMEN_PRS (1u << 0)

/* Fault record, upper half */
#define FAULT_BYTES      16u
#define FAULT_F          (1ull << 63)
#define FAULT_READ       (1ull << 62)
#define FAULT_REASON(hi) ((uint32_t)((hi) >> 32 & 0xff))
#define FAULT_SOURCE(hi) ((uint16_t)(hi))

/* Root and context entries, 9.1 and 9.3; translation type 0: requests-with-PASID and ATS are refused. */
#define ENTRY_PRESENT     1ull
#define CONTEXT_AW_39     1ull
#define CONTEXT_AW_48     2ull
#define CONTEXT_DOMAIN(n) ((uint64_t)(n) << 8)

#endif
