/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hostile guest's choices. Numbers, so a wrong constant of hv/ is not repeated here. */
#include "input.h"

#include "hv/domain/hypercall.h"

uint64_t take(struct input *input, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && input->left > 0; i++, input->left--)
		value |= (uint64_t)*input->data++ << 8 * i;
	return value;
}

uint64_t take_register(struct input *input)
{
	static const uint64_t known[] = {
		0,
		1,
		0x1b,
		0x10,
		0x17a,
		0xc0010000,
		0x277,
		0x2ff,
		0x830,
		0xda0,
		0xc0000080,
		0xc0010015,
		0xc0010114,
		0x440668,
		0x3b,
		HC_READ,
		HC_SIGN,
		0x40000100,
		0x80000001,
		0xd,
		7,
		RAM_BASE,
		RAM_BASE + 0xff0,
		RAM_BASE + RAM_BYTES - 1,
		4096,
		0xcf9,
		0xfe,
		0x4500,
		0x200000604ull,
		0x100000500ull,
		0xc4500,
		~0ull,
		1ull << 63,
		ECAM_BASE + 0x50,
		0xfffffffe,
	};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0xc0)
		return known[choice % COUNT_OF(known)];
	return take(input, choice < 0xe0 ? 2 : 8);
}

void take_hypercall(struct input *input, struct registers *guest)
{
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0x60) {
		guest->rax = HC_SIGN;
		guest->rdx = guest->rcx = choice < 0x50 ? 0 : guest->rcx;
	} else if (choice < 0xe0) {
		guest->rax = HC_READ;
		guest->rdi = choice % (HV_OBJECT_COUNT + 1);
		guest->rcx = 1 + take(input, 2) % 4096;
		guest->rdx = RAM_BASE + (choice & 0x10 ? RAM_BYTES - 64 + take(input, 1) % 128 : take(input, 2));
	} else if (choice < 0xf0) {
		guest->rax = HC_DOMAIN_CREATE + choice % (HC_DOMAIN_LAST - HC_DOMAIN_CREATE + 1);
	}
}

static void set_msr(struct registers *guest, uint32_t msr, uint64_t value)
{
	guest->rcx = msr;
	guest->rax = (uint32_t)value;
	guest->rdx = value >> 32;
}

void take_msr(struct input *input, struct registers *guest)
{
	static const uint16_t efer[] = {0, 0x100, 0x101, 0x500, 0x901, 0xd01, 0x800, 0x1d00};
	static const uint64_t pat[] = {0x0007040600070406, 0x0606060606060606, 0x0007040600070402, 0x0807040600070406};
	static const uint32_t icr[] = {0x4500, 0xc500, 0x8500, 0x612, 0x400, 0xc4500, 0xc0612, 0x40};
	static const uint16_t xss[] = {0, 0x800, 0x1800, 0x100};
	static const uint32_t apic_ids[] = {0, 1, 0x21, ~0u};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0x50)
		set_msr(guest, 0xc0000080, efer[choice % COUNT_OF(efer)]);
	else if (choice < 0x60)
		set_msr(guest, 0x277, pat[choice % COUNT_OF(pat)]);
	else if (choice < 0xa0)
		set_msr(guest, 0x830, (uint64_t)apic_ids[choice / 8 % COUNT_OF(apic_ids)] << 32 | icr[choice % 8]);
	else if (choice < 0xb0)
		set_msr(guest, 0xda0, xss[choice % COUNT_OF(xss)]);
}

void take_xcr0(struct input *input, struct registers *guest)
{
	static const uint32_t xcr0[] = {1, 3, 7, 0xe7, 0xe3, 0x1f, 0xf, 0x602e7, 0x202e7, 6, 0x27, 0x200};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0xc0)
		set_msr(guest, 0, xcr0[choice % COUNT_OF(xcr0)]);
}

struct io_access take_io(struct input *input, struct registers *guest)
{
	static const uint16_t ports[] = {0x64,  0x63,  0x92,  0x602, 0x604, 0x605, 0xcf8,
					 0xcf9, 0xcfb, 0xcfc, 0xcfd, 0xcfe, 0xcff};
	static const uint32_t values[] = {0xd1, 0xfe, 0xff,  0x2000, 0x20,       0x2800,
					  0x28, 6,    0x600, 1,      0x80000050, 0x80000150};
	static const uint8_t sizes[] = {1, 2, 4, 1};
	const uint8_t choice = (uint8_t)take(input, 1);

	if (choice < 0xc0)
		guest->rax = values[take(input, 1) % COUNT_OF(values)];
	return (struct io_access){
		.port = ports[take(input, 1) % COUNT_OF(ports)],
		.bytes = sizes[choice & 3],
		.in = (choice & 0x1c) == 0 || (choice & 4) != 0,
		.string = (choice & 0x1c) == 0,
	};
}
