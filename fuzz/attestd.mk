# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++ on requests that anybody may send to attestd.

FUZZ_SOURCES_attestd = fuzz/attestd/$*.c fuzz/shared/main.c \
	$(addprefix host/attestd/,request.c encode.c failure.c quote_message.c)
FUZZ_CFLAGS_attestd := -Ihost/attestd
FUZZ_LIBS_attestd := -ljansson -lcrypto

$(eval $(call fuzz_group,attestd,$(call fuzz_parsers,attestd)))
