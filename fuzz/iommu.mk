# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the tables of the DMA remapping units.

FUZZ_IOMMU := $(OUT)/fuzz/iommu
FUZZ_IOMMU_SOURCES := fuzz/iommu/tables.c fuzz/policy/main.c hv/iommu/dmar.c hv/iommu/ivrs.c hv/iommu/dma_table.c

$(eval $(call fuzz_group,iommu,tables))

$(FUZZ_IOMMU)/tables: $(FUZZ_IOMMU_SOURCES) fuzz/promise.h fuzz/policy/harness.h $(wildcard hv/iommu/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -Ihv -o $@ $(FUZZ_IOMMU_SOURCES)
