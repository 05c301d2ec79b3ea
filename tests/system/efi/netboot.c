/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware fetches this program from the network. It prints where it came from, and the hypervisor's counts. */
#include <efi.h>
#include <efilib.h>

#include "stats.h"

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	static struct hv_stats stats __attribute__((aligned(512)));
	EFI_LOADED_IMAGE *own;

	InitializeLib(self, system);
	if (EFI_ERROR(BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&own)))
		return EFI_NOT_FOUND;
	Print(L"NETBOOT from %s\n", DevicePathToStr(DevicePathFromHandle(own->DeviceHandle)));
	if (read_stats(&stats) == sizeof(stats))
		Print(L"NETBOOT units %d refused %ld\n", stats.iommu_units, stats.refused_dma);
	RT->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
