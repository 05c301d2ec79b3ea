/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p256-m includes it and uses nothing of it. */
