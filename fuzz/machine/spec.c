/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the specification (hv/domain/debug/ghost.h) says of the root guest's calls. It knows one step after the other;
 * where steps of two CPUs overlap, some of what a step finds is due to the other.
 */
#include "world.h"

#define LARGE 0x200000ull

static struct ghost_domain *domain_of(const struct step *step)
{
	return &world.ghost.domain[step->domain];
}

struct ghost_vcpu *ghost_vcpu_of(const struct cpu *cpu)
{
	const struct td_vcpu *const vcpu = td_vcpu_of(cpu->guest);

	return &world.ghost.domain[vcpu->td->info.domain].vcpu[vcpu->index];
}

/* Was another CPU in the hypervisor at the same time? */
static bool is_shared(const struct step *step)
{
	return step->outer || step->inner != 0;
}

static const struct td *td_of(uint32_t domain)
{
	return pool_contents(domain);
}

bool spec_has_domain(uint64_t page)
{
	return page < world.ghost.pages && world.ghost.page[page].kind == PAGE_DOMAIN;
}

void spec_begins(const struct step *step)
{
	if (world.ended || !spec_has_domain(step->domain))
		return;
	struct ghost_domain *const self = domain_of(step);
	const struct td *const td = td_of(step->domain);

	for (uint32_t i = 0; i < self->vcpu_count; i++)
		self->vcpu[i].behind = self->vcpu[i].runs_on != 0 && td->vcpu[i].epoch != td->epoch;
}

/*
 * Which CPUs may use yet what was taken away is the pool's word, where others worked at the same time: the model of
 * TLBs says whether it is true.
 */
static struct ghost_vcpu before_looking;
static bool changed;

void spec_looks(const struct step *step, bool waits)
{
	struct ghost_domain *const self = domain_of(step);

	changed = false;
	if (!is_shared(step))
		return;
	for (uint32_t i = 0; i < self->vcpu_count; i++)
		self->vcpu[i].behind = false;
	if (!waits || self->vcpu_count == 0)
		return;
	changed = true;
	before_looking = self->vcpu[0];
	self->vcpu[0].runs_on = CPUS + 1;
	self->vcpu[0].behind = true;
}

void spec_looked(void)
{
	if (changed)
		domain_of(world.step)->vcpu[0] = before_looking;
}

/* Calls that take pages: another one may have had them for a moment. */
bool spec_takes_pages(uint64_t number)
{
	return number == HC_DOMAIN_CREATE || number == HC_VCPU_CREATE || number == HC_TABLE_ADD ||
	       number == HC_PAGE_ADD || number == HC_PAGE_AUG;
}

static bool flushes(uint64_t number)
{
	return number == HC_PAGE_REMOVE || number == HC_SHARED_UNMAP;
}

/* A refusal that is due to another CPU, and changes nothing. */
static bool lost_to_another(const struct step *step, int64_t result)
{
	if (!is_shared(step))
		return false;
	if (!step->locked)
		return result == HC_E_BUSY || result == HC_E_DOMAIN ||
		       (step->call.number == HC_DOMAIN_CREATE && result == HC_E_PAGE);
	return spec_takes_pages(step->call.number) && result == HC_E_PAGE;
}

static void finish_call(struct step *step, int64_t result)
{
	const uint64_t *const a = step->call.argument;

	if (lost_to_another(step, result))
		return;
	if (flushes(step->call.number) && spec_has_domain(step->domain))
		spec_looks(step, result == HC_E_BUSY);
	int64_t expected = ghost_call(&world.ghost, &step->call);

	if (flushes(step->call.number) && spec_has_domain(step->domain)) {
		if (expected == HC_E_BUSY && result != HC_E_BUSY && is_shared(step)) {
			spec_looks(step, false); /* those that were in the way have left meanwhile */
			expected = ghost_call(&world.ghost, &step->call);
		}
		spec_looked();
	}
	if (world.verbose && result != expected)
		fprintf(stderr, "specified: %ld\n", (long)expected);
	PROMISE(result == expected);
	if (step->call.number == HC_SHARED_UNMAP && result == 0)
		check_unshared(step->domain, a[1] & ~PAGE_MASK, (a[1] & PAGE_MASK) == 0 ? PAGE_BYTES : LARGE);
}

static const struct domain_vcpu *slot_of(uint32_t domain, uint64_t page)
{
	const struct td *const td = td_of(domain);

	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		if (td->vcpu[i].page == page)
			return &td->vcpu[i];
	}
	return 0;
}

/* Of a vCPU that comes and goes meanwhile the pool's word counts; that it is not on two CPUs is seen at each entry. */
static void follow_vcpu(const struct step *step, const struct domain_vcpu *slot)
{
	struct ghost_vcpu *const vcpu = &domain_of(step)->vcpu[slot - td_of(step->domain)->vcpu];

	vcpu->runs_on = step->occupies ? 0 : slot->runs_on;
	if (vcpu->runs_on == 0)
		vcpu->loaded_on = slot->loaded_on;
}

static bool is_dead(uint64_t vcpu)
{
	return ((const struct td_vcpu *)pool_contents((uint32_t)vcpu))->dead;
}

/* What it must answer; then the vCPU is the CPU's, in the model. */
static int64_t specify_run(const struct step *step)
{
	const uint64_t page = step->call.argument[1];
	struct ghost_vcpu before = {.page = 0}, *vcpu = 0;
	struct ghost_domain *const self = domain_of(step);
	struct ghost_call call = step->call;

	for (uint32_t i = 0; spec_has_domain(step->domain) && i < self->vcpu_count; i++) {
		if (self->vcpu[i].page == page)
			before = *(vcpu = &self->vcpu[i]);
	}
	call.is_ram = true;
	const int64_t expected = ghost_call(&world.ghost, &call);

	if (expected != 0 || (!is_dead(page) && step->call.is_ram))
		return expected;
	*vcpu = before;
	return is_dead(page) ? HC_E_STATE : HC_E_BUFFER;
}

/* HC_VCPU_RUN has looked at its domain, and given the lock back. */
static void commit_run(struct step *step)
{
	const struct domain_vcpu *const slot = slot_of(step->domain, step->call.argument[1]);

	step->occupies = slot && slot->runs_on == step->cpu->index + 1;
	if (is_shared(step) && slot)
		follow_vcpu(step, slot);
	step->expected = specify_run(step);
	PROMISE((step->expected == 0) == step->occupies);
}

/* With the lock it was found that the vCPU cannot run. */
static bool is_refused_run(const struct step *step, int64_t result)
{
	return step->goes_on && !step->occupies && result == step->expected;
}

/* Before the end came it was refused; or entered, and left. */
static bool was_before_the_end(const struct step *step, int64_t result)
{
	if (!step->goes_on || !step->occupies || step->cpu->guest)
		return is_refused_run(step, result);
	return result == 0;
}

/* The vCPU that the CPU has loaded is run without a lock. What others did meanwhile to its domain it may have seen. */
static void finish_run_again(struct step *step, int64_t result)
{
	const struct domain_vcpu *const slot = slot_of(step->domain, step->call.argument[1]);

	PROMISE(slot && (result != 0 || slot->loaded_on == step->cpu->index + 1));
	const enum domain_state state = domain_of(step)->state;

	if (is_shared(step) && result == 0)
		domain_of(step)->state = DOMAIN_READY; /* as it was */
	step->occupies = result == 0;
	if (is_shared(step))
		follow_vcpu(step, slot);
	const int64_t expected = specify_run(step);

	domain_of(step)->state = state;
	PROMISE(result == expected || (is_shared(step) && result == HC_E_STATE));
}

static void finish_run(struct step *step, int64_t result)
{
	if (step->goes_on)
		PROMISE(result == step->expected);
	else if (lost_to_another(step, result))
		return;
	else if (step->again)
		finish_run_again(step, result);
	else
		finish_call(step, result);
}

void spec_unlocks(struct step *step)
{
	if (step->effect != EFFECT_RUN || world.ended)
		return;
	commit_run(step);
	step->goes_on = true;
	step->over = false; /* others come while it goes on */
}

void spec_finish(struct step *step, int64_t result)
{
	if (world.ended)
		PROMISE(step->effect == EFFECT_NONE || result == HC_E_WIPED || was_before_the_end(step, result));
	else if (step->effect == EFFECT_RUN)
		finish_run(step, result);
	else if (step->effect == EFFECT_CALL)
		finish_call(step, result);
}
