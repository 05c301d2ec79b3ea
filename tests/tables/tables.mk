# SPDX-License-Identifier: GPL-2.0-or-later
# 'make check-tables DIR=...': the loader's parsers over ACPI tables of real machines.

TABLES_WALK := $(OUT)/tests/tables/walk

$(TABLES_WALK): tests/tables/walk.c $$(call loader_unit_objects,acpi sleep dmar ivrs dma_table)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(LOADER_UNIT_CFLAGS) -MF $@.d -o $@ $^ $(UNIT_LIBS)

.PHONY: check-tables
check-tables: $(TABLES_WALK)
	@[ -n '$(DIR)' ] || { echo "check-tables: DIR=... names the folder of dumps" >&2; exit 2; }
	@$(PYTHON) tests/tables/check_tables.py $(TABLES_WALK) '$(DIR)'
