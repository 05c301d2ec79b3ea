/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can stop a launch, by name: what the hypervisor answers to the loader, and what the
 * loader shows to the person in front of the machine (what is wrong; what to do next).
 */
#ifndef CLOISTER_ERRORS_H
#define CLOISTER_ERRORS_H

#include <stdint.h>

/* X(name, value, what is wrong, what to do next) */
#define HV_ERRORS(X)                                                                                                   \
	X(HV_OK, 0, "no error", "nothing to do")                                                                       \
	X(HV_E_BOOT_INFO, 1, "boot_info is malformed", "install loader and hypervisor image from the same build")      \
	X(HV_E_REGION, 2, "the hypervisor's memory region is too small or badly aligned",                              \
	  "install loader and hypervisor image from the same build")                                                   \
	X(HV_E_NO_SVM, 3, "the CPU has no SVM (AMD-V)", "use a CPU with AMD-V; under QEMU give -cpu max,+svm")         \
	X(HV_E_SVM_LOCKED, 4, "SVM is switched off and locked in VM_CR", "enable SVM (AMD-V) in the firmware setup")   \
	X(HV_E_NO_NPT, 5, "the CPU has no nested paging", "use a CPU with AMD-V nested paging")                        \
	X(HV_E_NO_X2APIC, 6, "the CPU has no x2APIC", "use a CPU with x2APIC; under QEMU TCG give -cpu max")           \
	X(HV_E_NO_1GIB_PAGES, 7, "the CPU has no 1 GiB pages", "use a CPU with 1 GiB pages (CPUID 80000001.EDX[26])")  \
	X(HV_E_NO_NX, 8, "the CPU lacks NX, SMEP, SMAP or XSAVE", "use a CPU with all of them")                        \
	X(HV_E_NO_ENTROPY, 9, "RDSEED and RDRAND are missing or give no data", "use a CPU with working RDRAND")        \
	X(HV_E_ENTROPY_FAILED, 10, "the random generator or the key generation failed",                                \
	  "power the machine off and on; if that does not help, RDRAND is defective")                                  \
	X(HV_E_PAGING_MODE, 11, "the firmware runs with 5-level paging", "switch 5-level paging off in the firmware")  \
	X(HV_E_CPU_DIFFERS, 12, "this CPU's virtualisation features differ from the first CPU's",                      \
	  "use CPUs of one model and stepping")                                                                        \
	X(HV_E_ALREADY, 13, "virtualisation is in use already on this CPU (EFER.SVME or CR4.VMXE is set)",             \
	  "boot Cloister on the bare machine, before any other hypervisor")                                            \
	X(HV_E_CPU_INDEX, 14, "a CPU that is not in the MADT entered the hypervisor",                                  \
	  "report the machine's ACPI MADT")                                                                            \
	X(HV_E_NOT_READY, 15, "a CPU entered the hypervisor before it was prepared", "report this as a defect")        \
	X(HV_E_PHYS_BITS, 16, "the CPU's physical address width is outside 36 to 52",                                  \
	  "use a CPU that reports it right")                                                                           \
	X(HV_E_STAGE2_FULL, 17, "too many protected ranges: the stage-2 tables are full", "report this as a defect")   \
	X(HV_E_VENDOR, 18, "this hypervisor image is for another CPU vendor", "install the image for this CPU")        \
	X(HV_E_AP_LOST, 19, "a CPU did not come up", "see which one in the log; update the firmware")                  \
	X(HV_E_NO_VMX, 20, "the CPU has no VMX (VT-x)", "use a CPU with VT-x and EPT")                                 \
	X(HV_E_VMX_LOCKED, 21, "VMX is switched off and locked in IA32_FEATURE_CONTROL",                               \
	  "enable VT-x (Virtualization Technology) in the firmware setup")                                             \
	X(HV_E_SMX, 22, "safer mode extensions are in use (CR4.SMXE is set)", "switch TXT off in the firmware setup")  \
	X(HV_E_NO_EPT, 23, "the CPU has no EPT with 4 levels, write-back tables, 2 MiB and 1 GiB pages, and INVEPT",   \
	  "use a CPU with all of them")                                                                                \
	X(HV_E_NO_VPID, 24, "the CPU has no VPID with INVVPID", "use a CPU with VPID")                                 \
	X(HV_E_NO_UNRESTRICTED, 25, "the CPU has no unrestricted guest", "use a CPU with unrestricted guest")          \
	X(HV_E_NO_VIRTUAL_NMI, 26, "the CPU has no NMI exiting with virtual NMIs", "use a CPU with virtual NMIs")      \
	X(HV_E_NO_TRAP_FLAG, 27, "the CPU has no monitor trap flag", "use a CPU with it (VT-x with EPT has it)")       \
	X(HV_E_NO_BITMAPS, 28, "the CPU has no I/O or MSR bitmaps", "use a CPU with both")                             \
	X(HV_E_NO_MSR_SWITCH, 29, "VM entry and exit cannot switch EFER, PAT, debug controls and 64-bit mode",         \
	  "use a CPU that can")                                                                                        \
	X(HV_E_CR3_EXITS, 30, "the CPU cannot run a guest without exits at each CR3 access",                           \
	  "use a CPU with the TRUE VMX capability MSRs")                                                               \
	X(HV_E_MTRR, 31, "the MTRRs have reserved types, or overlap where the result is undefined",                    \
	  "update the firmware: it sets the memory types")                                                             \
	X(HV_E_VMXON, 32, "VMXON failed", "power the machine off and on; update the firmware")                         \
	X(HV_E_NO_IOMMU, 33, "the firmware names no DMA remapping unit (ACPI tables DMAR, IVRS), and one is required", \
	  "enable VT-d or AMD-Vi (IOMMU) in the firmware setup, or set require_iommu = no")                            \
	X(HV_E_DMA_TABLE, 34, "the ACPI table of the DMA remapping units (DMAR, IVRS) is malformed",                   \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                   \
	X(HV_E_DMA_RESERVED, 35, "the firmware reserves memory for devices (RMRR, IVMD) that Cloister must protect",   \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                   \
	X(HV_E_DMA_COVERAGE, 36, "a PCI segment has devices that no DMA remapping unit covers",                        \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                   \
	X(HV_E_IOMMU_UNIT, 37, "a DMA remapping unit does not answer or lacks what Cloister needs",                    \
	  "switch the IOMMU off in the firmware setup and set require_iommu = no")                                     \
	X(HV_E_IOMMU_BUSY, 38, "the firmware uses a DMA remapping unit in a way that Cloister cannot take over",       \
	  "switch pre-boot DMA protection off in the firmware setup")                                                  \
	X(HV_E_IOMMU_TIMEOUT, 39, "a DMA remapping unit did not complete a command in time",                           \
	  "power the machine off and on; if that does not help, switch the IOMMU off and set require_iommu = no")      \
	X(HV_E_TXT, 40, "a measured environment runs already (TXT.STS.SENTER.DONE is set)",                            \
	  "boot Cloister on the bare machine, not under tboot or another measured launch")                             \
	X(HV_E_MTRR_RAM, 41, "the firmware's MTRRs do not make all RAM write-back, from the address shown on",         \
	  "update the firmware, which sets the memory types; take out the RAM that it does not cover")                 \
	X(HV_E_SMALL_PAGES, 42,                                                                                        \
	  "CPU or DMA remapping units need 4 KiB pages, for whose tables the region has no room",                      \
	  "report this as a defect: the loader makes room when the hypervisor asks for it")                            \
	X(HV_E_STAGE2_SEALED, 43, "a guest's second-level tables were to change after the launch",                     \
	  "report this as a defect: the hypervisor does not change them")                                              \
	X(HV_E_A20, 44, "address line A20 is masked", "power the machine off and on; update the firmware")             \
	X(HV_E_MEMORY_ALIASES, 45, "memory encryption chooses keys by address bits: each page has several addresses",  \
	  "switch SMEE, SNP or TME-MK off in the firmware setup; TSME and TME with one key may stay on")

#define HV_ERROR_ENUM(name, value, what, next) name = (value),
enum hv_error { HV_ERRORS(HV_ERROR_ENUM) };
#undef HV_ERROR_ENUM

#define HV_NO_CPU 0xffffffffu

/* An error, and what it concerns. */
struct hv_failure {
	enum hv_error error;
	uint32_t cpu;   /* the CPU's index, or HV_NO_CPU: the error is the machine's */
	uint64_t where; /* HV_E_DMA_*, HV_E_IOMMU_*, HV_E_MTRR_RAM: address; else 0 */
};

#endif
