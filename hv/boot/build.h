/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between release and debug images; hv/release and hv/debug define it, together with console_mirror(). */
#ifndef CLOISTER_BOOT_BUILD_H
#define CLOISTER_BOOT_BUILD_H

#include <stdint.h>

extern const uint32_t build_flags; /* HK_FLAG_DEBUG or 0 */

#endif
