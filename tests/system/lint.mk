# SPDX-License-Identifier: GPL-2.0-or-later
# Static checks of everything in Python and shell; all functions of the test bed have type hints.

SCRIPTS_PYTHON := $(shell find tools tests -name '*.py'; grep -rlI '^\#!/usr/bin/\(env \)\?python3' tools tests fuzz)
# SC2016: text that 'sh -c' gets in single quotes is meant for that shell.
SCRIPTS_SHELL := $(shell grep -rlI '^\#!/bin/sh' tools tests fuzz .ci)

.PHONY: lint-scripts
lint: lint-scripts
lint-scripts:
	$(call say,LINT,Python and shell)
	$(Q)python3 -m pycodestyle --max-line-length=120 $(SCRIPTS_PYTHON)
	$(Q)python3 -m pyflakes $(SCRIPTS_PYTHON)
	$(Q)tools/lint-hints $(wildcard tests/testbed/*.py)
	$(Q)shellcheck -x --exclude=SC2016 $(SCRIPTS_SHELL)
