/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the harness, the CPU under it and the vendor's part of both. */
#ifndef FUZZ_EXITS_WORLD_H
#define FUZZ_EXITS_WORLD_H

#include "fuzz/shared/promise.h"
#include "hv/machine/cpu.h"
#include "hv/vcpu/domain.h"
#include "hv/vcpu/vcpu.h"
#include "input.h"

#define CPUS 3u

#define TAG VCPU_ROOT_TAG /* of translations: ASID, VPID */

/* The second-level tables. */
#define STAGE2 0x77000ull
#define DETOUR 0x88000ull

/* Bits of an input's first byte: features of the CPUs; the vendor's from FEATURE_VENDOR on. */
#define FEATURE_XSAVES 1u
#define FEATURE_MPX    2u
#define FEATURE_CPU_2  4u
#define FEATURE_VENDOR 3 /* a shift */

struct world {
	struct cpu *running;   /* the CPU whose exit is answered */
	enum crash_kind stops; /* how the exit must stop the CPU; CRASH_NONE: not at all */
	bool double_fault;     /* it interrupted a double fault's delivery: one more fault shuts the guest down */
	bool wiped;            /* HK is gone */
	bool nmi[CPUS];        /* an NMI is on its way to the CPU */
	unsigned resets;       /* INITs that were acted upon */
	uint32_t pci_address;  /* port 0xCF8 */
	uint8_t features;
};

extern struct world world;

/* Runs one input, from a machine after its launch; aborts where a promise is broken. @verbose: shows the exits. */
void run_exits(const uint8_t *data, size_t bytes, bool verbose);

/* The NMI that is on its way to the running CPU arrives, if there is one. */
void arrive_nmi(void);

/* An exception in the hypervisor. */
void arrive_exception(unsigned vector);

/* Another CPU sends an interprocessor message, such as ICR_INIT, to the running one. */
#define ICR_INIT 0x4500u
#define ICR_SIPI 0x469fu
void other_cpu_sends(uint32_t icr);

/*
 * @event, to be injected, is @delivering once more, or one that a CPU takes (APM 2 15.20; SDM 3C 26.2.1.3), or none
 * where nothing was delivered.
 */
void check_event(uint32_t event, uint32_t delivering, bool error_codes);

/*
 * The vendor's part, svm.c or vmx.c.
 */

/* A CPU after its launch. */
void vendor_set_up(struct cpu *cpu);

/*
 * The guest's state at an exit of the running CPU, and the exit, whose code it returns. Sets world.stops and
 * double_fault.
 */
uint32_t vendor_take_exit(struct input *input, struct cpu *cpu);

/* Answers it, and checks the vendor's promises. */
void vendor_exit(struct cpu *cpu);

/* Registers of the vendor's; abort for others. */
uint64_t vendor_rdmsr(uint32_t msr);
void vendor_wrmsr(uint32_t msr, uint64_t value);

#endif
