/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/tdcall.c: for every content of the guest's registers and every leaf. Operands that are not aligned, of a
 * register that there is not, of a field that may not be written or of bits that are reserved are refused, and nothing
 * has changed; RTMRs are extended by what was read once; of registers only those of the leaf change. Leaves that
 * change what others look at have the domain locked meanwhile, and no longer. Assumed: memory.c, code.c, report.c and
 * the hash answer as their headers say.
 */
#include "proof.h"

#include "domain/code.h"
#include "domain/report.h"
#include "domain/run.h"
#include "domain/tdcall.h"

#define INVALID 0xc000010000000000

static struct td td, td_before;
static struct td_vcpu vcpu;
static struct entry_frame frame;
static struct registers before;
static bool locked, busy, advanced, left, hashed, accepted, wrote, passed_on;
static unsigned reads;
static uint64_t leaf;
static const void *copied;

static bool is_locked_leaf(void)
{
	return leaf == 2 || leaf == 4 || (leaf >= 6 && leaf <= 8);
}

enum pool_lock pool_lock_domain(const struct pool_view *view, uint64_t domain)
{
	PROVE(!locked && domain == td.info.domain && is_locked_leaf());
	locked = !busy;
	return busy ? POOL_BUSY : POOL_LOCKED;
}

void pool_unlock_domain(const struct pool_view *view, uint64_t domain)
{
	PROVE(locked && domain == td_before.info.domain);
	locked = false;
}

/* No operand crosses a page. */
static void check_operand(uint64_t address, uint32_t bytes)
{
	PROVE((address & 4095) + bytes <= 4096 && locked == is_locked_leaf());
}

bool private_read(struct td_vcpu *of, gpa_t address, void *buffer, uint32_t bytes)
{
	PROVE(of == &vcpu && __CPROVER_w_ok(buffer, bytes) && reads == 0);
	check_operand(address.value, bytes);
	PROVE(address.value == (leaf == 4 ? before.rdx : before.rcx));
	reads++;
	return any_bool();
}

bool private_write(struct td_vcpu *of, gpa_t address, const void *buffer, uint32_t bytes)
{
	PROVE(of == &vcpu && leaf == 4 && bytes == 1024 && __CPROVER_r_ok(buffer, bytes) && reads == 1);
	check_operand(address.value, bytes);
	PROVE(address.value == before.rcx);
	wrote = true;
	return any_bool();
}

/* The value that the register had: 48 bytes. */
void *__builtin_memcpy(void *to, const void *from, __CPROVER_size_t bytes)
{
	PROVE(locked && leaf == 2 && bytes == 48 && from == td.rtmr[before.rdx] && !hashed);
	PROVE(__CPROVER_w_ok(to, bytes) && __CPROVER_r_ok(from, bytes));
	copied = to;
	return to;
}

/* Of the register's value, then of what it is extended by. */
void sha384_of(const void *bytes, size_t length, uint8_t digest[SHA384_BYTES])
{
	PROVE(locked && leaf == 2 && reads == 1 && !hashed && length == 96 && bytes == copied);
	PROVE(before.rdx < 4 && digest == td.rtmr[before.rdx]);
	hashed = true;
}

enum memory_answer domain_accept(const struct pool_view *view, struct td *of, gpa_t *address, uint64_t level)
{
	enum memory_answer answer;

	PROVE(locked && leaf == 6 && (before.rcx & 0xff8) == 0 && !accepted);
	PROVE(address->value == (before.rcx & ~4095ull) && level == (before.rcx & 7));
	ASSUME(answer <= MEMORY_INVALID);
	accepted = true;
	return answer;
}

enum report_answer report_make(const struct td_vcpu *of, struct report *report)
{
	enum report_answer answer;

	PROVE(locked && leaf == 4 && reads == 1 && before.r8 == 0);
	ASSUME(answer <= REPORT_REFUSED);
	return answer;
}

enum report_answer report_verify(const struct td_vcpu *of, const struct report_mac *report)
{
	enum report_answer answer;

	PROVE(leaf == 22 && reads == 1);
	ASSUME(answer <= REPORT_REFUSED);
	return answer;
}

void run_leave(struct td_vcpu *of, const struct domain_exit *exit)
{
	PROVE(of == &vcpu && accepted && !left && exit->value == 0 && exit->bytes == 0);
	PROVE(exit->kind == DOMAIN_EXIT_PAGE || exit->kind == DOMAIN_EXIT_TABLE);
	PROVE(exit->address == (before.rcx & ~4095ull));
	left = true;
}

void vmcall(struct td_vcpu *of)
{
	PROVE(leaf == 0 && !locked);
	passed_on = true;
}

void vcpu_advance(struct vcpu *of, unsigned bytes)
{
	PROVE(of == &vcpu.vcpu && bytes == 4 && !advanced && !left && !locked);
	advanced = true;
}

static void set_up(void)
{
	struct registers any;

	__CPROVER_havoc_object(&td);
	td.lazy = any_bool();
	ASSUME((td.td_ctls & ~15ull) == 0 && (td.td_ctls & 1) != 0);
	td_before = td;
	busy = any_bool();
	before = frame.guest = any;
	leaf = before.rax;
	vcpu.vcpu.frame = &frame;
	vcpu.td = &td;
}

/* @returns: the leaf returns something in RCX, RDX, R8 to R11. */
static void check_registers(bool returns)
{
	const struct registers *const guest = &frame.guest;

	PROVE(guest->rbx == before.rbx && guest->rsi == before.rsi && guest->rdi == before.rdi);
	PROVE(guest->rbp == before.rbp && guest->r12 == before.r12 && guest->r13 == before.r13);
	PROVE(guest->r14 == before.r14 && guest->r15 == before.r15);
	PROVE(returns || (guest->rcx == before.rcx && guest->rdx == before.rdx && guest->r9 == before.r9 &&
			  guest->r10 == before.r10 && guest->r11 == before.r11));
	PROVE(returns || guest->r8 == before.r8 || leaf == 7 || leaf == 8);
	PROVE(advanced || guest->rax == before.rax);
}

void prove_tdcall_operands(void)
{
	set_up();
	ASSUME(leaf != 7 && leaf != 8);
	tdcall(&vcpu);
	const uint64_t status = frame.guest.rax;

	check_registers(leaf == 1 || leaf == 3);
	PROVE(!locked && td.td_ctls == td_before.td_ctls && td.lazy == td_before.lazy &&
	      td.info.domain == td_before.info.domain);
	PROVE(passed_on == (leaf == 0) && (!passed_on || !advanced));
	PROVE(!busy || !is_locked_leaf() || (!advanced && !left && reads == 0 && !accepted));
	PROVE(advanced || leaf == 0 || left || busy || leaf == 4 || leaf == 6 || leaf == 22);
	if (!advanced)
		return;
	PROVE((leaf >= 1 && leaf <= 10) || leaf == 22 || status == INVALID);
	PROVE(leaf != 2 || hashed == (status == 0));
	PROVE(leaf != 2 || before.rdx < 4 || status == (INVALID | 2));
	PROVE(leaf != 2 || before.rdx >= 4 || before.rcx % 64 == 0 || status == (INVALID | 1));
	PROVE(leaf != 4 || before.r8 == 0 || status == (INVALID | 8));
	PROVE(leaf != 4 || before.r8 != 0 || before.rdx % 64 == 0 || status == (INVALID | 2));
	PROVE(leaf != 4 || wrote || status != 0);
	PROVE(leaf != 5 || status == (before.rcx <= 3 ? 0 : (INVALID | 1)));
	PROVE(leaf != 6 || (before.rcx & 0xff8) == 0 || (status == (INVALID | 1) && !accepted));
	PROVE((leaf != 9 && leaf != 10) || status == 0xc0000c0000000000);
	PROVE(leaf != 22 || before.rcx % 256 == 0 || status == (INVALID | 1));
	REACHABLE(leaf == 2 && status == 0);
	REACHABLE(leaf == 4 && status == 0);
	REACHABLE(leaf == 6 && status == 0);
	REACHABLE(leaf == 22 && status == 0);
	REACHABLE(leaf == 1 << 16);
}

/* TDG.VM.RD and TDG.VM.WR: two fields change, and these within their bits. */
void prove_tdcall_fields(void)
{
	set_up();
	ASSUME(leaf == 7 || leaf == 8);
	tdcall(&vcpu);
	const uint64_t status = frame.guest.rax, mask = before.r9;
	const bool ctls = before.rdx == 0x1110000300000017, lazy = before.rdx == 0x91100003434c0001;

	check_registers(false);
	PROVE(!locked && !left && reads == 0 && advanced == !busy && td.info.domain == td_before.info.domain);
	PROVE((td.td_ctls & ~15ull) == 0 && (td.td_ctls & 1) != 0);
	if (!advanced || leaf == 7 || status != 0)
		PROVE(td.td_ctls == td_before.td_ctls && td.lazy == td_before.lazy);
	if (!advanced)
		return;
	PROVE(status == 0 || frame.guest.r8 == 0);
	PROVE(before.rcx == 0 || status == (INVALID | 1));
	PROVE(status != 0 || !ctls || frame.guest.r8 == td_before.td_ctls);
	PROVE(status != 0 || !lazy || frame.guest.r8 == td_before.lazy);
	if (leaf == 8 && status == 0) {
		PROVE(td.td_ctls == (ctls ? (before.r8 & mask) | (td_before.td_ctls & ~mask) : td_before.td_ctls));
		PROVE(td.lazy == (lazy ? ((before.r8 & mask) | (td_before.lazy & ~mask)) == 1 : td_before.lazy));
	}
	REACHABLE(leaf == 8 && status == 0 && ctls && td.td_ctls != td_before.td_ctls);
	REACHABLE(leaf == 8 && status == 0 && lazy && td.lazy != td_before.lazy);
	REACHABLE(leaf == 8 && status == 0xc0000c0100000000);
	REACHABLE(leaf == 8 && status == 0xc0000c0300000000);
	REACHABLE(leaf == 7 && status == 0);
}
