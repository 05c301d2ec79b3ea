/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hypervisor image of the attacker's, for the loader to launch under the weak binding: it virtualises nothing, but
 * sends the TPM the extends of a strong launch, at locality 2, and lets the machine boot on.
 * tests/testbed/forgery.py writes its commands into it.
 */
#include <cloister/boot_info.h>
#include <cloister/errors.h>
#include <cloister/statement.h>

#include "loader/uefi.h"
#include "forgery.h"

/* The loader's own driver of locality 2 asks for nothing else of the firmware. */
static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
	for (UINTN i = 0; i < microseconds; i++)
		__asm__ volatile("pause");
	return EFI_SUCCESS;
}

static EFI_BOOT_SERVICES services = {.Stall = stall};
EFI_BOOT_SERVICES *boot_services = &services;

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
	const bool sent = forgery_send(info->tpm_reset_count);

	info->out.cpu_check = (uint64_t)cpu_check;
	info->out.cpu_launch = (uint64_t)cpu_launch;
	info->out.statement = info->region.base + info->region.bytes - sizeof(struct hk_statement);
	info->out.statement_bytes = sizeof(struct hk_statement);
	return sent ? HV_OK : HV_E_NOT_READY;
}
