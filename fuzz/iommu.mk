# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the tables of the DMA remapping units.

FUZZ_IOMMU := $(OUT)/fuzz/iommu
FUZZ_IOMMU_SOURCES := fuzz/iommu/tables.c fuzz/policy/main.c loader/dmar.c loader/ivrs.c loader/dma_table.c hv/boot/boot_info.c hv/boot/dma_records.c

$(eval $(call fuzz_group,iommu,tables))

$(FUZZ_IOMMU)/tables: $(FUZZ_IOMMU_SOURCES) fuzz/promise.h fuzz/policy/harness.h $(HV_HEADERS) $(wildcard loader/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -std=gnu17 -include tests/unit/mock/x86.h -iquote loader -Ihv -Ihv/svm -o $@ $(FUZZ_IOMMU_SOURCES)
