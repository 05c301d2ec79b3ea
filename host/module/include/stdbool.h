/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compiled for user space, too, uses C's own header; the kernel has its contents here. */
#include <linux/types.h>
