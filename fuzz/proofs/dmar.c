/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader/dmar.c: a structure of any kind and content, of 4, 8, 16, 24, 32 or 40 bytes, is read inside its bounds and
 * in bounded time, whatever was read before it. If it is accepted, its result is well formed and has room.
 */
#include "loader/dmar.c"

#include "structure.h"

void prove_dmar_structure(void)
{
	check_structures(read_structure);
}
