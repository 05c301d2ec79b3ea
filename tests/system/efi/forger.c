/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hypervisor image of the attacker's, for the loader to launch under the weak binding: it virtualises nothing, but sends
 * the TPM the extends of a strong launch, at locality 2, and lets the machine boot on. What it sends is written into it
 * by tests/system/forgery.py.
 */
#include <cloister/boot_info.h>
#include <cloister/errors.h>
#include <cloister/statement.h>
#include <string.h>

#include "loader/tis.h"
#include "loader/uefi.h"

#define EXTEND_BYTES 65 /* TPM2_PCR_Extend of one SHA-256 digest */
#define STATEMENTS   16 /* one for each value of the TPM's resetCount that a new TPM may have */

struct forgery {
	char magic[16];
	uint8_t image[EXTEND_BYTES];
	uint8_t config[EXTEND_BYTES];
	uint8_t statement[STATEMENTS][EXTEND_BYTES];
};

static const volatile struct forgery forgery = {.magic = "CLOISTER-FORGERY"};

/* The loader's own driver of locality 2 asks for nothing else of the firmware. */
static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
	for (UINTN i = 0; i < microseconds; i++)
		__asm__ volatile("pause");
	return EFI_SUCCESS;
}

static EFI_BOOT_SERVICES services = {.Stall = stall};
EFI_BOOT_SERVICES *boot_services = &services;

static bool extend(const volatile uint8_t command[EXTEND_BYTES])
{
	static const uint8_t success[4];
	uint8_t copy[EXTEND_BYTES], response[64];
	size_t bytes = sizeof(response);
	struct failure failure;

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = command[i];
	return tis_transmit(copy, sizeof(copy), response, &bytes, &failure) && memcmp(response + 6, success, 4) == 0;
}

static uint32_t cpu_check(uint32_t cpu)
{
	(void)cpu;
	return HV_OK;
}

static uint32_t cpu_launch(uint32_t cpu)
{
	(void)cpu;
	return HV_OK;
}

uint32_t hv_prepare(struct boot_info *info);

uint32_t hv_prepare(struct boot_info *info)
{
	struct failure failure;

	if (info->tpm_reset_count >= STATEMENTS || !tis_open(&failure))
		return HV_E_NOT_READY;
	const bool sent =
		extend(forgery.image) && extend(forgery.config) && extend(forgery.statement[info->tpm_reset_count]);
	tis_close();
	info->out.cpu_check = (uint64_t)cpu_check;
	info->out.cpu_launch = (uint64_t)cpu_launch;
	info->out.statement = info->region.base + info->region.bytes - sizeof(struct hk_statement);
	info->out.statement_bytes = sizeof(struct hk_statement);
	return sent ? HV_OK : HV_E_NOT_READY;
}
