# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests: sources of the tree, compiled for this machine with the sanitisers. tests/unit mirrors the tree: hv/root/io.c
# is tested by tests/unit/hv/root/io.c, which becomes the program hv_root_io and links its namesake. Every .c file and
# every executable here is a test, but for mock/ and support/. What else a C test needs, its first lines say:
#
#   /* links: FILE... */      sources that it is about or needs, besides its namesake; FOLDER/ for all of a folder
#   /* as: KIND */            how it and they are compiled, if not as its folder's other tests
#   /* wraps: FUNCTION... */  functions whose calls it takes ('ld --wrap')
#
# cmocka and the scripts write TAP, which tests/summary counts.

UNIT_OUT := $(OUT)/tests/unit
UNIT_SOURCES := $(sort $(shell find tests/unit -name '*.c' -not -path '*/mock/*' -not -path '*/support/*'))
UNIT_SCRIPTS := $(sort $(shell find tests/unit -type f -perm /111 -not -path '*/support/*'))

# Kinds, each with the folder whose tests are of it: the first that fits.
UNIT_FOLDERS := attest:hv/attest domain:hv/domain lib:hv/lib vmx:hv/vmx svm:hv loader:loader shim:guest-shim module:host/module host:host policy:policy tenant:tenant bochs:tests/bochs
UNIT_KINDS := $(foreach folder,$(UNIT_FOLDERS),$(firstword $(subst :, ,$(folder)))) vmx-segments svm-segments loader-mmio loader-cpu

UNIT_SANITIZERS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_CFLAGS := -std=c17 -g -D_GNU_SOURCE -DCLOISTER_UNIT_TEST $(UNIT_SANITIZERS) $(WARNINGS) -Iinclude -I. -iquote tests/unit/support
UNIT_LIBS := -lcmocka

# The hypervisor's core and vendors, on a CPU that the test defines; the linker drops what a test does not touch.
UNIT_CFLAGS_hv := -std=gnu17 -include tests/unit/mock/x86.h -Ihv -ffunction-sections -DHV_VERSION=0x00010203u -DHV_SVN=7u
UNIT_CFLAGS_svm := $(UNIT_CFLAGS_hv) -Ihv/svm
UNIT_CFLAGS_vmx := $(UNIT_CFLAGS_hv) -include tests/unit/mock/vmx.h -Ihv/vmx
UNIT_CFLAGS_svm-segments := $(UNIT_CFLAGS_svm) -include tests/unit/mock/svm.h -include tests/unit/mock/segments.h
UNIT_CFLAGS_vmx-segments := $(UNIT_CFLAGS_vmx) -include tests/unit/mock/segments.h
$(foreach kind,svm svm-segments vmx vmx-segments,$(eval UNIT_LIBS_$(kind) := -Wl,--gc-sections))

# Domains, measured by Debian's mbedTLS; what comes out is checked by OpenSSL. A jump table would keep what no test touches.
UNIT_CFLAGS_domain := $(UNIT_CFLAGS_svm) -fno-jump-tables
UNIT_LIBS_domain := -Wl,--gc-sections -lmbedcrypto -lcrypto

# hv/attest with the hypervisor's own mbedTLS configuration; what it makes is checked by OpenSSL.
UNIT_CFLAGS_attest = -std=gnu17 -Ihv -isystem hv/attest -isystem $(MBEDTLS)/include \
	-isystem $(MBEDTLS)/3rdparty/p256-m/p256-m $(HV_ATTEST_DEFINES)
UNIT_LIBS_attest := -lcrypto
$(addprefix $(UNIT_OUT)/attest/,$(MBEDTLS)/library/sha512.o tests/unit/hv/attest/drbg.o): UNIT_CFLAGS_attest += -DMBEDTLS_SHA384_C
$(UNIT_OUT)/attest/%/p256-m.o: UNIT_CFLAGS_attest += -DMUL64_IS_CONSTANT_TIME

# The library's functions keep out of the C library's way.
UNIT_CFLAGS_lib := -std=gnu17 -Ihv -Ihv/lib/include $(foreach f,memcpy memset memcmp,-D$(f)=hv_$(f)) -fno-builtin

# It is freestanding: a variable may be named round.
UNIT_CFLAGS_loader := -iquote loader -fno-builtin-round -fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
UNIT_CFLAGS_loader-mmio := $(UNIT_CFLAGS_loader) -include tests/unit/mock/loader_mmio.h
UNIT_CFLAGS_loader-cpu := $(UNIT_CFLAGS_loader) -include tests/unit/mock/loader_cpu.h
$(foreach kind,loader loader-mmio loader-cpu,$(eval UNIT_COMMON_$(kind) := loader/failure.c loader/text.c))
UNIT_LIBS_loader := -lmbedcrypto

# The shim in a memory of the test's, with Debian's mbedTLS; what it measures is checked by OpenSSL.
UNIT_CFLAGS_shim := -std=gnu17 -include tests/unit/mock/shim_memory.h -Ihv -iquote guest-shim
UNIT_LIBS_shim := -lmbedcrypto -lcrypto

# The parts of the module that use no service of the kernel.
UNIT_CFLAGS_module := -iquote host/module

# attestd without its main, on the hypervisor and the TPM that a test defines.
UNIT_CFLAGS_host = $(HOST_CFLAGS) -Ihost/attestd
UNIT_COMMON_host := $(filter-out host/attestd/main.c,$(wildcard host/attestd/*.c host/lib/*.c))
UNIT_LIBS_host = $(ATTESTD_LIBS)

UNIT_COMMON_policy := $(POLICY_SOURCES) $(addprefix tests/unit/support/,builder.c guest_builder.c lie.c)
UNIT_LIBS_policy := $(POLICY_LIBS) -lmbedcrypto

UNIT_COMMON_tenant := $(POLICY_SOURCES)
UNIT_LIBS_tenant := $(POLICY_LIBS)

# From here on nothing is particular to a folder.

# What the tests' first lines say, and the sources that they include: words FILE|KEY|VALUE.
UNIT_SAYS := $(shell awk 'match($$0, /^\/\* (links|as|wraps): /) { for (i = 3; i < NF; i++) print FILENAME "|" $$2 $$i } \
	match($$0, /^\#include ".*\.c"$$/) { gsub(/"/, "", $$2); print FILENAME "|includes:" $$2 }' $(UNIT_SOURCES))
# $(1): test, $(2): key
unit_says = $(patsubst $(1)|$(2):%,%,$(filter $(1)|$(2):%,$(UNIT_SAYS)))
unit_found = $(or $(wildcard $(patsubst %/,%/*.c,$(2:mbedtls/%=$(MBEDTLS)/%))),$(error $(1) links $(2), which is no file))
unit_subject = $(filter-out $(call unit_says,$(1),includes),$(wildcard $(1:tests/unit/%=%)))
unit_links = $(call unit_subject,$(1)) $(foreach link,$(call unit_says,$(1),links),$(call unit_found,$(1),$(link)))
unit_kind = $(or $(call unit_says,$(1),as),$(firstword $(foreach folder,$(UNIT_FOLDERS),\
	$(if $(filter tests/unit/$(word 2,$(subst :, ,$(folder)))/%,$(1)),$(firstword $(subst :, ,$(folder)))))),\
	$(error $(1): tests/unit mirrors the tree, and no folder of UNIT_FOLDERS holds this file))
unit_name = $(subst /,_,$(patsubst tests/unit/%,%,$(basename $(1))))
# $(1): kind, $(2): sources
unit_objects = $(patsubst %.c,$(UNIT_OUT)/$(1)/%.o,$(sort $(2) $(UNIT_COMMON_$(1))))

define unit_compile
$(UNIT_OUT)/$(1)/%.o: %.c tests/unit/unit.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$$(Q)gcc $$(UNIT_CFLAGS) $$(UNIT_CFLAGS_$(1)) -MD -MP -c -o $$@ $$<
endef
$(foreach kind,$(UNIT_KINDS),$(eval $(call unit_compile,$(kind))))

# $(1): test, $(2): its kind
define unit_program
UNIT_PROGRAMS += $(UNIT_OUT)/$(call unit_name,$(1))
UNIT_OBJECTS += $(call unit_objects,$(2),$(1) $(call unit_links,$(1)))
UNIT_LINKED += $(call unit_links,$(1)) $(call unit_says,$(1),includes)
$(UNIT_OUT)/$(call unit_name,$(1)): $(call unit_objects,$(2),$(1) $(call unit_links,$(1)))
$(UNIT_OUT)/$(call unit_name,$(1)): UNIT_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=%,$(call unit_says,$(1),wraps))
$(UNIT_OUT)/$(call unit_name,$(1)): UNIT_LIBS += $$(UNIT_LIBS_$(2))
endef
comma := ,
$(foreach test,$(UNIT_SOURCES),$(eval $(call unit_program,$(test),$(call unit_kind,$(test)))))

# Not a test: the verifier as a program that policy/second_opinion and second_opinion_guests ask.
UNIT_JUDGE := $(UNIT_OUT)/judge
$(UNIT_JUDGE): $(call unit_objects,policy,tests/unit/support/judge.c)
$(UNIT_JUDGE): UNIT_LIBS += $(UNIT_LIBS_policy)

# Not a test: builds a domain for hv/domain/mrtd_of_tdvf.
UNIT_TDVF := $(UNIT_OUT)/tdvf_mrtd
$(UNIT_TDVF): $(call unit_objects,domain,tests/unit/support/tdvf_mrtd.c tests/unit/support/domain_host.c \
	tests/unit/support/reports.c $(wildcard hv/domain/*.c) \
	hv/attest/sha384.c hv/machine/features.c hv/machine/ram.c hv/lib/wipe.c)
$(UNIT_TDVF): UNIT_LIBS += $(UNIT_LIBS_domain)
UNIT_OBJECTS += $(call unit_objects,policy,tests/unit/support/judge.c) $(call unit_objects,domain,tests/unit/support/tdvf_mrtd.c)

$(UNIT_PROGRAMS) $(UNIT_JUDGE) $(UNIT_TDVF):
	$(call say,LD,$@)
	$(Q)gcc $(UNIT_CFLAGS) $(UNIT_LDFLAGS) -o $@ $^ $(UNIT_LIBS)

-include $(patsubst %.o,%.d,$(sort $(UNIT_OBJECTS)))

UNIT_TESTS += $(UNIT_PROGRAMS) $(UNIT_SCRIPTS)

# The sources that a test names, for tests/every_source: what all tests of a folder have in common is no test of it.
$(UNIT_OUT)/linked: $(UNIT_SOURCES) tests/unit/unit.mk
	@mkdir -p $(@D)
	@printf '%s\n' $(sort $(UNIT_LINKED)) >$@

# What the scripts start or read.
UNIT_HELPERS := $(OUT)/cloister $(OUT)/make-reference $(OUT)/tests/tables/walk $(UNIT_JUDGE) $(UNIT_TDVF) $(UNIT_OUT)/linked
unit: $(UNIT_HELPERS)
unit: $$(UNIT_TESTS)
	@mkdir -p $(OUT)/log/unit
	@rm -f $(OUT)/log/unit/*.tap
	@for t in $(UNIT_TESTS); do \
		n=$$(echo $${t#*tests/unit/} | tr / _); \
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 900 $$t >$(OUT)/log/unit/$$n.tap 2>$(OUT)/log/unit/$$n.err || \
			echo "not ok - $$n exited with $$?" >>$(OUT)/log/unit/$$n.tap; \
	done
	@tests/summary unit $(OUT)/log/unit/*.tap

# Mutated evidence: policy/ against the second verifiers (tests/testbed/second_*verifier.py), of which 'make unit' takes a few.
.PHONY: mutated-evidence
mutated-evidence: $(UNIT_JUDGE)
	@mkdir -p $(OUT)/log
	$(Q)tests/unit/policy/second_opinion 100000 >$(OUT)/log/mutated-evidence.tap 2>$(OUT)/log/mutated-evidence.log || \
		echo "not ok - second_opinion exited with $$?" >>$(OUT)/log/mutated-evidence.tap
	$(Q)tests/unit/policy/second_opinion_guests 50000 >$(OUT)/log/mutated-guests.tap 2>$(OUT)/log/mutated-guests.log || \
		echo "not ok - second_opinion_guests exited with $$?" >>$(OUT)/log/mutated-guests.tap
	@tests/summary mutated-evidence $(OUT)/log/mutated-evidence.tap $(OUT)/log/mutated-guests.tap
