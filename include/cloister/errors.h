/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that the hypervisor can answer to the loader in place of a launch. The loader has the
 * words for each, what is wrong and what to do next (loader/hv_errors.h).
 */
#ifndef CLOISTER_ERRORS_H
#define CLOISTER_ERRORS_H

#include <stdint.h>

enum hv_error {
	HV_OK = 0,
	HV_E_BOOT_INFO = 1,
	HV_E_REGION = 2,
	HV_E_NO_SVM = 3,
	HV_E_SVM_LOCKED = 4,
	HV_E_NO_NPT = 5,
	HV_E_NO_X2APIC = 6,
	HV_E_NO_1GIB_PAGES = 7,
	HV_E_NO_NX = 8,
	HV_E_NO_ENTROPY = 9,
	HV_E_ENTROPY_FAILED = 10,
	HV_E_PAGING_MODE = 11,
	HV_E_CPU_DIFFERS = 12,
	HV_E_ALREADY = 13,
	HV_E_CPU_INDEX = 14,
	HV_E_NOT_READY = 15,
	HV_E_PHYS_BITS = 16,
	HV_E_STAGE2_FULL = 17,
	HV_E_VENDOR = 18,
	HV_E_AP_LOST = 19,
	HV_E_NO_VMX = 20,
	HV_E_VMX_LOCKED = 21,
	HV_E_SMX = 22,
	HV_E_NO_EPT = 23,
	HV_E_NO_VPID = 24,
	HV_E_NO_UNRESTRICTED = 25,
	HV_E_NO_VIRTUAL_NMI = 26,
	HV_E_NO_TRAP_FLAG = 27,
	HV_E_NO_BITMAPS = 28,
	HV_E_NO_MSR_SWITCH = 29,
	HV_E_CR3_EXITS = 30,
	HV_E_MTRR = 31,
	HV_E_VMXON = 32,
	HV_E_NO_IOMMU = 33,
	HV_E_DMA_TABLE = 34,
	HV_E_DMA_RESERVED = 35,
	HV_E_DMA_COVERAGE = 36,
	HV_E_IOMMU_UNIT = 37,
	HV_E_IOMMU_BUSY = 38,
	HV_E_IOMMU_TIMEOUT = 39,
	HV_E_TXT = 40,
	HV_E_MTRR_RAM = 41,
	HV_E_SMALL_PAGES = 42,
	HV_E_STAGE2_SEALED = 43,
	HV_E_A20 = 44,
	HV_E_MEMORY_ALIASES = 45,
	HV_E_FEW_ASIDS = 46,
	HV_ERROR_COUNT
};

#define HV_NO_CPU 0xffffffffu

/* An error, and what it concerns. */
struct hv_failure {
	enum hv_error error;
	uint32_t cpu;   /* the CPU's index, or HV_NO_CPU: the error is the machine's */
	uint64_t where; /* HV_E_DMA_*, HV_E_IOMMU_*, HV_E_MTRR_RAM: address; else 0 */
};

#endif
