/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each leaf and sub-function, with each operand that is bad. */
#ifndef TD_LEAVES_H
#define TD_LEAVES_H

void test_all_leaves(void);

#endif
