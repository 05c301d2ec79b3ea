# SPDX-License-Identifier: GPL-2.0-or-later
# CBMC's proofs of the hypervisor: 'make prove', or 'make prove-NAME' for one harness of fuzz/proofs/.

# One harness is proved for each vendor.
PROOFS := $(filter-out msr_policy,$(patsubst fuzz/proofs/%.c,%,$(sort $(wildcard fuzz/proofs/*.c)))) msr_policy_svm msr_policy_vmx
PROOF_OUT := $(OUT)/proofs
# Not --conversion-check: casts that cut are meant, and GCC refuses every other (WARNINGS).
PROOF_CHECKS := --unsigned-overflow-check --pointer-overflow-check --unwinding-assertions --drop-unused-functions --object-bits 10

# The sources that each is linked with, and how often its loops go round at most.
prove-boot_info: hv/boot/boot_info.c hv/boot/dma_records.c
prove-boot_info: PROOF_LOOPS := --unwind 7 --unwindset boot_dma_check.0:3,check_reserved.0:3,settings_sane.0:3
prove-console: hv/machine/console.c
prove-console: PROOF_LOOPS := --unwind 202
prove-cpuid: hv/root/cpuid.c
prove-cpuid: PROOF_LOOPS := --unwind 32
prove-dma_walk: loader/dma_table.c
# The specification of the hypercalls for domains, for a small pool.
PROOF_SMALL := $(PROOF_OUT)/include/domain/debug/ghost.h $(PROOF_OUT)/include/cloister/domain.h
$(PROOF_OUT)/include/domain/debug/ghost.h: hv/domain/debug/ghost.h
	@mkdir -p $(@D)
	$(Q)sed 's/^\(#define GHOST_\(PAGES\|VCPUS\|UNITS\|PLACES\)\) .*/\1 8u/; s/^\(#define GHOST_VCPUS\) .*/\1 2u/' $< >$@
$(PROOF_OUT)/include/cloister/domain.h: include/cloister/domain.h
	@mkdir -p $(@D)
	$(Q)sed 's/^\(#define DOMAIN_MAX_\(RAM\|VCPUS\)\) .*/\1 2u/' $< >$@
prove-domain_calls: $(PROOF_SMALL)
prove-domain_calls: PROOF_INCLUDES := -I$(PROOF_OUT)/include -Iinclude/cloister -include $(PROOF_OUT)/include/domain/debug/ghost.h
prove-domain_calls: $(addprefix hv/domain/,hypercall.c domain.c pool.c run.c debug/ghost.c)
prove-domain_calls: PROOF_LOOPS := --unwind 9
# The same, and stage 2 with one bit of an address for each level in place of nine: tables of two entries.
PROOFS_NARROW := domain_memory_add domain_memory_change domain_memory_guest
PROOF_NARROW := $(addprefix $(PROOF_OUT)/narrow/,domain/memory.c domain/debug/ghost.c domain/debug/ghost.h memory/stage2.h cloister/domain.h cloister/boot_info.h)
$(PROOF_OUT)/narrow/cloister/%: include/cloister/% fuzz/proofs.mk
	@mkdir -p $(@D)
	$(Q)sed 's/^\(#define \(DOMAIN_MAX_RAM\|DOMAIN_MAX_VCPUS\|BOOT_MAX_CPUS\)\) .*/\1 2u/; s/^\(#define DOMAIN_GPA_BITS_MAX\) .*/\1 16u/; /^struct domain_params/,/^}/s/\[48\]/[1]/g' $< >$@
$(PROOF_OUT)/narrow/%: hv/% fuzz/proofs.mk
	@mkdir -p $(@D)
	$(Q)sed -e 's/^\(#define GHOST_PAGES\) .*/\1 12u/; s/^\(#define GHOST_\(VCPUS\|PLACES\)\) .*/\1 2u/' \
		-e 's/^\(#define GHOST_UNITS\) .*/\1 1u/; s/^\(#define ENTRIES\) .*/\1 2u/; s/^\(#define LARGE\) .*/\1 0x2000ull/' \
		-e 's/9 \* (level/1 * (level/; s/^\tstruct ghost_domain domain\[.*\];/\tstruct ghost_domain domain[3];/' \
		-e 's/^\(\tstruct ghost_place\) place\[.*\];/\1 *place;/' $< >$@
$(PROOFS_NARROW:%=prove-%): $(PROOF_NARROW)
$(PROOFS_NARROW:%=prove-%): PROOF_INCLUDES := -I$(PROOF_OUT)/narrow -Iinclude/cloister -Ihv/domain -Ihv/memory -include $(PROOF_OUT)/narrow/memory/stage2.h -include $(PROOF_OUT)/narrow/domain/debug/ghost.h
$(PROOFS_NARROW:%=prove-%): $(addprefix hv/domain/,hypercall.c domain.c pool.c)
$(PROOFS_NARROW:%=prove-%): PROOF_LOOPS := --unwind 3 --unwindset slot_find.0:5,make_tables.1:4,find_entries.1:4,contents_of.0:4,make_records.0:13,make_tables.0:13,make_memory.1:13,check_memory.1:13,show.1:13,keep.1:13,check_records.0:13,count.0:13,has_table.0:13,window_is_open.0:8
prove-dmar prove-ivrs prove-ivrs_settings: loader/dma_table.c
# Lists of a few entries in place of hundreds: the code for one entry, and for the list's end, is the same.
PROOF_SHORT := $(PROOF_OUT)/include/cloister/boot_info.h
$(PROOF_SHORT): include/cloister/boot_info.h
	@mkdir -p $(@D)
	$(Q)sed 's/^\(#define BOOT_MAX_\(CPUS\|RAM\|HIDDEN\|UNITS\|RESERVED\|SETTINGS\|FLOOR\)\) .*/\1 4u/' $< >$@
prove-boot_info prove-dmar prove-io prove-ivrs prove-ivrs_settings: $(PROOF_SHORT)
prove-boot_info prove-dmar prove-io prove-ivrs prove-ivrs_settings: PROOF_INCLUDES := -I$(PROOF_OUT)/include
prove-dma_walk: PROOF_LOOPS := --unwind 10
prove-domain_event prove-domain_instruction: hv/domain/exit.c hv/vcpu/event.c
prove-domain_instruction: hv/svm/guest_mov.c
prove-domain_instruction: PROOF_LOOPS := --unwind 4
prove-domain_quote: hv/domain/hypercall.c
prove-domain_quote: PROOF_LOOPS := --unwind 2
prove-domain_run: hv/domain/run.c hv/domain/pool.c
prove-domain_run: PROOF_LOOPS := --unwind 16
prove-dmar: PROOF_LOOPS := --unwind 18 --unwindset scopes_sane.0:6,note_scopes.0:6
prove-event: hv/vcpu/event.c
prove-guest_hob: PROOF_LOOPS := --unwind 9
# A command line of 16 bytes.
PROOF_LAYOUT := $(PROOF_OUT)/guest-shim/layout.h
$(PROOF_LAYOUT): guest-shim/layout.h
	@mkdir -p $(@D)
	$(Q)sed 's/^\(#define COMMAND_LINE_BYTES\) .*/\1 16/' $< >$@
prove-guest_kernel: $(PROOF_LAYOUT) guest-shim/kernel.c
prove-guest_kernel: PROOF_INCLUDES := -include tests/unit/mock/shim_memory.h -include $(PROOF_LAYOUT)
prove-hypercall: hv/root/hypercall.c hv/machine/ram.c
prove-hypercall: PROOF_LOOPS := --unwind 18
prove-icr: hv/root/startup.c
prove-icr: PROOF_LOOPS := --unwind 5
prove-io: hv/root/io.c hv/root/io_policy.c hv/root/floor.c
prove-io: PROOF_LOOPS := --unwind 8
prove-ivrs: PROOF_LOOPS := --unwind 18 --unwindset read_entries.0:8
prove-ivrs: PROOF_REPLACED := note_setting:any_setting
prove-ivrs_settings: PROOF_LOOPS := --unwind 10
prove-lapic: hv/domain/lapic.c
prove-lapic: PROOF_LOOPS := --unwind 65
# Its loop over the words of a set ends with a counter that wraps.
prove-lapic: PROOF_CHECKS := $(filter-out --unsigned-overflow-check,$(PROOF_CHECKS))
prove-measure: hv/domain/measure.c
prove-measure: PROOF_LOOPS := --unwind 17
prove-msr_policy_svm prove-msr_policy_vmx: hv/root/msr_policy.c
prove-msr_policy_svm prove-msr_policy_vmx: PROOF_LOOPS := --unwind 257
prove-mtrr: hv/vmx/mtrr.c
prove-mtrr: PROOF_LOOPS := --unwind 12 --no-sat-preprocessor
prove-mtrr prove-msr_policy_vmx: PROOF_VENDOR := vmx
prove-pool: hv/domain/pool.c
prove-report: hv/domain/report.c
prove-report: PROOF_LOOPS := --unwind 257
prove-tdcall: hv/domain/tdcall.c
prove-tdcall: PROOF_LOOPS := --unwind 9
prove-vmcall: hv/domain/vmcall.c
prove-vmcall: PROOF_LOOPS := --unwind 9 --unwindset convert.0:4
PROOF_VENDOR := svm

# Two thirds of the time for all. 'make test' has the others.
PROOFS_LONG := $(PROOFS_NARROW) io

.PHONY: prove prove-short $(PROOFS:%=prove-%)
prove: PROVED := $(PROOFS)
prove-short: PROVED := $(filter-out $(PROOFS_LONG),$(PROOFS))
# As many at once as there are CPUs: a proof keeps one busy.
prove prove-short:
	@$(MAKE) -f build.mk -j$$(nproc) $(PROVED:%=prove-%)
	@tests/summary $@ $(PROVED:%=$(PROOF_OUT)/%.tap)

# The CPU is the unit tests'. A harness without a proof, or one that does not compile, fails.
$(PROOFS:%=prove-%): prove-%:
	@mkdir -p $(PROOF_OUT)
	$(call say,PROVE,$*)
	$(Q)goto-cc -std=gnu17 $(WARNINGS) -Wno-unused-parameter -Wno-uninitialized -include tests/unit/mock/x86.h $(PROOF_INCLUDES) -I. -Ihv -Ihv/$(PROOF_VENDOR) \
		-Iinclude -DHV_VERSION=1u -DHV_SVN=1u -o $(PROOF_OUT)/$*.goto \
		fuzz/proofs/$(patsubst %_$(PROOF_VENDOR),%,$*).c $(filter %.c,$^)
	$(if $(PROOF_REPLACED),$(Q)goto-instrument --replace-calls $(PROOF_REPLACED) $(PROOF_OUT)/$*.goto $(PROOF_OUT)/$*.goto >$(PROOF_OUT)/$*.log)
	$(Q)fuzz/proofs/prove fuzz/proofs/$(patsubst %_$(PROOF_VENDOR),%,$*).c $(PROOF_OUT)/$*.goto $(PROOF_OUT)/$*.log \
		$(PROOF_CHECKS) $(PROOF_LOOPS) >$(PROOF_OUT)/$*.tap
