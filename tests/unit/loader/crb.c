/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-mmio */
/* links: loader/uefi.c */
/* The CRB driver on a TPM that keeps to the state machine of the PTP (6.5.3), or breaks off somewhere. */
#include "loader_test.h"

#include "bytes.h"
#include "crb.h"
#include "mmio.h"
#include "uefi.h"

#define BASE   0xfed40000u
#define BUFFER 0x80u

enum { LOC_CTRL = 0x08, LOC_STS = 0x0c, REQ = 0x40, STS = 0x44, CANCEL = 0x48, START = 0x4c, CMD_SIZE = 0x58 };

static struct {
	int locality; /* the active one, -1 for none */
	bool grants, seizes, gets_ready, error, answers, cancelled;
	bool ready, executing;
	uint64_t command_at, response_at;
	uint32_t size, response_bytes;
	uint8_t page[4096]; /* of locality 2 */
	uint32_t commands;
} tpm;

static EFI_STATUS EFIAPI stall(UINTN microseconds)
{
	(void)microseconds;
	return EFI_SUCCESS;
}

static int new_tpm(void **state)
{
	static EFI_BOOT_SERVICES services = {.Stall = stall};
	(void)state;

	boot_services = &services;
	memset(&tpm, 0, sizeof(tpm));
	tpm.grants = tpm.seizes = tpm.gets_ready = tpm.answers = true;
	tpm.locality = -1;
	tpm.command_at = tpm.response_at = BASE + 0x2000 + BUFFER;
	tpm.size = 4096 - BUFFER;
	tpm.response_bytes = 14;
	return 0;
}

uint32_t mmio_read_32(uint64_t address)
{
	const uint32_t locality = (uint32_t)(address - BASE) >> 12, offset = address & 0xfff;

	assert_true(locality == 0 || locality == 2);
	if (offset == LOC_STS)
		return tpm.locality == (int)locality;
	assert_int_equal(locality, 2);
	switch (offset) {
	case REQ:
		return !tpm.gets_ready; /* a request that is not done yet */
	case STS:
		return tpm.error | (tpm.ready ? 0 : 2);
	case START:
		return tpm.executing;
	case CMD_SIZE:
	case 0x64:
		return tpm.size;
	case 0x5c:
		return (uint32_t)tpm.command_at;
	case 0x60:
		return (uint32_t)(tpm.command_at >> 32);
	case 0x68:
		return (uint32_t)tpm.response_at;
	default:
		assert_int_equal(offset, 0x6c);
		return (uint32_t)(tpm.response_at >> 32);
	}
}

static void locality_control(int locality, uint32_t value)
{
	if (value == 2) { /* relinquish */
		assert_int_equal(tpm.locality, locality);
		tpm.locality = -1;
	} else if (value == 1 && tpm.locality == -1 && tpm.grants) {
		tpm.locality = locality;
	} else if (value == 4 && tpm.seizes) {
		tpm.locality = locality;
	}
}

static void execute(void)
{
	assert_true(tpm.ready && !tpm.executing);
	assert_int_equal(get_be32(tpm.page + BUFFER + 2), 12); /* the command is all there */
	tpm.commands++;
	tpm.executing = !tpm.answers;
	if (tpm.executing)
		return;
	memset(tpm.page + BUFFER, 0xee, 64);
	memcpy(tpm.page + BUFFER, "\x80\1\0\0\0\0\0\0\0\0wxyz", 14);
	tpm.page[BUFFER + 2] = (uint8_t)(tpm.response_bytes >> 24);
	tpm.page[BUFFER + 3] = (uint8_t)(tpm.response_bytes >> 16);
	tpm.page[BUFFER + 4] = (uint8_t)(tpm.response_bytes >> 8);
	tpm.page[BUFFER + 5] = (uint8_t)tpm.response_bytes;
}

void mmio_write_32(uint64_t address, uint32_t value)
{
	const int locality = (int)((address - BASE) >> 12);
	const uint32_t offset = address & 0xfff;

	if (offset == LOC_CTRL) {
		locality_control(locality, value);
		return;
	}
	assert_int_equal(locality, 2);
	assert_int_equal(tpm.locality, 2); /* registers of a locality that is not active are not written */
	if (offset == REQ) {
		tpm.ready = tpm.gets_ready && value == 1;
	} else if (offset == START) {
		execute();
	} else {
		assert_int_equal(offset, CANCEL);
		tpm.cancelled |= value;
		tpm.executing = false;
	}
}

static uint8_t *in_buffer(uint64_t address)
{
	assert_true(tpm.ready);
	assert_in_range(address, BASE + 0x2000 + BUFFER, BASE + 0x2fff);
	return &tpm.page[address & 0xfff];
}

uint8_t mmio_read_8(uint64_t address)
{
	return *in_buffer(address);
}

void mmio_write_8(uint64_t address, uint8_t value)
{
	*in_buffer(address) = value;
}

static struct failure failure;
static uint8_t response[64];
static size_t bytes;

static bool send(void)
{
	static const uint8_t command[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 4};

	bytes = sizeof(response);
	return crb_transmit(command, sizeof(command), response, &bytes, &failure);
}

static void a_command(void **state)
{
	(void)state;
	assert_true(crb_open(&failure));
	for (unsigned int i = 1; i <= 2; i++) {
		assert_true(send());
		assert_int_equal(tpm.commands, i);
		assert_int_equal(bytes, 14);
		assert_memory_equal(response + 10, "wxyz", 4);
		assert_false(tpm.ready); /* Idle again */
	}
	crb_close();
	assert_int_equal(tpm.locality, 0); /* as the firmware left it */
}

static void taken_from_the_firmware(void **state)
{
	(void)state;
	tpm.locality = 0;
	assert_true(crb_open(&failure));
	assert_int_equal(tpm.locality, 2);
	tpm.locality = 0;
	tpm.seizes = false;
	assert_fails(crb_open(&failure), failure, "LOADER_E_TPM_LOCALITY", "TPM_LOC_STS_2 reads 0x0");
}

static void never_ready(void **state)
{
	(void)state;
	assert_true(crb_open(&failure));
	tpm.gets_ready = false;
	assert_fails(send(), failure, "LOADER_E_TPM_TIMEOUT", "not ready");
	tpm.gets_ready = true;
	tpm.error = true;
	assert_fails(send(), failure, "LOADER_E_TPM_TIMEOUT", "TPM_CRB_CTRL_STS 0x1");
	assert_int_equal(tpm.commands, 0);
}

static void a_command_that_never_ends(void **state)
{
	(void)state;
	assert_true(crb_open(&failure));
	tpm.answers = false;
	assert_fails(send(), failure, "LOADER_E_TPM_TIMEOUT", "command 0x17b not answered");
	assert_true(tpm.cancelled);
}

/* Another locality's page, memory, or nothing: what is written there would be another's command. */
static void buffers_elsewhere(void **state)
{
	static const uint64_t wrong[] = {0,
					 BASE + BUFFER,
					 BASE + 0x2000 + BUFFER - 1,
					 BASE + 0x3000,
					 0x1000000,
					 1ull << 32 | (BASE + 0x2000 + BUFFER)};
	(void)state;

	assert_true(crb_open(&failure));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tpm.command_at = wrong[i];
		assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "no buffer for a command");
		tpm.command_at = BASE + 0x2000 + BUFFER;
		tpm.response_at = wrong[i];
		assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "no buffer for a response");
		tpm.response_at = BASE + 0x2000 + BUFFER;
	}
	tpm.size = 4096 - BUFFER + 1; /* past the page */
	assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "no buffer");
	tpm.size = 11;
	assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "no buffer for a command of 12 bytes");
}

static void bad_responses(void **state)
{
	static const uint32_t wrong[] = {0, 9, 65, UINT32_MAX};
	(void)state;

	assert_true(crb_open(&failure));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tpm.response_bytes = wrong[i];
		assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "response of ");
	}
	tpm.response_bytes = 10;
	assert_true(send());
	assert_int_equal(bytes, 10);
	tpm.response_bytes = 14;
	tpm.size = 13;
	assert_fails(send(), failure, "LOADER_E_TPM_RESPONSE", "response of 14 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_command, new_tpm),
		cmocka_unit_test_setup(taken_from_the_firmware, new_tpm),
		cmocka_unit_test_setup(never_ready, new_tpm),
		cmocka_unit_test_setup(a_command_that_never_ends, new_tpm),
		cmocka_unit_test_setup(buffers_elsewhere, new_tpm),
		cmocka_unit_test_setup(bad_responses, new_tpm),
	};

	return cmocka_run_group_tests_name("loader_crb", tests, NULL, NULL);
}
