/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader hands to the hypervisor. Fixed layout, little-endian, no pointers but physical
 * addresses. The hypervisor copies it once and checks every field before it uses one.
 *
 * Entry points (System V ABI, firmware's identity map, interrupts off, 64-bit mode):
 *   e_entry of the ELF image: enum hv_error hv_prepare(struct boot_info *)
 *       Runs once on the BSP. Fills boot_info.out; nothing is virtualised yet.
 *   boot_info.out.cpu_check:  enum hv_error cpu_check(uint32_t cpu)
 *       Runs on every CPU: can this CPU be virtualised, and like the others? Changes nothing.
 *   boot_info.out.cpu_launch: enum hv_error cpu_launch(uint32_t cpu)
 *       Runs on every CPU: on HV_OK it returns inside the root guest, with x2APIC on.
 * 'cpu' is an index into boot_info.cpu_apic_id, the one whose APIC ID is the executing CPU's.
 */
#ifndef CLOISTER_BOOT_INFO_H
#define CLOISTER_BOOT_INFO_H

#include <stdint.h>

#include "cloister/statement.h"

#define BOOT_INFO_MAGIC   0x494f464e54534c43ull /* "CLSTNFOI" */
#define BOOT_INFO_VERSION 5u

#define BOOT_MAX_CPUS     1024u
#define BOOT_MAX_RAM      128u
#define BOOT_MAX_HIDDEN   16u
#define BOOT_MAX_LOG      16384u
#define BOOT_MAX_UNITS    256u
#define BOOT_MAX_RESERVED 64u
#define BOOT_MAX_SETTINGS 256u
#define BOOT_SLEEP_PORTS  3u
#define BOOT_MAX_FLOOR    512u

/* A range of physical memory; both multiples of 4096. */
struct boot_range {
	uint64_t base;
	uint64_t bytes;
};

/*
 * PC Client Platform TPM Profile 1.05, table 32: a page for each of the TPM's localities 1 to 4, of FIFO and CRB alike;
 * and the pages that follow, which chipsets decode for the TPM, too.
 */
#define BOOT_TPM_LOCALITY_1       0xfed41000u
#define BOOT_TPM_LOCALITIES_BYTES 0xf000u

/* boot_info.flags; the same bits are in the HK statement (statement.h). */
#define BOOT_FLAG_DMA_REQUIRED HK_FLAG_DMA_REQUIRED /* the config requires DMA remapping */
#define BOOT_FLAG_WEAK_BINDING HK_FLAG_WEAK_BINDING /* PCR 14 through the firmware in place of PCR 17-19 */
#define BOOT_FLAG_NO_TPM       HK_FLAG_NO_TPM       /* require_tpm=no and there is none */
/* The loader knows the chipset, and all that docs/floor.md names is in boot_info. */
#define BOOT_FLAG_FLOOR_CLOSED    HK_FLAG_FLOOR_CLOSED
#define BOOT_FLAG_SLEEP_UNWATCHED HK_FLAG_SLEEP_UNWATCHED /* a sleep or reset register of the FADT is no I/O port */
#define BOOT_FLAG_ALIAS_UNCHECKED HK_FLAG_ALIAS_UNCHECKED /* not each page of the pool was probed for aliases */

/* After a crash record: the machine is reset, or the CPU is parked. */
#define BOOT_CRASH_RESET 0u
#define BOOT_CRASH_STOP  1u

/* The kind of the machine's DMA remapping units: VT-d (ACPI table DMAR), AMD-Vi (IVRS). */
#define BOOT_DMA_VTD   0u
#define BOOT_DMA_AMDVI 1u

/*
 * AMD-Vi: devices @first to @last (bus << 8 | device << 3 | function) that may send system management messages, and
 * how: SysMgt of the device table entry, 1 to 3 (AMD I/O Virtualization Technology Specification 3.08, 2.2.2.1).
 */
struct boot_setting {
	uint16_t first, last;
	uint32_t sysmgt;
};

/* What the loader read in DMAR or IVRS: the whole of it that the hypervisor needs. */
struct boot_dma {
	uint32_t kind; /* BOOT_DMA_* */
	uint32_t unit_count;
	uint32_t reserved_count;
	uint32_t setting_count;
	struct boot_range unit[BOOT_MAX_UNITS];         /* pages of registers */
	struct boot_range reserved[BOOT_MAX_RESERVED];  /* memory for devices, by the firmware (RMRR, IVMD) */
	struct boot_setting setting[BOOT_MAX_SETTINGS]; /* of two for one device, the first one counts */
};

/* The platform's floor (docs/floor.md): what the root guest reads and does not write. */
struct boot_floor {
	uint32_t range_count;
	uint32_t function_count;
	uint16_t closed_port;                    /* 0 for none */
	uint16_t reserved[3];                    /* 0 */
	struct boot_range range[BOOT_MAX_FLOOR]; /* each less than 2 MiB */
	uint16_t function
		[BOOT_MAX_FLOOR]; /* of segment 0, through ports 0xCF8 and 0xCFC: bus << 8 | device << 3 | function */
};

/* What hv_prepare gives back. */
struct boot_out {
	uint64_t cpu_check;       /* physical address of the function */
	uint64_t cpu_launch;      /* physical address of the function */
	uint64_t statement;       /* physical address of struct hk_statement */
	uint32_t statement_bytes; /* sizeof(struct hk_statement) */
	uint32_t error_cpu;       /* cpu and where of struct hv_failure (errors.h) */
	uint64_t error_where;
};

struct boot_info {
	uint64_t magic;
	uint32_t version;
	uint32_t bytes; /* sizeof(struct boot_info) */
	uint32_t flags; /* BOOT_FLAG_*, others 0 */
	uint32_t cpu_count;
	uint32_t ram_count;
	uint32_t hidden_count;

	struct boot_range region; /* the hypervisor's own memory, 2 MiB aligned; the image is at its start */
	struct boot_range pool;   /* the guest pool, 2 MiB aligned, or 0, 0 */
	uint64_t image_bytes;     /* memory of the loaded image (to the end of the last PT_LOAD, page-rounded) */

	uint8_t image_sha256[32];  /* of the ELF file, as extended into PCR 17 */
	uint8_t config_sha256[32]; /* of the config file, as extended into PCR 18 */
	uint8_t tpm_random[32];    /* TPM2_GetRandom; zero with BOOT_FLAG_NO_TPM */
	uint32_t tpm_reset_count;
	uint32_t tpm_restart_count;

	uint64_t ram_leaf_bytes; /* the smallest leaves of stage 2 over RAM that the region has room for: BOOT_LEAF_* */

	uint64_t tsc_khz;         /* measured against the firmware's timer */
	uint64_t ecam_base;       /* MCFG, segment 0, bus 0; a multiple of 1 MiB; 0 if there is none */
	uint64_t pci_ports_shown; /* 0, or 1: software that looks for port 0xCF8 finds it although there is an ECAM */
	/* The byte that holds SLP_TYP and SLP_EN: PM1a_CNT_BLK + 1, PM1b_CNT_BLK + 1, SLEEP_CONTROL_REG; 0 for none. */
	uint16_t sleep_port[BOOT_SLEEP_PORTS];
	uint16_t serial_port; /* 16550 for debug output and crash records, 0 for none */
	uint16_t reset_port;  /* FADT RESET_REG if it is an I/O port, else 0 */
	uint8_t reset_value;  /* FADT RESET_VALUE: nothing else that is written there resets */
	uint8_t sleep_types;  /* a bit for each SLP_TYP with which the root guest may put the machine to sleep */
	uint32_t on_crash;    /* BOOT_CRASH_* */

	uint32_t cpu_apic_id[BOOT_MAX_CPUS];       /* enabled processors of the MADT; the BSP is number 0 */
	struct boot_range ram[BOOT_MAX_RAM];       /* RAM of the root guest, sorted, not overlapping */
	struct boot_range hidden[BOOT_MAX_HIDDEN]; /* absent from the root guest: TPM localities 1-4 */

	uint64_t log;       /* physical address of the launch log (TCG format), complete by the first cpu_launch */
	uint32_t log_bytes; /* its final length, at most BOOT_MAX_LOG */
	uint32_t reserved;  /* 0 */

	struct boot_dma dma;
	struct boot_floor floor;
	struct boot_out out;
};

/* Pages that the hypervisor needs per CPU, and for everything else but image, stage-2 directory and RAM tables. */
#define BOOT_PAGES_PER_CPU 16ull
#define BOOT_PAGES_FIXED   192ull

/*
 * For each DMA remapping unit: two tables of stage 2 and three of the hypervisor's own that lead to its registers;
 * events.
 */
#define BOOT_SPLITS_PER_UNIT 2ull
#define BOOT_PAGES_PER_UNIT  (BOOT_SPLITS_PER_UNIT + 4)

/* For each range of the floor: two tables of stage 2, and copies of them and of a third in the view for writes. */
#define BOOT_SPLITS_PER_FLOOR 2ull
#define BOOT_PAGES_PER_FLOOR  (BOOT_SPLITS_PER_FLOOR + 3)

/* AMD-Vi's device table: 65,536 entries of 32 bytes. */
#define BOOT_DEVICE_TABLE_PAGES 512ull

/*
 * boot_info.ram_leaf_bytes. The loader asks for 2 MiB; on HV_E_SMALL_PAGES it places the image once more, with 4 KiB.
 */
#define BOOT_LEAF_2MIB 0x200000ull
#define BOOT_LEAF_4KIB 0x1000ull

/* Stage-2 tables for leaves of that size in each GiB that holds RAM; the list is sorted. */
static inline uint64_t boot_ram_tables(const struct boot_info *boot)
{
	uint64_t gibs = 0, next = 0; /* the first GiB that is not counted */

	for (uint32_t i = 0; i < boot->ram_count; i++) {
		const uint64_t begin = boot->ram[i].base >> 30,
			       end = ((boot->ram[i].base + boot->ram[i].bytes - 1) >> 30) + 1;

		if (end > next)
			gibs += end - (begin > next ? begin : next);
		next = end;
	}
	return gibs * (boot->ram_leaf_bytes == BOOT_LEAF_4KIB ? 1 + 512 : 1);
}

/**
 * Size of the hypervisor's region in bytes, a multiple of 2 MiB.
 * @boot:      image_bytes, at most 16 MiB; cpu_count; ram; ram_leaf_bytes; dma; floor
 * @phys_bits: physical address width, 36 to 52 (CPUID 80000008.EAX[7:0])
 */
static inline uint64_t boot_region_bytes(const struct boot_info *boot, uint32_t phys_bits)
{
	const uint64_t mapped_bits = phys_bits > 48 ? 48 : phys_bits; /* stage 2 has four levels */
	const uint64_t directories = mapped_bits > 39 ? 1ull << (mapped_bits - 39) : 1;
	const uint64_t ram_tables = boot_ram_tables(boot);
	const uint64_t device_table = boot->dma.kind == BOOT_DMA_AMDVI ? BOOT_DEVICE_TABLE_PAGES : 0;
	const uint64_t pages =
		BOOT_PAGES_FIXED + BOOT_PAGES_PER_CPU * boot->cpu_count + BOOT_PAGES_PER_UNIT * boot->dma.unit_count +
		BOOT_PAGES_PER_FLOOR * boot->floor.range_count + device_table + directories + ram_tables +
		ram_tables / 256; /* the hypervisor maps them, with one page in 512 and their directories */
	const uint64_t bytes = boot->image_bytes + pages * 4096;

	return (bytes + 0x1fffff) & ~0x1fffffull;
}

_Static_assert(sizeof(struct boot_out) == 40, "boot_out layout");
_Static_assert(sizeof(struct boot_dma) == 16 + 16 * (BOOT_MAX_UNITS + BOOT_MAX_RESERVED) + 8 * BOOT_MAX_SETTINGS,
	       "boot_dma layout");
_Static_assert(sizeof(struct boot_info) == 224 + 4 * BOOT_MAX_CPUS + 16 * (BOOT_MAX_RAM + BOOT_MAX_HIDDEN) + 16 +
						   sizeof(struct boot_dma) + sizeof(struct boot_floor) +
						   sizeof(struct boot_out),
	       "boot_info layout");

#endif
