/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls with every bad argument, from where they are not allowed, and with good ones: answers as
 * include/cloister/hypercall.h says, registers and vector state preserved, objects sane.
 */
#include "acpi.h"
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#include <cloister/statement.h>

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define TPM_LOCALITY_0 0xfed40000ul
#define LAPIC_MMIO     0xfee00000ul
#define FLASH          0xfff00000ul
#define CPUIDS         1000u
#define SIGNATURES     1000u    /* of each CPU, by hypercall-storm */
#define STORM_US       3000000u /* for as many as there is time for, otherwise */
#define SIGN_BOUND_US  900000000u

static uint8_t *buffer;    /* a page */
static uint64_t protected; /* an address in the hypervisor's region */

static int64_t read_object(uint64_t object, uint64_t offset, uint64_t to, uint64_t bytes)
{
	return hypercall(&(struct hypercall){HC_READ, object, offset, to, bytes});
}

static int64_t sign(uint64_t from, uint64_t to)
{
	return hypercall(&(struct hypercall){HC_SIGN, from, to, 0, 0});
}

static bool answers(int64_t expected, int64_t result)
{
	if (result == expected)
		return true;
	diag("answer %d, expected %d", (int)result, (int)expected);
	return false;
}

/* --- bad arguments --- */

static void test_numbers(void)
{
	static const uint64_t numbers[] = {
		0,          1,   HC_READ - 1,        HC_SIGN + 1, ~0ul, 1ul << 63, 1ul << 32 | HC_READ,
		0x434c0000, ~0u, HC_SIGN | 1ul << 63};

	for (uint32_t i = 0; i < COUNT(numbers); i++)
		ok(answers(HC_E_NUMBER, hypercall(&(struct hypercall){.number = numbers[i]})), "number %lx is unknown",
		   numbers[i]);
}

static void test_read_arguments(void)
{
	static const uint64_t objects[] = {HV_OBJECT_COUNT, 0xff, 1ul << 31, 1ul << 32, 1ul << 63, ~0ul};
	static const uint64_t lengths[] = {0, PAGE_BYTES + 1, 1ul << 31, 1ul << 32, 1ul << 63, ~0ul};
	const uint64_t to = (uint64_t)buffer;

	for (uint32_t i = 0; i < COUNT(objects); i++)
		ok(answers(HC_E_ARGUMENT, read_object(objects[i], 0, to, 8)), "object %lx is refused", objects[i]);
	for (uint32_t i = 0; i < COUNT(lengths); i++)
		ok(answers(HC_E_ARGUMENT, read_object(HV_OBJECT_STATS, 0, to, lengths[i])), "length %lx is refused",
		   lengths[i]);
}

static void test_offsets(void)
{
	static const uint64_t sizes[] = {sizeof(struct hk_statement), 0, 0, sizeof(struct hv_stats)};
	static const uint64_t far[] = {1ul << 20, 1ul << 32, 1ul << 63, ~0ul, ~0ul - 7};

	for (uint64_t object = 0; object <= HV_OBJECT_STATS; object++)
		for (uint32_t i = 0; i < COUNT(far); i++)
			ok(answers(0, read_object(object, far[i], (uint64_t)buffer, PAGE_BYTES)),
			   "object %lu at offset %lx has nothing", object, far[i]);
	for (uint64_t object = 0; object < HV_OBJECT_COUNT; object += HV_OBJECT_STATS) {
		const uint64_t size = sizes[object];

		ok(answers(1, read_object(object, size - 1, (uint64_t)buffer, 8)), "object %lu: its last byte", object);
		ok(answers(0, read_object(object, size, (uint64_t)buffer, 8)), "object %lu: nothing at its end",
		   object);
		ok(answers((int64_t)size, read_object(object, 0, (uint64_t)buffer, PAGE_BYTES)),
		   "object %lu has %lu bytes", object, size);
	}
}

struct bad_buffer {
	const char *name;
	uint64_t address;
};

static void test_bad_buffers(void)
{
	const struct bad_buffer bad[] = {
		{"in the hypervisor's memory", protected},
		{"in the TPM", TPM_LOCALITY_0},
		{"in the local APIC", LAPIC_MMIO},
		{"in flash", FLASH},
		{"in the PCI window", 0x380000000000},
		{"above RAM", 1ul << 40},
		{"above the physical width", 1ul << 52},
		{"not canonical", 1ul << 63},
		{"at the very end", ~0ul - 7},
		{"in the last page", ~0xffful},
		{"crossing a page", (uint64_t)buffer + PAGE_BYTES - 7},
		{"the TPM's locality 2", TPM_LOCALITY_0 + 2 * PAGE_BYTES},
	};

	for (uint32_t i = 0; i < COUNT(bad); i++) {
		const uint64_t good = (uint64_t)buffer, address = bad[i].address;

		ok(answers(HC_E_BUFFER, read_object(HV_OBJECT_STATS, 0, address, 8)), "reading to a buffer %s",
		   bad[i].name);
		ok(answers(HC_E_BUFFER, sign(address, good)), "signing from a buffer %s", bad[i].name);
		ok(answers(HC_E_BUFFER, sign(good, address)), "signing to a buffer %s", bad[i].name);
	}
	ok(answers(HC_E_ARGUMENT, hypercall(&(struct hypercall){HC_SIGN, (uint64_t)buffer, (uint64_t)buffer, 1, 0})) &&
		   answers(HC_E_ARGUMENT,
			   hypercall(&(struct hypercall){HC_SIGN, (uint64_t)buffer, (uint64_t)buffer, 0, 1})),
	   "signing with arguments that must be 0");
}

/* Bytes around the ones asked for stay. */
static void test_exact_copy(void)
{
	bool clean = true;

	for (uint64_t i = 0; i < PAGE_BYTES; i++)
		buffer[i] = 0xa5;
	ok(answers(5, read_object(HV_OBJECT_STATEMENT, 0, (uint64_t)buffer + 11, 5)), "five bytes to an odd address");
	for (uint64_t i = 0; i < PAGE_BYTES; i++)
		clean = clean && (i - 11 < 5 ? buffer[i] == (uint8_t)HK_STATEMENT_MAGIC[i - 11] : buffer[i] == 0xa5);
	ok(clean, "they are the object's first, and no other byte is touched");
	const uint64_t tail = (uint64_t)buffer + PAGE_BYTES - 8;

	ok(answers(8, read_object(HV_OBJECT_STATS, 0, tail, 8)), "a buffer may end with its page");
	ok(answers(HC_E_BUFFER, read_object(HV_OBJECT_STATS, 0, tail, 9)), "but not one byte after it");
}

/* --- from where they are not allowed --- */

static void test_cpl3(void)
{
	struct gprs r = {.rax = HC_READ, .rdi = HV_OBJECT_STATS, .rdx = (uint64_t)buffer, .rcx = 8};
	const struct outcome o = attempt_cpl3(hypercall_form(), &r);

	buffer[0] = 0;
	ok(faulted(&o, VEC_UD, 0, hypercall_form()), "a hypercall from CPL 3 is #UD");
	ok(r.rax == HC_READ && buffer[0] == 0, "and does nothing");
}

/* --- from other modes at CPL 0, which are answered as in 64-bit mode --- */

#define COMPATIBILITY(call)                                                             \
	"pushq $0x38\n leaq 1f(%rip), %r8\n pushq %r8\n lretq\n" /* SELECTOR_CODE_32 */ \
	".code32\n 1: " call "\n int $0x80\n .code64"            /* ends the attempt */
FORM(form_vmmcall_32, COMPATIBILITY("vmmcall"));
FORM(form_vmcall_32, COMPATIBILITY("vmcall"));

static struct gprs call_32(const struct hypercall *call)
{
	struct gprs r = {.rax = call->number,
			 .rdi = call->rdi,
			 .rsi = call->rsi,
			 .rdx = call->rdx,
			 .rcx = call->rcx,
			 .rbx = 3,
			 .rbp = 4,
			 .r15 = 15};
	const struct outcome o = attempt(cpu_is_amd() ? form_vmmcall_32 : form_vmcall_32, &r);

	if (o.vector != NO_FAULT)
		diag("vector %u at %lx", o.vector, o.rip);
	return r;
}

/* Answers as given, and changes nothing but RAX. */
static bool answers_32(int64_t expected, const struct hypercall *call)
{
	const struct gprs r = call_32(call);

	return answers(expected, (int64_t)r.rax) && r.rdi == call->rdi && r.rsi == call->rsi && r.rdx == call->rdx &&
	       r.rcx == call->rcx && r.rbx == 3 && r.rbp == 4 && r.r15 == 15;
}

static bool stats_in(const volatile uint8_t *page)
{
	const volatile struct hv_stats *stats = (const volatile struct hv_stats *)page;

	return stats->version == 1 && stats->bytes == sizeof(*stats);
}

static void test_compatibility(void)
{
	const uint64_t to = (uint64_t)buffer;

	buffer[0] = 0;
	ok(answers_32(HC_E_NUMBER, &(struct hypercall){HC_SIGN + 1, 1, 2, 3, 4}),
	   "compatibility mode: an unknown number");
	ok(answers_32(HC_E_BUFFER, &(struct hypercall){HC_READ, HV_OBJECT_STATS, 0, protected, 8}),
	   "compatibility mode: a buffer in the hypervisor's memory");
	ok(!stats_in(buffer) &&
		   answers_32(sizeof(struct hv_stats),
			      &(struct hypercall){HC_READ, HV_OBJECT_STATS, 0, to, PAGE_BYTES}) &&
		   stats_in(buffer),
	   "compatibility mode: an object is read");
	ok(answers_32(0, &(struct hypercall){HC_SIGN, to, to + 1024, 0, 0}), "compatibility mode: a signature");
}

/* The second CPU, started again, makes the hypercall before it leaves real mode. Changes nothing but EAX. */
static bool answers_real(struct cpu *cpu, int32_t expected, const struct start_call *call)
{
	const bool started = cpu_start_at(cpu, start_prepare_call(cpu, 0, hypercall_form(), call));
	const struct start_call *a = start_answer(0);

	return started && answers(expected, (int32_t)a->eax) && a->edi == call->edi && a->esi == call->esi &&
	       a->edx == call->edx && a->ecx == call->ecx;
}

static void test_real_mode(void)
{
	struct cpu *cpu = second_cpu();
	const uint32_t to = (uint32_t)(uint64_t)buffer;

	if (!cpu) {
		skip("hypercalls in real mode", "one CPU");
		return;
	}
	buffer[0] = 0;
	ok(answers_real(cpu, HC_E_NUMBER, &(struct start_call){HC_SIGN + 1, 1, 2, 3, 4}),
	   "real mode: an unknown number");
	ok(answers_real(cpu, HC_E_BUFFER, &(struct start_call){HC_READ, HV_OBJECT_STATS, 0, (uint32_t)protected, 8}),
	   "real mode: a buffer in the hypervisor's memory");
	ok(!stats_in(buffer) &&
		   answers_real(cpu, sizeof(struct hv_stats),
				&(struct start_call){HC_READ, HV_OBJECT_STATS, 0, to, PAGE_BYTES}) &&
		   stats_in(buffer),
	   "real mode: an object is read");
	ok(answers_real(cpu, 0, &(struct start_call){HC_SIGN, to, to + 1024, 0, 0}), "real mode: a signature");
}

/* --- state over hypercalls --- */

#define VECTORS_OVER(call)                                                                                         \
	"movq %rbx, %xmm0\n movq %rbx, %xmm7\n movq %rbx, %xmm15\n"                                                \
	"pushq %rbx\n fldl (%rsp)\n popq %r8\n" call "\n movq %xmm0, %r9\n movq %xmm7, %r10\n movq %xmm15, %r11\n" \
	"pushq %r8\n fstpl (%rsp)\n popq %r12"
FORM(form_vectors_vmmcall, VECTORS_OVER("vmmcall"));
FORM(form_vectors_vmcall, VECTORS_OVER("vmcall"));

static void test_registers(void)
{
	struct gprs r = {.rax = HC_SIGN,
			 .rdi = (uint64_t)buffer,
			 .rsi = (uint64_t)buffer + 1024,
			 .rbx = 3,
			 .rbp = 4,
			 .r8 = 8,
			 .r9 = 9,
			 .r10 = 10,
			 .r11 = 11,
			 .r12 = 12,
			 .r13 = 13,
			 .r14 = 14,
			 .r15 = 15};
	const struct gprs before = r;
	struct outcome o = attempt(hypercall_form(), &r);

	ok(completed(&o) && answers(0, (int64_t)r.rax) && r.rdi == before.rdi && r.rsi == before.rsi && r.rdx == 0 &&
		   r.rcx == 0 && r.rbx == 3 && r.rbp == 4 && r.r8 == 8 && r.r9 == 9 && r.r10 == 10 && r.r11 == 11 &&
		   r.r12 == 12 && r.r13 == 13 && r.r14 == 14 && r.r15 == 15,
	   "a hypercall changes RAX only");
	r = before;
	r.rbx = 0x4045000000000000; /* 42.0 */
	o = attempt(cpu_is_amd() ? form_vectors_vmmcall : form_vectors_vmcall, &r);
	ok(completed(&o) && r.r9 == r.rbx && r.r10 == r.rbx && r.r11 == r.rbx && r.r12 == r.rbx,
	   "a signature leaves vector and x87 registers alone");
}

/* --- objects --- */

static bool same(const void *a, const void *b, uint64_t len)
{
	const uint8_t *x = a, *y = b;

	for (uint64_t i = 0; i < len; i++)
		if (x[i] != y[i])
			return false;
	return true;
}

static struct hk_statement statement;

static void test_statement(void)
{
	const struct hk_statement *s = (const struct hk_statement *)buffer;
	const int64_t got = read_object(HV_OBJECT_STATEMENT, 0, (uint64_t)buffer, PAGE_BYTES);

	ok(answers(sizeof(*s), got) && same(s->magic, HK_STATEMENT_MAGIC, 8) && s->version == HK_STATEMENT_VERSION &&
		   s->bytes == sizeof(*s),
	   "statement: magic, version, length");
	if (!ok((s->flags & ~HK_FLAG_ALL) == 0 && !!(s->flags & HK_FLAG_AMD) == cpu_is_amd(),
		"statement: known flags, and the vendor's"))
		diag("flags %x", s->flags);
	ok(s->cpu_count == acpi_cpus(), "statement: %u CPUs", s->cpu_count);
	ok(s->hv_version == cpuid(HV_CPUID_VERSION, 0).ebx && s->svn == cpuid(HV_CPUID_VERSION, 0).ecx,
	   "statement: version and SVN are CPUID's");
	ok(!!(s->flags & HK_FLAG_DMA_PRESENT) == (s->dma_units != 0) &&
		   s->dma_protections == (s->dma_units != 0 ? HK_DMA_ALL : 0),
	   "statement: %u DMA remapping units, protections %x", s->dma_units, s->dma_protections);
	statement = *s;
	data("statement", s, sizeof(*s));
}

static uint32_t log_read32(uint32_t at)
{
	uint32_t value = 0;

	(void)read_object(HV_OBJECT_LOG, at, (uint64_t)buffer + 64, 4);
	for (uint32_t i = 0; i < 4; i++)
		value |= (uint32_t)buffer[64 + i] << 8 * i;
	return value;
}

/* docs/protocol.md, launch log: a Spec ID event (TCG_PCClientPCREvent), then the three extends. */
static void test_log(void)
{
	const uint32_t header_bytes = 8 + 20 + 4;
	const uint32_t data_bytes = log_read32(28);

	ok(log_read32(0) == 0 && log_read32(4) == 3 && data_bytes < 256, "log: begins with an EV_NO_ACTION event");
	(void)read_object(HV_OBJECT_LOG, header_bytes, (uint64_t)buffer, 16);
	ok(same(buffer, "Spec ID Event03", 16), "log: Spec ID event, version 2.0");
	const uint32_t pcr = log_read32(header_bytes + data_bytes);
	ok(pcr == ((statement.flags & HK_FLAG_WEAK_BINDING) ? 14 : 17) &&
		   log_read32(header_bytes + data_bytes + 4) == 13,
	   "log: the first extend is PCR %u's, an EV_IPL", pcr);
}

static void test_console(void)
{
	const int64_t got = read_object(HV_OBJECT_CONSOLE, 0, (uint64_t)buffer, PAGE_BYTES);
	bool text = got > 0;

	for (int64_t i = 0; i < got; i++)
		text = text && (buffer[i] == '\n' || (buffer[i] >= ' ' && buffer[i] <= '~'));
	ok(text, "console: text");
}

static void test_stats(void)
{
	const struct hv_stats before = stats_read();

	for (uint32_t i = 0; i < CPUIDS; i++)
		(void)cpuid(0, 0);
	const struct hv_stats after = stats_read();

	ok(after.version == 1 && after.bytes == sizeof(after), "stats: version and length");
	ok(after.exits[HV_EXIT_CPUID] - before.exits[HV_EXIT_CPUID] == CPUIDS, "stats: %u CPUIDs are %lu exits", CPUIDS,
	   after.exits[HV_EXIT_CPUID] - before.exits[HV_EXIT_CPUID]);
	ok(after.exits[HV_EXIT_HYPERCALL] - before.exits[HV_EXIT_HYPERCALL] == 1, "stats: one hypercall between them");
	ok(after.exits[HV_EXIT_OTHER] == before.exits[HV_EXIT_OTHER] &&
		   after.exits[HV_EXIT_NMI] == before.exits[HV_EXIT_NMI] &&
		   after.exits[HV_EXIT_IO] == before.exits[HV_EXIT_IO],
	   "stats: and nothing else");
	ok(after.uptime_us > before.uptime_us, "stats: uptime grows");
	ok(after.cpus_in_control == acpi_cpus() && after.cpus_parked == 0, "stats: %u CPUs in control, %u parked",
	   after.cpus_in_control, after.cpus_parked);
	ok(after.region_bytes && !(after.region_bytes & 0x1fffff), "stats: region of %lu bytes", after.region_bytes);
}

/* --- signatures --- */

static void test_fresh(void)
{
	const struct hk_fresh *f = (const struct hk_fresh *)(buffer + 2048);
	struct hk_fresh first;

	for (uint32_t i = 0; i < 32; i++)
		buffer[i] = (uint8_t)(i * 7);
	ok(answers(0, sign((uint64_t)buffer, (uint64_t)f)), "a fresh signature");
	ok(same(f->magic, HK_FRESH_MAGIC, 8) && f->version == HK_FRESH_VERSION && f->bytes == sizeof(*f),
	   "fresh: magic, version, length");
	ok(same(f->qualifying_data, buffer, 32), "fresh: our data");
	ok(same(f->boot_id, statement.boot_id, 32), "fresh: the statement's boot ID");
	ok(f->cpus_in_control == acpi_cpus() && f->cpus_parked == 0, "fresh: CPUs");
	ok((uint64_t)f->pool_mib << 20 == stats_read().pool_bytes, "fresh: the pool");
	ok(f->refused_hypercall > 0 && f->refused_instruction > 0, "fresh: refusals so far are counted");
	data("fresh", f, sizeof(*f));
	first = *f;
	ok(answers(0, sign((uint64_t)buffer, (uint64_t)f)) && f->uptime_us > first.uptime_us &&
		   !same(f->signature, first.signature, 64),
	   "fresh: the next one is newer");
	data("fresh", f, sizeof(*f));
	/* The answer may lie over the question. */
	(void)sign((uint64_t)buffer, (uint64_t)buffer);
	ok(same(buffer, HK_FRESH_MAGIC, 8), "fresh: question and answer in one place");
}

struct signer {
	uint8_t page[PAGE_BYTES] __attribute__((aligned(4096)));
	volatile uint32_t signed_count, busy, wrong;
	uint64_t r[SIGNATURES]; /* the first bytes of each signature, which its nonce decides */
};

static struct signer signers[2];

static void sign_many(void *argument)
{
	struct signer *s = argument;
	const struct hk_fresh *fresh = (const struct hk_fresh *)(s->page + 1024);
	const uint64_t start = clock_us(), time_us = program_argument[0] ? SIGN_BOUND_US : STORM_US;

	/* One at least: the other CPU may have the lock for as long as its own time lasts. */
	while (s->signed_count < SIGNATURES && (s->signed_count == 0 || clock_us() - start < time_us)) {
		struct gprs r = {.rax = HC_SIGN, .rdi = (uint64_t)s->page, .rsi = (uint64_t)s->page + 1024};
		const struct outcome o = attempt(hypercall_form(), &r);

		s->page[0] = (uint8_t)s->signed_count;
		if (o.vector == NO_FAULT && (int64_t)r.rax == HC_E_BUSY) {
			s->busy++;
			continue;
		}
		s->wrong += o.vector != NO_FAULT || r.rax != 0 || !same(fresh->magic, HK_FRESH_MAGIC, 8);
		s->r[s->signed_count++] = *(const uint64_t *)fresh->signature;
		if (s == &signers[0] && s->signed_count % 100 == 0)
			data("fresh", fresh, sizeof(*fresh));
	}
}

static uint32_t count_repeated(const struct signer *a, const struct signer *b)
{
	uint32_t repeated = 0;

	for (uint32_t i = 0; i < a->signed_count; i++)
		for (uint32_t j = a == b ? i + 1 : 0; j < b->signed_count; j++)
			repeated += a->r[i] == b->r[j];
	return repeated;
}

static void test_sign_storm(void)
{
	struct cpu *cpu = second_cpu();
	const uint64_t start = clock_us();
	bool done = true;

	if (cpu)
		cpu_run(cpu, sign_many, &signers[1]);
	sign_many(&signers[0]);
	if (cpu)
		done = cpu_wait(cpu, SIGN_BOUND_US);
	const uint32_t first = signers[0].signed_count, second = signers[1].signed_count;

	ok(done && first && (!cpu || second) && !signers[0].wrong && !signers[1].wrong,
	   "signatures on two CPUs at once, right or refused as busy");
	diag("%u and %u signatures, %u answers were busy", first, second, signers[0].busy + signers[1].busy);
	ok(!count_repeated(&signers[0], &signers[0]) && !count_repeated(&signers[1], &signers[1]) &&
		   !count_repeated(&signers[0], &signers[1]),
	   "no nonce was used twice");
	if (program_argument[0])
		ok(first == SIGNATURES && (!cpu || second == SIGNATURES), "%u signatures of each CPU", SIGNATURES);
	if (first)
		diag("%lu us a signature", (clock_us() - start) / (first + second));
}

static uint64_t find_protected(void)
{
	const uint64_t step = 0x200000;

	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *m = &memory_map[i];

		if (m->kind == MEMORY_RESERVED && m->bytes >= step && !(m->base & (step - 1)))
			return m->base;
	}
	return LAPIC_MMIO;
}

void test_main(void)
{
	buffer = page_get();
	protected = find_protected();
	if (program_argument[0]) { /* hypercall-storm */
		test_statement();
		test_sign_storm();
		return;
	}
	begin("bad arguments");
	test_numbers();
	test_read_arguments();
	test_offsets();
	test_bad_buffers();
	test_exact_copy();
	begin("CPL 3");
	test_cpl3();
	begin("other modes");
	test_compatibility();
	test_real_mode();
	begin("registers");
	test_registers();
	begin("objects");
	test_statement();
	test_log();
	test_console();
	test_stats();
	begin("signatures");
	test_fresh();
	begin("signature storm");
	test_sign_storm();
}
