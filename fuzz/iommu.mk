# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the tables of the DMA remapping units: 'make fuzz-iommu [FUZZ_SECONDS=N]'.

FUZZ_IOMMU := $(OUT)/fuzz/iommu
FUZZ_IOMMU_SOURCES := fuzz/iommu/tables.c fuzz/policy/main.c hv/iommu/dmar.c hv/iommu/ivrs.c hv/iommu/dma_table.c

.PHONY: fuzz-iommu
fuzz: fuzz-iommu

$(FUZZ_IOMMU)/tables: $(FUZZ_IOMMU_SOURCES) fuzz/promise.h fuzz/policy/harness.h $(wildcard hv/iommu/*.h)
	@mkdir -p $(@D)
	$(call say,AFL,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_POLICY_CFLAGS) -Ihv -o $@ $(FUZZ_IOMMU_SOURCES)

# A crash or a hang ends it with an error and stays under build/out/fuzz/iommu.
fuzz-iommu: $(FUZZ_IOMMU)/tables
	$(call say,FUZZ,DMAR and IVRS for $(FUZZ_SECONDS) s)
	$(Q)rm -rf $(FUZZ_IOMMU)/found
	$(Q)fuzz/iommu/seeds $(FUZZ_IOMMU)/seeds
	$(Q)AFL_NO_UI=1 AFL_QUIET=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
		afl-fuzz -V $(FUZZ_SECONDS) -t 1000 -i $(FUZZ_IOMMU)/seeds -o $(FUZZ_IOMMU)/found -- $< \
		>$(FUZZ_IOMMU)/log 2>&1 || { tail -n 20 $(FUZZ_IOMMU)/log; exit 1; }
	$(Q)sed -n 's/^\(execs_done\|edges_found\|saved_crashes\|saved_hangs\) *: */    \1 /p' $(FUZZ_IOMMU)/found/default/fuzzer_stats
	$(Q)! grep -E '^saved_(crashes|hangs) *: [1-9]' $(FUZZ_IOMMU)/found/default/fuzzer_stats
