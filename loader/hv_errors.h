/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the loader says of each error of the hypervisor (cloister/errors.h): what is wrong, what to do next. */
#ifndef LOADER_HV_ERRORS_H
#define LOADER_HV_ERRORS_H

/* X(name, what is wrong, what to do next) */
#define HV_ERROR_TEXTS(X)                                                                                            \
	X(HV_OK, "no error", "nothing to do")                                                                        \
	X(HV_E_BOOT_INFO, "boot_info is malformed", "install loader and hypervisor image from the same build")       \
	X(HV_E_REGION, "the hypervisor's memory region is too small or badly aligned",                               \
	  "install loader and hypervisor image from the same build")                                                 \
	X(HV_E_NO_SVM, "the CPU has no SVM (AMD-V)", "use a CPU with AMD-V; under QEMU give -cpu max,+svm")          \
	X(HV_E_SVM_LOCKED, "SVM is switched off and locked in VM_CR", "enable SVM (AMD-V) in the firmware setup")    \
	X(HV_E_NO_NPT, "the CPU has no nested paging", "use a CPU with AMD-V nested paging")                         \
	X(HV_E_NO_X2APIC, "the CPU has no x2APIC", "use a CPU with x2APIC; under QEMU TCG give -cpu max")            \
	X(HV_E_NO_1GIB_PAGES, "the CPU has no 1 GiB pages", "use a CPU with 1 GiB pages (CPUID 80000001.EDX[26])")   \
	X(HV_E_NO_NX, "the CPU lacks NX, SMEP, SMAP or XSAVE", "use a CPU with all of them")                         \
	X(HV_E_NO_ENTROPY, "RDSEED and RDRAND are missing or give no data", "use a CPU with working RDRAND")         \
	X(HV_E_ENTROPY_FAILED, "the random generator or the key generation failed",                                  \
	  "power the machine off and on; if that does not help, RDRAND is defective")                                \
	X(HV_E_PAGING_MODE, "the firmware runs with 5-level paging", "switch 5-level paging off in the firmware")    \
	X(HV_E_CPU_DIFFERS, "this CPU's virtualisation features differ from the first CPU's",                        \
	  "use CPUs of one model and stepping")                                                                      \
	X(HV_E_ALREADY, "virtualisation is in use already on this CPU (EFER.SVME or CR4.VMXE is set)",               \
	  "boot Cloister on the bare machine, before any other hypervisor")                                          \
	X(HV_E_CPU_INDEX, "a CPU that is not in the MADT entered the hypervisor", "report the machine's ACPI MADT")  \
	X(HV_E_NOT_READY, "a CPU entered the hypervisor before it was prepared", "report this as a defect")          \
	X(HV_E_PHYS_BITS, "the CPU's physical address width is outside 36 to 52", "use a CPU that reports it right") \
	X(HV_E_STAGE2_FULL, "too many protected ranges: the stage-2 tables are full", "report this as a defect")     \
	X(HV_E_VENDOR, "this hypervisor image is for another CPU vendor", "install the image for this CPU")          \
	X(HV_E_AP_LOST, "a CPU did not come up", "see which one in the log; update the firmware")                    \
	X(HV_E_NO_VMX, "the CPU has no VMX (VT-x)", "use a CPU with VT-x and EPT")                                   \
	X(HV_E_VMX_LOCKED, "VMX is switched off and locked in IA32_FEATURE_CONTROL",                                 \
	  "enable VT-x (Virtualization Technology) in the firmware setup")                                           \
	X(HV_E_SMX, "safer mode extensions are in use (CR4.SMXE is set)", "switch TXT off in the firmware setup")    \
	X(HV_E_NO_EPT, "the CPU has no EPT with 4 levels, write-back tables, 2 MiB and 1 GiB pages, and INVEPT",     \
	  "use a CPU with all of them")                                                                              \
	X(HV_E_NO_VPID, "the CPU has no VPID with INVVPID", "use a CPU with VPID")                                   \
	X(HV_E_NO_UNRESTRICTED, "the CPU has no unrestricted guest", "use a CPU with unrestricted guest")            \
	X(HV_E_NO_VIRTUAL_NMI, "the CPU has no NMI exiting with virtual NMIs", "use a CPU with virtual NMIs")        \
	X(HV_E_NO_TRAP_FLAG, "the CPU has no monitor trap flag", "use a CPU with it (VT-x with EPT has it)")         \
	X(HV_E_NO_BITMAPS, "VT-x lacks exits: I/O, MSRs, interrupts, HLT, MWAIT, CR8 or WBINVD", "use another CPU")  \
	X(HV_E_NO_MSR_SWITCH, "VM entry and exit cannot switch EFER, PAT, debug controls and 64-bit mode",           \
	  "use a CPU that can")                                                                                      \
	X(HV_E_CR3_EXITS, "the CPU cannot run a guest without exits at each CR3 access",                             \
	  "use a CPU with the TRUE VMX capability MSRs")                                                             \
	X(HV_E_MTRR, "the MTRRs have reserved types, or overlap where the result is undefined",                      \
	  "update the firmware: it sets the memory types")                                                           \
	X(HV_E_VMXON, "VMXON failed", "power the machine off and on; update the firmware")                           \
	X(HV_E_NO_IOMMU, "the firmware names no DMA remapping unit (ACPI tables DMAR, IVRS), and one is required",   \
	  "enable VT-d or AMD-Vi (IOMMU) in the firmware setup, or set require_iommu = no")                          \
	X(HV_E_DMA_TABLE, "the ACPI table of the DMA remapping units (DMAR, IVRS) is malformed",                     \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                 \
	X(HV_E_DMA_RESERVED, "the firmware reserves memory for devices (RMRR, IVMD) that Cloister must protect",     \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                 \
	X(HV_E_DMA_COVERAGE, "a PCI segment has devices that no DMA remapping unit covers",                          \
	  "update the firmware, or switch its IOMMU off and set require_iommu = no")                                 \
	X(HV_E_IOMMU_UNIT, "a DMA remapping unit does not answer or lacks what Cloister needs",                      \
	  "switch the IOMMU off in the firmware setup and set require_iommu = no")                                   \
	X(HV_E_IOMMU_BUSY, "the firmware uses a DMA remapping unit in a way that Cloister cannot take over",         \
	  "switch pre-boot DMA protection off in the firmware setup")                                                \
	X(HV_E_IOMMU_TIMEOUT, "a DMA remapping unit did not complete a command in time",                             \
	  "power the machine off and on; if that does not help, switch the IOMMU off and set require_iommu = no")    \
	X(HV_E_TXT, "a measured environment runs already (TXT.STS.SENTER.DONE is set)",                              \
	  "boot Cloister on the bare machine, not under tboot or another measured launch")                           \
	X(HV_E_MTRR_RAM, "the firmware's MTRRs do not make all RAM write-back, from the address shown on",           \
	  "update the firmware, which sets the memory types; take out the RAM that it does not cover")               \
	X(HV_E_SMALL_PAGES, "CPU or DMA remapping units need 4 KiB pages, for whose tables the region has no room",  \
	  "report this as a defect: the loader makes room when the hypervisor asks for it")                          \
	X(HV_E_STAGE2_SEALED, "a guest's second-level tables were to change after the launch",                       \
	  "report this as a defect: the hypervisor does not change them")                                            \
	X(HV_E_A20, "address line A20 is masked", "power the machine off and on; update the firmware")               \
	X(HV_E_MEMORY_ALIASES, "memory encryption chooses keys by address bits: each page has several addresses",    \
	  "switch SMEE, SNP or TME-MK off in the firmware setup; TSME and TME with one key may stay on")             \
	X(HV_E_FEW_ASIDS, "AMD-V has fewer than 6 address space identifiers (CPUID 8000000A, EBX)",                  \
	  "use another CPU; a virtual one must have what real ones have")

#endif
