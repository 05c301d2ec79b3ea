# SPDX-License-Identifier: GPL-2.0-or-later
# 'make check-tables DIR=...': the loader's parsers over ACPI tables of real machines.

TABLES_WALK := $(OUT)/tests/tables/walk

TABLES_OBJECTS = $(call unit_objects,loader,tests/tables/walk.c $(addprefix loader/,acpi.c sleep.c dmar.c ivrs.c dma_table.c))
UNIT_OBJECTS += $(TABLES_OBJECTS)

$(TABLES_WALK): $$(TABLES_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)gcc $(UNIT_CFLAGS) -o $@ $^ $(UNIT_LIBS)

.PHONY: check-tables
check-tables: $(TABLES_WALK)
	@[ -n '$(DIR)' ] || { echo "check-tables: DIR=... names the folder of dumps" >&2; exit 2; }
	@python3 tests/tables/check_tables.py $(TABLES_WALK) '$(DIR)'
