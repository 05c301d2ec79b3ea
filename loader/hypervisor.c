/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an image file to a prepared hypervisor. */
#include "hypervisor.h"

#include <cloister/errors.h>
#include <cloister/statement.h>
#include <elf.h>
#include <string.h>

#include "bytes.h"
#include "cpu.h"
#include "memory.h"

#define MIB (1024ull * 1024)

bool hypervisor_path(const struct config *config, const char **path, struct failure *failure)
{
	const struct cpuid id = cpuid(0, 0);
	const uint32_t words[] = {id.ebx, id.edx, id.ecx};
	char vendor[13] = {0};

	memcpy(vendor, words, sizeof(words));
	if (!strcmp(vendor, "AuthenticAMD") || !strcmp(vendor, "HygonGenuine"))
		*path = config->image_svm;
	else if (!strcmp(vendor, "GenuineIntel"))
		*path = config->image_vmx;
	else
		return fail(failure, LOADER_E_CPU_VENDOR, "CPUID leaf 0: '%s'", vendor);
	return true;
}

static uint64_t ram_bytes(const struct boot_info *info)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < info->ram_count; i++)
		bytes += info->ram[i].bytes;
	return bytes;
}

static bool reserve_pool(uint32_t pool_mib, struct boot_info *info, struct failure *failure)
{
	const uint64_t ram_mib = ram_bytes(info) / MIB;

	if (pool_mib > ram_mib)
		return fail(failure, LOADER_E_MEMORY_POOL, "pool_mib = %u, RAM of %lu MiB", pool_mib, ram_mib);
	return !pool_mib || memory_reserve(pool_mib * MIB, LOADER_E_MEMORY_POOL, &info->pool, failure);
}

static bool allow_execution(const struct elf_image *image, uint64_t base, struct failure *failure)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];
		const uint64_t bytes = (segment->memory_bytes + 4095) & ~4095ull;
		if (segment->flags & PF_X && !memory_allow_execution(base + segment->address, bytes, failure))
			return false;
	}
	return true;
}

bool hypervisor_reserve(const struct elf_image *image, uint32_t pool_mib, struct boot_info *info,
			struct failure *failure)
{
	const uint32_t bits = cpu_physical_bits();

	info->image_bytes = image->bytes;
	const uint64_t bytes = boot_region_bytes(info, bits);

	if (bits < 36 || bits > 52)
		return fail_hv(failure, HV_E_PHYS_BITS, "CPUID leaf 80000008: %u", bits);
	if (!memory_reserve(bytes, LOADER_E_MEMORY_REGION, &info->region, failure) ||
	    !reserve_pool(pool_mib, info, failure))
		return false;
	memset((void *)info->region.base, 0, bytes);
	return true;
}

bool hypervisor_stage(const struct boot_info *info, const struct file_content *file, uint64_t *used,
		      struct file_content *staged, struct failure *failure)
{
	const uint64_t room = info->region.bytes - info->image_bytes;

	if (*used > room || file->bytes > room - *used)
		return fail(failure, LOADER_E_MEMORY_REGION, "%lu bytes of files, room for %lu", *used + file->bytes,
			    room);
	*used += file->bytes;
	staged->data = (uint8_t *)(info->region.base + info->region.bytes - *used);
	staged->bytes = file->bytes;
	memcpy(staged->data, file->data, file->bytes);
	return true;
}

bool hypervisor_load(const struct file_content *staged, struct elf_image *image, struct boot_info *info,
		     struct failure *failure)
{
	if (!elf_check(staged->data, staged->bytes, image, failure))
		return false;
	if (image->bytes != info->image_bytes)
		return fail(failure, LOADER_E_FILE_CHANGED, "image of %lu bytes, %lu before", image->bytes,
			    info->image_bytes);
	return elf_place(staged->data, image, (uint8_t *)info->region.base, info->region.base, failure) &&
	       allow_execution(image, info->region.base, failure);
}

/* Is [address, address + bytes) inside the loaded image? */
static bool in_image(const struct boot_info *info, uint64_t address, uint64_t bytes)
{
	return address >= info->region.base && bytes <= info->image_bytes &&
	       address - info->region.base <= info->image_bytes - bytes;
}

static bool in_region(const struct boot_info *info, uint64_t address, uint64_t bytes)
{
	return address >= info->region.base && bytes <= info->region.bytes &&
	       address - info->region.base <= info->region.bytes - bytes;
}

/* The error of hv_prepare(), with its place if it has one. */
static bool fail_prepare(const struct boot_out *out, uint32_t error, struct failure *failure)
{
	if (out->error_cpu != HV_NO_CPU)
		return fail_hv(failure, error, "hv_prepare, CPU %u", out->error_cpu);
	if (out->error_where)
		return fail_hv(failure, error, "hv_prepare, at 0x%lx", out->error_where);
	return fail_hv(failure, error, "hv_prepare");
}

bool hypervisor_prepare(const struct elf_image *image, struct boot_info *info, bool *small_leaves,
			struct failure *failure)
{
	typedef uint32_t hv_prepare_t(struct boot_info *);
	hv_prepare_t *hv_prepare = (hv_prepare_t *)(info->region.base + image->entry);

	const uint64_t flags = interrupts_off();
	const uint32_t error = hv_prepare(info);
	interrupts_restore(flags);
	wipe(info->tpm_random, sizeof(info->tpm_random));
	*small_leaves = error == HV_E_SMALL_PAGES;
	if (error != HV_OK)
		return fail_prepare(&info->out, error, failure);
	if (!in_image(info, info->out.cpu_check, 1) || !in_image(info, info->out.cpu_launch, 1) ||
	    info->out.statement_bytes != sizeof(struct hk_statement) ||
	    !in_region(info, info->out.statement, info->out.statement_bytes))
		return fail(failure, LOADER_E_PREPARED, "hv_prepare: statement at 0x%lx, %u bytes", info->out.statement,
			    info->out.statement_bytes);
	return true;
}

void hypervisor_wipe(const struct boot_info *info)
{
	if (info->region.bytes)
		memset((void *)info->region.base, 0, info->region.bytes);
}

void hypervisor_remove(struct boot_info *info)
{
	hypervisor_wipe(info);
	memory_release(&info->region);
	memory_release(&info->pool);
}
