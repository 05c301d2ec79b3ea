/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root guest: its calls, messages and NMIs. */
#include <string.h>

#include "world.h"

/* The domains before the input. */
#define FIRST  1u
#define SECOND 20u

/* What the root guest had in its registers when it ran a vCPU, and where it looks for the exit. */
static struct registers registers[CPUS];

/* The root guest's registers are its own, but for the result. */
static void check_preserved(struct cpu *cpu)
{
	struct registers after = cpu->vcpu->frame->guest;

	PROMISE(cpu->vcpu->frame->vcpu == cpu->vcpu);
	if (world.resets[cpu->index])
		return;
	after.rax = registers[cpu->index].rax;
	PROMISE(memcmp(&after, &registers[cpu->index], sizeof(after)) == 0);
}

static void see(struct cpu *cpu)
{
	seen(&cpu->vcpu->frame->guest, sizeof(cpu->vcpu->frame->guest));
	seen(&physical[cpu->index], sizeof(physical[0]));
	vendor_seen(cpu);
}

void root_returns(struct cpu *cpu)
{
	PROMISE(world.resets[cpu->index] || cpu->vcpu->frame->guest.rax == 0);
	check_preserved(cpu);
	if (!world.resets[cpu->index])
		check_registers_of_root(cpu->index);
	see(cpu);
}

static void set_registers(struct cpu *cpu, uint64_t number, const uint64_t a[4])
{
	struct registers *const r = &cpu->vcpu->frame->guest;

	for (unsigned i = 0; i < sizeof(*r) / 8; i++)
		(&r->r15)[i] = 0x6006000000000000ull + i;
	r->rax = number;
	r->rdi = a[0];
	r->rsi = a[1];
	r->rdx = a[2];
	r->rcx = a[3];
	registers[cpu->index] = *r;
}

/* What it answers: an INIT may come before the root guest sees it. */
int64_t __real_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);
int64_t __wrap_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);

int64_t __wrap_domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a)
{
	return world.step->result = __real_domain_hypercall(cpu, number, a);
}

/* What the host answers, and what the guest has asked for. */
struct answer {
	struct domain_entry entry;
	bool asked;
	uint32_t bytes;
};

static struct answer answer_to(const struct step *step)
{
	const struct domain_run *const run = (const void *)ram[step->cpu->index];

	if (step->effect != EFFECT_RUN || !spec_has_domain(step->call.argument[0]))
		return (struct answer){.asked = false};
	const struct ghost_domain *const self = &world.ghost.domain[step->domain];

	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		const struct td_vcpu *const vcpu = pool_contents(self->vcpu[i].page);

		if (self->vcpu[i].page == step->call.argument[1])
			return (struct answer){run->entry, vcpu->asked, vcpu->answer_bytes};
	}
	return (struct answer){.asked = false};
}

/* The guest has it in R10 and R11, as it was before anybody could change it. */
static void check_answer(const struct cpu *cpu, const struct answer *answer)
{
	const struct registers *const guest = &cpu->guest->frame->guest;
	const uint64_t mask = answer->bytes == 8 ? UINT64_MAX : (1ull << 8 * answer->bytes) - 1;

	if (!answer->asked)
		return;
	PROMISE(guest->r10 == (answer->entry.failed == 0 ? 0 : 1ull << 63));
	PROMISE(answer->entry.failed != 0 || answer->bytes == 0 || guest->r11 == (answer->entry.value & mask));
}

/* Makes the call. Its result is the specification's, or the CPU is in a guest. */
static void call(struct step *step)
{
	struct cpu *const cpu = step->cpu;

	const struct answer answer = answer_to(step);

	const uint64_t vcpu = step->call.argument[1];

	step->again = step->effect == EFFECT_RUN && vcpu != 0 && vcpu == cpu->guest_page[VCPU_TAG(vcpu)] &&
		      pool_record((uint32_t)vcpu) >> 32 == step->call.argument[0];
	spec_begins(step);
	registers_of_root(cpu->index);
	set_registers(cpu, step->call.number, step->call.argument);
	world.resets[cpu->index] = false;
	if (world.verbose)
		fprintf(stderr, "%*scpu %u: call %lx (%lx, %lx, %lx, %lx)\n", step->outer ? 2 : 0, "", cpu->index,
			(unsigned long)step->call.number, (unsigned long)step->call.argument[0],
			(unsigned long)step->call.argument[1], (unsigned long)step->call.argument[2],
			(unsigned long)step->call.argument[3]);
	if (setjmp(step->left) == 0)
		vendor_root_exit(cpu, ROOT_HYPERCALL);
	if (world.verbose)
		fprintf(stderr, "%*scpu %u: %ld%s\n", step->outer ? 2 : 0, "", cpu->index, (long)step->result,
			cpu->guest ? ", in the guest" : "");
	spec_finish(step, step->result == HC_ENTERS ? 0 : step->result);
	if (cpu->guest)
		return check_answer(cpu, &answer);
	PROMISE(world.resets[cpu->index] || step->effect == EFFECT_NONE ||
		cpu->vcpu->frame->guest.rax == (step->result == HC_ENTERS ? 0 : (uint64_t)step->result));
	check_preserved(cpu);
	see(cpu);
}

/* The vCPU was left before it did anything, or was not entered. */
static void settle_run(const struct step *step)
{
	struct cpu *const cpu = step->cpu;

	if (cpu->guest || !step->occupies || world.ended)
		return;
	struct ghost_domain *const self = &world.ghost.domain[step->domain];

	for (uint32_t i = 0; i < self->vcpu_count; i++) {
		if (self->vcpu[i].runs_on == cpu->index + 1)
			self->vcpu[i].runs_on = 0;
	}
}

static uint64_t choose_domain(void)
{
	switch (choose(&world.choices, 16)) {
	case 0:
		return choose_page(&world.choices);
	case 1 ... 5:
		return SECOND;
	default:
		return FIRST;
	}
}

/* While pages are on their way to be free, the specification does not know them. */
static bool may_take(const struct step *step)
{
	for (const struct step *outer = step->outer; outer; outer = outer->outer) {
		if (outer->frees)
			return false;
	}
	return true;
}

/* Each CPU has a run page for itself, which is used for nothing else. */
static void keep_apart(struct step *step)
{
	struct ghost_call *const c = &step->call;
	uint64_t *const address = c->number == HC_VCPU_RUN   ? &c->argument[2]
				  : c->number == HC_PAGE_ADD ? &c->argument[3]
							     : &c->argument[0];

	if (c->number != HC_VCPU_RUN && c->number != HC_PAGE_ADD && c->number != HC_DOMAIN_CREATE)
		return;
	if (c->is_ram && *address - (uintptr_t)ram < sizeof(ram))
		*address = (uintptr_t)ram[c->number == HC_VCPU_RUN ? step->cpu->index : RAM_PAGES - 1];
}

static void choose_domain_call(struct step *step)
{
	struct ghost_call *const c = &step->call;

	*c = (struct ghost_call){.argument = {choose_domain()}, .params = &step->params, .cpu = step->cpu->index};
	step->params = host_params();
	choose_call(&world.choices, c);
	if (spec_takes_pages(c->number) && !may_take(step))
		*c = (struct ghost_call){.number = HC_INTERRUPT, .argument = {FIRST, 0, 0x20}};
	keep_apart(step);
	if (choose(&world.choices, 16) == 0)
		((uint8_t *)&step->params)[choose(&world.choices, 64)] ^= 1;
	step->domain = (uint32_t)(c->number == HC_DOMAIN_CREATE ? c->argument[1] : c->argument[0]);
	step->effect = c->number == HC_VCPU_RUN ? EFFECT_RUN : EFFECT_CALL;
	if (c->number == HC_DOMAIN_CREATE && c->is_ram)
		memcpy((void *)(uintptr_t)c->argument[0], &step->params, sizeof(step->params));
}

/* The first vCPU that the CPU has loaded and that does not run, as often as not; or any. */
static uint32_t choose_vcpu(const struct ghost_domain *domain, uint32_t cpu)
{
	const uint32_t any = (uint32_t)choose(&world.choices, 2 * domain->vcpu_count);

	for (uint32_t i = 0; any >= domain->vcpu_count && i < domain->vcpu_count; i++) {
		if (domain->vcpu[i].loaded_on == cpu + 1 && domain->vcpu[i].runs_on == 0)
			return i;
	}
	return any % domain->vcpu_count;
}

/* A vCPU that can run, mostly. */
static void choose_run(struct step *step)
{
	const uint32_t domain = choose(&world.choices, 3) == 0 ? SECOND : FIRST;
	const struct ghost_domain *const self = &world.ghost.domain[domain];

	if (!spec_has_domain(domain) || self->vcpu_count == 0)
		return choose_domain_call(step);
	step->domain = domain;
	step->effect = EFFECT_RUN;
	((struct domain_run *)(void *)ram[step->cpu->index])->entry =
		(struct domain_entry){.value = 0x1122334455667788, .failed = choose(&world.choices, 4) == 0};
	step->call = (struct ghost_call){
		.number = HC_VCPU_RUN,
		.argument = {domain, self->vcpu[choose_vcpu(self, step->cpu->index)].page,
			     (uintptr_t)ram[step->cpu->index]},
		.cpu = step->cpu->index,
		.is_ram = true,
	};
}

/* Calls without an effect that the specification has: reading, signing, no number. */
static void choose_other_call(struct step *step)
{
	static const uint64_t numbers[] = {HC_READ, HC_READ, HC_SIGN, HC_QUOTE, HC_QUOTE, HC_DOMAIN_LAST + 1, HC_READ};
	const uint64_t kind = choose(&world.choices, COUNT_OF(numbers)), domain = choose_domain();
	uint64_t *const a = step->call.argument;

	step->call = (struct ghost_call){.number = numbers[kind]};
	a[0] = (uintptr_t)ram[CPUS + choose(&world.choices, RAM_PAGES - CPUS)];
	a[1] = (uintptr_t)ram[CPUS + choose(&world.choices, RAM_PAGES - CPUS)];
	if (step->call.number != HC_READ)
		return;
	a[0] = kind == 0 ? domain << 32 | HV_OBJECT_DOMAIN : choose(&world.choices, HV_OBJECT_COUNT + 1);
	if (a[0] == HV_OBJECT_DOMAINS)
		a[0] |= choose(&world.choices, 4) << 32;
	a[2] = a[1];
	a[1] = choose(&world.choices, 3) * 64;
	a[3] = 1 + choose(&world.choices, 256);
	step->domain = kind == 0 ? (uint32_t)domain : 0;
}

/* Nobody is in the way of the end: it waits for who has a lock or says that it is in a guest. */
static bool may_end(const struct step *step)
{
	for (const struct step *outer = step->outer; outer; outer = outer->outer) {
		if (!outer->goes_on || outer->cpu->guest)
			return false;
	}
	return !world.ended;
}

/* The machine ends: whoever is in a guest leaves it. */
static void end(struct step *step)
{
	if (world.verbose)
		fprintf(stderr, "cpu %u: the end of all domains\n", step->cpu->index);
	world.ended = world.ending = true;
	step->moments = 1;
	machine_end_domains(&world.machine);
	world.ending = false;
	check_wiped();
}

/* An interprocessor message: INIT, SIPI, NMI, an interrupt. */
static void send(struct step *step)
{
	static const uint32_t icr[] = {0x4500, 0x4500, 0x469f, 0x400, 0x4030, 0xc4500};
	struct cpu *const cpu = step->cpu;
	const uint64_t low = icr[choose(&world.choices, COUNT_OF(icr))], to = choose(&world.choices, CPUS);

	registers_of_root(cpu->index);
	set_registers(cpu, (uint32_t)low, (uint64_t[4]){0, 0, to, 0x830});
	world.resets[cpu->index] = false;
	if (world.verbose)
		fprintf(stderr, "%*scpu %u: ICR %lx to %lu\n", step->outer ? 2 : 0, "", cpu->index, (unsigned long)low,
			(unsigned long)to);
	if (setjmp(step->left) == 0)
		vendor_root_exit(cpu, ROOT_WRMSR);
	see(cpu);
}

static void take_nmi(struct step *step)
{
	world.resets[step->cpu->index] = false;
	if (setjmp(step->left) == 0)
		vendor_root_exit(step->cpu, ROOT_NMI);
	see(step->cpu);
}

void root_step(struct step *step)
{
	const uint64_t choice = choose(&world.choices, 64);

	if (world.nmi[step->cpu->index])
		return take_nmi(step);
	if (choice == 63 && may_end(step))
		return end(step);
	if (choice >= 58)
		return send(step);
	if (choice >= 54)
		choose_other_call(step);
	else if (choice >= 32)
		choose_run(step);
	else
		choose_domain_call(step);
	call(step);
	settle_run(step);
}

int64_t root_built(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx)
{
	struct step *const step = &world.steps[0];

	memset(step, 0, sizeof(*step));
	step->cpu = &world.cpus[0];
	step->effect = EFFECT_CALL;
	step->params = host_params();
	step->call = (struct ghost_call){
		.number = number, .argument = {rdi, rsi, rdx, rcx}, .is_ram = true, .params = &step->params};
	step->domain = (uint32_t)(number == HC_DOMAIN_CREATE ? rsi : rdi);
	world.step = step;
	call(step);
	world.step = 0;
	return (int64_t)world.cpus[0].vcpu->frame->guest.rax;
}

static void build(uint32_t domain, uint32_t vcpus)
{
	uint32_t page = domain + 2;

	memcpy(ram[0], &(struct domain_params){0}, sizeof(struct domain_params));
	*(struct domain_params *)(void *)ram[0] = host_params();
	(void)root_built(HC_DOMAIN_CREATE, (uintptr_t)ram[0], domain, domain + 1, 0);
	for (uint64_t level = DOMAIN_LEVEL_1GIB;; level--) {
		(void)root_built(HC_TABLE_ADD, domain, level, page++, 0);
		(void)root_built(HC_TABLE_ADD, domain, DOMAIN_SHARED_BIT | level, page++, 0);
		if (level == DOMAIN_LEVEL_4KIB)
			break;
	}
	guest_build(domain, &page);
	for (uint32_t i = 0; i < vcpus; i++, page += DOMAIN_VCPU_PAGES)
		(void)root_built(HC_VCPU_CREATE, domain, page, i * 5, 0);
	(void)root_built(HC_DOMAIN_FINALIZE, domain, 0, 0, 0);
}

void root_start(void)
{
	build(FIRST, 2);
	build(SECOND, 1);
}
