/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An application that the firmware starts before any boot option, as a Dell server starts its System_Services.efi: it
 * returns. It also measures as firmware of PFP 1.06 (3.3.4.5) does before a boot option.
 */
#include <efi.h>
#include <efilib.h>

#include "loader/uefi.h"

#define BOOTING       "Booting to Boot0001"
#define EV_EFI_ACTION 0x80000007u
#define PCR_BOOT      4u

/* EFI_TCG2_EVENT: TCG EFI Protocol Specification 1.00, 6.6.3. */
#pragma pack(1)
static struct {
	UINT32 Size;
	UINT32 HeaderSize;
	UINT16 HeaderVersion;
	UINT32 PCRIndex;
	UINT32 EventType;
	CHAR8 Event[sizeof(BOOTING) - 1];
} event = {sizeof(event), 14, 1, PCR_BOOT, EV_EFI_ACTION, BOOTING};
#pragma pack()

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	static EFI_GUID guid = {0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};
	EFI_TCG2_PROTOCOL *tcg2;

	InitializeLib(self, system);
	Print(L"early: before any boot option\n");
	if (EFI_ERROR(LibLocateProtocol(&guid, (void **)&tcg2)))
		return EFI_NOT_FOUND;
	return tcg2->HashLogExtendEvent(tcg2, 0, (EFI_PHYSICAL_ADDRESS)event.Event, sizeof(event.Event), &event);
}
