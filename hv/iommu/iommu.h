/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA remapping: every device sees memory through the root guest's own stage-2 table, so its view and the CPUs' cannot
 * differ, and sees nothing before that table is in force (docs/architecture.md, section 6). The units belong to the
 * hypervisor: their registers are absent from the root guest and from the devices' view alike.
 */
#ifndef CLOISTER_IOMMU_IOMMU_H
#define CLOISTER_IOMMU_IOMMU_H

#include "cloister/boot_info.h"
#include "cloister/errors.h"
#include "machine/lock.h"
#include "memory/region.h"

struct machine;
struct stage2;

#define IOMMU_TIMEOUT_US 100000u /* a command of a unit takes a few microseconds */

enum iommu_kind { IOMMU_VTD, IOMMU_AMDVI };

struct iommu_unit {
	uint64_t base, bytes; /* register pages */
	uint64_t cap, ecap;   /* capabilities, read once */
};

struct iommu {
	lock_t lock; /* registers while translation is switched on and faults are read; what follows 'enabled' */
	enum iommu_kind kind;
	uint32_t unit_count;
	struct iommu_unit units[BOOT_MAX_UNITS];
	uint64_t tsc_khz;

	paddr_t root_table; /* what every unit walks from: root table, or device table */
	paddr_t queue;      /* invalidation requests, and after them their completion */
	paddr_t events;     /* AMD-Vi: a page of events for each unit */

	bool enabled;
	uint64_t faults;         /* recorded by the units, since the launch */
	uint32_t overflows;      /* times that a unit had more than it could record */
	uint64_t polled_tsc;     /* iommu_poll_throttled(); no lock */
	uint64_t second_us;      /* the last second in which a fault was logged ... */
	uint32_t logged, silent; /* ... and how many were in it, and how many were not */
};

/**
 * Takes the registers of the units that boot_dma_check() accepted out of the root guest's stage 2, and builds the
 * tables. Touches no unit. Once, from hv_prepare(), when stage 2 is complete but for that. Without units: HV_OK, or
 * HV_E_NO_IOMMU where the config requires one. Fails at the registers of a unit that cannot be used.
 */
struct hv_failure iommu_prepare(struct machine *m, struct stage2 *stage2, struct region *region);

/* Switches translation on in every unit, once; before the first guest is entered. Takes the lock. */
enum hv_error iommu_enable(struct machine *m);

/* Does every unit translate, with our tables, as of now? False without units. */
bool iommu_translates(const struct machine *m);

/* Bits of enum hk_dma (statement.h), from the tables themselves, once they are built; 0 without units. */
uint32_t iommu_protections(const struct machine *m, const struct stage2 *stage2);

/* Reads, logs and clears the faults that the units recorded. Does nothing while another CPU does it. */
void iommu_poll(struct machine *m);

/* The same, but at most once a second. */
void iommu_poll_throttled(struct machine *m);

/* A fault, as a unit recorded it. @source: bus << 8 | device << 3 | function; @reason: the unit's own code. */
void iommu_fault(struct machine *m, uint16_t source, gpa_t address, bool write, uint32_t reason);

/* There were more faults than the unit had room for. */
void iommu_overflow(struct machine *m, const struct iommu_unit *unit);

/*
 * The two kinds of units. *_check: can this unit do what is needed, and is it free? *_build: the tables, for all units.
 * *_enable, *_translates, *_poll: as above, for one unit, with the lock held where iommu.c holds it.
 */
enum hv_error vtd_check(struct iommu_unit *unit);
enum hv_error vtd_build(struct machine *m, struct stage2 *stage2, struct region *region);
enum hv_error vtd_enable(const struct iommu *iommu, const struct iommu_unit *unit);
bool vtd_translates(const struct iommu *iommu, const struct iommu_unit *unit);
void vtd_poll(struct machine *m, const struct iommu_unit *unit);

enum hv_error amdvi_check(struct iommu_unit *unit);
enum hv_error amdvi_build(struct machine *m, struct stage2 *stage2, struct region *region);
enum hv_error amdvi_enable(const struct iommu *iommu, const struct iommu_unit *unit);
bool amdvi_translates(const struct iommu *iommu, const struct iommu_unit *unit);
void amdvi_poll(struct machine *m, const struct iommu_unit *unit);

#endif
