/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbedTLS wants static_assert only. */
#ifndef static_assert
#define static_assert _Static_assert
#endif
