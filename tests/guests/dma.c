/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root guest programs devices (QEMU's edu, rt/edu.h) to reach memory that it cannot reach itself. Every
 * transfer that touches a protected page is refused at that page and recorded with the device, the address and the
 * reason; transfers to ordinary memory go on. The device's buffer is one page: transfers of several are AHCI's
 * (tests/system). Interrupt messages are no transfers to memory, and do no harm. Then the platform's floor
 * (dma/floor.h). The runner compares memory and the unit's registers before and after the attacks
 * (testbed/remapping_tables.py). For a write on AMD-Vi, whose emulation records nothing, that comparison alone
 * decides.
 */
#include <stddef.h>

#include "attack.h"
#include "clock.h"
#include "cpu.h"
#include "dma/floor.h"
#include "edu.h"
#include "hyper.h"
#include "log.h"
#include "machine.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"
#include "text.h"
#include "trap.h"
#include "x86.h"

#include <cloister/statement.h>

#define DEVICES 8u /* that the runner gives: six on bus 0, one behind each kind of bridge */

#define FUNCTIONS_OF_BUS 256u

#define TPM_LOCALITY_1  0xfed41000ul
#define VTD_REGISTERS   0xfed90000ul /* where QEMU has them */
#define AMDVI_REGISTERS 0xfed80000ul
#define AMDVI_BYTES     0x4000ul
#define UNIT_CONTROL    0x18u /* global command of VT-d, control of AMD-Vi */

/* Writes of 4 bytes there are interrupt messages (SDM 3, 11.11), which units do not translate (VT-d 5.1, 3.14). */
#define MESSAGES          0xfee00000ul
#define MESSAGES_BYTES    0x100000ul
#define MESSAGE_TO(apic)  ((uint64_t)(apic) << 12)
#define MESSAGE_LOWEST    0x100u /* delivery modes, with the vector in bits 7-0 */
#define MESSAGE_NMI       0x400u
#define NMIS_IN_SIGNATURE 10u
#define SETTLE_US         20000u

/* Locality 0, whose first register is TPM_ACCESS (TCG PC Client Platform TPM Profile 1.05, 6.5.2). */
#define TPM_LOCALITY_0     0xfed40000ul
#define ACCESS_REQUEST_USE 0x02u
#define ACCESS_PENDING     0x04u
#define ACCESS_ACTIVE      0x20u /* written: is given up */

#define LINES_PER_SECOND 16u
#define SECOND_US        1100000u
#define FLOOD_US         3000000u
#define FLOOD_MOST_US    8000000u
#define FLOOD_STEP_US    4000u

FORM(load_32, "movl (%rdi), %eax");
FORM(store_32, "movl %eax, (%rdi)");

static struct edu devices[DEVICES + 1];
static uint64_t protected_base; /* the first page found that is not the root guest's */
static uint64_t unit_registers;

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

static unsigned int test_reserved(void)
{
	static struct memory_range runs[RESERVED_RUNS];
	const unsigned int count = reserved_runs(runs);

	for (unsigned int i = 0; i < count; i++)
		test_target(runs[i].bytes == stats_read().region_bytes ? "hypervisor"
			    : runs[i].bytes == stats_read().pool_bytes ? "pool"
								       : "hypervisor and pool",
			    runs[i].base, runs[i].bytes);
	protected_base = runs[0].base;
	return count;
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

static uint64_t faults_counted(void)
{
	const struct hv_stats stats = stats_read();

	return stats.refused_dma + stats.lost_dma;
}

/*
 * One device after the other, each again as soon as it can, with a look at the faults in between. On a slow computer
 * a second may have few of them: it goes on until one had so many that not all have a line, whenever the log's
 * seconds begin.
 */
static void flood(void)
{
	const uint64_t start = stats_read().uptime_us;
	uint64_t now = start, second = start, before = faults_counted();
	bool enough = false;

	for (unsigned int i = 0; now - start < FLOOD_US || (!enough && now - start < FLOOD_MOST_US);
	     i = (i + 1) % DEVICES) {
		if (!edu_runs(&devices[i]))
			edu_begin(&devices[i], true, TPM_LOCALITY_1, 1);
		delay_us(FLOOD_STEP_US);
		now = stats_read().uptime_us;
		if (now - second < 1000000)
			continue;
		enough |= faults_counted() - before > 2 * LINES_PER_SECOND;
		before = faults_counted();
		second = now;
	}
	for (unsigned int i = 0; i < DEVICES; i++)
		(void)wait_until(!edu_runs(&devices[i]), PATIENCE_US);
}

/* A second later, a fault: it makes the log show the messages hidden before. */
static void settle_log(void)
{
	delay_us(SECOND_US);
	transfer(true, TPM_LOCALITY_1, 1);
	(void)stats_read();
}

/*
 * More faults than the log has lines for: all are counted, the lines of a second are bounded, the next fault is shown
 * again.
 */
static void test_flood(void)
{
	begin("a flood of faults");
	settle_log();
	const uint64_t before = faults_counted(), start = stats_read().uptime_us;
	const uint32_t seen = log_read();

	flood();
	/*
	 * Seconds are counted from a fault, on the hypervisor's clock: one may have begun before, and one has not
	 * ended.
	 */
	const unsigned int most = LINES_PER_SECOND * ((unsigned int)((stats_read().uptime_us - start) / 1000000) + 2);

	(void)log_read();
	ok(log_shown(seen).lines <= most, "%u faults have %u lines, at most %u in a second",
	   (unsigned int)(faults_counted() - before), log_shown(seen).lines, LINES_PER_SECOND);
	settle_log();
	const uint64_t faults = faults_counted() - before;

	(void)log_read();
	const struct log_shown s = log_shown(seen);

	ok(s.hidden != 0 && s.lines + s.hidden == faults, "%u shown and %u hidden faults: all of %lu", s.lines,
	   s.hidden, faults);
	ok(refused_both(TPM_LOCALITY_1, 1, TPM_LOCALITY_1), "the next one is shown again");
}

/* The platform's locality 0 is the root guest's, and its devices'. Their accesses at the others would show there. */
static void test_tpm_requests(void)
{
	volatile uint8_t *const access = (volatile uint8_t *)TPM_LOCALITY_0;

	begin("TPM localities, requested by a device");
	*access = ACCESS_ACTIVE;
	allowed[0] = ACCESS_REQUEST_USE;
	transfer(false, (uint64_t)allowed, 1);
	transfer(true, TPM_LOCALITY_0, 1);
	ok((*access & (ACCESS_ACTIVE | ACCESS_PENDING)) == ACCESS_ACTIVE, "a device gets locality 0");
	for (unsigned int locality = 1; locality <= 4; locality++) {
		transfer(true, TPM_LOCALITY_0 + locality * PAGE_BYTES, 1);
		ok((*access & (ACCESS_ACTIVE | ACCESS_PENDING)) == ACCESS_ACTIVE,
		   "its request of locality %u is not seen", locality);
	}
	*access = ACCESS_ACTIVE;
	ok((*access & ACCESS_ACTIVE) == 0, "locality 0 is given up");
}

/* The window of one device's registers lies over a protected page meanwhile, which must not open the page. */
static void test_window_over(const struct edu *moved, const char *name, uint64_t address)
{
	const uint32_t own = config_read(moved->function, CONFIG_BAR0),
		       window = (uint32_t)(address & ~(EDU_WINDOW - 1));

	begin(name);
	ok(edu_identity(moved) == EDU_IDENTITY, "%s: the device answers", name);
	config_write(moved->function, CONFIG_BAR0, window);
	ok(config_read(moved->function, CONFIG_BAR0) == window && edu_identity(moved) != EDU_IDENTITY,
	   "%s: its window is moved there", name);
	ok(page_refused(address), "%s: the CPU is refused", name);
	ok(refused_both(address, 64, address), "%s: another device is refused", name);
	config_write(moved->function, CONFIG_BAR0, own);
	ok(edu_identity(moved) == EDU_IDENTITY, "%s: the window is back", name);
	ok(page_refused(address), "%s: the CPU is still refused", name);
}

static void test_windows(void)
{
	test_window_over(&devices[1], "window over protected memory", protected_base);
	test_window_over(&devices[1], "window over the TPM", TPM_LOCALITY_1);
	test_window_over(&devices[1], "window over the unit", unit_registers);
}

/* The units see the device itself, or the bridge that speaks for it. */
static void test_behind_bridge(const struct edu *behind)
{
	attacker = behind;
	begin("a device behind a bridge");
	ok(works(0, PAGE_BYTES), "%x, seen as %x: ordinary memory is reached", behind->function, behind->source);
	ok(refused_both(protected_base, PAGE_BYTES, protected_base), "%x: protected memory", behind->function);
	ok(refused_both(TPM_LOCALITY_1, 4, TPM_LOCALITY_1), "%x: TPM locality 1", behind->function);
	ok(refused_both(unit_registers, 4, unit_registers), "%x: the unit's registers", behind->function);
	attacker = &devices[0];
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
		edu_begin(attacker, true, address, 4);
		while (edu_runs(attacker)) {
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
 * A device may send the root guest the messages that the root guest may send itself. Not INIT: QEMU's INIT intercept
 * is broken. Of messages to all CPUs the one counts that this CPU got; the other one is the hypervisor's, waiting for
 * its SIPI.
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
	return log_count(from, line) == 1;
}

static void test_unit_by_cpu(void)
{
	const uint64_t control = unit_registers + UNIT_CONTROL;
	const uint32_t seen = log_read();
	struct gprs r = {.rdi = control};
	struct outcome o = attempt(load_32, &r);

	begin("the unit's registers, by the CPU");
	ok(faulted(&o, VEC_GP, 0, load_32), "a load is refused");
	r = (struct gprs){.rdi = control, .rax = 0};
	o = attempt(store_32, &r);
	ok(faulted(&o, VEC_GP, 0, store_32), "a store that would switch it off is refused");
	(void)log_read();
	ok(logged(seen, "read", control) && logged(seen, "write", control), "both attempts are in the log");
}

static void test_bridges(void)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (devices[i].function >= FUNCTIONS_OF_BUS)
			test_behind_bridge(&devices[i]);
	}
}

static void test_host_bridge(void)
{
	const uint64_t ecam = config_page(0);

	floor_test_ports(attacker->function);
	floor_test_memory(attacker->function);
	ok(refused_at(true, ecam, 4, ecam, NOT_WRITABLE), "a device's write to the host bridge's page");
}

static void test_attacks(void)
{
	ok(test_reserved() != 0, "the hypervisor's memory was found");
	test_target("TPM localities 1 to 4 and the pages after them", TPM_LOCALITY_1, 15 * PAGE_BYTES);
	test_target("IOMMU registers", unit_registers, amdvi ? AMDVI_BYTES : PAGE_BYTES);
	test_unit_by_cpu();
	test_tpm_requests();
	test_windows();
	test_bridges();
	test_wide_addresses();
	if (!amdvi)
		test_flood();
	test_messages();
	test_host_bridge();
}

void test_main(void)
{
	const unsigned int count = edu_find(devices, DEVICES + 1);

	amdvi = program_argument[0] == 'a';
	unit_registers = amdvi ? AMDVI_REGISTERS : VTD_REGISTERS;
	ok(hypervisor_present(), "the hypervisor is there");
	if (!ok(count == DEVICES, "%u edu devices are there", count))
		return;
	attacker = &devices[0];
	allowed = page_get();
	let_look();
	test_flags();
	test_allowed("before");
	test_attacks();
	test_allowed("after");
	test_flags();
	let_look();
}
