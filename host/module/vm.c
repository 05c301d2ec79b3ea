/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's life and its ioctls. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "vm.h"

#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include <asm/tsc.h>

#include "caps.h"
#include "eventfds.h"
#include "guest_cpuid.h"
#include "guests.h"
#include "hypercall.h"
#include "irq.h"
#include "memory.h"
#include "tdx.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define NORESERVE mk_vma_flags(VMA_NORESERVE_BIT)
#else
#define NORESERVE VM_NORESERVE
#endif

static LIST_HEAD(all);
static DEFINE_MUTEX(all_lock);

bool guests_exist(void)
{
	guard(mutex)(&all_lock);
	return !list_empty(&all);
}

long guests_vmm(u64 domain)
{
	struct vm *vm;

	guard(mutex)(&all_lock);
	list_for_each_entry(vm, &all, link)
	{
		if (domain != 0 && READ_ONCE(vm->domain) == domain)
			return pid_vnr(vm->process) ?: -ENOENT;
	}
	return -ENOENT;
}

void vm_for_each_vcpu(void (*function)(struct vcpu *vcpu))
{
	struct vm *vm;
	u32 i;

	guard(mutex)(&all_lock);
	list_for_each_entry(vm, &all, link)
	{
		for (i = 0; i < smp_load_acquire(&vm->vcpu_count); i++)
			function(vm->vcpu[i]);
	}
}

/*
 * The guest's own memory is no file: the descriptor is a name for it that QEMU can have, and punch holes in. It is an
 * empty file of tmpfs, which nothing is accounted for.
 */
static int create_memory(const struct kvm_create_guest_memfd *request)
{
	struct file *file;

	if (request->flags != 0 || request->size == 0 || request->size > MAX_LFS_FILESIZE ||
	    !PAGE_ALIGNED(request->size))
		return -EINVAL;
	CLASS(get_unused_fd, descriptor)(O_CLOEXEC);
	if (descriptor < 0)
		return descriptor;
	file = shmem_file_setup("cloister-guest-memory", request->size, NORESERVE);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd_install(descriptor, file);
	return take_fd(descriptor);
}

static int set_region(struct vm *vm, const struct kvm_userspace_memory_region2 *region)
{
	struct slot removed;
	int error;

	if (!access_ok((void __user *)(unsigned long)region->userspace_addr, region->memory_size))
		return -EINVAL;
	guard(mutex)(&vm->lock);
	error = slots_set(&vm->slots, region, &removed);
	if (removed.bytes != 0)
		memory_unshare(vm, removed.gpa, removed.bytes);
	return error;
}

/* The host's wish. What the guest and the hypervisor say of the memory stays. */
static int set_attributes(struct vm *vm, const struct kvm_memory_attributes *request)
{
	if (request->flags != 0 || (request->attributes & ~(u64)KVM_MEMORY_ATTRIBUTE_PRIVATE) != 0 ||
	    request->size == 0 || !PAGE_ALIGNED(request->address) || !PAGE_ALIGNED(request->size) ||
	    request->address >= vm->slots.limit || request->size > vm->slots.limit - request->address)
		return -EINVAL;
	if (request->attributes == 0)
		return 0; /* the guest's first access brings the page */
	guard(mutex)(&vm->lock);
	memory_unshare(vm, request->address, request->size);
	return 0;
}

/* The part of KVM_IRQ_LINE_STATUS that an edge has. */
static int irq_line(struct vm *vm, const struct kvm_irq_level *request, struct kvm_irq_level __user *answer)
{
	const int reached = request->level != 0 ? irq_raise(vm, request->irq) : 0;

	if (reached < 0)
		return reached;
	return put_user(reached, &answer->status) ? -EFAULT : 0;
}

static int signal_msi(struct vm *vm, const struct kvm_msi *request)
{
	if (request->flags != 0)
		return -EINVAL;
	return irq_send(vm, (struct message){(u64)request->address_hi << 32 | request->address_lo, request->data});
}

static long create_plain_vcpu(void)
{
	pr_warn_ratelimited("/dev/kvm of Cloister has protected guests (TDX) only: an ordinary VM has no vCPU. "
			    "QEMU: -object tdx-guest,id=tdx0 -machine confidential-guest-support=tdx0\n");
	return -EOPNOTSUPP;
}

/* Arguments that are structures. */
union request {
	struct kvm_create_guest_memfd memory;
	struct kvm_userspace_memory_region2 region;
	struct kvm_memory_attributes attributes;
	struct kvm_irq_level line;
	struct kvm_msi msi;
	struct kvm_irq_routing routing;
	struct kvm_irqfd irqfd;
	struct kvm_ioeventfd ioeventfd;
	struct kvm_clock_data clock;
	struct kvm_enable_cap cap;
};

static long dispatch(struct vm *vm, unsigned int command, unsigned long argument, union request *request)
{
	void __user *pointer = (void __user *)argument;

	switch (command) {
	case KVM_CHECK_EXTENSION:
		return caps_check(argument);
	case KVM_ENABLE_CAP:
		return caps_enable(&request->cap);
	case KVM_CREATE_VCPU:
		return vm->type == VM_TYPE_TDX ? vcpu_create(vm, argument) : create_plain_vcpu();
	case KVM_MEMORY_ENCRYPT_OP:
		return tdx_vm_command(vm, pointer);
	case KVM_CREATE_GUEST_MEMFD:
		return create_memory(&request->memory);
	case KVM_SET_USER_MEMORY_REGION2:
		return set_region(vm, &request->region);
	case KVM_SET_MEMORY_ATTRIBUTES:
		return set_attributes(vm, &request->attributes);
	case KVM_CREATE_IRQCHIP:
		return vm->type == VM_TYPE_PLAIN ? 0 : -EINVAL;
	case KVM_SET_GSI_ROUTING:
		return irq_set_routes(vm, &request->routing, ((struct kvm_irq_routing __user *)pointer)->entries);
	case KVM_IRQ_LINE_STATUS:
		return irq_line(vm, &request->line, pointer);
	case KVM_SIGNAL_MSI:
		return signal_msi(vm, &request->msi);
	case KVM_IRQFD:
		return irqfd_set(vm, &request->irqfd);
	case KVM_IOEVENTFD:
		return ioeventfd_set(vm, &request->ioeventfd);
	case KVM_SET_TSC_KHZ:
		return argument == 0 || argument == tsc_khz ? 0 : -EINVAL;
	case KVM_GET_CLOCK:
		return clear_user(pointer, sizeof(request->clock)) ? -EFAULT : 0;
	case KVM_SET_CLOCK: /* a protected guest has the TSC */
	case KVM_SET_TSS_ADDR:
	case KVM_SET_IDENTITY_MAP_ADDR:
		return 0;
	default:
		return -ENOTTY;
	}
}

/* A structure is copied once. That of KVM_MEMORY_ENCRYPT_OP is not of the size that its number has. */
static long vm_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	const bool copied = (_IOC_DIR(command) & _IOC_WRITE) != 0 && command != KVM_MEMORY_ENCRYPT_OP;
	struct vm *vm = file->private_data;
	union request request;

	if (vm->mm != current->mm)
		return -EIO;
	if (_IOC_SIZE(command) > sizeof(request))
		return -ENOTTY;
	if (copied && copy_from_user(&request, (void __user *)argument, _IOC_SIZE(command)))
		return -EFAULT;
	return dispatch(vm, command, argument, &request);
}

static void vm_free(struct kref *refs)
{
	struct vm *vm = container_of(refs, struct vm, refs);
	u32 i;

	for (i = 0; i < vm->vcpu_count; i++)
		vcpu_free(vm->vcpu[i]);
	kvfree(rcu_access_pointer(vm->routes));
	free_page((unsigned long)vm->params);
	mmdrop(vm->mm);
	put_pid(vm->process);
	kvfree(vm);
}

void vm_put(struct vm *vm)
{
	kref_put(&vm->refs, vm_free);
}

/* Nobody has a lock of the VM any more, or can take one. The domain may have been made since its file's release. */
void vm_end(struct kref *uses)
{
	struct vm *vm = container_of(uses, struct vm, uses);
	u32 i;

	hypercall_patiently(HC_DOMAIN_DESTROY, vm->domain, 0, 0, 0);
	for (i = 0; i < vm->vcpu_count; i++)
		residence_leave(vm->vcpu[i]);
	eventfds_end(vm);
	memory_end(vm);
	guard(mutex)(&all_lock);
	list_del(&vm->link);
}

/*
 * However the VMM ends, this is called. Who is in the guest comes out, and finds it dead. Without a domain, or with one
 * that ended, the hypervisor has an error, and no other effect.
 */
static int vm_release(struct inode *inode, struct file *file)
{
	struct vm *vm = file->private_data;
	u32 i;

	WRITE_ONCE(vm->dead, true);
	hypercall_patiently(HC_DOMAIN_DESTROY, READ_ONCE(vm->domain), 0, 0, 0);
	for (i = 0; i < vm->vcpu_count; i++)
		vcpu_wake(vm->vcpu[i]);
	kref_put(&vm->uses, vm_end);
	vm_put(vm);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.release = vm_release,
	.unlocked_ioctl = vm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct vm *allocate(unsigned long type)
{
	struct vm *vm __free(kvfree) = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (vm)
		vm->params = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vm || !vm->params)
		return NULL;
	kref_init(&vm->refs);
	kref_init(&vm->uses);
	mmgrab(current->mm);
	vm->mm = current->mm;
	vm->process = get_task_pid(current, PIDTYPE_TGID);
	vm->type = type;
	mutex_init(&vm->lock);
	vm->slots.limit = domain_shared_bit(guest_gpa_bits());
	xa_init(&vm->memory);
	INIT_LIST_HEAD(&vm->irqfds);
	spin_lock_init(&vm->ioeventfds_lock);
	INIT_LIST_HEAD(&vm->ioeventfds);
	return_ptr(vm);
}

int vm_create(unsigned long type)
{
	struct vm *vm;
	int descriptor;

	if (type != VM_TYPE_TDX && type != VM_TYPE_PLAIN)
		return -EINVAL;
	vm = allocate(type);
	if (!vm)
		return -ENOMEM;
	guard(mutex)(&all_lock);
	list_add(&vm->link, &all);
	descriptor = anon_inode_getfd("cloister-vm", &operations, vm, O_RDWR | O_CLOEXEC);
	if (descriptor < 0) {
		list_del(&vm->link);
		vm_put(vm);
	}
	return descriptor;
}
