/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/kvm: the part of KVM's interface that QEMU needs for a TDX guest. Under Cloister kvm.ko has no hardware to work
 * with, so the node is free, and udev knows its name.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kvm.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/uaccess.h>

#include "caps.h"
#include "guest_cpuid.h"
#include "guests.h"
#include "pool.h"
#include "vm.h"

#define API_VERSION 12
#define MCG_CTL_P   (1ull << 8)
#define MCG_SER_P   (1ull << 24)

static bool registered;

static long node_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *pointer = (void __user *)argument;

	switch (command) {
	case KVM_GET_API_VERSION:
		return argument ? -EINVAL : API_VERSION;
	case KVM_CREATE_VM:
		return vm_create(argument);
	case KVM_CHECK_EXTENSION:
		return caps_check(argument);
	case KVM_GET_VCPU_MMAP_SIZE:
		return argument ? -EINVAL : PAGE_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		return guest_cpuid_supported(pointer);
	case KVM_GET_MSR_INDEX_LIST:
		return put_user(0, &((struct kvm_msr_list __user *)pointer)->nmsrs) ? -EFAULT : 0;
	case KVM_X86_GET_MCE_CAP_SUPPORTED:
		return put_user(MCG_CTL_P | MCG_SER_P, (u64 __user *)pointer) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice node = {
	.minor = KVM_MINOR,
	.name = "kvm",
	.fops = &operations,
};

void guests_init(void)
{
	int error = pool_init();

	if (error) {
		pr_info("no protected guests: %s (%d)\n",
			error == -ENOENT ? "there is no pool, set pool_mib in cloister.conf" : "the pool", error);
		return;
	}
	error = residence_init();
	if (!error) {
		error = misc_register(&node);
		if (error)
			residence_exit();
	}
	if (error) {
		pool_exit();
		pr_err("no /dev/kvm: error %d%s\n", error, error == -EBUSY ? ", another module has it" : "");
		return;
	}
	registered = true;
	pr_info("/dev/kvm: protected guests, a pool of %lu MiB\n", pool_pages() / 256);
}

/* No guest exists: their files have the module. */
void guests_exit(void)
{
	if (!registered)
		return;
	misc_deregister(&node);
	residence_exit();
	pool_exit();
}
