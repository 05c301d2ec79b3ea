/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root guest whose kernel makes any hypercall that its administrator names. For tests and the demonstration only.
 *
 *   echo "NUMBER A B C D" >/sys/module/hypercalls/parameters/call, then read the same file: the result
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/module.h>

#include "hypercall.h"

static long result;
static u64 page; /* where one page of ordinary RAM is, for calls that need one */
module_param(page, ullong, 0444);

static int call_set(const char *text, const struct kernel_param *kp)
{
	unsigned long number, a, b, c, d;

	if (sscanf(text, "%li %li %li %li %li", &number, &a, &b, &c, &d) != 5)
		return -EINVAL;
	result = hypercall(number, a, b, c, d);
	return 0;
}

static int call_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%ld\n", result);
}

static const struct kernel_param_ops call_ops = {.set = call_set, .get = call_get};
module_param_cb(call, &call_ops, NULL, 0600);

static int __init hypercalls_init(void)
{
	void *memory = (void *)get_zeroed_page(GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	page = virt_to_phys(memory);
	return 0;
}

static void __exit hypercalls_exit(void)
{
	free_page((unsigned long)phys_to_virt(page));
}

module_init(hypercalls_init);
module_exit(hypercalls_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Hypercalls of one's choice");
