/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the harnesses' CPU has of VT-x: its capability MSRs (SDM 3D appendix A), with those from 0x48d on. */
#ifndef FUZZ_VMX_CAPABILITIES_H
#define FUZZ_VMX_CAPABILITIES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline uint64_t vmx_capability(uint32_t msr)
{
	switch (msr) {
	case 0x480:
		return 1ull << 55 | 0x12;
	case 0x486:
		return 0x80000021;
	case 0x487:
		return 0xffffffff;
	case 0x488:
		return 0x2000;
	case 0x489:
		return 0x7767ff;
	case 0x48b:
		return 0x0fffffff00000000;
	case 0x48c:
		return 0x00000f0106734141;
	case 0x48d:
		return 0x0000007f00000016;
	case 0x48e:
		return 0xfff9fffe04006172;
	case 0x48f:
		return 0x01ffffff00036dfb;
	case 0x490:
		return 0x0003ffff000011fb;
	default:
		fprintf(stderr, "MSR %x is not for the hypervisor to read\n", msr);
		abort();
	}
}

#endif
