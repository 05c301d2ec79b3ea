# SPDX-License-Identifier: GPL-2.0-or-later
# What a user calls. Everything but 'help', 'root' and 'clean' runs in a hermetic Debian root, which is made
# first and cached under build/root; build.mk is the part that runs inside.

MAKEFLAGS += --no-print-directory

# All other targets are build.mk's.
OUTER := reference guest-reference roots check-tables kvm-unit-tests compile_commands.json root root-bochs clean distclean \
	help
INNER := $(filter-out $(OUTER),$(or $(MAKECMDGOALS),all))

.DEFAULT_GOAL := all
.PHONY: $(OUTER) $(INNER)

$(INNER): root
	@tools/in-root make -f build.mk $@

# Whom the tenant trusts to vouch for TPMs. The files may lie anywhere.
roots: root
	@tools/with-copies 'ROOTS=$(ROOTS)' -- tools/in-root make -f build.mk $@

# The files may lie anywhere.
reference guest-reference: root
	@tools/with-copies 'CONFIG=$(CONFIG)' 'SIGN_KEY=$(SIGN_KEY)' 'GUEST_KERNEL=$(GUEST_KERNEL)' \
		'GUEST_INITRD=$(GUEST_INITRD)' -- tools/in-root make -f build.mk $@

# The folder may lie anywhere.
check-tables kvm-unit-tests: root
	@tools/with-copies 'DIR=$(DIR)' -- tools/in-root make -f build.mk $@

# The editor is outside of the root.
compile_commands.json: root
	@tools/in-root make -f build.mk $@ TREE='$(CURDIR)'

# Only root can make a root; others can enter one that is there.
GET_ROOT := tools/$(if $(filter 0,$(shell id -u)),make,have)-root

root: $(if $(filter bochs,$(BED)),root-bochs)
	@$(GET_ROOT) trixie build/root

test system system-hosts systems guests-bochs fuzz-seeds: root-bochs

# The second test bed, for VT-x: Bochs, which Debian 13 has not yet in the version that is needed.
root-bochs:
	@$(GET_ROOT) forky build/root

clean:
	rm -rf build/out

distclean: clean
	rm -rf --one-file-system build

help:
	@sed -n 's/^#: //p' Makefile

#: Cloister: make targets (as root; the first call makes a Debian root under build/, about 2 minutes, 3 GB). Who is not
#: root can use a Debian root that is there: see CONTRIBUTING.md, "Without root".
#:
#:   make            build loader, hypervisor, host and tenant programs into build/out
#:   make demo       boot a measured host, verify it, and refuse three that must be refused
#:   make demo-guest verify a Debian host, start a protected Debian guest there, and attack it as root (5 GB)
#:   make run        boot a host and stay on its console (Ctrl-A X ends it)
#:   make test       everything that CI runs; also: make unit, make guests, make system
#:   make reference  write the policy file that this build's hosts must satisfy; CONFIG="FILE...": the configs that they
#:                   may have, in place of the test bed's; SIGN_KEY=PEM: the key that signs the policy
#:   make roots      make build/out/roots from tenant/roots.list and ROOTS="FILE...": TPM makers' root certificates
#:   make systems    longer tests of whole machines: more kernels, CPU models and programs of others as root guest
#:   make runtime-boots  BOOTS=N boots bare and under Cloister, and the firmware's runtime memory compared
#:   make mutants    planted faults, each in a copy of the tree: which layer of tests finds it (an hour)
#:   make check-tables DIR=...  the loader's parsers over ACPI dumps of real machines: accepted or refused, and why
#:   make kvm-unit-tests DIR=...  the EFI programs of kvm-unit-tests (its folder x86): verdicts bare and under Cloister
#:   make tcb        lines and bytes of the trusted computing base, against their limits
#:   make bench      instruction and exit counts, throughput
#:   make fuzz       AFL++ on exit handlers, domains and parsers, FUZZ_SECONDS=N each (10); one of its parts: make
#:                   fuzz-exits, fuzz-machine, fuzz-policy ...; make fuzz-long HOURS=N: N hours more;
#:                   make fuzz-ioctls HOURS=N: random calls of /dev/kvm, on a kernel with KASAN and lockdep;
#:                   make fuzz-coverage: which lines run;
#:                   make fuzz-seeds: record both test beds' boots again
#:   make prove      CBMC on the checks and parsers of the hypervisor (25 minutes of CPU time)
#:   make lint       formatting, static analysis, comments and documents
#:   make compile_commands.json  how each C source is compiled, for clangd and other editors' tools
#:   make sbom       versions of the packages that the build uses
#:   make clean      remove build/out; 'make distclean' also the Debian root
#:
#: Variables: BED=bochs (demo and guests on VT-x in Bochs, in place of AMD-V in QEMU), MIRROR=URL (Debian mirror), V=1 (show commands)
