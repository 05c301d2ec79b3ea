/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many guests that ask for quotes at once. */
#ifndef KVM_QUOTES_H
#define KVM_QUOTES_H

/*
 * A guest for each 64 bytes of the file @data makes a report with them, and asks its VMM for a quote. When all have asked,
 * their VMMs ask the service at @socket, all at once; the quotes go to @folder, by number, and the guests to their end.
 * Returns the exit code.
 */
int quotes(const char *socket, const char *data, const char *folder);

#endif
