/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/cloister: the hypervisor's read-only objects and its fresh signature, for programs of the root guest.
 * Hypercalls are accepted from CPL 0 only; this module carries them there and adds nothing. The hypervisor
 * does not trust it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/suspend.h>
#include <linux/uaccess.h>

#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>
/* Linux 6.16 and later. */
#if __has_include(<asm/cpuid/api.h>)
#include <asm/cpuid/api.h>
#endif

#include "cloister/hypercall.h"
#include "cloister_ioctl.h"

/* HC_E_BUSY: another CPU signs, a matter of milliseconds. */
#define BUSY_TRIES    200
#define BUSY_SLEEP_US 1000

/* A signature's two buffers in the bounce page; neither crosses a page. */
#define SIGN_IN  0
#define SIGN_OUT 2048

/* Physically contiguous and never crossing a page, as a hypercall's buffer must be. */
static u8 *bounce;
static DEFINE_MUTEX(bounce_lock);

/* No hypervisor took the call; none of the HC_E_* of hypercall.h. */
#define HC_GONE (-4096)

/*
 * hypercall.h: number in RAX, arguments in RDI, RSI, RDX, RCX, result in RAX. The CPU's vendor chooses the
 * instruction. Without the hypervisor it is #UD, which is fixed up, or does nothing: RAX then still has the number.
 */
static long hypercall(unsigned long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	long result;

	asm volatile("1: " ALTERNATIVE("vmcall", "vmmcall", X86_FEATURE_VMMCALL) "\n"
										 "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "=a"(result)
		     : "0"(number), "D"(a), "S"(b), "d"(c), "c"(d)
		     : "memory");
	return result == (long)number ? HC_GONE : result;
}

static int errno_of(long result)
{
	switch (result) {
	case HC_E_ARGUMENT:
		return -EINVAL;
	case HC_E_WIPED:
		return -EKEYREVOKED;
	case HC_E_BUSY:
		return -EBUSY;
	case HC_GONE:
		return -ENODEV;
	default:
		pr_err_ratelimited("the hypervisor answered %ld: is the module from the same build?\n", result);
		return -EIO;
	}
}

/* Caller holds bounce_lock. */
static long read_object(const struct cloister_read *request)
{
	long copied = hypercall(HC_READ, request->object, request->offset, virt_to_phys(bounce), request->length);

	if (copied < 0 || copied > request->length)
		return errno_of(copied);
	if (copy_to_user(u64_to_user_ptr(request->buffer), bounce, copied))
		return -EFAULT;
	return copied;
}

/* Caller holds bounce_lock. */
static long sign(struct cloister_sign *request)
{
	const phys_addr_t page = virt_to_phys(bounce);
	long result = HC_E_BUSY;
	int tries;

	memcpy(bounce + SIGN_IN, request->qualifying_data, sizeof(request->qualifying_data));
	for (tries = 0; result == HC_E_BUSY && tries < BUSY_TRIES; tries++) {
		if (tries > 0)
			usleep_range(BUSY_SLEEP_US, 2 * BUSY_SLEEP_US);
		if (fatal_signal_pending(current))
			return -EINTR;
		result = hypercall(HC_SIGN, page + SIGN_IN, page + SIGN_OUT, 0, 0);
	}
	if (result != 0)
		return errno_of(result);
	memcpy(&request->fresh, bounce + SIGN_OUT, sizeof(request->fresh));
	return 0;
}

static long ioctl_read(void __user *argument)
{
	struct cloister_read request;
	long result;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	if (request.object >= HV_OBJECT_COUNT || request.length == 0 || request.length > PAGE_SIZE)
		return -EINVAL;
	if (mutex_lock_killable(&bounce_lock))
		return -EINTR;
	result = read_object(&request);
	mutex_unlock(&bounce_lock);
	return result;
}

static long ioctl_sign(void __user *argument)
{
	struct cloister_sign request;
	long result;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	if (mutex_lock_killable(&bounce_lock))
		return -EINTR;
	result = sign(&request);
	mutex_unlock(&bounce_lock);
	if (result == 0 && copy_to_user(argument, &request, sizeof(request)))
		return -EFAULT;
	return result;
}

static long cloister_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *pointer = (void __user *)argument;

	switch (command) {
	case CLOISTER_READ:
		return ioctl_read(pointer);
	case CLOISTER_SIGN:
		return ioctl_sign(pointer);
	default:
		return -ENOTTY;
	}
}

static int cloister_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYS_ADMIN) ? nonseekable_open(inode, file) : -EPERM;
}

static const struct file_operations cloister_operations = {
	.owner = THIS_MODULE,
	.open = cloister_open,
	.unlocked_ioctl = cloister_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice cloister_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cloister",
	.fops = &cloister_operations,
	.mode = 0600,
};

static bool hypervisor_present(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid(HV_CPUID_BASE, &eax, &ebx, &ecx, &edx);
	return boot_cpu_has(X86_FEATURE_HYPERVISOR) && ebx == HV_CPUID_EBX && ecx == HV_CPUID_ECX &&
	       edx == HV_CPUID_EDX;
}

/* Suspend to RAM ends the hypervisor: the firmware resumes the kernel without it. */
static int after_sleep(struct notifier_block *block, unsigned long event, void *unused)
{
	if ((event == PM_POST_SUSPEND || event == PM_POST_HIBERNATION) && !hypervisor_present())
		pr_err("the machine resumed without the hypervisor: boot it again, through Cloister's loader\n");
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = after_sleep,
};

static int __init detect(void)
{
	u32 eax, ebx, ecx, edx;

	if (!hypervisor_present()) {
		pr_err("Cloister is not under this kernel (CPUID 0x%x): boot the machine through its loader\n",
		       HV_CPUID_BASE);
		return -ENODEV;
	}
	cpuid(HV_CPUID_VERSION, &eax, &ebx, &ecx, &edx);
	if (eax != HV_INTERFACE) {
		pr_err("the hypervisor speaks interface %u, this module %u: install both from the same build\n", eax,
		       HV_INTERFACE);
		return -ENODEV;
	}
	pr_info("hypervisor %u.%u.%u, SVN %u\n", ebx >> 16, (ebx >> 8) & 0xff, ebx & 0xff, ecx);
	return 0;
}

static int __init cloister_init(void)
{
	int error = detect();

	if (error)
		return error;
	bounce = (u8 *)get_zeroed_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	error = misc_register(&cloister_device);
	if (error) {
		free_page((unsigned long)bounce);
		return error;
	}
	register_pm_notifier(&sleep_notifier);
	return 0;
}

static void __exit cloister_exit(void)
{
	unregister_pm_notifier(&sleep_notifier);
	misc_deregister(&cloister_device);
	free_page((unsigned long)bounce);
}

module_init(cloister_init);
module_exit(cloister_exit);

MODULE_DESCRIPTION("Attestation interface of the Cloister hypervisor");
MODULE_LICENSE("GPL");
MODULE_VERSION(CLOISTER_VERSION);
