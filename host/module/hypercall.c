/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls: the instruction, and what their errors are called here. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hypercall.h"

#include <linux/printk.h>

#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>

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

int hypercall_errno(long result)
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
