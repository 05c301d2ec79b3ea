# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the tables of the DMA remapping units.

FUZZ_SOURCES_iommu = fuzz/iommu/$*.c fuzz/shared/main.c $(addprefix loader/,dmar.c ivrs.c dma_table.c) \
	hv/boot/boot_info.c hv/boot/dma_records.c
FUZZ_CFLAGS_iommu := -include tests/unit/mock/x86.h -iquote loader -Ihv -Ihv/svm

$(eval $(call fuzz_group,iommu,$(call fuzz_parsers,iommu)))
