/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FIFO driver: TCG PC Client Platform TPM Profile 1.05 (PTP), section 6.5.2, registers in table 33. Every wait has a
 * bound.
 */
#include "tis.h"

#include "bytes.h"
#include "uefi.h"

#define LOCALITY_0 0xfed40000u /* PTP table 32 */
#define LOCALITY_2 0xfed42000u

/* Registers, as offsets in the locality's page. */
enum tis_register {
	TPM_ACCESS = 0x00,
	TPM_STS = 0x18,
	TPM_DATA_FIFO = 0x24,
	TPM_INTERFACE_ID = 0x30,
};

#define ACCESS_VALID           0x80u /* tpmRegValidSts, within TIMEOUT_A of power-on */
#define ACCESS_ACTIVE_LOCALITY 0x20u
#define ACCESS_SEIZE           0x08u
#define ACCESS_REQUEST_USE     0x02u

#define STS_VALID         0x80u
#define STS_COMMAND_READY 0x40u
#define STS_GO            0x20u
#define STS_DATA_AVAIL    0x10u
#define STS_EXPECT        0x08u

/* TPM_INTERFACE_ID */
#define INTERFACE_TYPE_CRB     0x1u /* bits 3:0 */
#define INTERFACE_CAP_LOCALITY 0x1u /* bit 8: the CRB has localities 0 to 4 (PTP table 39) */

/* PTP table 18. The bound for a command is the longest duration of table 19 with room for a busy TPM. */
#define TIMEOUT_A_US 750000u
#define TIMEOUT_B_US 2000000u
#define TIMEOUT_C_US 200000u
#define REQUEST_US   1000u /* before locality 2 seizes: a locality that can be had is granted at once */
#define COMMAND_US   20000000u
#define POLL_US      50u
#define HEADER_BYTES 10u

static uint8_t read_8(enum tis_register offset)
{
	return *(volatile uint8_t *)(uintptr_t)(LOCALITY_2 + offset);
}

static void write_8(enum tis_register offset, uint8_t value)
{
	*(volatile uint8_t *)(uintptr_t)(LOCALITY_2 + offset) = value;
}

/* Waits until the bits of 'mask' in an 8-bit register are 'value'. */
static bool wait_for(enum tis_register offset, uint8_t mask, uint8_t value, uint32_t timeout_us)
{
	for (uint32_t waited = 0; waited <= timeout_us; waited += POLL_US) {
		if ((read_8(offset) & mask) == value)
			return true;
		boot_services->Stall(POLL_US);
	}
	return false;
}

/* TPM_STS[23:8]: bytes that can be moved without a wait. */
static uint32_t burst_count(void)
{
	for (uint32_t waited = 0; waited <= TIMEOUT_A_US; waited += POLL_US) {
		const uint32_t low = *(volatile uint8_t *)(uintptr_t)(LOCALITY_2 + TPM_STS + 1);
		const uint32_t count = low | (uint32_t)*(volatile uint8_t *)(uintptr_t)(LOCALITY_2 + TPM_STS + 2) << 8;
		if (count)
			return count;
		boot_services->Stall(POLL_US);
	}
	return 0;
}

enum tis_interface tis_interface(void)
{
	/* No TPM answers there: reads give all ones, or on some machines zeros. */
	if (read_8(TPM_ACCESS) == 0xff || !wait_for(TPM_ACCESS, ACCESS_VALID, ACCESS_VALID, TIMEOUT_A_US))
		return TIS_NONE;
	if ((read_8(TPM_INTERFACE_ID) & 0xf) != INTERFACE_TYPE_CRB)
		return TIS_FIFO;
	return read_8(TPM_INTERFACE_ID + 1) & INTERFACE_CAP_LOCALITY ? TIS_CRB_LOCALITIES : TIS_CRB;
}

bool tis_open(struct failure *failure)
{
	const enum tis_interface interface = tis_interface();

	if (interface == TIS_NONE)
		return fail(failure, LOADER_E_TPM_LOCALITY, "TPM_ACCESS_2 reads 0x%x", read_8(TPM_ACCESS));
	if (interface != TIS_FIFO)
		return fail(failure, LOADER_E_TPM_LOCALITY, "TPM_INTERFACE_ID_2: CRB interface");
	write_8(TPM_ACCESS, ACCESS_REQUEST_USE);
	if (wait_for(TPM_ACCESS, ACCESS_ACTIVE_LOCALITY, ACCESS_ACTIVE_LOCALITY, REQUEST_US))
		return true;
	write_8(TPM_ACCESS, ACCESS_SEIZE); /* firmware that never gives locality 0 back; no command is under way */
	if (wait_for(TPM_ACCESS, ACCESS_ACTIVE_LOCALITY, ACCESS_ACTIVE_LOCALITY, TIMEOUT_A_US))
		return true;
	return fail(failure, LOADER_E_TPM_LOCALITY, "TPM_ACCESS_2 reads 0x%x after a seize", read_8(TPM_ACCESS));
}

/* Firmware asks for locality 0 once and counts on it ever after: it is asked for again on the firmware's behalf. */
void tis_close(void)
{
	volatile uint8_t *const firmware_access = (volatile uint8_t *)(uintptr_t)(LOCALITY_0 + TPM_ACCESS);

	write_8(TPM_ACCESS, ACCESS_ACTIVE_LOCALITY);
	*firmware_access = ACCESS_REQUEST_USE;
	for (uint32_t waited = 0; waited <= TIMEOUT_A_US && !(*firmware_access & ACCESS_ACTIVE_LOCALITY);
	     waited += POLL_US)
		boot_services->Stall(POLL_US);
}

static bool make_ready(void)
{
	if (read_8(TPM_STS) & STS_COMMAND_READY)
		return true;
	write_8(TPM_STS, STS_COMMAND_READY);
	return wait_for(TPM_STS, STS_COMMAND_READY, STS_COMMAND_READY, TIMEOUT_B_US);
}

static bool send(const uint8_t *command, size_t bytes)
{
	while (bytes) {
		uint32_t burst = burst_count();
		if (!burst)
			return false;
		for (; burst && bytes; burst--, bytes--)
			write_8(TPM_DATA_FIFO, *command++);
	}
	return wait_for(TPM_STS, STS_VALID | STS_EXPECT, STS_VALID, TIMEOUT_C_US); /* has it all, expects no more */
}

static bool receive(uint8_t *to, size_t bytes)
{
	while (bytes) {
		if (!wait_for(TPM_STS, STS_VALID | STS_DATA_AVAIL, STS_VALID | STS_DATA_AVAIL, TIMEOUT_C_US))
			return false;
		uint32_t burst = burst_count();
		if (!burst)
			return false;
		for (; burst && bytes; burst--, bytes--)
			*to++ = read_8(TPM_DATA_FIFO);
	}
	return true;
}

static bool receive_response(uint8_t *response, size_t *bytes, struct failure *failure)
{
	if (!receive(response, HEADER_BYTES))
		return fail(failure, LOADER_E_TPM_TIMEOUT, "locality 2: header of the response");
	const uint32_t length = get_be32(response + 2);
	if (length < HEADER_BYTES || length > *bytes)
		return fail(failure, LOADER_E_TPM_RESPONSE, "locality 2: response of %u bytes", length);
	if (!receive(response + HEADER_BYTES, length - HEADER_BYTES))
		return fail(failure, LOADER_E_TPM_TIMEOUT, "locality 2: response of %u bytes", length);
	*bytes = length;
	return true;
}

bool tis_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure)
{
	if (!make_ready())
		return fail(failure, LOADER_E_TPM_TIMEOUT, "locality 2: not ready for a command, TPM_STS 0x%x",
			    read_8(TPM_STS));
	if (!send(command, bytes))
		return fail(failure, LOADER_E_TPM_TIMEOUT, "locality 2: command of %lu bytes not taken", bytes);
	write_8(TPM_STS, STS_GO);
	if (!wait_for(TPM_STS, STS_VALID | STS_DATA_AVAIL, STS_VALID | STS_DATA_AVAIL, COMMAND_US))
		return fail(failure, LOADER_E_TPM_TIMEOUT, "locality 2: command 0x%x not answered",
			    get_be32(command + 6));
	const bool received = receive_response(response, response_bytes, failure);
	write_8(TPM_STS, STS_COMMAND_READY); /* ends the command, whatever is left */
	return received;
}
