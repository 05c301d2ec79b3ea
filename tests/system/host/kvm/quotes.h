/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many guests that want quotes at once. */
#ifndef KVM_QUOTES_H
#define KVM_QUOTES_H

/*
 * A guest for each 64 bytes of the file @data makes a report with them. Then each asks the service at @socket for its
 * quote, all at once, as their VMMs would; the answers go to @folder, by number. Returns the exit code.
 */
int quotes(const char *socket, const char *data, const char *folder);

#endif
