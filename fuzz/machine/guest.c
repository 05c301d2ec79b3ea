/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's vCPU: what each of its exits (exits.c) must do to its memory, and what the host may learn of it. */
#include <string.h>

#include "hv/domain/tdcall.h"
#include "tdx/abi.h"
#include "world.h"

#define SMALL 0x1000ull
#define LARGE 0x200000ull
#define CHUNK LARGE

/* What the step is about, for the checks after it. */
static struct request {
	struct guest_exits exits;
	uint64_t rip;
	struct domain_run before; /* the run page */
	uint32_t run;             /* which page of RAM */
	struct registers registers;
	struct ve_info ve; /* of its last #VE */
} requests[CPUS];

/* Page tables that map all memory one to one, for the code at CODE_TDCALL. */
void guest_build(uint32_t domain, uint32_t *page)
{
	uint64_t *const word = (void *)ram[1];
	uint8_t *const code = ram[1];

	for (unsigned i = 0; i < 4; i++) {
		memset(ram[1], 0, PAGE_BYTES);
		if (i == 0)
			word[0] = word[256] = SMALL | 3;
		if (i == 1)
			word[0] = 0x83;
		if (i == 2) {
			memcpy(code + (CODE_TDCALL & PAGE_MASK), "\x66\x0f\x01\xcc", 4);
			memcpy(code + (CODE_CR4 & PAGE_MASK), "\x0f\x22\xe0", 3);
			memcpy(code + (CODE_CR8 & PAGE_MASK), "\x44\x0f\x22\xc0", 4);
			memcpy(code + (CODE_ACROSS & PAGE_MASK), "\x66\x0f", 2);
		}
		if (i == 3)
			memcpy(code, "\x01\xcc", 2);
		(void)root_built(HC_PAGE_ADD, domain, i * PAGE_BYTES, (*page)++, (uintptr_t)ram[1]);
	}
}

/* While the guest ran, it wrote what nobody else knows wherever it can. */
static void use_memory(const struct td_vcpu *vcpu)
{
	const struct ghost_unit *const unit = ghost_look(&world.ghost, vcpu->td->info.domain, DATA);
	const struct ghost_place *const place = unit ? &unit->place[DATA / SMALL] : 0;

	if (place && place->state == GHOST_ACCEPTED && !world.ended)
		memcpy((uint8_t *)pool_contents(place->page) + 0x800, &(uint64_t){secret(300)}, 8);
}

/* Which effect on the domain's memory the specification knows of. */
static enum effect effect_of(const struct guest_exits *exits)
{
	const struct registers *const r = &exits->registers;

	if (exits->kind != EXITS_TDCALL)
		return EFFECT_NONE;
	if (r->rax == TDG_MEM_PAGE_ACCEPT && (r->rcx & 0xff8) == 0)
		return EFFECT_ACCEPT;
	if (r->rax == TDG_VM_WR && r->rcx == 0 && r->rdx == TD_CLOISTER_LAZY)
		return EFFECT_LAZY;
	if (r->rax == TDG_VP_VMCALL && r->rcx == (r->rcx & 0xffcc) && (r->rcx & 0xfc00) == 0xfc00 && r->r10 == 0 &&
	    r->r11 == VMCALL_MAP_GPA)
		return EFFECT_MAP_GPA;
	return EFFECT_NONE;
}

void guest_unlocks(struct step *step)
{
	const struct registers *const r = &requests[step->cpu->index].registers;
	bool *const lazy = &world.ghost.domain[step->domain].lazy;

	if (world.ended || step->effect == EFFECT_CALL || step->effect == EFFECT_RUN)
		return;
	if (step->effect == EFFECT_ACCEPT)
		step->answer = ghost_accept(&world.ghost, step->domain, r->rcx & ~PAGE_MASK, r->rcx & 7);
	if (step->effect == EFFECT_LAZY) {
		const uint64_t value = (r->r8 & r->r9) | (*lazy & ~r->r9);

		*lazy = value <= 1 ? value != 0 : *lazy;
	}
	step->over = step->effect == EFFECT_MAP_GPA; /* the others go on */
}

static const struct domain_exit *exit_of(const struct request *request)
{
	return &((const struct domain_run *)(const void *)ram[request->run])->exit;
}

/* Is the instruction over? */
static bool is_complete(const struct step *step, bool left)
{
	const struct request *const request = &requests[step->cpu->index];

	return left || vendor_rip(step->cpu) != request->rip;
}

/* TDCALL is over, or comes again, or is #UD. */
static void check_place(const struct step *step)
{
	const struct request *const request = &requests[step->cpu->index];
	const uint64_t rip = vendor_rip(step->cpu);

	PROMISE(rip == request->rip || rip == request->rip + TDCALL_BYTES);
}

/* Leaves whose answers are in registers, as docs/guest-abi.md has them. */
static void check_registers(const struct step *step)
{
	const struct request *const request = &requests[step->cpu->index];
	const struct registers *const before = &request->registers, *const now = &step->cpu->guest->frame->guest;
	const struct ghost_domain *const self = &world.ghost.domain[step->domain];
	const struct ve_info none = {.valid = false}, ve = request->ve.valid ? request->ve : none;

	switch (before->rax) {
	case TDG_VP_INFO:
		PROMISE(now->rax == TDX_SUCCESS && now->rcx == DOMAIN_GPA_BITS && now->rdx == DOMAIN_ATTRIBUTES);
		PROMISE(now->r8 == (self->vcpu_count | (uint64_t)self->params.max_vcpus << 32));
		PROMISE(&self->vcpu[now->r9] == ghost_vcpu_of(step->cpu) && now->r10 == 0 && now->r11 == 0);
		break;
	case TDG_VP_VEINFO_GET:
		PROMISE(now->rax == (ve.valid ? TDX_SUCCESS : TDX_NO_VALID_VE_INFO));
		PROMISE(now->rcx == ve.reason && now->rdx == ve.qualification && now->r8 == ve.linear &&
			now->r9 == ve.physical && now->r10 == ve.length);
		break;
	case TDG_VP_CPUIDVE_SET:
		PROMISE(now->rax == (before->rcx <= 3 ? TDX_SUCCESS : (TDX_OPERAND_INVALID | 1)));
		break;
	case TDG_VP_RD:
	case TDG_VP_WR:
		PROMISE(now->rax == TDX_FIELD_ID_INCORRECT);
		break;
	default:
		break;
	}
	PROMISE(before->rax == TDG_VP_VMCALL ||
		(now->rbx == before->rbx && now->rbp == before->rbp && now->rsi == before->rsi &&
		 now->rdi == before->rdi && now->r12 == before->r12 && now->r13 == before->r13 &&
		 now->r14 == before->r14 && now->r15 == before->r15));
}

/* What a status of TDG.MEM.PAGE.ACCEPT says. */
static void check_accept(const struct step *step, bool left)
{
	const struct request *const request = &requests[step->cpu->index];
	const uint64_t level = request->registers.rcx & 7;
	static const uint32_t kinds[] = {[MEMORY_NO_PAGE] = DOMAIN_EXIT_PAGE, [MEMORY_NO_TABLE] = DOMAIN_EXIT_TABLE};

	if (!step->locked)
		return;
	if (left) {
		/* An other reason to go to the host does not show the answer. */
		if (exit_of(request)->kind == DOMAIN_EXIT_PAGE || exit_of(request)->kind == DOMAIN_EXIT_TABLE)
			PROMISE(step->answer == MEMORY_NO_PAGE || step->answer == MEMORY_NO_TABLE);
		if (step->answer == MEMORY_NO_PAGE || step->answer == MEMORY_NO_TABLE)
			PROMISE(exit_of(request)->kind == kinds[step->answer]);
		return;
	}
	const uint64_t rax = step->cpu->guest->frame->guest.rax;

	switch (step->answer) {
	case MEMORY_DONE:
		PROMISE(rax == TDX_SUCCESS);
		break;
	case MEMORY_ALREADY:
		PROMISE(rax == (TDX_PAGE_ALREADY_ACCEPTED | level));
		break;
	case MEMORY_MIXED:
		PROMISE(rax == (TDX_PAGE_SIZE_MISMATCH | 1));
		break;
	case MEMORY_INVALID:
		PROMISE(rax == (TDX_OPERAND_INVALID | 1));
		break;
	case MEMORY_REPEAT:
		PROMISE(!is_complete(step, left));
		break;
	default:
		PROMISE(left); /* the host has to act */
	}
}

/* So much of it was done. A part that another CPU was in the way of is repeated. */
static void check_map(const struct step *step, bool left)
{
	const struct request *const request = &requests[step->cpu->index];
	const struct registers *const r = &request->registers;
	const uint64_t start = r->r12 & ~DOMAIN_SHARED_BIT, wanted = r->r13 < CHUNK ? r->r13 : CHUNK;
	const bool shared = (r->r12 & DOMAIN_SHARED_BIT) != 0;
	const struct domain_exit *const exit = exit_of(request);
	const uint64_t done = left && exit->kind == DOMAIN_EXIT_MAP_GPA ? exit->value : 0;
	enum memory_answer answer = MEMORY_DONE;
	uint64_t at = 0;

	if (!step->locked)
		return;
	while (at < wanted && answer == MEMORY_DONE) {
		uint64_t unit = wanted - at;

		spec_looks(step, at == done);
		answer = ghost_convert(&world.ghost, step->cpu->index, step->domain, start + at, &unit, shared);
		if (answer == MEMORY_REPEAT && at < done) {
			spec_looks(step, false);
			unit = wanted - at;
			answer = ghost_convert(&world.ghost, step->cpu->index, step->domain, start + at, &unit, shared);
		}
		spec_looked();
		at += answer == MEMORY_DONE ? unit : 0;
	}
	if (world.verbose)
		fprintf(stderr, "  converted %lx, specified %lx, answer %d\n", (unsigned long)done, (unsigned long)at,
			answer);
	PROMISE(at == done);
	if (done != 0)
		PROMISE(exit->address == start && exit->write == shared);
	else if (answer == MEMORY_NO_TABLE)
		PROMISE(left && exit->kind == DOMAIN_EXIT_TABLE && exit->address == start);
	if (!shared && done != 0)
		check_unshared(step->domain, start, done);
}

/* The exit's fields, each of which its kind must have. */
static void check_record(const struct step *step)
{
	const struct request *const request = &requests[step->cpu->index];
	const struct domain_run *const run = (const void *)ram[request->run];
	const struct domain_exit *const exit = &run->exit;
	const struct registers *const r = &request->registers;
	const uint64_t value = r->r12 == 8 ? r->r15 : r->r15 & ((1ull << 8 * (r->r12 & 7)) - 1);

	PROMISE(exit->kind == DOMAIN_EXIT_FATAL || memcmp(run->text, request->before.text, sizeof(run->text)) == 0);
	PROMISE(memcmp(&run->entry, &request->before.entry, sizeof(run->entry)) == 0);
	switch (exit->kind) {
	case DOMAIN_EXIT_IO:
	case DOMAIN_EXIT_MMIO:
		PROMISE(exit->bytes == r->r12 && exit->write == r->r13 && exit->write <= 1);
		PROMISE(exit->address == (r->r14 & ~DOMAIN_SHARED_BIT) && exit->value == (exit->write ? value : 0));
		break;
	case DOMAIN_EXIT_PAGE:
	case DOMAIN_EXIT_TABLE:
	case DOMAIN_EXIT_DEAD:
		PROMISE(exit->address % PAGE_BYTES == 0 && exit->bytes == 0 && exit->value == 0 && exit->write == 0);
		break;
	case DOMAIN_EXIT_MAP_GPA:
		PROMISE(exit->bytes == 0 && exit->value <= CHUNK);
		break;
	case DOMAIN_EXIT_GET_QUOTE:
		PROMISE(exit->address == (r->r12 & ~DOMAIN_SHARED_BIT) && exit->bytes == r->r13 && exit->write == 0);
		break;
	case DOMAIN_EXIT_FATAL:
		PROMISE(exit->value == r->r12 && exit->address == 0 && exit->bytes == 0 && exit->write == 0);
		break;
	default:
		PROMISE(exit->kind == DOMAIN_EXIT_PREEMPTED || exit->kind == DOMAIN_EXIT_IDLE ||
			exit->kind == DOMAIN_EXIT_WAKE);
		PROMISE(exit->address == 0 && exit->bytes == 0 && exit->value == 0 && exit->write == 0);
		break;
	}
}

/* What is the root guest's ends the guest's turn at once. */
static bool must_leave(enum exit_kind kind)
{
	return kind == EXITS_INTERRUPT || kind == EXITS_INIT || kind == EXITS_DEAD;
}

static void show(const struct step *step, const struct guest_exits *exits)
{
	fprintf(stderr, "%*scpu %u: exit %d of domain %u, flags %x, rip %lx, address %lx", step->outer ? 2 : 0, "",
		step->cpu->index, exits->kind, step->domain, exits->flags, (unsigned long)exits->rip,
		(unsigned long)exits->address);
	if (exits->kind == EXITS_TDCALL)
		fprintf(stderr, ": rax %lx rcx %lx r11 %lx r12 %lx r13 %lx", (unsigned long)exits->registers.rax,
			(unsigned long)exits->registers.rcx, (unsigned long)exits->registers.r11,
			(unsigned long)exits->registers.r12, (unsigned long)exits->registers.r13);
	fprintf(stderr, "\n");
}

void guest_step(struct step *step)
{
	struct cpu *const cpu = step->cpu;
	struct td_vcpu *const vcpu = td_vcpu_of(cpu->guest);
	struct request *const request = &requests[cpu->index];
	struct ghost_vcpu *const model = ghost_vcpu_of(cpu);

	choose_exit(&request->exits);
	if (world.nmi[cpu->index])
		request->exits.kind = EXITS_NMI;
	step->domain = vcpu->td->info.domain;
	step->effect = effect_of(&request->exits);
	request->registers = request->exits.registers;
	request->rip = request->exits.rip;
	request->ve = vcpu->ve;
	request->run = (uint32_t)((vcpu->run.value - (uintptr_t)ram) / PAGE_BYTES);
	memcpy(&request->before, ram[request->run], sizeof(request->before));
	use_memory(vcpu);
	spec_begins(step);
	registers_of_guest(cpu->index);
	world.resets[cpu->index] = false;
	if (world.verbose)
		show(step, &request->exits);
	const bool stopped = world.ended || world.ghost.domain[step->domain].state == DOMAIN_STOPPED;
	const bool nmi = request->exits.kind == EXITS_NMI && !cpu->kicked;

	if (setjmp(step->left) == 0)
		vendor_guest_exit(cpu, &request->exits);
	const bool left = !cpu->guest;

	if (world.verbose && left)
		fprintf(stderr, "  left: kind %u\n", exit_of(request)->kind);
	if (!left && request->exits.kind == EXITS_TDCALL)
		check_place(step);
	if (!left && request->exits.kind == EXITS_TDCALL && is_complete(step, left))
		check_registers(step);
	PROMISE(left || !(must_leave(request->exits.kind) || nmi || stopped));
	if (!world.ended) {
		if (step->effect == EFFECT_ACCEPT)
			check_accept(step, left);
		if (step->effect == EFFECT_MAP_GPA)
			check_map(step, left);
		model->behind = false;
		model->runs_on = left ? 0 : model->runs_on;
	}
	if (!left)
		return;
	check_record(step);
	seen(ram[request->run], sizeof(struct domain_run));
	root_returns(cpu);
}
