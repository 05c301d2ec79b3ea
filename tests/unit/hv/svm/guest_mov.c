/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOV to CR4 and CR8 of a domain on AMD-V, by its bytes. */
#include "hv_test.h"

#include "svm.h"
#include "vcpu/guest.h"
#include "vcpu/guest_exit.h"
#include "vcpu/vcpu.h"

static uint8_t code[4];
static unsigned code_bytes; /* that the guest has */
static struct vmcb vmcb;
static struct entry_frame frame;
static struct vcpu vcpu = {.frame = &frame, .vendor = {.vmcb = &vmcb}};
static enum guest_mode mode;

/* The last answer. */
static struct {
	unsigned control, bytes;
	uint64_t value;
	bool refused;
} seen;

bool guest_code_read(struct vcpu *at, uint32_t from, void *buffer, uint32_t bytes)
{
	assert_ptr_equal(at, &vcpu);
	if (from + bytes > code_bytes)
		return false;
	memcpy(buffer, code + from, bytes);
	return true;
}

enum guest_mode vcpu_guest_mode(const struct vcpu *at)
{
	assert_ptr_equal(at, &vcpu);
	return mode;
}

void guest_exit_cr4(struct vcpu *at, uint64_t value, unsigned bytes)
{
	assert_ptr_equal(at, &vcpu);
	seen.control = 4;
	seen.value = value;
	seen.bytes = bytes;
}

void guest_exit_cr8(struct vcpu *at, uint64_t value)
{
	assert_ptr_equal(at, &vcpu);
	seen.control = 8;
	seen.value = value;
}

void guest_exit_exception(struct vcpu *at, enum vector vector, uint32_t error_code)
{
	assert_ptr_equal(at, &vcpu);
	assert_int_equal(vector, VECTOR_GP);
	assert_int_equal(error_code, 0);
	seen.refused = true;
}

/* By its number in an instruction. */
static uint64_t *register_of(unsigned number)
{
	struct registers *const guest = &frame.guest;
	uint64_t *const registers[] = {&guest->rax, &guest->rcx, &guest->rdx, &guest->rbx, &vmcb.rsp,   &guest->rbp,
				       &guest->rsi, &guest->rdi, &guest->r8,  &guest->r9,  &guest->r10, &guest->r11,
				       &guest->r12, &guest->r13, &guest->r14, &guest->r15};

	return registers[number];
}

/* Of no more memory than the instruction has. */
static void executes(unsigned control, const void *bytes, unsigned count)
{
	memset(&seen, 0, sizeof(seen));
	memcpy(code, bytes, count);
	code_bytes = count;
	svm_guest_mov_cr(&vcpu, control);
}

static void assert_cr4(const void *bytes, unsigned count, unsigned number)
{
	for (unsigned n = 0; n < 16; n++)
		*register_of(n) = 0x20;
	*register_of(number) = 0x5ec4e700000660;
	executes(4, bytes, count);
	assert_int_equal(seen.control, 4);
	assert_int_equal(seen.value, 0x5ec4e700000660);
	assert_int_equal(seen.bytes, count);
	assert_false(seen.refused);
}

static int start(void **state)
{
	(void)state;
	mode = GUEST_64BIT;
	return 0;
}

static void cr4_of_each_register(void **state)
{
	(void)state;
	for (uint8_t n = 0; n < 8; n++) {
		assert_cr4((const uint8_t[]){0x0f, 0x22, 0xe0 | n}, 3, n);
		assert_cr4((const uint8_t[]){0x40, 0x0f, 0x22, 0xe0 | n}, 4, n);
		assert_cr4((const uint8_t[]){0x41, 0x0f, 0x22, 0xe0 | n}, 4, n + 8u);
		assert_cr4((const uint8_t[]){0x49, 0x0f, 0x22, 0xe0 | n}, 4, n + 8u);
		assert_cr4((const uint8_t[]){0x48, 0x0f, 0x22, 0xe0 | n}, 4, n);
	}
}

static void something_else(void **state)
{
	static const uint8_t bad[][4] = {
		{0x0f, 0x22, 0xd8},       {0x0f, 0x20, 0xe0},       {0x0f, 0x22, 0xc0},
		{0x66, 0x0f, 0x22, 0xe0}, {0x90, 0x22, 0xe0},       {0x48, 0x90, 0x22, 0xe0},
		{0x48, 0x0f, 0x20, 0xe0}, {0x44, 0x0f, 0x22, 0xe0}, {0x0f, 0x22, 0xa0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		executes(4, bad[i], 4);
		assert_true(seen.refused);
		assert_int_equal(seen.control, 0);
	}
}

/* Where the guest has no private page: its first byte, what follows a prefix. */
static void code_that_is_not_there(void **state)
{
	static const uint8_t mov[] = {0x48, 0x0f, 0x22, 0xe0};

	(void)state;
	for (unsigned count = 0; count < 4; count++) {
		executes(4, mov, count);
		assert_true(seen.refused);
		assert_int_equal(seen.control, 0);
	}
}

/* Code of 32 bits has no upper halves, whatever 64-bit code left there. */
static void cr4_of_32_bits(void **state)
{
	(void)state;
	frame.guest.rax = 0x5ec4e700000660;
	for (mode = GUEST_UNPAGED; mode < GUEST_64BIT; mode++) {
		executes(4, (const uint8_t[]){0x0f, 0x22, 0xe0}, 3);
		assert_int_equal(seen.value, 0x660);
	}
}

/* Always with REX.R, so that it is never 32-bit code's. */
static void cr8_of_each_register(void **state)
{
	(void)state;
	for (uint8_t n = 0; n < 16; n++) {
		for (unsigned i = 0; i < 16; i++)
			*register_of(i) = 0x77;
		*register_of(n) = 0x5ec4e700000000 | n;
		executes(8, (const uint8_t[]){n < 8 ? 0x44 : 0x45, 0x0f, 0x22, 0xc0 | (n & 7)}, 4);
		assert_int_equal(seen.control, 8);
		assert_int_equal(seen.value, 0x5ec4e700000000 | n);
	}
	executes(8, (const uint8_t[]){0x0f, 0x22, 0xc0}, 3); /* CR0 */
	assert_true(seen.refused);
	executes(8, (const uint8_t[]){0x44, 0x0f, 0x22, 0xe0}, 4); /* CR12 */
	assert_true(seen.refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cr4_of_each_register, start),   cmocka_unit_test_setup(something_else, start),
		cmocka_unit_test_setup(code_that_is_not_there, start), cmocka_unit_test_setup(cr4_of_32_bits, start),
		cmocka_unit_test_setup(cr8_of_each_register, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
