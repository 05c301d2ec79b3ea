/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM_RUN: turns of a vCPU until there is something for its VMM. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include <asm/fpu/api.h>

#include "eventfds.h"
#include "hypercall.h"
#include "memory.h"
#include "vm.h"

/* What comes of an exit: the guest goes on, or KVM_RUN returns 0, or an errno. */
#define GO_ON 1
/* Not a result of HC_VCPU_RUN: the vCPU's state is on another CPU, or this one goes offline. */
#define ELSEWHERE (-4097)

/* Where struct kvm_run's parts for exits begin. */
#define EXIT_PART(run) ((void *)&(run)->hw)

void vcpu_wake(struct vcpu *vcpu)
{
	WRITE_ONCE(vcpu->wake, true);
	wake_up(&vcpu->wait);
}

/* Data of a port's access follow struct kvm_run. */
_Static_assert(sizeof(struct kvm_run) + sizeof(u64) <= PAGE_SIZE, "in its page");

static void *port_data(struct vcpu *vcpu)
{
	return vcpu->run + 1;
}

/* Once: KVM_RUN may return before the guest has taken it, for a signal. */
static void take_answer(struct vcpu *vcpu)
{
	struct domain_entry *entry = &vcpu->exchange->entry;
	struct kvm_run *run = vcpu->run;

	if (vcpu->asked.kind == DOMAIN_EXIT_PREEMPTED)
		return;
	*entry = (struct domain_entry){0};
	switch (vcpu->asked.kind) {
	case DOMAIN_EXIT_IO:
		memcpy(&entry->value, port_data(vcpu), vcpu->asked.bytes);
		break;
	case DOMAIN_EXIT_MMIO:
		memcpy(&entry->value, run->mmio.data, vcpu->asked.bytes);
		break;
	default: /* DOMAIN_EXIT_GET_QUOTE */
		entry->failed = READ_ONCE(((struct exit_tdx *)EXIT_PART(run))->result) != 0;
		if (!entry->failed)
			wait_quote_begin(vcpu, vcpu->asked.address);
		break;
	}
	vcpu->asked = (struct domain_exit){.kind = DOMAIN_EXIT_PREEMPTED};
}

static void ask(struct vcpu *vcpu, const struct domain_exit *exit, u32 reason)
{
	vcpu->asked = *exit;
	vcpu->run->exit_reason = reason;
}

static int exit_io(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	ask(vcpu, exit, KVM_EXIT_IO);
	run->io.direction = exit->write ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.size = exit->bytes;
	run->io.port = exit->address;
	run->io.count = 1;
	run->io.data_offset = sizeof(*run);
	memcpy(port_data(vcpu), &exit->value, sizeof(exit->value));
	return 0;
}

static int exit_mmio(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	ask(vcpu, exit, KVM_EXIT_MMIO);
	run->mmio.phys_addr = exit->address;
	run->mmio.len = exit->bytes;
	run->mmio.is_write = exit->write != 0;
	memcpy(run->mmio.data, &exit->value, sizeof(run->mmio.data));
	return 0;
}

static int exit_page(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct vm *vm = vcpu->vm;
	const bool shared = (exit->address & vm->slots.limit) != 0;
	int error;

	guard(mutex)(&vm->lock);
	if (exit->kind == DOMAIN_EXIT_TABLE)
		error = memory_add_tables(vm, exit->address);
	else if (shared)
		error = memory_share(vm, exit->address & ~vm->slots.limit);
	else
		error = memory_populate(vm, exit->address);
	return error ?: GO_ON;
}

/* The guest has its answer already. What the VMM makes of it is its own affair. */
static int exit_map_gpa(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_HYPERCALL;
	memset(&run->hypercall, 0, sizeof(run->hypercall));
	run->hypercall.nr = MAP_GPA_CALL;
	run->hypercall.args[0] = exit->address;
	run->hypercall.args[1] = exit->value / PAGE_SIZE;
	run->hypercall.args[2] = exit->write ? 0 : MAP_GPA_PRIVATE;
	guard(mutex)(&vcpu->vm->lock);
	return memory_converted(vcpu->vm, exit->address, exit->value, exit->write != 0);
}

static int exit_get_quote(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct exit_tdx *part = EXIT_PART(vcpu->run);

	ask(vcpu, exit, EXIT_TDX);
	*part = (struct exit_tdx){
		.number = TDX_GET_QUOTE,
		.result = TDX_NOT_SUPPORTED,
		.gpa = exit->address,
		.bytes = exit->bytes,
	};
	return 0;
}

/* The registers that TDG.VP.VMCALL<ReportFatalError> passes, each at its number, as KVM has them. */
static int exit_fatal(struct vcpu *vcpu, const struct domain_exit *exit)
{
	static const u8 text[] = {14, 15, 3, 7, 6, 8, 9, 2};
	struct kvm_run *run = vcpu->run;
	u64 word;
	u32 i;

	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->system_event.type = EVENT_TDX_FATAL;
	run->system_event.ndata = 16;
	run->system_event.data[12] = exit->value;
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		memcpy(&word, vcpu->exchange->text + 8 * i, sizeof(word));
		run->system_event.data[text[i]] = word;
		run->system_event.data[1] |= 1ull << text[i];
	}
	return 0;
}

/* A triple fault is a reset, as everywhere. An access that the guest may not make is told apart. */
static int exit_dead(struct vcpu *vcpu, const struct domain_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	if (exit->address == 0) {
		run->exit_reason = KVM_EXIT_SHUTDOWN;
		return 0;
	}
	pr_warn_ratelimited("a guest ended at its address 0x%llx, which has no memory that it accepted\n",
			    exit->address);
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->internal.ndata = 1;
	run->internal.data[0] = exit->address;
	return 0;
}

static int exit_wake(struct vcpu *vcpu)
{
	u32 i;

	for (i = 0; i < vcpu->vm->vcpu_count; i++)
		vcpu_wake(vcpu->vm->vcpu[i]);
	return GO_ON;
}

static int handle(struct vcpu *vcpu, const struct domain_exit *exit)
{
	if (exit->write && exit->kind <= DOMAIN_EXIT_MMIO && ioeventfd_signal(vcpu->vm, exit))
		return GO_ON;
	switch (exit->kind) {
	case DOMAIN_EXIT_PREEMPTED:
		return GO_ON;
	case DOMAIN_EXIT_IO:
		return exit_io(vcpu, exit);
	case DOMAIN_EXIT_MMIO:
		return exit_mmio(vcpu, exit);
	case DOMAIN_EXIT_IDLE:
		wait_idle(vcpu);
		return GO_ON;
	case DOMAIN_EXIT_PAGE:
	case DOMAIN_EXIT_TABLE:
		return exit_page(vcpu, exit);
	case DOMAIN_EXIT_MAP_GPA:
		return exit_map_gpa(vcpu, exit);
	case DOMAIN_EXIT_GET_QUOTE:
		return exit_get_quote(vcpu, exit);
	case DOMAIN_EXIT_FATAL:
		return exit_fatal(vcpu, exit);
	case DOMAIN_EXIT_WAKE:
		return exit_wake(vcpu);
	case DOMAIN_EXIT_DEAD:
		return exit_dead(vcpu, exit);
	default:
		return -EIO;
	}
}

/*
 * Into the guest, on this CPU, with interrupts off: one that comes ends the turn and is taken as soon as they are on.
 * The kernel's own use of vector registers begins by saving the VMM's, so that nothing is lost.
 */
static long enter(struct vcpu *vcpu)
{
	long result = ELSEWHERE;

	kernel_fpu_begin();
	local_irq_disable();
	if (residence_open() && (vcpu->cpu < 0 || vcpu->cpu == smp_processor_id())) {
		wait_arm(vcpu);
		result = hypercall(HC_VCPU_RUN, vcpu->vm->domain, vcpu->page, virt_to_phys(vcpu->exchange), 0);
		if (result == 0)
			WRITE_ONCE(vcpu->cpu, smp_processor_id());
	}
	local_irq_enable();
	kernel_fpu_end();
	return result;
}

static int turn(struct vcpu *vcpu)
{
	struct domain_exit exit;
	long result;

	WRITE_ONCE(vcpu->wake, false);
	smp_mb(); /* an interrupt that came before is seen by the hypervisor, one that comes later wakes */
	result = enter(vcpu);
	switch (result) {
	case 0:
		exit = vcpu->exchange->exit;
		return handle(vcpu, &exit);
	case ELSEWHERE:
		residence_leave(vcpu);
		return GO_ON;
	case HC_E_BUSY:
		return GO_ON;
	default:
		return hypercall_errno(result);
	}
}

/*
 * What the VMM said before; a signal; or work that the kernel has for this thread on its way out, which can wait, but
 * not for ever. EINTR is no surprise to a VMM.
 */
static bool wanted_outside(const struct vcpu *vcpu, unsigned long since)
{
	return READ_ONCE(vcpu->run->immediate_exit__unsafe) || signal_pending(current) ||
	       (test_thread_flag(TIF_NOTIFY_RESUME) && time_after(jiffies, since + HZ));
}

int vcpu_run(struct vcpu *vcpu)
{
	const unsigned long since = jiffies;
	int result = GO_ON;

	if (READ_ONCE(vcpu->vm->stage) != VM_READY || vcpu->page == 0)
		return -EINVAL;
	take_answer(vcpu);
	wait_quote(vcpu);
	while (result == GO_ON) {
		if (READ_ONCE(vcpu->vm->dead))
			return -EIO;
		if (wanted_outside(vcpu, since)) {
			vcpu->run->exit_reason = KVM_EXIT_INTR;
			return -EINTR;
		}
		cond_resched();
		result = turn(vcpu);
	}
	return result;
}
