/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are in the guest's memory, besides what guest-shim's start code says. */
#ifndef TDX_GUEST_LAYOUT_H
#define TDX_GUEST_LAYOUT_H

#include "guest-shim/layout.h"

/* The image ends at 4 GiB, with the reset vector; the metadata lies this far from its end. */
#define SUITE_BASE          0xfffc0000
#define SUITE_BYTES         0x40000
#define METADATA_BEFORE_END 0x1000

/* RAM that no test has touched before, each in 2 MiB of its own: a VMM may add more than the page that is asked for. */
#define NEW_PAGE     0x100000
#define SHARED_PAGE  0x101000
#define NEW_2MIB     0x400000
#define SHARED_4MIB  0x800000
#define NOT_ACCEPTED 0x1000000
#define LAZY_PAGE    0x1200000
#define STRICT_PAGE  0x1400000

/* The registers of devices: 2 MiB, shared, which follow those of SHARED_WINDOW. */
#define DEVICE_BASE   0xfec00000
#define DEVICE_WINDOW (SHARED_WINDOW + 0x200000)

#endif
