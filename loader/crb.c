/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRB driver: TCG PC Client Platform TPM Profile 1.05 (PTP), section 6.5.3, registers in table 38. The interface has
 * three states, Idle, Ready and Completion; every wait has a bound.
 */
#include "crb.h"

#include "bytes.h"
#include "mmio.h"
#include "uefi.h"

#define LOCALITY_0     0xfed40000u /* PTP table 32 */
#define LOCALITY_2     0xfed42000u
#define LOCALITY_BYTES 0x1000u

/* Registers, as offsets in the locality's page. All are read and written as 32 bits. */
enum crb_register {
	TPM_LOC_CTRL = 0x08,
	TPM_LOC_STS = 0x0c,
	TPM_CRB_CTRL_REQ = 0x40,
	TPM_CRB_CTRL_STS = 0x44,
	TPM_CRB_CTRL_CANCEL = 0x48,
	TPM_CRB_CTRL_START = 0x4c,
	TPM_CRB_CTRL_CMD_SIZE = 0x58,
	TPM_CRB_CTRL_CMD_LADDR = 0x5c,
	TPM_CRB_CTRL_CMD_HADDR = 0x60,
	TPM_CRB_CTRL_RSP_SIZE = 0x64,
	TPM_CRB_CTRL_RSP_LADDR = 0x68,
	TPM_CRB_CTRL_RSP_HADDR = 0x6c,
	TPM_CRB_DATA_BUFFER = 0x80,
};

#define LOC_CTRL_REQUEST    0x1u
#define LOC_CTRL_RELINQUISH 0x2u
#define LOC_CTRL_SEIZE      0x4u
#define LOC_STS_GRANTED     0x1u

#define CTRL_REQ_READY   0x1u
#define CTRL_REQ_IDLE    0x2u
#define CTRL_STS_ERROR   0x1u
#define CTRL_START_START 0x1u

/* PTP table 18; a command's bound as in tis.c. */
#define TIMEOUT_A_US 750000u
#define TIMEOUT_B_US 2000000u
#define TIMEOUT_C_US 200000u
#define REQUEST_US   1000u
#define COMMAND_US   20000000u
#define POLL_US      50u
#define HEADER_BYTES 10u

static uint32_t read_32(uint32_t offset)
{
	return mmio_read_32(LOCALITY_2 + offset);
}

static void write_32(uint32_t offset, uint32_t value)
{
	mmio_write_32(LOCALITY_2 + offset, value);
}

/* Waits until the bits of 'mask' in a register are 'value'. */
static bool wait_for(uint64_t address, uint32_t mask, uint32_t value, uint32_t timeout_us)
{
	for (uint32_t waited = 0; waited <= timeout_us; waited += POLL_US) {
		if ((mmio_read_32(address) & mask) == value)
			return true;
		boot_services->Stall(POLL_US);
	}
	return false;
}

static bool granted(uint64_t locality, uint32_t timeout_us)
{
	return wait_for(locality + TPM_LOC_STS, LOC_STS_GRANTED, LOC_STS_GRANTED, timeout_us);
}

bool crb_open(struct failure *failure)
{
	write_32(TPM_LOC_CTRL, LOC_CTRL_REQUEST);
	if (granted(LOCALITY_2, REQUEST_US))
		return true;
	write_32(TPM_LOC_CTRL, LOC_CTRL_SEIZE); /* firmware that never gives locality 0 back; no command is under way */
	return granted(LOCALITY_2, TIMEOUT_A_US) ||
	       fail(failure, LOADER_E_TPM_LOCALITY, "TPM_LOC_STS_2 reads 0x%x after a seize", read_32(TPM_LOC_STS));
}

/* Firmware asks for locality 0 once and counts on it ever after: it is asked for again on the firmware's behalf. */
void crb_close(void)
{
	write_32(TPM_LOC_CTRL, LOC_CTRL_RELINQUISH);
	mmio_write_32(LOCALITY_0 + TPM_LOC_CTRL, LOC_CTRL_REQUEST);
	(void)granted(LOCALITY_0, TIMEOUT_A_US);
}

/* A request is done when the TPM clears it (6.5.3.9). */
static bool request(uint32_t bit, uint32_t timeout_us)
{
	write_32(TPM_CRB_CTRL_REQ, bit);
	return wait_for(LOCALITY_2 + TPM_CRB_CTRL_REQ, bit, 0, timeout_us);
}

/*
 * The address of a buffer, from the registers. 0 if it is outside of the locality's page: then it is not this
 * locality's.
 */
static uint64_t buffer(uint32_t low, uint32_t high, uint32_t size)
{
	const uint64_t address = read_32(low) | (uint64_t)read_32(high) << 32;
	const uint64_t bytes = read_32(size);

	if (address < LOCALITY_2 + TPM_CRB_DATA_BUFFER || address >= LOCALITY_2 + LOCALITY_BYTES ||
	    bytes < HEADER_BYTES || bytes > LOCALITY_2 + LOCALITY_BYTES - address)
		return 0;
	return address;
}

/* Waits for the end of a command; one that takes too long is cancelled. */
static bool finish(void)
{
	if (wait_for(LOCALITY_2 + TPM_CRB_CTRL_START, CTRL_START_START, 0, COMMAND_US))
		return true;
	write_32(TPM_CRB_CTRL_CANCEL, 1);
	(void)wait_for(LOCALITY_2 + TPM_CRB_CTRL_START, CTRL_START_START, 0, TIMEOUT_B_US);
	write_32(TPM_CRB_CTRL_CANCEL, 0);
	return false;
}

static bool start(const uint8_t *command, size_t bytes, struct failure *failure)
{
	const uint64_t to = buffer(TPM_CRB_CTRL_CMD_LADDR, TPM_CRB_CTRL_CMD_HADDR, TPM_CRB_CTRL_CMD_SIZE);

	if (!to || bytes > read_32(TPM_CRB_CTRL_CMD_SIZE))
		return fail(failure, LOADER_E_TPM_RESPONSE, "CRB at locality 2: no buffer for a command of %lu bytes",
			    bytes);
	for (size_t i = 0; i < bytes; i++)
		mmio_write_8(to + i, command[i]);
	write_32(TPM_CRB_CTRL_START, CTRL_START_START);
	return finish() || fail(failure, LOADER_E_TPM_TIMEOUT, "CRB at locality 2: command 0x%x not answered",
				get_be32(command + 6));
}

static bool receive(uint8_t *response, size_t *bytes, struct failure *failure)
{
	const uint64_t from = buffer(TPM_CRB_CTRL_RSP_LADDR, TPM_CRB_CTRL_RSP_HADDR, TPM_CRB_CTRL_RSP_SIZE);

	if (!from)
		return fail(failure, LOADER_E_TPM_RESPONSE, "CRB at locality 2: no buffer for a response");
	for (size_t i = 0; i < HEADER_BYTES; i++)
		response[i] = mmio_read_8(from + i);
	const uint32_t length = get_be32(response + 2);
	if (length < HEADER_BYTES || length > *bytes || length > read_32(TPM_CRB_CTRL_RSP_SIZE))
		return fail(failure, LOADER_E_TPM_RESPONSE, "CRB at locality 2: response of %u bytes", length);
	for (size_t i = HEADER_BYTES; i < length; i++)
		response[i] = mmio_read_8(from + i);
	*bytes = length;
	return true;
}

bool crb_transmit(const uint8_t *command, size_t bytes, uint8_t *response, size_t *response_bytes,
		  struct failure *failure)
{
	if (!request(CTRL_REQ_READY, TIMEOUT_C_US) || (read_32(TPM_CRB_CTRL_STS) & CTRL_STS_ERROR))
		return fail(failure, LOADER_E_TPM_TIMEOUT, "CRB at locality 2: not ready, TPM_CRB_CTRL_STS 0x%x",
			    read_32(TPM_CRB_CTRL_STS));
	const bool received =
		start(command, bytes, failure) &&
		(!(read_32(TPM_CRB_CTRL_STS) & CTRL_STS_ERROR) ||
		 fail(failure, LOADER_E_TPM_RESPONSE, "CRB at locality 2: TPM_CRB_CTRL_STS reports an error")) &&
		receive(response, response_bytes, failure);
	(void)request(CTRL_REQ_IDLE, TIMEOUT_C_US); /* ends the command, whatever is left */
	return received;
}
