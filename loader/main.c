/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's way from the firmware to the boot target (docs/architecture.md, section 2). */
#include <cloister/boot_info.h>
#include <cloister/errors.h>
#include <cloister/hypercall.h>
#include <cloister/statement.h>
#include <string.h>

#include "acpi.h"
#include "alias.h"
#include "boot.h"
#include "cpu.h"
#include "digest.h"
#include "file.h"
#include "floor.h"
#include "hypervisor.h"
#include "launch.h"
#include "measure.h"
#include "memory.h"
#include "message.h"
#include "mmio.h"
#include "preboot.h"
#include "tcg2.h"
#include "tis.h"
#include "units.h"

#define CONFIG_PATH "\\EFI\\cloister\\cloister.conf"
#define COM1_PORT   0x3f8u

#define KEY_WAIT_100NS     300000000u /* 30 s */
#define TSC_MEASUREMENTS   3u
#define TSC_MEASURE_US     2000u      /* Stall's ACPI timer ticks every 0.28 us */
#define HYPERVISOR_PRESENT (1u << 31) /* CPUID.1:ECX, APM volume 3, E.3.2 */

static struct {
	struct config config;
	struct acpi_info acpi;
	struct measure measure;
	struct file_content config_file;
	struct file_content image_file;
	struct file_content staged_config; /* the same, in the region */
	struct file_content staged_image;
	struct elf_image image;
	struct boot_info info;
	const char *image_path;
	bool begun; /* a CPU may be in the hypervisor */
} loader;

static bool parse_config(struct failure *failure)
{
	config_default(&loader.config);
	return file_read(CONFIG_PATH, CONFIG_MAX_BYTES, &loader.config_file, failure) &&
	       config_parse((const char *)loader.config_file.data, loader.config_file.bytes, &loader.config, failure);
}

/*
 * An error before the config's line 'serial' goes to COM1, if that is there.
 */
static bool read_config(struct failure *failure)
{
	const bool parsed = parse_config(failure);
	const uint32_t port = loader.config.serial_port;

	message_serial(port == CONFIG_SERIAL_UNSAID ? COM1_PORT : (uint16_t)port);
	return parsed;
}

/* PCR 4 gets the loader's mark before anything is read, so no input can prevent it. */
static bool mark_and_read_config(struct failure *failure)
{
	struct failure unmarked;
	const bool offered = tcg2_present();
	const bool marked = !offered || measure_loader_runs(&unmarked);

	if (!read_config(failure))
		return false;
	if (!offered)
		say("warning: the firmware offers no TPM (EFI_TCG2_PROTOCOL): PCR 4 says nothing of this loader, "
		    "so no tenant can accept this host");
	if (!marked)
		*failure = unmarked;
	return marked;
}

/* Address of the RSDP; the one for ACPI 2.0 and later wins. */
static uint64_t find_rsdp(void)
{
	static const EFI_GUID acpi_20 = ACPI_20_TABLE_GUID, acpi_10 = ACPI_TABLE_GUID;
	uint64_t rsdp = 0;

	for (UINTN i = 0; i < system_table->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *table = &system_table->ConfigurationTable[i];
		if (!memcmp(&table->VendorGuid, &acpi_20, sizeof(acpi_20)))
			return (uint64_t)table->VendorTable;
		if (!memcmp(&table->VendorGuid, &acpi_10, sizeof(acpi_10)))
			rsdp = (uint64_t)table->VendorTable;
	}
	return rsdp;
}

static bool walk_acpi(struct failure *failure)
{
	struct memory_map map;
	const struct acpi_view view = {memory_map_copy, &map, uefi_allocate(ACPI_MAX_TABLE_BYTES)};
	const uint64_t rsdp = find_rsdp();

	if (!view.buffer)
		return fail(failure, LOADER_E_MEMORY, "ACPI tables");
	if (!rsdp)
		return fail(failure, LOADER_E_ACPI_RSDP, "EFI configuration table");
	return memory_map_read(&map, failure) && acpi_walk(&view, rsdp, &loader.acpi, failure) &&
	       acpi_boot_cpu_first(&loader.acpi, cpu_apic_id(), failure);
}

static bool check_x2apic(struct failure *failure)
{
	if (!loader.acpi.dma.x2apic_opt_out)
		return true;
	if (loader.config.x2apic_opt_out == CONFIG_OPT_OUT_REFUSE)
		return fail(failure, LOADER_E_X2APIC_OPT_OUT, "ACPI table DMAR, flag X2APIC_OPT_OUT");
	say("the firmware asks not to use x2APIC (DMAR, X2APIC_OPT_OUT): it is used, x2apic_opt_out = override");
	return true;
}

/*
 * Linux leaves CPUs with such ids unused where interrupts are not remapped. Cloister controls them as it does all
 * others, since a CPU outside of its control could be started.
 */
static void say_large_ids(void)
{
	const uint32_t largest = 255; /* of a message-signalled interrupt (SDM 3A 11.11.1) */
	uint32_t above = 0;

	for (uint32_t i = 0; i < loader.acpi.cpu_count; i++)
		above += loader.acpi.cpu_apic_id[i] > largest;
	if (above)
		say("%u of %u CPUs have an APIC id above 255: Linux leaves them unused", above, loader.acpi.cpu_count);
}

static bool open_strong(struct failure *failure)
{
	const uint32_t method = loader.acpi.tpm2_start_method;

	if (method != ACPI_TPM2_START_TIS && !(method == ACPI_TPM2_START_CRB && tis_interface() == TIS_CRB_LOCALITIES))
		return fail(failure, LOADER_E_TPM_LOCALITY, "ACPI table TPM2: start method %u%s", method,
			    method == ACPI_TPM2_START_CRB ? " (CRB), without locality 2" : "");
	return measure_begin_strong(failure) && tpm_open(&loader.measure.tpm, TPM_LOCALITY_2, failure);
}

static bool open_weak(struct failure *failure)
{
	loader.info.flags = BOOT_FLAG_WEAK_BINDING;
	return measure_close_strong(failure) && measure_begin_weak(failure) &&
	       tpm_open(&loader.measure.tpm, TPM_FIRMWARE, failure);
}

static bool open_none(struct failure *failure)
{
	if (loader.config.require_tpm)
		return fail(failure, LOADER_E_TPM_MISSING, "no ACPI table TPM2, no EFI_TCG2_PROTOCOL");
	if (!measure_close_unreported(failure))
		return false;
	tpm_none(&loader.measure.tpm);
	loader.info.flags = BOOT_FLAG_NO_TPM;
	say("warning: no TPM, and require_tpm = no: no tenant should accept this host");
	return true;
}

static bool open_tpm(struct failure *failure)
{
	if (!loader.acpi.tpm2_start_method && !tcg2_present())
		return open_none(failure);
	return loader.config.tpm_binding == CONFIG_BINDING_WEAK ? open_weak(failure) : open_strong(failure);
}

static bool ask_tpm(struct failure *failure)
{
	struct tpm2_clock clock;

	if (loader.info.flags & BOOT_FLAG_NO_TPM)
		return true;
	if (!tpm_random(&loader.measure.tpm, loader.info.tpm_random, sizeof(loader.info.tpm_random), failure) ||
	    !tpm_clock(&loader.measure.tpm, &clock, failure))
		return false;
	loader.info.tpm_reset_count = clock.reset_count;
	loader.info.tpm_restart_count = clock.restart_count;
	return true;
}

/* The config is parsed again, from where devices cannot change it: the result must be the same. */
static bool same_config(struct failure *failure)
{
	static struct config again;

	if (!config_parse((const char *)loader.staged_config.data, loader.staged_config.bytes, &again, failure))
		return false;
	return !memcmp(&again, &loader.config, sizeof(again)) ||
	       fail(failure, LOADER_E_FILE_CHANGED, "%s", CONFIG_PATH);
}

/* From here on image and config are measured and used in the region. */
static bool stage(struct failure *failure)
{
	uint64_t used = 0;

	return hypervisor_stage(&loader.info, &loader.image_file, &used, &loader.staged_image, failure) &&
	       hypervisor_stage(&loader.info, &loader.config_file, &used, &loader.staged_config, failure) &&
	       same_config(failure);
}

static bool measure_files(struct failure *failure)
{
	const struct log_data image = {LAUNCH_LABEL_IMAGE, loader.image_path, strlen(loader.image_path)};
	const struct log_data config = {LAUNCH_LABEL_CONFIG, loader.staged_config.data, loader.staged_config.bytes};

	return measure_start(&loader.measure, failure) &&
	       measure_step(&loader.measure, MEASURE_IMAGE, loader.staged_image.data, loader.staged_image.bytes, &image,
			    loader.info.image_sha256, failure) &&
	       measure_step(&loader.measure, MEASURE_CONFIG, loader.staged_config.data, loader.staged_config.bytes,
			    &config, loader.info.config_sha256, failure);
}

/* The shortest of several: an interruption, such as an SMI, only makes a measurement longer. */
static uint64_t measure_tsc_khz(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < TSC_MEASUREMENTS; i++) {
		const uint64_t start = rdtsc();

		boot_services->Stall(TSC_MEASURE_US);
		const uint64_t ticks = rdtsc() - start;

		least = ticks < least ? ticks : least;
	}
	return least * 1000 / TSC_MEASURE_US;
}

static bool check_coverage(struct failure *failure)
{
	struct dma_table *const dma = &loader.acpi.dma;

	return !dma->records.unit_count || dma_coverage_check(dma) ||
	       fail_hv(failure, HV_E_DMA_COVERAGE, "segment, or bus and function: 0x%lx", dma->where);
}

/* From now on the units are the hypervisor's: the root guest must not look for them. */
static void hide_dma_table(void)
{
	if (loader.acpi.dma_table)
		acpi_hide((uint8_t *)loader.acpi.dma_table);
}

static bool sleep_refused(void)
{
	return loader.config.sleep == 0 || loader.config.pool_mib;
}

/* If the firmware's AML does not say which type is off: all types, or none with a pool. */
static uint8_t allowed_sleep_types(void)
{
	if (!sleep_refused())
		return UINT8_MAX;
	if (loader.acpi.sleep.off)
		return loader.acpi.sleep.off;
	say("warning: DSDT and SSDTs do not say how to switch the machine off: %s by PM1 control is possible",
	    loader.config.pool_mib ? "no power-off" : "any sleep");
	return loader.config.pool_mib ? 0 : UINT8_MAX;
}

/* Linux waits for ever for a sleep that is dropped: it must not look for the states. */
static void hide_sleep_states(void)
{
	for (uint32_t i = 0; sleep_refused() && i < loader.acpi.sleep.kept; i++)
		sleep_hide((uint8_t *)loader.acpi.sleep.name[i].table, loader.acpi.sleep.name[i].offset);
}

/* PCI configuration space through ports (PCI 3.0, 3.2.2.3.2). */
#define PCI_ADDRESS        0xcf8u
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_DATA           0xcfcu

static uint32_t config_read(const void *context, const struct floor_ecam *ecam, uint16_t function, uint16_t offset)
{
	(void)context;
	if (ecam)
		return mmio_read_32(ecam->base + (uint64_t)function * 4096 + offset);
	const uint64_t flags = interrupts_off();
	const uint32_t kept = in32(PCI_ADDRESS); /* the firmware may be between its two accesses */

	out32(PCI_ADDRESS, PCI_ADDRESS_ENABLE | (uint32_t)function << 8 | (offset & 0xfcu));
	const uint32_t value = in32(PCI_DATA);

	out32(PCI_ADDRESS, kept);
	interrupts_restore(flags);
	return value;
}

static uint32_t memory_read(const void *context, uint64_t address)
{
	(void)context;
	return mmio_read_32(address);
}

static void config_write(const void *context, uint16_t function, uint16_t offset, uint8_t value)
{
	const uint64_t flags = interrupts_off();
	const uint32_t kept = in32(PCI_ADDRESS);

	(void)context;
	out32(PCI_ADDRESS, PCI_ADDRESS_ENABLE | (uint32_t)function << 8 | (offset & 0xfcu));
	out8((uint16_t)(PCI_DATA + (offset & 3)), value);
	out32(PCI_ADDRESS, kept);
	interrupts_restore(flags);
}

static void close_floor(void)
{
	static struct floor floor;
	const struct floor_view view = {config_read, memory_read, config_write, NULL};

	floor_find(&view, loader.acpi.ecam, loader.acpi.ecam_count, &floor);
	loader.info.floor = floor.found;
	if (floor_closed(&floor) && !loader.acpi.ecam_unread)
		loader.info.flags |= BOOT_FLAG_FLOOR_CLOSED;
	else
		say("warning: this chipset is not known in full: the statement says that the platform's floor is open");
}

static bool fill_info(void)
{
	struct boot_info *info = &loader.info;

	info->magic = BOOT_INFO_MAGIC;
	info->version = BOOT_INFO_VERSION;
	info->bytes = sizeof(*info);
	info->cpu_count = loader.acpi.cpu_count;
	memcpy(info->cpu_apic_id, loader.acpi.cpu_apic_id, info->cpu_count * sizeof(info->cpu_apic_id[0]));
	info->hidden[info->hidden_count++] = (struct boot_range){BOOT_TPM_LOCALITY_1, BOOT_TPM_LOCALITIES_BYTES};
	info->ram_leaf_bytes = BOOT_LEAF_2MIB;
	info->tsc_khz = measure_tsc_khz();
	info->ecam_base = loader.acpi.ecam_base;
	info->pci_ports_shown = loader.config.pci_ports;
	memcpy(info->sleep_port, loader.acpi.sleep_port, sizeof(info->sleep_port));
	info->reset_port = loader.acpi.reset_port;
	info->reset_value = loader.acpi.reset_value;
	info->sleep_types = allowed_sleep_types();
	info->serial_port = (uint16_t)loader.config.serial_port;
	info->on_crash = loader.config.on_crash;
	info->dma = loader.acpi.dma.records;
	close_floor();
	if (loader.acpi.sleep_unwatched || loader.acpi.reset_unwatched)
		info->flags |= BOOT_FLAG_SLEEP_UNWATCHED;
	if (loader.config.require_iommu)
		info->flags |= BOOT_FLAG_DMA_REQUIRED;
	return true;
}

static bool read_ram(struct failure *failure)
{
	struct memory_map map;

	return memory_map_read(&map, failure) && memory_map_ram(&map, &loader.info, failure);
}

/* The RAM list is read twice: for the sizes of region and pool, and again without what has been reserved. */
static bool reserve(struct failure *failure)
{
	if (!read_ram(failure) || !hypervisor_reserve(&loader.image, loader.config.pool_mib, &loader.info, failure) ||
	    !read_ram(failure) || !alias_probe(&loader.info, failure))
		return false;
	if (!alias_probes_all(&loader.info))
		loader.info.flags |= BOOT_FLAG_ALIAS_UNCHECKED;
	return stage(failure);
}

/* The copies have been used: the region is the hypervisor's alone. */
static bool load(struct failure *failure)
{
	if (!hypervisor_load(&loader.staged_image, &loader.image, &loader.info, failure))
		return false;
	memset(loader.staged_config.data, 0, loader.staged_config.bytes);
	memset(loader.staged_image.data, 0, loader.staged_image.bytes);
	return true;
}

/* The same image as the one that was measured. */
static bool is_measured(struct failure *failure)
{
	struct tpm2_digests digests;

	digest_all(&loader.measure.tpm.banks, loader.staged_image.data, loader.staged_image.bytes, &digests);
	return !memcmp(digest_sha256(&digests), loader.info.image_sha256, 32) ||
	       fail(failure, LOADER_E_FILE_CHANGED, "%s", loader.image_path);
}

/* Only the hypervisor knows which leaves CPU and DMA remapping units can use; it has used up the TPM's random bytes. */
static bool load_with_small_leaves(struct failure *failure)
{
	hypervisor_remove(&loader.info);
	loader.info.ram_leaf_bytes = BOOT_LEAF_4KIB;
	if (!ask_tpm(failure) || !reserve(failure) || !is_measured(failure) || !load(failure))
		return false;
	say("CPU or DMA remapping needs 4 KiB pages: the hypervisor takes %lu MiB", loader.info.region.bytes >> 20);
	return true;
}

static bool prepare(struct failure *failure)
{
	bool small_leaves;
	const size_t log_bytes = measure_log_bytes(&loader.measure, sizeof(struct hk_statement));

	if (log_bytes > BOOT_MAX_LOG)
		return fail(failure, LOADER_E_LOG_FULL, "%lu bytes, at most %u", log_bytes, BOOT_MAX_LOG);
	loader.info.log = (uint64_t)loader.measure.log.to;
	loader.info.log_bytes = (uint32_t)log_bytes;
	return hypervisor_prepare(&loader.image, &loader.info, &small_leaves, failure) ||
	       (small_leaves && load_with_small_leaves(failure) &&
		hypervisor_prepare(&loader.image, &loader.info, &small_leaves, failure));
}

static bool measure_statement(struct failure *failure)
{
	const void *statement = (const void *)loader.info.out.statement;
	const struct log_data event = {LAUNCH_LABEL_STATEMENT, statement, sizeof(struct hk_statement)};

	const bool done = measure_step(&loader.measure, MEASURE_STATEMENT, statement, sizeof(struct hk_statement),
				       &event, NULL, failure);
	if (done)
		tpm_close(&loader.measure.tpm);
	return done;
}

static bool start(struct failure *failure)
{
	return mark_and_read_config(failure) && preboot_check(loader.config.allow_preboot, failure) &&
	       walk_acpi(failure) && acpi_check_sleep(&loader.acpi, loader.config.pool_mib, failure) &&
	       check_coverage(failure) && check_x2apic(failure) && boot_check(&loader.config, failure) &&
	       hypervisor_path(&loader.config, &loader.image_path, failure) &&
	       file_read(loader.image_path, ELF_MAX_IMAGE_BYTES, &loader.image_file, failure) &&
	       elf_check(loader.image_file.data, loader.image_file.bytes, &loader.image, failure) &&
	       open_tpm(failure) && ask_tpm(failure) && fill_info() && reserve(failure) && measure_files(failure) &&
	       load(failure) && prepare(failure) && units_check_driver(&loader.info.dma, failure) &&
	       launch_check(&loader.info, failure) && measure_statement(failure) &&
	       launch_all(&loader.info, &loader.begun, failure);
}

/* Waits for a key, but not for ever, and powers off. */
static void stop(void)
{
	EFI_EVENT timer;
	UINTN index;

	say("press a key to power off (in 30 seconds it does so by itself)");
	if (!EFI_ERROR(boot_services->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &timer)) &&
	    !EFI_ERROR(boot_services->SetTimer(timer, TimerRelative, KEY_WAIT_100NS))) {
		EFI_EVENT events[] = {timer, system_table->ConIn ? system_table->ConIn->WaitForKey : NULL};
		boot_services->WaitForEvent(events[1] ? 2 : 1, events, &index);
	}
	system_table->RuntimeServices->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* A failure before the root guest exists: no later launch may pass, and nothing of this one stays in memory. */
static EFI_STATUS give_up(const struct failure *failure)
{
	say_failure(failure);
	const bool capped = measure_cap(&loader.measure, failure);
	if (!capped)
		say("the TPM did not record the error: nothing else is started, whatever on_error says");
	wipe(loader.info.tpm_random, sizeof(loader.info.tpm_random));
	if (!loader.begun)
		hypervisor_wipe(&loader.info);
	if (loader.begun || !capped || loader.config.on_error == CONFIG_ON_ERROR_STOP)
		stop();
	say("on_error = continue: going on without Cloister");
	return EFI_LOAD_ERROR;
}

/* Is Cloister in charge already, because the firmware's boot order came by here again? */
static bool is_running(void)
{
	if (!(cpuid(1, 0).ecx & HYPERVISOR_PRESENT))
		return false;
	const struct cpuid id = cpuid(HV_CPUID_BASE, 0);
	return id.ebx == HV_CPUID_EBX && id.ecx == HV_CPUID_ECX;
}

static void say_wipe_at_reset(void)
{
	const char *lacks = memory_wipe_at_reset();

	if (lacks)
		say("warning: %s", lacks);
}

/* Called by gnu-efi's start-up code. */
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	const uint64_t entered = rdtsc();
	struct failure failure;

	image_handle = image;
	system_table = table;
	boot_services = table->BootServices;
	if (is_running()) {
		say("already launched: going on with the firmware's boot order");
		return EFI_ALREADY_STARTED;
	}
	say("loader " CLOISTER_VERSION);
	say_wipe_at_reset();
	if (!start(&failure))
		return give_up(&failure);
	hide_dma_table();
	hide_sleep_states();
	say_large_ids();
	say("launched: %u CPUs, %lu ticks", loader.info.cpu_count, rdtsc() - entered);
	if (!boot_start(&loader.config, &failure)) {
		say_failure(&failure);
		stop();
	}
	return EFI_NOT_FOUND; /* boot = firmware: the boot manager tries its next option */
}
