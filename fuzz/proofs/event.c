/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/vcpu/event.c: for every event whose delivery an exit can have interrupted (any 32 bits) and every exception
 * that the hypervisor raises. VM entry and VMRUN accept the result (SDM 3C 26.2.1.3; APM 2 15.20), and an exception
 * combines with the one that it interrupted as on a CPU (SDM 3A table 6-5).
 */
#include "proof.h"

#include "vcpu/event.h"

/* By number, so a wrong constant of hv/ is not repeated here (SDM 3A table 6-1): #DF, #TS to #PF, #AC, #CP. */
static bool pushes_error_code(uint32_t vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

/* SDM 3A table 6-4. */
static bool contributory_class(uint32_t vector)
{
	return vector == 0 || (vector >= 10 && vector <= 13);
}

static void check_entry(uint32_t event, uint32_t error_code)
{
	const uint32_t vector = event & 0xff;

	PROVE((event & 0x80000000) != 0 && (event & 0x7ffff000) == 0);
	PROVE((event >> 8 & 7) == 3 && vector < 32 && vector != 2);
	PROVE(((event & 0x800) != 0) == pushes_error_code(vector));
	PROVE(vector != 8 || error_code == 0);
	PROVE(error_code <= 0x7fff);
}

void prove_event_exception(void)
{
	uint32_t delivering, error_code;
	enum vector vector;

	ASSUME(vector == VECTOR_DB || vector == VECTOR_UD || vector == VECTOR_GP); /* the arguments of vcpu_inject() */
	ASSUME(error_code <= 0x7fff);
	const uint32_t code = error_code;
	const uint32_t event = event_exception(delivering, vector, &error_code);

	const bool on_exception = delivering >> 31 != 0 && (delivering >> 8 & 7) == 3;
	const uint32_t first = delivering & 0xff;
	const bool doubles = on_exception && (contributory_class(first) || first == 14) && vector == 13;

	PROVE((event == 0) == (on_exception && first == 8));
	if (event == 0)
		return;
	check_entry(event, error_code);
	PROVE((event & 0xff) == (doubles ? 8 : vector));
	PROVE(doubles || error_code == code);
	REACHABLE(doubles);
	REACHABLE(!doubles && on_exception && vector == VECTOR_GP);
	REACHABLE(vector == VECTOR_UD);
}
