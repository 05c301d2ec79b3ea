/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: vmx */
/* links: hv/root/cpuid.c hv/root/msr_policy.c */
/* The same with the MSRs of the VT-x image. */
#include "cpuid.c"
