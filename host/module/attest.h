/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/cloister. */
#ifndef MODULE_ATTEST_H
#define MODULE_ATTEST_H

/* Makes the node. Returns 0 or an errno. */
int attest_init(void);
void attest_exit(void);

#endif
