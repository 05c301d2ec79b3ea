/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of 2 MiB at once: given, accepted, split, released, shared and taken away. */
#ifndef TD_LARGE_H
#define TD_LARGE_H

void test_large(void);

#endif
