/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest_cpuid.h"

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/processor.h>
/* Linux 6.16 and later. */
#if __has_include(<asm/cpuid/api.h>)
#include <asm/cpuid/api.h>
#endif

#include "cloister/domain.h"

#define XFAM_KNOWN   0xe7u /* x87, SSE, AVX, AVX-512 */
#define LEAF1_X2APIC (1u << 21)
#define LEAF1_TIMER  (1u << 24) /* TSC deadline */

/* The bits of a leaf that a protected guest may have: registers EAX, EBX, ECX, EDX. */
struct leaf {
	u32 leaf, subleaf;
	u32 allowed[4], set[4];
};

#define ALL 0xffffffffu

/* As docs/guest-abi.md, section 7, for what QEMU looks at: its own features, XSAVE, widths. */
static const struct leaf leaves[] = {
	{0x0, 0, {ALL, ALL, ALL, ALL}, {0}},
	{0x1, 0, {ALL, ALL, 0x367a3203, 0x0789ad7f}, {0, 0, LEAF1_X2APIC | LEAF1_TIMER | 1u << 31, 1u << 9}},
	{0x6, 0, {0}, {4}},
	{0x7, 0, {0, 0xf1bf07a9, 0x00405f42, 0x8c000410}, {0}},
	{0xd, 0, {XFAM_KNOWN, ALL, ALL, 0}, {0}},
	{0xd, 1, {7, 0, 0, 0}, {0}},
	{0xd, 2, {ALL, ALL, ALL, ALL}, {0}},
	{0xd, 5, {ALL, ALL, ALL, ALL}, {0}},
	{0xd, 6, {ALL, ALL, ALL, ALL}, {0}},
	{0xd, 7, {ALL, ALL, ALL, ALL}, {0}},
	{0x40000000, 0, {0}, {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d}},
	{0x40000001, 0, {0}, {0}},
	{0x80000000, 0, {ALL, ALL, ALL, ALL}, {0}},
	{0x80000001, 0, {0, 0, 0x121, 0x2c100800}, {0}},
	{0x80000002, 0, {ALL, ALL, ALL, ALL}, {0}},
	{0x80000003, 0, {ALL, ALL, ALL, ALL}, {0}},
	{0x80000004, 0, {ALL, ALL, ALL, ALL}, {0}},
	{0x80000007, 0, {0, 0, 0, 0x100}, {0}},
	{0x80000008, 0, {0xffff, 0, 0, 0}, {0}},
};

static struct kvm_cpuid_entry2 entry_of(const struct leaf *leaf)
{
	struct kvm_cpuid_entry2 entry = {.function = leaf->leaf, .index = leaf->subleaf};

	cpuid_count(leaf->leaf, leaf->subleaf, &entry.eax, &entry.ebx, &entry.ecx, &entry.edx);
	entry.eax = (entry.eax & leaf->allowed[0]) | leaf->set[0];
	entry.ebx = (entry.ebx & leaf->allowed[1]) | leaf->set[1];
	entry.ecx = (entry.ecx & leaf->allowed[2]) | leaf->set[2];
	entry.edx = (entry.edx & leaf->allowed[3]) | leaf->set[3];
	if (leaf->leaf == 0x7 || leaf->leaf == 0xd)
		entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
	return entry;
}

int guest_cpuid_supported(struct kvm_cpuid2 __user *argument)
{
	u32 room, i;

	if (get_user(room, &argument->nent))
		return -EFAULT;
	if (room < ARRAY_SIZE(leaves))
		return -E2BIG;
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		const struct kvm_cpuid_entry2 entry = entry_of(&leaves[i]);

		if (copy_to_user(&argument->entries[i], &entry, sizeof(entry)))
			return -EFAULT;
	}
	return put_user((u32)ARRAY_SIZE(leaves), &argument->nent) ? -EFAULT : 0;
}

u64 guest_xfam(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx);
	return eax & XFAM_KNOWN;
}

u32 guest_gpa_bits(void)
{
	return domain_gpa_bits(cpuid_eax(0x80000008) & 0xff);
}
