/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch between the root guest and a domain. Nothing of the one is left for the other: general registers, x87 to
 * AVX state, debug registers, what the vendor's hardware switches, and the registers that it does not.
 */
#include "run.h"

#include "hypercall.h"
#include "tdx/abi.h"
#include "vcpu/guest_exit.h"
#include "x86/instructions.h"
#include "x86/msr.h"
#include "x86/switch.h"

/* The XSAVE area's legacy part and header that put every component into its initial state (SDM 1 13.6). */
static const struct {
	uint32_t words[144];
} __attribute__((aligned(64))) initial_state = {.words = {[XSAVE_MXCSR] = MXCSR_RESET}};

/* Registers of @from are kept, those of @to are loaded. */
static void switch_registers(const struct guest_setup *setup, struct guest_state *from, const struct guest_state *to)
{
	if (setup->barrier)
		wrmsr(IA32_PRED_CMD, PRED_CMD_IBPB);
	for (uint32_t i = 0; i < setup->msr_count; i++) {
		from->msr[i] = rdmsr(setup->msr[i]);
		wrmsr(setup->msr[i], to->msr[i]);
	}
	read_debug_addresses(from->dr);
	write_debug_addresses(to->dr);
	from->cr2 = read_cr2();
	write_cr2(to->cr2);
	from->dr6 = read_dr6();
	write_dr6(to->dr6);
	from->xcr0 = xgetbv(0);
}

/* The slot of a vCPU by its page; null for none of this domain. */
static struct domain_vcpu *slot_of(struct td *td, uint64_t vcpu)
{
	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		if (td->vcpu[i].page == vcpu)
			return &td->vcpu[i];
	}
	return 0;
}

/* The same page as before was looked at before: the list of RAM is constant. */
static bool is_run_page(const struct cpu *cpu, const struct td_vcpu *vcpu, paddr_t run)
{
	return (run.value == vcpu->run.value && run.value != 0) ||
	       machine_is_ram(cpu->machine, gpa(run.value), PAGE_BYTES);
}

/* The end of all domains waits for a CPU that has said that it is in a guest: nothing is looked at before. */
static int64_t occupy(struct cpu *cpu, const struct pool_view *view, struct td *td, struct td_vcpu *vcpu, paddr_t run)
{
	struct domain_vcpu *const slot = &td->vcpu[vcpu->index];
	const bool loaded = slot->loaded_on == view->cpu + 1;

	__atomic_store_n(&cpu->guest, &vcpu->vcpu, __ATOMIC_SEQ_CST);
	if (pool_is_closed(view))
		return HC_E_WIPED;
	if (__atomic_load_n(&td->info.state, __ATOMIC_ACQUIRE) != DOMAIN_READY ||
	    (!loaded && !domain_xfam_sane(td->info.params.xfam))) /* CPUs may differ */
		return HC_E_STATE;
	if (!loaded && slot->loaded_on != 0)
		return HC_E_BUSY;
	if (vcpu->dead)
		return HC_E_STATE;
	if (!is_run_page(cpu, vcpu, run))
		return HC_E_BUFFER;
	__atomic_store_n(&slot->runs_on, view->cpu + 1, __ATOMIC_SEQ_CST);
	slot->loaded_on = view->cpu + 1;
	return HC_ENTERS;
}

/*
 * The vCPU that this CPU ran last with its tag, and has not given up: neither it nor its domain can go, and no other
 * CPU runs it. So there is nothing to lock. False: it is another one.
 */
static bool open_loaded(const struct pool_view *view, uint64_t domain, uint64_t page, struct td **td,
			struct td_vcpu **vcpu)
{
	if (page == 0 || page != view->cpus[view->cpu]->guest_page[VCPU_TAG(page)])
		return false;
	*vcpu = pool_open(view, WINDOW_VCPU, page);
	if ((*vcpu)->owner != domain) {
		pool_close(view, WINDOW_VCPU);
		return false;
	}
	*td = pool_open(view, WINDOW_DOMAIN, domain);
	return true;
}

static int64_t open_locked(const struct pool_view *view, uint64_t domain, uint64_t page, struct td **td,
			   struct td_vcpu **vcpu)
{
	int64_t result = domain_enter(view, domain, td);

	if (result != 0)
		return result;
	if (!slot_of(*td, page))
		result = HC_E_PAGE;
	else if ((*td)->info.state != DOMAIN_READY) /* a stopped one's page may be somebody else's */
		result = HC_E_STATE;
	else
		*vcpu = pool_open(view, WINDOW_VCPU, page);
	if (result != 0)
		domain_leave(view, *td);
	return result;
}

/* From the vCPU being occupied on, neither it nor its domain can go, and their windows stay open. */
int64_t run_prepare(const struct pool_view *view, uint64_t domain, uint64_t page, paddr_t run)
{
	struct cpu *const cpu = view->cpus[view->cpu];
	struct td *td;
	struct td_vcpu *vcpu;
	const bool loaded = open_loaded(view, domain, page, &td, &vcpu);
	int64_t result = loaded ? 0 : open_locked(view, domain, page, &td, &vcpu);

	if (result != 0)
		return result;
	result = occupy(cpu, view, td, vcpu, run);
	if (!loaded)
		pool_unlock_domain(view, domain);
	if (result != HC_ENTERS) {
		__atomic_store_n(&cpu->guest, 0, __ATOMIC_SEQ_CST);
		pool_close(view, WINDOW_VCPU);
		pool_close(view, WINDOW_DOMAIN);
		return result;
	}
	vcpu->td = td;
	vcpu->view = *view;
	vcpu->run = run;
	vcpu->vcpu.cpu = cpu;
	vcpu->vcpu.frame = &vcpu->frame;
	return HC_ENTERS;
}

/* The host's answer to what the guest waits for (struct domain_run, entry), copied once. */
static void take_answer(struct td_vcpu *vcpu)
{
	struct domain_entry entry;
	struct registers *const guest = &vcpu->frame.guest;

	if (!vcpu->asked)
		return;
	vcpu->asked = false;
	window_read(vcpu->view.paging, vcpu->view.cpu, vcpu->run, &entry, sizeof(entry));
	guest->r10 = entry.failed == 0 ? VMCALL_SUCCESS : VMCALL_INVALID_OPERAND;
	if (entry.failed == 0 && vcpu->answer_bytes != 0)
		guest->r11 =
			vcpu->answer_bytes == 8 ? entry.value : entry.value & ((1ull << 8 * vcpu->answer_bytes) - 1);
}

/* From here on the control structure and all registers but the general ones are the domain's. */
static void load(struct td_vcpu *vcpu, const struct vcpu *root, uint32_t page)
{
	const bool fresh = !vcpu->started;

	vcpu->started = true;
	vcpu->entered = rdtsc();
	vcpu->entries = 0;
	vcpu->vcpu.domain = &vcpu->domain; /* windows are at other addresses on each CPU */
	take_answer(vcpu);
	vcpu->frame.vcpu = &vcpu->vcpu;
	vcpu->frame.stack = root->frame->stack;
	switch_registers(&vcpu->view.pool->guest, &vcpu->root_state, &vcpu->state);
	xsetbv(0, vcpu->td->info.params.xfam);
	xrstor(vcpu->xsave, vcpu->td->info.params.xfam);
	xsetbv(0, vcpu->state.xcr0);
	vcpu_guest_load(&vcpu->vcpu, pool_address(vcpu->view.pool, page + VCPU_CONTROL));
	if (fresh)
		vcpu_guest_start(&vcpu->vcpu);
}

void domain_run(struct vcpu *root)
{
	struct cpu *const cpu = root->cpu;
	struct td_vcpu *const vcpu = td_vcpu_of(cpu->guest);
	const uint32_t page = vcpu->td->vcpu[vcpu->index].page;

	load(vcpu, root, page);
	if (cpu->guest_page[VCPU_TAG(page)] != page)
		vcpu_guest_flush_tlb(&vcpu->vcpu);
	cpu->guest_page[VCPU_TAG(page)] = page;
	vcpu_guest_enter(guest_exit_resumes(cpu) ? &vcpu->vcpu : root);
}

/* Of x87 to AVX state what the domain may have: only that of the registers was the guest's. */
static void unload(struct td_vcpu *vcpu, struct vcpu *root)
{
	const uint64_t xfam = vcpu->td->info.params.xfam;

	vcpu_guest_unload(&vcpu->vcpu, root);
	switch_registers(&vcpu->view.pool->guest, &vcpu->state, &vcpu->root_state);
	xsetbv(0, xfam);
	xsave(vcpu->xsave, xfam);
	xrstor(&initial_state, xfam);
	xsetbv(0, vcpu->root_state.xcr0);
}

/* Each entry but the last one ended with an exit that was answered here. */
static void count(struct td_vcpu *vcpu)
{
	__atomic_fetch_add(&vcpu->td->info.run_ticks, rdtsc() - vcpu->entered, __ATOMIC_RELAXED);
	if (vcpu->entries > 1)
		__atomic_fetch_add(&vcpu->td->info.answered, vcpu->entries - 1, __ATOMIC_RELAXED);
}

/*
 * All that the host learns, but for the text and what is counted. An interrupt that came after the last look, of a CPU
 * that saw the vCPU running: it is not idle.
 */
static void report(struct td_vcpu *vcpu, const struct domain_exit *exit)
{
	const struct pool_view *const view = &vcpu->view;
	struct domain_exit record = *exit;

	if (exit->kind == DOMAIN_EXIT_IDLE && vcpu->halt == HALTED && lapic_next(&vcpu->lapic) >= 0)
		record.kind = DOMAIN_EXIT_PREEMPTED;
	record.deadline = vcpu->reported_deadline = vcpu->lapic.deadline;
	__atomic_fetch_add(&vcpu->td->info.exits[record.kind], 1, __ATOMIC_RELAXED);
	window_write(view->paging, view->cpu, paddr(vcpu->run.value + offsetof(struct domain_run, exit)), &record,
		     sizeof(record));
}

/* The end of all domains waits until the CPU says that it is in no guest: then nothing is written to its pages. */
void run_leave(struct td_vcpu *vcpu, const struct domain_exit *exit)
{
	const struct pool_view view = vcpu->view;
	struct cpu *const cpu = view.cpus[view.cpu];
	struct domain_vcpu *const slot = &vcpu->td->vcpu[vcpu->index];

	count(vcpu);
	unload(vcpu, cpu->vcpu);
	__atomic_store_n(&slot->runs_on, 0, __ATOMIC_SEQ_CST);
	report(vcpu, exit);
	__atomic_store_n(&cpu->guest, 0, __ATOMIC_SEQ_CST);
	pool_close(&view, WINDOW_DOMAIN);
	pool_close(&view, WINDOW_VCPU);
}

void run_end(struct td_vcpu *vcpu, const struct domain_exit *exit, const uint64_t *text)
{
	const struct pool_view view = vcpu->view;
	const paddr_t place = paddr(vcpu->run.value + offsetof(struct domain_run, text));

	vcpu->dead = true;
	run_leave(vcpu, exit);
	window_write(view.paging, view.cpu, place, text, sizeof(((struct domain_run *)0)->text));
}

int64_t run_flush(const struct pool_view *view, struct td *td, uint64_t vcpu)
{
	struct domain_vcpu *const slot = slot_of(td, vcpu);

	if (!slot)
		return HC_E_PAGE;
	if (slot->loaded_on != view->cpu + 1)
		return HC_E_STATE;
	vcpu_guest_flush(pool_address(view->pool, slot->page + VCPU_CONTROL));
	view->cpus[view->cpu]->guest_page[VCPU_TAG(vcpu)] = 0; /* it may come back with other translations */
	__atomic_store_n(&slot->loaded_on, 0, __ATOMIC_RELEASE);
	return 0;
}

/* A request that a running vCPU does not see by itself reaches it by a kick. */
bool run_send_interrupt(const struct pool_view *view, const struct td *td, uint32_t index, uint8_t vector)
{
	const struct domain_vcpu *const slot = &td->vcpu[index];
	struct td_vcpu *const vcpu = pool_open(view, WINDOW_TARGET, slot->page);

	lapic_request(&vcpu->lapic, vector);
	pool_close(view, WINDOW_TARGET);
	const uint32_t runs_on = __atomic_load_n(&slot->runs_on, __ATOMIC_SEQ_CST);

	if (runs_on != 0 && runs_on != view->cpu + 1)
		cpu_kick(view->cpus[runs_on - 1]);
	return runs_on != 0;
}

int64_t run_interrupt(const struct pool_view *view, struct td *td, uint64_t vcpu, uint64_t vector)
{
	const struct domain_vcpu *const slot = slot_of(td, vcpu);

	if (!slot)
		return HC_E_PAGE;
	if (td->info.state != DOMAIN_READY) /* a stopped one's page may be somebody else's */
		return HC_E_STATE;
	if (vector < VECTOR_DEVICE_FIRST || vector > VECTOR_DEVICE_LAST || vector == VECTOR_INT80)
		return HC_E_ARGUMENT;
	(void)run_send_interrupt(view, td, (uint32_t)(slot - td->vcpu), (uint8_t)vector);
	return 0;
}
