/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same with the MSRs of the VT-x image. */
#include "hv_cpuid.c"
