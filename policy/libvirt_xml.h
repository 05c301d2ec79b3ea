/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's description of a guest (domain XML): what of it changes the guest's measurements. What changes them in a
 * way that is not known here is refused.
 */
#ifndef POLICY_LIBVIRT_XML_H
#define POLICY_LIBVIRT_XML_H

#include "policy/guest_setup.h"

#define LIBVIRT_XML_MAX_BYTES (1u << 20)

/** Reads one <domain>, <qemu:commandline> included. On failure 'error' says where and why. */
bool libvirt_xml_read(struct bytes text, struct guest_setup *setup, struct parse_error *error);

#endif
