/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain has in its registers and memory is not root's, nor another domain's. */
#ifndef TD_SECRETS_H
#define TD_SECRETS_H

void test_secrets(void);

#endif
