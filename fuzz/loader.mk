# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on the loader's parsers: each harness has the name of the source that it is about.

FUZZ_SOURCES_loader = fuzz/loader/$*.c loader/$*.c fuzz/shared/main.c \
	$(addprefix loader/,failure.c text.c dmar.c ivrs.c dma_table.c sleep.c)
FUZZ_CFLAGS_loader := -iquote loader

$(eval $(call fuzz_group,loader,$(call fuzz_parsers,loader)))
