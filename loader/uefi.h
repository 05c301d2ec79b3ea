/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UEFI as the loader uses it: gnu-efi's headers, the services at hand, and the protocols that gnu-efi lacks. */
#ifndef LOADER_UEFI_H
#define LOADER_UEFI_H

#include <efi.h>

/* Set once, by main.c. */
extern EFI_HANDLE image_handle;
extern EFI_SYSTEM_TABLE *system_table;
extern EFI_BOOT_SERVICES *boot_services;

/** The first instance of a protocol, or NULL. */
void *uefi_locate(const EFI_GUID *protocol);

/** A protocol of a handle, or NULL. */
void *uefi_protocol(EFI_HANDLE handle, const EFI_GUID *protocol);

/** All handles with a protocol; NULL for any. Returns their number; *handles is the caller's, from AllocatePool. */
UINTN uefi_handles(const EFI_GUID *protocol, EFI_HANDLE **handles);

/* Memory from AllocatePool, or NULL. */
void *uefi_allocate(UINTN bytes);
void uefi_free(void *memory);

/* EFI_MP_SERVICES_PROTOCOL: UEFI Platform Initialization Specification 1.8, volume 2, 13.4. */
typedef void(EFIAPI *EFI_AP_PROCEDURE)(void *argument);

typedef struct EFI_MP_SERVICES_PROTOCOL EFI_MP_SERVICES_PROTOCOL;
struct EFI_MP_SERVICES_PROTOCOL {
	void *GetNumberOfProcessors;
	void *GetProcessorInfo;
	EFI_STATUS(EFIAPI *StartupAllAPs)
	(EFI_MP_SERVICES_PROTOCOL *this, EFI_AP_PROCEDURE procedure, BOOLEAN single_thread, EFI_EVENT wait_event,
	 UINTN timeout_us, void *argument, UINTN **failed_cpus);
	void *StartupThisAP;
	void *SwitchBSP;
	void *EnableDisableAP;
	void *WhoAmI;
};

/* EFI_TCG2_PROTOCOL: TCG EFI Protocol Specification 1.00, section 6. */
typedef struct {
	UINT8 Size;
	UINT8 StructureVersion[2];
	UINT8 ProtocolVersion[2];
	UINT32 HashAlgorithmBitmap;
	UINT32 SupportedEventLogs;
	BOOLEAN TPMPresentFlag;
	UINT16 MaxCommandSize;
	UINT16 MaxResponseSize;
	UINT32 ManufacturerID;
	UINT32 NumberOfPcrBanks;
	UINT32 ActivePcrBanks;
} EFI_TCG2_BOOT_SERVICE_CAPABILITY;

typedef struct EFI_TCG2_PROTOCOL EFI_TCG2_PROTOCOL;
struct EFI_TCG2_PROTOCOL {
	EFI_STATUS(EFIAPI *GetCapability)(EFI_TCG2_PROTOCOL *this, EFI_TCG2_BOOT_SERVICE_CAPABILITY *capability);
	void *GetEventLog;
	EFI_STATUS(EFIAPI *HashLogExtendEvent)
	(EFI_TCG2_PROTOCOL *this, UINT64 flags, EFI_PHYSICAL_ADDRESS data, UINT64 bytes, const void *event);
	EFI_STATUS(EFIAPI *SubmitCommand)
	(EFI_TCG2_PROTOCOL *this, UINT32 command_bytes, const UINT8 *command, UINT32 response_bytes, UINT8 *response);
	void *GetActivePcrBanks;
	void *SetActivePcrBanks;
	void *GetResultOfSetActivePcrBanks;
};

/* EFI_MEMORY_ATTRIBUTE_PROTOCOL: UEFI 2.10, 37.7. */
#define EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID \
	{0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}}

#endif
