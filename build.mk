# SPDX-License-Identifier: GPL-2.0-or-later
# The build, as run inside the hermetic root (see Makefile). One fragment per folder; each adds to the
# targets below and keeps to the variables named here.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDEXPANSION:
.DELETE_ON_ERROR:

OUT := build/out
# The test bed of guests and demo: qemu (AMD-V) or bochs (VT-x).
BED := qemu
VERSION := 0.1.0
SVN := 1
MBEDTLS := /usr/src/mbedtls

# What tools/in-root sets, for who builds without it: where testbed is, and that no compiled file comes into the tree.
export PYTHONPATH ?= $(CURDIR)/tests:$(CURDIR)/tools/images
export PYTHONDONTWRITEBYTECODE ?= 1

Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' '$(1)' '$(2)'

# Warnings for everything that is ours; all of them errors.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wvla -Wundef -Werror
# Nothing of the folder, the time or the machine may reach a binary.
REPRODUCIBLE := -ffile-prefix-map=/cloister=. -fno-record-gcc-switches -frandom-seed=cloister -g0
# A guest trains the predictor of indirect branches, so that no image of the hypervisor may hold one (tools/branches):
# where the compiler cannot call directly, it calls through a return with a matching call.
HV_NO_INDIRECT := -fno-jump-tables -mindirect-branch=thunk-inline
CFLAGS_USER := -std=c17 -O2 -D_GNU_SOURCE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE $(WARNINGS) $(REPRODUCIBLE) -Iinclude

.PHONY: all demo test unit guests system run reference tcb bench fuzz prove lint sbom
.DEFAULT_GOAL := all

# The product, then what is made from it, then what tests it: each may use the variables of those before it.
include $(sort $(wildcard loader/*.mk guest-shim/*.mk hv/*.mk hv/attest/*.mk host/*.mk policy/*.mk tenant/*.mk))
include $(sort $(wildcard tools/*.mk))
include $(sort $(wildcard tests/*/*.mk fuzz/*.mk))
