/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's life and its ioctls. */
#include "vm.h"

#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "caps.h"
#include "tdx.h"

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vcpu *vcpu = file->private_data;

	if (vma_pages(vma) != 1 || vma->vm_pgoff != 0 || (vma->vm_flags & VM_EXEC) != 0)
		return -EINVAL;
	return vm_insert_page(vma, vma->vm_start, virt_to_page(vcpu->run));
}

/* A list that QEMU sets and a protected guest has not: accepted, without effect. Returns its length, or an errno. */
static long ignored_list(const u32 __user *count)
{
	u32 length;

	if (get_user(length, count))
		return -EFAULT;
	return length <= LIST_MAX ? length : -E2BIG;
}

static long dispatch(struct vcpu *vcpu, unsigned int command, void __user *argument)
{
	switch (command) {
	case KVM_RUN:
		return argument ? -EINVAL : vcpu_run(vcpu);
	case KVM_MEMORY_ENCRYPT_OP:
		return tdx_vcpu_command(vcpu, argument);
	case KVM_SET_CPUID2:
		return min(ignored_list(&((struct kvm_cpuid2 __user *)argument)->nent), 0l);
	case KVM_SET_MSRS:
		return ignored_list(&((struct kvm_msrs __user *)argument)->nmsrs);
	case KVM_X86_SETUP_MCE:
	case KVM_SET_VAPIC_ADDR:
		return 0;
	default:
		return -ENOTTY;
	}
}

static long vcpu_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct vcpu *vcpu = file->private_data;
	long result = -EINTR;

	if (vcpu->vm->mm != current->mm || !kref_get_unless_zero(&vcpu->vm->uses))
		return -EIO;
	if (mutex_lock_killable(&vcpu->lock) == 0) {
		result = READ_ONCE(vcpu->vm->dead) ? -EIO : dispatch(vcpu, command, (void __user *)argument);
		mutex_unlock(&vcpu->lock);
	}
	kref_put(&vcpu->vm->uses, vm_end);
	return result;
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct vcpu *vcpu = file->private_data;

	vm_put(vcpu->vm);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vcpu_mmap,
};

void vcpu_free(struct vcpu *vcpu)
{
	wait_end(vcpu);
	free_page((unsigned long)vcpu->run);
	free_page((unsigned long)vcpu->exchange);
	kfree(vcpu);
}

static struct vcpu *allocate(struct vm *vm, u32 apic_id)
{
	struct vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	vcpu->vm = vm;
	vcpu->apic_id = apic_id;
	vcpu->cpu = -1;
	mutex_init(&vcpu->lock);
	wait_init(vcpu);
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->exchange = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (vcpu->run && vcpu->exchange)
		return vcpu;
	vcpu_free(vcpu);
	return NULL;
}

/* The file has a reference to the VM, in which the vCPU stays until it goes itself. */
static int add(struct vm *vm, u32 apic_id)
{
	struct vcpu *vcpu = allocate(vm, apic_id);
	int descriptor;

	if (!vcpu)
		return -ENOMEM;
	kref_get(&vm->refs);
	descriptor = anon_inode_getfd("cloister-vcpu", &operations, vcpu, O_RDWR | O_CLOEXEC);
	if (descriptor < 0) {
		vcpu_free(vcpu);
		vm_put(vm);
		return descriptor;
	}
	__set_bit(apic_id, vm->apic_ids);
	vm->vcpu[vm->vcpu_count] = vcpu;
	smp_store_release(&vm->vcpu_count, vm->vcpu_count + 1);
	return descriptor;
}

int vcpu_create(struct vm *vm, unsigned long apic_id)
{
	if (apic_id >= APIC_IDS)
		return -EINVAL;
	guard(mutex)(&vm->lock);
	if (vm->stage == VM_NEW)
		return -EIO;
	if (vm->vcpu_count == DOMAIN_MAX_VCPUS)
		return -EINVAL;
	return test_bit(apic_id, vm->apic_ids) ? -EEXIST : add(vm, apic_id);
}
