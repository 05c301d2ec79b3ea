/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/cloister: the hypervisor's read-only objects and its signatures, for programs of the root guest.
 * Hypercalls are accepted from CPL 0 only; they are carried there, and nothing is added.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "attest.h"

#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cloister/domain.h"
#include "cloister_ioctl.h"
#include "guests.h"
#include "hypercall.h"

/* HC_E_BUSY: another CPU signs, a matter of milliseconds. */
#define BUSY_TRIES    200
#define BUSY_SLEEP_US 1000

/* A signature's two buffers in the bounce page; neither crosses a page. */
#define SIGN_IN  0
#define SIGN_OUT 2048

/* Physically contiguous and never crossing a page, as a hypercall's buffer must be. */
static u8 *bounce;
static DEFINE_MUTEX(bounce_lock);

/* Caller holds bounce_lock. */
static long read_object(const struct cloister_read *request)
{
	long copied = hypercall_patiently(HC_READ, request->object | request->page << 32, request->offset,
					  virt_to_phys(bounce), request->length);

	if (copied == HC_E_DOMAIN)
		return -ENOENT;
	if (copied < 0 || copied > request->length)
		return hypercall_errno(copied);
	if (copy_to_user(u64_to_user_ptr(request->buffer), bounce, copied))
		return -EFAULT;
	return copied;
}

/* Caller holds bounce_lock. HC_SIGN and HC_QUOTE take what is to be signed, and give it back signed. */
static long have_signed(unsigned long number, const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
	const phys_addr_t page = virt_to_phys(bounce);
	long result = HC_E_BUSY;
	int tries;

	memcpy(bounce + SIGN_IN, in, in_bytes);
	for (tries = 0; result == HC_E_BUSY && tries < BUSY_TRIES; tries++) {
		if (tries > 0)
			usleep_range(BUSY_SLEEP_US, 2 * BUSY_SLEEP_US);
		if (fatal_signal_pending(current))
			return -EINTR;
		result = hypercall(number, page + SIGN_IN, page + SIGN_OUT, 0, 0);
	}
	if (result != 0)
		return hypercall_errno(result);
	memcpy(out, bounce + SIGN_OUT, out_bytes);
	return 0;
}

static long ioctl_read(void __user *argument)
{
	struct cloister_read request;
	long result;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	if (request.object >= HV_OBJECT_COUNT || request.length == 0 || request.length > PAGE_SIZE ||
	    request.page > (request.object < HV_OBJECT_DOMAIN ? 0 : U32_MAX))
		return -EINVAL;
	if (mutex_lock_killable(&bounce_lock))
		return -EINTR;
	result = read_object(&request);
	mutex_unlock(&bounce_lock);
	return result;
}

union request {
	struct cloister_sign sign;
	struct cloister_quote quote;
};

/* Caller holds bounce_lock. */
static long sign(unsigned int command, union request *request)
{
	struct cloister_quote *quote = &request->quote;

	if (command == CLOISTER_QUOTE)
		return have_signed(HC_QUOTE, &quote->report, sizeof(quote->report), &quote->signed_report,
				   sizeof(quote->signed_report));
	return have_signed(HC_SIGN, request->sign.qualifying_data, sizeof(request->sign.qualifying_data),
			   &request->sign.fresh, sizeof(request->sign.fresh));
}

static long copied(unsigned int command, union request *request, void __user *argument)
{
	long result;

	if (copy_from_user(request, argument, _IOC_SIZE(command)))
		return -EFAULT;
	if (mutex_lock_killable(&bounce_lock))
		return -EINTR;
	result = sign(command, request);
	mutex_unlock(&bounce_lock);
	if (result == 0 && copy_to_user(argument, request, _IOC_SIZE(command)))
		return -EFAULT;
	return result;
}

/* Too large for the stack. */
static long ioctl_sign(unsigned int command, void __user *argument)
{
	union request *request = kmalloc(sizeof(*request), GFP_KERNEL);
	const long result = request ? copied(command, request, argument) : -ENOMEM;

	kfree(request);
	return result;
}

static long ioctl_vmm(const u64 __user *argument)
{
	u64 domain;

	return get_user(domain, argument) ? -EFAULT : guests_vmm(domain);
}

static long cloister_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *pointer = (void __user *)argument;

	switch (command) {
	case CLOISTER_READ:
		return ioctl_read(pointer);
	case CLOISTER_SIGN:
	case CLOISTER_QUOTE:
		return ioctl_sign(command, pointer);
	case CLOISTER_VMM:
		return ioctl_vmm(pointer);
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

int attest_init(void)
{
	int error;

	bounce = (u8 *)get_zeroed_page(GFP_KERNEL);
	if (!bounce)
		return -ENOMEM;
	error = misc_register(&cloister_device);
	if (error)
		free_page((unsigned long)bounce);
	return error;
}

void attest_exit(void)
{
	misc_deregister(&cloister_device);
	free_page((unsigned long)bounce);
}
