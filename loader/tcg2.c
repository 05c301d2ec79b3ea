/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI_TCG2_PROTOCOL: TCG EFI Protocol Specification 1.00, section 6. */
#include "tcg2.h"

#include "uefi.h"

#define EV_IPL               0x0du
#define EVENT_HEADER_BYTES   14u /* EFI_TCG2_EVENT_HEADER, packed */
#define EVENT_HEADER_VERSION 1u
#define HEADER_BYTES         10u

static EFI_TCG2_PROTOCOL *protocol(void)
{
	static const EFI_GUID guid = {0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};

	return uefi_locate(&guid);
}

bool tcg2_offered(void)
{
	return protocol() != NULL;
}

bool tcg2_present(void)
{
	EFI_TCG2_PROTOCOL *tcg2 = protocol();
	EFI_TCG2_BOOT_SERVICE_CAPABILITY capability = {.Size = sizeof(capability)};

	return tcg2 && !EFI_ERROR(tcg2->GetCapability(tcg2, &capability)) && capability.TPMPresentFlag;
}

bool tcg2_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		   struct failure *failure)
{
	EFI_TCG2_PROTOCOL *tcg2 = protocol();

	if (!tcg2)
		return fail(failure, LOADER_E_TPM_FIRMWARE, "EFI_TCG2_PROTOCOL");
	if (EFI_ERROR(tcg2->SubmitCommand(tcg2, (UINT32)bytes, command, (UINT32)*response_bytes, response)))
		return fail(failure, LOADER_E_TPM_FIRMWARE, "SubmitCommand 0x%x", get_be32(command + 6));
	const uint32_t length = get_be32(response + 2);
	if (length < HEADER_BYTES || length > *response_bytes)
		return fail(failure, LOADER_E_TPM_RESPONSE, "SubmitCommand: response of %u bytes", length);
	*response_bytes = length;
	return true;
}

/* EFI_TCG2_EVENT, from uefi_allocate. */
static uint8_t *make_event(uint32_t pcr, const struct log_data *event)
{
	const size_t label_bytes = strlen(event->label) + 1;
	struct writer writer = {.capacity = 4 + EVENT_HEADER_BYTES + label_bytes + event->bytes};

	writer.to = uefi_allocate(writer.capacity);
	if (!writer.to)
		return NULL;
	put_le32(&writer, (uint32_t)writer.capacity);
	put_le32(&writer, EVENT_HEADER_BYTES);
	put_le16(&writer, EVENT_HEADER_VERSION);
	put_le32(&writer, pcr);
	put_le32(&writer, EV_IPL);
	put_bytes(&writer, event->label, label_bytes);
	put_bytes(&writer, event->data, event->bytes);
	return writer.to;
}

bool tcg2_measure(uint32_t pcr, const void *data, size_t bytes, const struct log_data *event, struct failure *failure)
{
	EFI_TCG2_PROTOCOL *tcg2 = protocol();
	uint8_t *tcg2_event = make_event(pcr, event);
	EFI_STATUS status = EFI_NOT_FOUND;

	if (tcg2 && tcg2_event)
		status = tcg2->HashLogExtendEvent(tcg2, 0, (EFI_PHYSICAL_ADDRESS)(uintptr_t)data, bytes, tcg2_event);
	uefi_free(tcg2_event);
	if (EFI_ERROR(status) && status != EFI_VOLUME_FULL) /* extended, but the firmware's log has no room */
		return fail(failure, LOADER_E_TPM_FIRMWARE, "HashLogExtendEvent, PCR %u, status 0x%lx", pcr, status);
	return true;
}
