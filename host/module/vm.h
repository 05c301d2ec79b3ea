/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM of /dev/kvm and its vCPUs. Its file is its life: when that is released, the domain ends, and the pool has its
 * pages back once the vCPUs' calls are over, though their files may still be open. They keep the structures, and
 * nothing else. Release waits for no call: one may be in a page fault that its process answers when it likes.
 *
 * Locks, outermost first: vcpu->lock, vm->lock, vm->ioeventfds_lock. vm->lock is for all of a VM but its ioeventfds,
 * which vCPUs look for at each access. Routes are read under RCU, for interrupts come in any context.
 */
#ifndef MODULE_VM_H
#define MODULE_VM_H

#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "cloister/domain.h"
#include "routing.h"
#include "slots.h"
#include "tdx_uapi.h"

#define APIC_IDS 4096u

/* How far its build has come. Each needs the one before. */
enum vm_stage {
	VM_NEW,
	VM_INITIALISED, /* TDX_INIT_VM: parameters but for memory */
	VM_BUILDING,    /* the hypervisor has the domain, and its RAM is fixed */
	VM_READY,       /* TDX_FINALIZE_VM */
};

struct vm {
	struct kref refs;      /* files */
	struct kref uses;      /* the VM's file, vCPUs' calls: the last one gives back what the VM has */
	struct list_head link; /* of all VMs */
	struct mm_struct *mm;  /* of the process that made it, the only one that may use it */
	struct pid *process;   /* that one */
	unsigned long type;
	bool dead; /* its file is released */

	struct mutex lock;
	enum vm_stage stage;
	struct slots slots;
	struct domain_params *params; /* a page; afterwards for pages that are copied into the domain */
	unsigned long domain;         /* page of the pool */
	unsigned long reserved;       /* pages of the pool, for it alone */
	unsigned long spent;          /* of these */
	unsigned long *pages;         /* of the pool that are its own: a bit for each */
	struct xarray memory;         /* what it has of its own and of the VMM's, by guest page: memory.c */
	struct vcpu *vcpu[DOMAIN_MAX_VCPUS];
	u32 vcpu_count;
	DECLARE_BITMAP(apic_ids, APIC_IDS); /* that vCPUs have */

	struct routes __rcu *routes;
	struct list_head irqfds;
	u32 irqfd_count;
	spinlock_t ioeventfds_lock;
	struct list_head ioeventfds;
	u32 ioeventfd_count;
};

struct vcpu {
	struct vm *vm;
	u32 apic_id;
	struct mutex lock;           /* one ioctl at a time */
	struct kvm_run *run;         /* a page, which the VMM may change at any time */
	struct domain_run *exchange; /* a page */
	unsigned long page;          /* of the pool; 0 before TDX_INIT_VCPU */
	int cpu;                     /* the one that has its state, or -1 */
	struct domain_exit asked;    /* what the VMM has to answer; kind PREEMPTED: nothing */
	u64 __user *quote;           /* where the VMM says how far the guest's quote is, or null */
	unsigned long quote_end;     /* jiffies: the guest goes on without it */

	wait_queue_head_t wait;
	bool wake;
	struct hrtimer timer;
	u64 deadline; /* TSC, for which the timer was set on timer_cpu; 0: none */
	int timer_cpu;
};

/* vm.c */
int vm_create(unsigned long type);
void vm_put(struct vm *vm);

/* The last use is over. May sleep. */
void vm_end(struct kref *uses);

/* Calls @function for each vCPU there is. The list does not change meanwhile. */
void vm_for_each_vcpu(void (*function)(struct vcpu *vcpu));

/* vcpu.c: a file descriptor, or an errno. Takes vm->lock. */
int vcpu_create(struct vm *vm, unsigned long apic_id);
void vcpu_free(struct vcpu *vcpu);

/* run.c: KVM_RUN. The caller holds vcpu->lock. */
int vcpu_run(struct vcpu *vcpu);

/* Has it look again: an interrupt came, or its VM ends. Any context. */
void vcpu_wake(struct vcpu *vcpu);

/* wait.c: a quote for the buffer at @gpa; HLT and the deadline of its local APIC. */
void wait_quote_begin(struct vcpu *vcpu, u64 gpa);
void wait_quote(struct vcpu *vcpu);
void wait_init(struct vcpu *vcpu);
void wait_end(struct vcpu *vcpu);

/* Sets the timer on this CPU for what the last exit said, if it is not. Interrupts are off. */
void wait_arm(struct vcpu *vcpu);

/* Sleeps until there is something to do, or a signal. */
void wait_idle(struct vcpu *vcpu);

/* residence.c: on which CPU a vCPU's state is. */
int residence_init(void);
void residence_exit(void);

/* Can a guest run on this CPU? Not once it goes offline. Interrupts are off. */
bool residence_open(void);

/* The vCPU's state leaves its CPU. May sleep. */
void residence_leave(struct vcpu *vcpu);

#endif
