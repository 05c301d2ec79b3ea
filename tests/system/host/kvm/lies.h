/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VMM that starts guest-shim, and lies to it. */
#ifndef KVM_LIES_H
#define KVM_LIES_H

/* Tells guest-shim of this file one lie after the other. Returns the program's exit status. */
int lies(const char *image);

#endif
