# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every unit test. A module's fragment in this folder adds its programs to UNIT_TESTS.
# cmocka writes TAP, which tests/summary counts.

UNIT_SANITIZERS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_CFLAGS := -std=c17 -g -D_GNU_SOURCE -DCLOISTER_UNIT_TEST $(UNIT_SANITIZERS) $(WARNINGS) -Iinclude
UNIT_LIBS := -lcmocka

unit: $$(UNIT_TESTS)
	@mkdir -p $(OUT)/log/unit
	@rm -f $(OUT)/log/unit/*.tap
	@for t in $(UNIT_TESTS); do \
		n=$$(basename $$t); \
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 900 $$t >$(OUT)/log/unit/$$n.tap 2>$(OUT)/log/unit/$$n.err || \
			echo "not ok - $$n exited with $$?" >>$(OUT)/log/unit/$$n.tap; \
	done
	@tests/summary unit $(OUT)/log/unit/*.tap
