/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers in include/cloister use C's integer types; the kernel has them here. */
#include <linux/types.h>
