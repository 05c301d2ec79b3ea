/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/vmcall.c: for every content of the guest's registers. Whatever the host learns is in the exit that
 * run_leave() or run_end() gets, and of the guest's registers only those that the call passes and the sub-function
 * names. MapGPA converts whole pages of the guest's RAM, from the first one on without a gap, at most 2 MiB at a time,
 * and tells guest and host how far it came; the domain is locked meanwhile, and no longer. No request is answered twice.
 * Assumed: the domain has two ranges of RAM, and for MapGPA one from address 0 on, addresses of 48 bits and a call for
 * at most 4 GiB; domain_convert() answers as memory.h says, for at most two entries of a call; guest_cpuid(),
 * guest_msr_read() and guest_msr_write() are others' subjects.
 */
#include "domain_lock.h"

#include "domain/cpuid.h"
#include "domain/run.h"
#include "domain/tdcall.h"

#define ENTRIES 2u

static struct td_vcpu vcpu;
static struct entry_frame frame;
static struct pool pool;
static struct registers before;
static struct domain_exit told;
static uint64_t text[8], converted;
static uint32_t entries;
static bool advanced, left, ended, said_text, asked_again, failed;

static uint64_t shared_bit(void)
{
	return 1ull << (td.gpa_bits - 1);
}

static bool in_ram(uint64_t address, uint64_t bytes, uint32_t index)
{
	const struct domain_range *const ram = &td.info.params.ram[index];

	return address >= ram->base && address - ram->base < ram->bytes && bytes <= ram->bytes - (address - ram->base);
}

bool domain_is_ram(const struct td *of, gpa_t address, uint64_t bytes)
{
	PROVE(of == &td && bytes != 0);
	return in_ram(address.value, bytes, 0) || in_ram(address.value, bytes, 1);
}

/* One entry is done, as far as it goes and no further than asked; or nothing of it. */
enum memory_answer domain_convert(const struct pool_view *view, struct td *of, gpa_t address, uint64_t *bytes,
				  bool shared)
{
	enum memory_answer answer;
	uint64_t unit;

	PROVE(locked && of == &td && !failed);
	PROVE(address.value == (before.r12 & ~shared_bit()) + converted && (address.value & 4095) == 0);
	PROVE(*bytes != 0 && *bytes <= 0x200000 - converted && *bytes <= before.r13 - converted);
	PROVE(shared == ((before.r12 & shared_bit()) != 0));
	PROVE(domain_is_ram(of, address, *bytes));
	ASSUME(answer <= MEMORY_INVALID && ++entries <= ENTRIES);
	ASSUME(unit != 0 && (unit & 4095) == 0 && unit <= *bytes);
	failed = answer != MEMORY_DONE;
	converted += failed ? 0 : unit;
	*bytes = unit;
	return answer;
}

void vcpu_advance(struct vcpu *of, unsigned bytes)
{
	PROVE(of == &vcpu.vcpu && bytes == 4 && !advanced && !left);
	advanced = true;
}

/* The root guest is the one that is loaded from here on. */
void run_leave(struct td_vcpu *of, const struct domain_exit *exit)
{
	PROVE(of == &vcpu && !left);
	left = true;
	told = *exit;
}

void run_end(struct td_vcpu *of, const struct domain_exit *exit, const uint64_t *words)
{
	ended = true;
	said_text = words != 0;
	for (unsigned i = 0; said_text && i < 8; i++)
		text[i] = words[i];
	run_leave(of, exit);
}

bool tdcall_needs_host(struct td_vcpu *of, enum memory_answer answer, gpa_t address)
{
	PROVE(locked && address.value == (before.r12 & ~shared_bit()) && failed && converted == 0);
	asked_again = true;
	return answer == MEMORY_NO_TABLE;
}

void guest_cpuid(const struct td_vcpu *of, uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
	struct cpuid_result any;

	PROVE(leaf == (uint32_t)before.r12 && subleaf == (uint32_t)before.r13);
	*result = any;
}

bool guest_msr_read(struct td_vcpu *of, uint32_t msr, uint64_t *value)
{
	uint64_t any;

	PROVE(msr == before.r12);
	*value = any;
	return any_bool();
}

bool guest_msr_write(struct td_vcpu *of, uint32_t msr, uint64_t value)
{
	PROVE(msr == before.r12 && value == before.r13);
	return any_bool();
}

/* @bits: width of the domain's addresses */
static void set_up(uint32_t bits)
{
	struct registers any;
	uint32_t page;

	td.gpa_bits = bits;
	td.info.domain = page;
	td.info.params.ram_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t base, bytes;

		ASSUME(((base | bytes) & 4095) == 0 && base < shared_bit() && bytes <= shared_bit() - base);
		td.info.params.ram[i] = (struct domain_range){base, bytes};
	}
	busy = any_bool();
	before = frame.guest = any;
	vcpu.vcpu.frame = &frame;
	vcpu.view.pool = &pool;
	vcpu.td = &td;
}

/* Of every width that domain_gpa_bits() gives. */
static void set_up_any(void)
{
	uint32_t bits;

	ASSUME(bits >= 36 && bits <= 48);
	set_up(bits);
}

static bool is_shared(uint64_t address)
{
	return address >= shared_bit() && address < shared_bit() * 2;
}

/* The registers that a call may change: RAX, R10 to R15, the latter only as results. */
static void check_kept(void)
{
	const struct registers *const guest = &frame.guest;

	PROVE(guest->rcx == before.rcx && guest->rdx == before.rdx && guest->rbx == before.rbx);
	PROVE(guest->rsi == before.rsi && guest->rdi == before.rdi && guest->rbp == before.rbp);
	PROVE(guest->r8 == before.r8 && guest->r9 == before.r9);
	PROVE(!locked);
	PROVE(advanced || (guest->rax == before.rax && guest->r10 == before.r10));
	PROVE(!advanced || guest->rax == 0 || guest->rax == 0xc000010000000001);
}

/* Calls of the standard, with all arguments passed, but of one number only. */
static void call(uint64_t number)
{
	frame.guest.r10 = before.r10 = 0;
	frame.guest.r11 = before.r11 = number;
	ASSUME((before.rcx & ~0xffccull) == 0 && (before.rcx & 0xfc00) == 0xfc00);
	vmcall(&vcpu);
	check_kept();
}

/* What is no call of the standard's, or names registers that cannot be passed, has no effect. */
void prove_vmcall_refused(void)
{
	set_up_any();
	const bool bad_mask = (before.rcx & ~0xffccull) != 0, arguments = (before.rcx & 0xfc00) == 0xfc00;
	const uint64_t n = before.r11;

	ASSUME(bad_mask || !arguments || before.r10 != 0 ||
	       (n != 10 && n != 12 && n != 54 && (n < 30 || n > 32) && n != 48 && (n < 0x10000 || n > 0x10003)));
	vmcall(&vcpu);
	check_kept();
	PROVE(advanced && !left && entries == 0 && vcpu.halt == NOT_HALTED);
	PROVE(frame.guest.rax == (bad_mask ? 0xc000010000000001 : 0));
	PROVE(bad_mask ? frame.guest.r10 == before.r10 : frame.guest.r10 >> 63 == 1);
	PROVE(frame.guest.r11 == before.r11 && frame.guest.r12 == before.r12 && frame.guest.r13 == before.r13);
	PROVE(frame.guest.r14 == before.r14 && frame.guest.r15 == before.r15);
	REACHABLE(bad_mask);
	REACHABLE(!bad_mask && arguments && before.r10 == 0);
	REACHABLE(!bad_mask && !arguments);
}

void prove_vmcall_map_gpa(void)
{
	set_up(48);
	td.info.params.ram[0].base = 0;
	td.info.params.ram[1] = (struct domain_range){0, 0};
	ASSUME(before.r13 <= 1ull << 32); /* what is wanted at once */
	const uint64_t start = before.r12, bytes = before.r13, plain = start & ~shared_bit();

	call(0x10001);
	const bool sane = ((start | bytes) & 4095) == 0 && bytes != 0 && start < shared_bit() * 2 &&
			  (in_ram(plain, bytes, 0) || in_ram(plain, bytes, 1));
	const struct registers *const guest = &frame.guest;

	PROVE(sane || (entries == 0 && advanced && !left && guest->r10 >> 63 == 1 && guest->r11 == start));
	PROVE(!sane || advanced == (converted != 0));
	PROVE(!sane || !busy || (entries == 0 && !left && guest->r11 == before.r11));
	if (converted != 0) {
		PROVE(guest->r11 == start + converted && guest->r10 == (converted == bytes ? 0 : 1));
		PROVE(left && !ended && told.kind == DOMAIN_EXIT_MAP_GPA && told.address == plain);
		PROVE(told.value == converted && told.write == is_shared(start) && told.bytes == 0 && !said_text);
		PROVE(converted <= 0x200000 && converted <= bytes);
	} else {
		PROVE(!left && asked_again == (failed && sane));
	}
	REACHABLE(converted == bytes && entries == 2);
	REACHABLE(converted == 0x200000 && bytes > converted);
	REACHABLE(converted != 0 && failed);
	REACHABLE(asked_again);
	REACHABLE(sane && busy);
	REACHABLE(!sane && guest->r10 == 0x8000000000000002);
}

/* Ports and devices: width, direction and the bytes of the value that the width says. */
static void check_access(uint64_t address, bool sane, enum domain_exit_kind kind)
{
	const uint64_t width = before.r12;
	const bool write = before.r13 == 1;

	PROVE(advanced && left == sane && vcpu.asked == sane && !ended);
	PROVE(frame.guest.r10 == (sane ? 0 : 0x8000000000000000) && frame.guest.r11 == before.r11);
	if (!sane)
		return;
	PROVE(told.kind == kind && told.address == address && told.bytes == width && told.write == write);
	PROVE(told.value == (!write ? 0 : width == 8 ? before.r15 : before.r15 & ((1ull << 8 * width) - 1)));
	PROVE(vcpu.answer_bytes == (write ? 0 : width) && !said_text);
}

void prove_vmcall_io(void)
{
	set_up_any();
	call(30);
	const uint64_t width = before.r12;
	const bool sane = (width == 1 || width == 2 || width == 4) && before.r13 <= 1 && before.r14 <= 0xffff;

	check_access(before.r14, sane, DOMAIN_EXIT_IO);
	REACHABLE(left && told.write && told.value == 0xffff);
	REACHABLE(!left);
}

void prove_vmcall_mmio(void)
{
	set_up_any();
	call(48);
	const uint64_t width = before.r12, address = before.r14, plain = address & ~shared_bit();
	const bool sane = (width == 1 || width == 2 || width == 4 || width == 8) && before.r13 <= 1 &&
			  is_shared(address) && (address & 4095) + width <= 4096 &&
			  !in_ram(plain & ~4095ull, 4096, 0) && !in_ram(plain & ~4095ull, 4096, 1);

	check_access(plain, sane, DOMAIN_EXIT_MMIO);
	REACHABLE(left && told.bytes == 8);
	REACHABLE(!left && is_shared(address));
}

void prove_vmcall_get_quote(void)
{
	set_up_any();
	call(0x10002);
	const uint64_t address = before.r12, bytes = before.r13, plain = address & ~shared_bit();
	const bool sane = ((address | bytes) & 4095) == 0 && bytes != 0 && bytes <= 0x20000 && is_shared(address) &&
			  (in_ram(plain, bytes, 0) || in_ram(plain, bytes, 1));

	PROVE(advanced && left == sane && vcpu.asked == sane && !ended && (!sane || vcpu.answer_bytes == 0));
	PROVE(!sane || (told.kind == DOMAIN_EXIT_GET_QUOTE && told.address == plain && told.bytes == bytes));
	PROVE(!sane || (told.value == 0 && !told.write && !said_text));
	PROVE(frame.guest.r10 == (sane ? 0 : 0x8000000000000000));
	REACHABLE(left);
	REACHABLE(!left && bytes == 0x20000);
}

void prove_vmcall_fatal_error(void)
{
	set_up_any();
	call(0x10003);
	const uint64_t mask = before.rcx;

	PROVE(ended && !advanced && told.kind == DOMAIN_EXIT_FATAL && told.value == before.r12 && said_text);
	PROVE(told.address == 0 && told.bytes == 0 && !told.write);
	PROVE(text[0] == before.r14 && text[1] == before.r15);
	PROVE(text[2] == ((mask >> 3 & 1) != 0 ? before.rbx : 0) && text[3] == ((mask >> 7 & 1) != 0 ? before.rdi : 0));
	PROVE(text[4] == ((mask >> 6 & 1) != 0 ? before.rsi : 0) && text[5] == ((mask >> 8 & 1) != 0 ? before.r8 : 0));
	PROVE(text[6] == ((mask >> 9 & 1) != 0 ? before.r9 : 0) && text[7] == ((mask >> 2 & 1) != 0 ? before.rdx : 0));
	REACHABLE(text[7] != 0);
	REACHABLE(text[2] == 0 && before.rbx != 0);
}

/* What the hypervisor answers by itself: the host learns nothing of it. */
void prove_vmcall_own(void)
{
	uint64_t number;

	set_up_any();
	ASSUME(number == 10 || number == 12 || number == 31 || number == 32 || number == 54 || number == 0x10000);
	call(number);
	PROVE(advanced && !left && !vcpu.asked && entries == 0);
	PROVE(vcpu.halt == (number != 12 ? NOT_HALTED : before.r12 != 0 ? HALTED_FOR_GOOD : HALTED));
	PROVE(frame.guest.r10 == 0 || (frame.guest.r10 == 0x8000000000000000 && (number == 31 || number == 32)));
	PROVE((number != 31 && number != 32) || before.r12 <= UINT32_MAX || frame.guest.r10 != 0);
	REACHABLE(number == 31 && frame.guest.r10 == 0);
	REACHABLE(number == 32 && frame.guest.r10 != 0);
	REACHABLE(vcpu.halt == HALTED);
}
