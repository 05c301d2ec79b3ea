/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of <string.h> that the hypervisor and mbedTLS name. memmove and strlen have no body: what calls them in
 * mbedTLS is not called itself, and the linker drops it (--gc-sections).
 */
#ifndef CLOISTER_LIB_INCLUDE_STRING_H
#define CLOISTER_LIB_INCLUDE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
size_t strlen(const char *text);

#endif
