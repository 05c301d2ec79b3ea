/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root guest programs a device (QEMU's edu, docs/specs/edu.rst) to reach what it cannot reach itself: every transfer
 * that touches a protected page is refused at that page and recorded with the device, the address and the reason; transfers
 * to ordinary memory go on. The device's buffer is one page: transfers of several are AHCI's (tests/system). Interrupt
 * messages are no transfers to memory, and do no harm. Then the platform's floor: registers of the host bridge cannot be
 * written.
 */
#include <stddef.h>

#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#include <cloister/statement.h>

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)
#define CONFIG_ID      0x00u
#define CONFIG_COMMAND 0x04u
#define CONFIG_BAR0    0x10u
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u

#define EDU_ID          0x11e81234u
#define EDU_SOURCE      0x80u
#define EDU_DESTINATION 0x88u
#define EDU_COUNT       0x90u
#define EDU_COMMAND     0x98u
#define EDU_START       1u
#define EDU_TO_MEMORY   2u
#define EDU_BUFFER      0x40000u

/* VT-d 5.1, table 26: reasons of faults. */
enum { ADDRESS_TOO_WIDE = 4, NOT_WRITABLE = 5, NOT_READABLE = 6 };

#define TPM_LOCALITY_1  0xfed41000ul
#define VTD_REGISTERS   0xfed90000ul /* where QEMU has them */
#define AMDVI_REGISTERS 0xfed80000ul
#define AMDVI_BYTES     0x4000ul
#define UNIT_CONTROL    0x18u /* global command of VT-d, control of AMD-Vi */
#define LARGE_PAGE      0x200000ul

/* Writes of 4 bytes there are interrupt messages (SDM 3, 11.11), which units do not translate (VT-d 5.1, 3.14). */
#define MESSAGES          0xfee00000ul
#define MESSAGES_BYTES    0x100000ul
#define MESSAGE_TO(apic)  ((uint64_t)(apic) << 12)
#define MESSAGE_LOWEST    0x100u /* delivery modes, with the vector in bits 7-0 */
#define MESSAGE_NMI       0x400u
#define NMIS_IN_SIGNATURE 10u
#define SETTLE_US         20000u

/* q35 (Intel 82Q35, 5.1): registers that move or alias memory. */
#define Q35_PCIEXBAR 0x60u
#define Q35_PAM0     0x90u
#define Q35_SMRAM    0x9cu

FORM(load_32, "movl (%rdi), %eax");
FORM(store_32, "movl %eax, (%rdi)");
FORM(load_8, "movb (%rdi), %al");

static volatile uint8_t *edu;
static uint32_t edu_function; /* bus << 8 | device << 3 | function */
static char console[40960];
static uint8_t *allowed;        /* a page of ordinary memory */
static uint64_t protected_base; /* the first page found that is not the root guest's */
static bool amdvi;              /* dma-amdvi.efi. QEMU's unit blocks what is not mapped, but records no event of it. */

static uint32_t config_read(uint32_t function, uint32_t at)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	return inl(CONFIG_DATA);
}

static void config_write(uint32_t function, uint32_t at, uint32_t value)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	outl(CONFIG_DATA, value);
}

static bool find_edu(void)
{
	for (edu_function = 0; edu_function < 256; edu_function++) {
		if (config_read(edu_function, CONFIG_ID) != EDU_ID)
			continue;
		config_write(edu_function, CONFIG_COMMAND,
			     config_read(edu_function, CONFIG_COMMAND) | COMMAND_MEMORY | COMMAND_MASTER);
		edu = (volatile uint8_t *)(uint64_t)(config_read(edu_function, CONFIG_BAR0) & ~0xfu);
		return true;
	}
	return false;
}

static void edu_write(uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(edu + at) = value;
}

/* A transfer between the device's buffer and memory; it takes the device 100 ms. */
static void transfer_begin(bool to_memory, uint64_t address, uint32_t bytes)
{
	edu_write(EDU_SOURCE, to_memory ? EDU_BUFFER : address);
	edu_write(EDU_DESTINATION, to_memory ? address : EDU_BUFFER);
	edu_write(EDU_COUNT, bytes);
	edu_write(EDU_COMMAND, EDU_START | (to_memory ? EDU_TO_MEMORY : 0));
}

static bool transfer_runs(void)
{
	return (*(volatile uint64_t *)(edu + EDU_COMMAND) & EDU_START) != 0;
}

static void transfer(bool to_memory, uint64_t address, uint32_t bytes)
{
	transfer_begin(to_memory, address, bytes);
	if (!wait_until(!transfer_runs(), PATIENCE_US))
		bail_out("the device does not end its transfer");
}

/* The hypervisor's messages, as of now. */
static uint32_t read_console(void)
{
	static uint8_t part[256] __attribute__((aligned(256)));
	uint32_t length = 0;

	for (;;) {
		const struct hypercall call = {HC_READ, HV_OBJECT_CONSOLE, length, (uint64_t)part, sizeof(part)};
		const int64_t got = hypercall(&call);

		if (got <= 0 || length + (uint64_t)got >= sizeof(console))
			break;
		for (int64_t i = 0; i < got; i++)
			console[length++] = (char)part[i];
	}
	console[length] = '\0';
	return length;
}

static char *append_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *append_number(char *to, uint64_t value, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		*to++ = digits[--n];
	return to;
}

/* Does 'text' begin with 'line'? */
static bool begins(const char *text, const char *line)
{
	while (*line && *text == *line) {
		text++;
		line++;
	}
	return !*line;
}

/* Counts a line among the messages from 'from' on. */
static unsigned int count_lines(uint32_t from, const char *line)
{
	unsigned int count = 0;

	for (const char *at = console + from; *at; at++)
		count += begins(at, line);
	return count;
}

static void expected_line(char *to, bool write, uint64_t address, unsigned int reason)
{
	to = append_text(to, "dma: device 0:");
	to = append_number(to, edu_function >> 3, 16);
	to = append_text(to, ".");
	to = append_number(to, edu_function & 7, 10);
	to = append_text(to, write ? ": write of " : ": read of ");
	to = append_number(to, address & ~(PAGE_BYTES - 1), 16);
	to = append_text(to, " refused, reason ");
	to = append_number(to, reason, 16);
	*append_text(to, "\n") = '\0';
}

/* What the device's buffer holds before it is attacked with: the runner looks for it in memory (check_dma.py). */
static uint8_t mark(uint32_t at)
{
	return (uint8_t)(at * 7 + 1);
}

static void load_buffer(void)
{
	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = mark(i);
	transfer(false, (uint64_t)allowed, PAGE_BYTES);
}

/* The buffer after a read that was refused: its old contents, or one byte all over; nothing that tells anything. */
static bool buffer_tells_nothing(uint32_t from, uint32_t bytes)
{
	bool old = true, same = true;

	transfer(true, (uint64_t)allowed, PAGE_BYTES);
	for (uint32_t i = from; i < bytes; i++) {
		old &= allowed[i] == mark(i);
		same &= allowed[i] == allowed[from];
	}
	return old || same;
}

/* One fault more, and it says so. */
static bool recorded(uint64_t before, uint32_t seen, const char *line)
{
	const uint64_t faults = stats_read().refused_dma - before;

	(void)read_console();
	if (faults >= 1 && count_lines(seen, line) == 1)
		return true;
	diag("%lu faults, wanted: %s", faults, line);
	return false;
}

/* A transfer whose first refused page is the one of 'page'; the buffer is loaded. */
static bool refused_at(bool write, uint64_t address, uint32_t bytes, uint64_t page, unsigned int reason)
{
	const uint64_t before = stats_read().refused_dma, page_end = (page | (PAGE_BYTES - 1)) + 1;
	const uint32_t seen = read_console();
	char line[160];

	transfer(write, address, bytes);
	expected_line(line, write, page, reason);
	if (!amdvi && !recorded(before, seen, line))
		return false;
	return write || buffer_tells_nothing(page > address ? (uint32_t)(page - address) : 0,
					     address + bytes < page_end ? bytes : (uint32_t)(page_end - address));
}

static bool refused_both(uint64_t address, uint32_t bytes, uint64_t page)
{
	load_buffer();
	return refused_at(true, address, bytes, page, NOT_WRITABLE) &&
	       refused_at(false, address, bytes, page, NOT_READABLE);
}

/* Ordinary memory takes and gives what the device has. */
static bool works(uint64_t offset, uint32_t bytes)
{
	const uint64_t before = stats_read().refused_dma;

	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = (uint8_t)(i * 7 + bytes);
	transfer(false, (uint64_t)allowed + offset, bytes);
	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		allowed[i] = 0;
	transfer(true, (uint64_t)allowed + offset, bytes);
	for (uint32_t i = 0; i < PAGE_BYTES; i++) {
		const bool inside = i >= offset && i < offset + bytes;

		if (allowed[i] != (inside ? (uint8_t)(i * 7 + bytes) : 0))
			return false;
	}
	return stats_read().refused_dma == before;
}

static void test_allowed(const char *when)
{
	begin("transfers to ordinary memory");
	ok(works(0, 4096), "%s: a page there and back", when);
	ok(works(3, 1), "%s: one byte there and back", when);
	ok(works(17, 1000), "%s: 1000 bytes there and back", when);
}

static void test_target(const char *name, uint64_t base, uint64_t bytes)
{
	const uint64_t last = base + bytes - PAGE_BYTES;

	begin(name);
	ok(refused_both(base, 1, base), "%s: its first byte", name);
	ok(refused_both(base + bytes - 1, 1, last), "%s: its last byte", name);
	ok(refused_both(base, 4096, base), "%s: its first page", name);
	ok(refused_both(base + bytes / 2 + 5, 4, (base + bytes / 2 + 5)), "%s: 4 bytes in its middle", name);
	ok(refused_both(base - 8, 16, base), "%s: across its lower edge", name);
	ok(refused_both(base + bytes - 8, 16, last), "%s: across its upper edge", name);
	if (bytes > PAGE_BYTES)
		ok(refused_both(base + PAGE_BYTES - 2048, 4096, base), "%s: across two of its pages", name);
	ok(works(128, 64), "%s: ordinary memory is reached as before", name);
}

static bool page_refused(uint64_t address)
{
	struct gprs r = {.rdi = address};

	return attempt(load_8, &r).vector == VEC_GP;
}

/* Runs of refused 2 MiB pages in reserved memory: hypervisor and pool, which may lie side by side. */
static unsigned int test_reserved(void)
{
	unsigned int found = 0;

	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *m = &memory_map[i];
		uint64_t a = (m->base + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
		const uint64_t base = a;

		if (m->kind != MEMORY_RESERVED)
			continue;
		while (a + LARGE_PAGE <= m->base + m->bytes && page_refused(a))
			a += LARGE_PAGE;
		if (a == base)
			continue;
		if (!found++)
			protected_base = base;
		test_target(a - base == stats_read().region_bytes ? "hypervisor"
			    : a - base == stats_read().pool_bytes ? "pool"
								  : "hypervisor and pool",
			    base, a - base);
	}
	return found;
}

static bool refused_wide(uint64_t address)
{
	load_buffer();
	return refused_at(true, address, 8, address, ADDRESS_TOO_WIDE) &&
	       refused_at(false, address, 8, address, ADDRESS_TOO_WIDE);
}

/* Address bits that no table translates do not make another address of it. QEMU's AMD-Vi ignores them. */
static void test_wide_addresses(void)
{
	begin("64-bit addresses");
	for (unsigned int bit = 48; bit < 64; bit += 5) {
		const uint64_t high = 1ul << bit;

		ok(refused_wide(high | protected_base), "protected memory with address bit %u", bit);
		if (!amdvi)
			ok(refused_wide(high | (uint64_t)allowed), "ordinary memory with address bit %u", bit);
	}
}

/* Many faults between two looks: every transfer ends, what is recorded is counted, the log is not flooded. */
static void test_overflow(void)
{
	const uint64_t before = stats_read().refused_dma;

	begin("more faults than records");
	for (unsigned int i = 0; i < 8; i++)
		transfer(true, TPM_LOCALITY_1, 1);
	ok(stats_read().refused_dma > before, "8 refused transfers without a look: %lu recorded",
	   stats_read().refused_dma - before);
	ok(refused_both(TPM_LOCALITY_1, 1, TPM_LOCALITY_1), "and the next one is recorded again");
}

/* Fills the device's buffer with one message, and has it written. */
static void send(uint64_t address, uint32_t message, uint32_t bytes)
{
	for (uint32_t i = 0; i < PAGE_BYTES / sizeof(uint32_t); i++)
		((uint32_t *)allowed)[i] = message;
	transfer(false, (uint64_t)allowed, PAGE_BYTES);
	transfer(true, address, bytes);
	delay_us(SETTLE_US);
}

/* Interrupts that this CPU got from such a write. */
static uint32_t interrupts(uint64_t address, uint32_t message, uint32_t bytes)
{
	const volatile uint32_t *const count = &this_cpu()->ipis[message & 0xff];
	const uint32_t before = *count;

	send(address, message, bytes);
	return *count - before;
}

/* While the hypervisor signs, which takes most of the time. */
static uint32_t nmis_in_signatures(uint64_t address)
{
	uint8_t *const challenge = page_get(), *const fresh = page_get();
	const struct hypercall sign = {HC_SIGN, (uint64_t)challenge, (uint64_t)fresh, 0, 0};
	const uint32_t before = this_cpu()->nmis;

	for (unsigned int i = 0; i < NMIS_IN_SIGNATURE; i++) {
		transfer_begin(true, address, 4);
		while (transfer_runs()) {
			if (hypercall(&sign) != 0)
				return 0;
		}
	}
	delay_us(SETTLE_US);
	return this_cpu()->nmis - before;
}

static bool reads_no_message(uint64_t address, uint32_t bytes)
{
	load_buffer();
	transfer(false, address, bytes);
	return buffer_tells_nothing(0, bytes);
}

/*
 * A device may send the root guest what the root guest may send itself. Not INIT: QEMU's INIT intercept is broken. Of messages
 * to all CPUs the one counts that this CPU got; the other one is the hypervisor's, waiting for its SIPI.
 */
static void test_messages(void)
{
	const uint64_t here = MESSAGES | MESSAGE_TO(this_cpu()->apic_id), end = MESSAGES + MESSAGES_BYTES;
	const uint32_t nmis = this_cpu()->nmis;

	begin("interrupt messages");
	interrupts_on();
	ok(interrupts(here, 0x61, 4) == 1, "a fixed vector arrives once");
	ok(interrupts(here, MESSAGE_LOWEST | 0x62, 4) == 1, "one of lowest priority arrives once");
	ok(interrupts(here, 0x63, 1) == 0, "one byte is no message");
	ok(interrupts(MESSAGES - 8, 0x64, 16) >= 1, "across the lower edge of the window");
	ok(interrupts(end - 8, 0x65, 16) >= 1, "across the upper edge, to all CPUs");
	ok(interrupts(here, 0x66, PAGE_BYTES) >= 1, "a page of messages");
	send(here, MESSAGE_NMI, 4);
	ok(this_cpu()->nmis == nmis + 1, "an NMI arrives once");
	ok(nmis_in_signatures(here) == NMIS_IN_SIGNATURE, "%u NMIs while the hypervisor signs arrive once each",
	   NMIS_IN_SIGNATURE);
	interrupts_off();
	ok(reads_no_message(here, 4) && reads_no_message(end - PAGE_BYTES, PAGE_BYTES), "the window reads as nothing");
	ok(works(0, 4096), "ordinary memory is reached as before");
}

/* The registers of the host bridge read as before, whatever is written. */
static bool unchanged_by_port(uint32_t at, uint32_t value)
{
	const uint32_t before = config_read(0, at);

	config_write(0, at, value);
	for (uint32_t i = 0; i < 4; i++) {
		outl(CONFIG_ADDRESS, CONFIG_ENABLE | at);
		outb((uint16_t)(CONFIG_DATA + i), (uint8_t)(value >> 8 * i));
	}
	for (uint32_t i = 0; i < 4; i += 2) {
		outl(CONFIG_ADDRESS, CONFIG_ENABLE | at);
		outw((uint16_t)(CONFIG_DATA + i), (uint16_t)(value >> 8 * i));
	}
	return config_read(0, at) == before;
}

static void test_floor_ports(void)
{
	static const uint32_t registers[] = {CONFIG_COMMAND, 0x40,     0x48,         Q35_PCIEXBAR, Q35_PCIEXBAR + 4,
					     0x68,           Q35_PAM0, Q35_PAM0 + 4, Q35_SMRAM};

	begin("host bridge by ports");
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		ok(unchanged_by_port(registers[i], ~config_read(0, registers[i])),
		   "host bridge register %x keeps its value", registers[i]);
	ok(config_read(0, CONFIG_ID) != ~0u, "the host bridge is still read");
	const uint32_t line = config_read(edu_function, 0x3c);

	config_write(edu_function, 0x3c, line ^ 0xff);
	ok(config_read(edu_function, 0x3c) == (line ^ 0xff), "another function's register is written");
	config_write(edu_function, 0x3c, line);
}

FORM(store_twice, "cld\n movl $2, %ecx\n rep stosl");
FORM(exchange, "xchgl %eax, (%rdi)");
FORM(store_and_flags, "movl %eax, (%rdi)\n pushfq\n popq %rax");
FORM(store_stepped, "pushfq\n orl $0x100, (%rsp)\n popfq\n movl %eax, (%rdi)\n nop\n"
		    "pushfq\n andl $~0x100, (%rsp)\n popfq");

static uint32_t read_32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static volatile uint32_t traps;

static bool count_traps(struct frame *frame)
{
	traps += frame->vector == VEC_DB;
	return frame->vector == VEC_DB;
}

/* A store to a page of the host bridge, in the given form: it completes, and changes nothing. */
static void test_dropped(const char *name, const char *form, uint64_t address)
{
	const uint32_t before = read_32(address);
	const uint64_t refused = stats_read().exits[HV_EXIT_STAGE2];
	struct gprs r = {.rdi = address, .rax = ~before};
	const struct outcome o = attempt(form, &r);

	ok(completed(&o) && read_32(address) == before && stats_read().exits[HV_EXIT_STAGE2] > refused,
	   "a store to the host bridge's page is dropped and counted: %s", name);
}

static void test_dropped_stores(uint64_t address)
{
	struct gprs r = {.rdi = address};
	struct outcome o;

	test_dropped("MOV", store_32, address);
	test_dropped("REP STOS", store_twice, address);
	test_dropped("XCHG", exchange, address);
	o = attempt(store_and_flags, &r);
	ok(completed(&o) && !(r.rax & 0x100), "no trap flag is left behind a dropped store");
	traps = 0;
	trap_set_hook(count_traps);
	o = attempt(store_stepped, &(struct gprs){.rdi = address});
	trap_set_hook(NULL);
	ok(completed(&o) && traps == 5, "single-stepping through a dropped store: %u traps of 5", traps);
}

/* 5.1.14: base of the memory-mapped configuration space, 1 MiB a bus. */
static void test_floor_memory(void)
{
	const uint64_t ecam = config_read(0, Q35_PCIEXBAR) & 0xf0000000u;
	const uint32_t id = config_read(0, CONFIG_ID);
	struct gprs r = {.rdi = ecam};
	struct outcome o;

	begin("host bridge by memory");
	if (!(config_read(0, Q35_PCIEXBAR) & 1)) {
		skip("the host bridge's page", "no memory-mapped configuration space");
		return;
	}
	o = attempt(load_32, &r);
	ok(completed(&o) && (uint32_t)r.rax == id, "the host bridge's page is read");
	test_dropped_stores(ecam + Q35_PAM0);
	ok(refused_at(true, ecam + Q35_PAM0, 4, ecam, NOT_WRITABLE), "a device's write to the host bridge's page");
	r = (struct gprs){.rdi = ecam + edu_function * PAGE_BYTES};
	o = attempt(load_32, &r);
	ok(completed(&o) && (uint32_t)r.rax == EDU_ID, "another function's page is read");
}

/* The fresh answer says that every unit translates; so does the statement. */
static void test_flags(void)
{
	struct hk_statement *statement = page_get();
	uint8_t *challenge = page_get();
	struct hk_fresh *fresh = page_get();
	const struct hypercall read = {HC_READ, HV_OBJECT_STATEMENT, 0, (uint64_t)statement, sizeof(*statement)};
	const struct hypercall sign = {HC_SIGN, (uint64_t)challenge, (uint64_t)fresh, 0, 0};

	begin("statement and fresh answer");
	ok(hypercall(&read) == sizeof(*statement) && (statement->flags & HK_FLAG_DMA_PRESENT),
	   "the statement has DMA remapping present");
	ok(statement->flags & HK_FLAG_DMA_REQUIRED, "the statement has DMA remapping required");
	ok(statement->dma_units == stats_read().iommu_units && statement->dma_protections == HK_DMA_ALL,
	   "the statement has %u units, and protections %x", statement->dma_units, statement->dma_protections);
	ok(hypercall(&sign) == 0 && (fresh->flags & HK_FLAG_DMA_PRESENT), "the fresh answer has it on");
	ok(fresh->refused_dma == stats_read().refused_dma, "the fresh answer has %lu refused accesses",
	   fresh->refused_dma);
	ok(stats_read().iommu_units == 1, "one unit");
}

/* Did the hypervisor say once that it refused this to the CPU? */
static bool logged(uint32_t from, const char *how, uint64_t address)
{
	char line[64];

	*append_text(append_number(append_text(append_text(line, how), " of "), address, 16), " refused, rip ") = '\0';
	return count_lines(from, line) == 1;
}

static void test_unit_by_cpu(void)
{
	const uint64_t control = (amdvi ? AMDVI_REGISTERS : VTD_REGISTERS) + UNIT_CONTROL;
	const uint32_t seen = read_console();
	struct gprs r = {.rdi = control};
	struct outcome o = attempt(load_32, &r);

	begin("the unit's registers, by the CPU");
	ok(faulted(&o, VEC_GP, 0, load_32), "a load is refused");
	r = (struct gprs){.rdi = control, .rax = 0};
	o = attempt(store_32, &r);
	ok(faulted(&o, VEC_GP, 0, store_32), "a store that would switch it off is refused");
	(void)read_console();
	ok(logged(seen, "read", control) && logged(seen, "write", control), "both attempts are in the log");
}

void test_main(void)
{
	amdvi = program_argument[0] == 'a';
	ok(hypervisor_present(), "the hypervisor is there");
	if (!ok(find_edu(), "the edu device is there"))
		return;
	allowed = page_get();
	test_flags();
	test_allowed("before");
	ok(test_reserved() != 0, "the hypervisor's memory was found");
	test_target("TPM localities 1 to 4", TPM_LOCALITY_1, 4 * PAGE_BYTES);
	test_target("IOMMU registers", amdvi ? AMDVI_REGISTERS : VTD_REGISTERS, amdvi ? AMDVI_BYTES : PAGE_BYTES);
	test_unit_by_cpu();
	test_wide_addresses();
	if (!amdvi)
		test_overflow();
	test_messages();
	test_floor_ports();
	test_floor_memory();
	test_allowed("after");
	test_flags();
	let_look();
}
