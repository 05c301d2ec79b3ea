/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each act of the host and of the guest on a page in each of its states. */
#ifndef TD_PAGES_H
#define TD_PAGES_H

void test_pages(void);

#endif
