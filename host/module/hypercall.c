/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls: the instruction, patience, and what their errors are called here. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hypercall.h"

#include <linux/delay.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>

#include "cloister/domain.h"

#define BUSY_TRIES    50000
#define BUSY_AT_ONCE  1000 /* of them without sleep */
#define BUSY_SLEEP_US 200

/*
 * hypercall.h: number in RAX, arguments in RDI, RSI, RDX, RCX, result in RAX. The CPU's vendor chooses the
 * instruction. Without the hypervisor it is #UD, which is fixed up, or does nothing: RAX then still has the number.
 */
long hypercall(unsigned long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	long result;

	asm volatile("1: " ALTERNATIVE("vmcall", "vmmcall", X86_FEATURE_VMMCALL) "\n"
										 "2:\n" _ASM_EXTABLE(1b, 2b)
		     : "=a"(result)
		     : "0"(number), "D"(a), "S"(b), "d"(c), "c"(d)
		     : "memory");
	return result == (long)number ? HC_GONE : result;
}

bool hypercall_again(int *tries)
{
	if (++*tries > BUSY_AT_ONCE)
		usleep_range(BUSY_SLEEP_US, 2 * BUSY_SLEEP_US);
	else
		cond_resched();
	return *tries < BUSY_TRIES;
}

long hypercall_patiently(unsigned long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	int tries = 0;
	long result;

	do
		result = hypercall(number, a, b, c, d);
	while (result == HC_E_BUSY && hypercall_again(&tries));
	return result;
}

int hypercall_errno(long result)
{
	switch (result) {
	case HC_E_ARGUMENT:
		return -EINVAL;
	case HC_E_WIPED:
		return -EKEYREVOKED;
	case HC_E_BUSY:
		return -EBUSY;
	case HC_E_STATE:
		return -EIO;
	case HC_E_BUFFER:
		return -EFAULT;
	case -ENOMEM:
		return -ENOMEM;
	case HC_GONE:
		return -ENODEV;
	default:
		pr_err_ratelimited("the hypervisor answered %ld: is the module from the same build?\n", result);
		return -EIO;
	}
}
