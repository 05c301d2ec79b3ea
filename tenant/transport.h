/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a host gave no answer: each cause has a refusal code that shows a person where to look.
 */
#ifndef TENANT_TRANSPORT_H
#define TENANT_TRANSPORT_H

#include <curl/curl.h>

#include "policy/reader.h"
#include "policy/refusals.h"

struct transport_error {
	enum refusal_code code;
	char expected[300];
	char found[400]; /* clean for people */
};

/** What curl could not do. @text: curl's own words, or "" */
void transport_failed(CURL *curl, CURLcode code, const char *text, struct transport_error *error);

/** An answer whose status is not 200. @body: what came with it */
void transport_refused(CURL *curl, struct bytes body, struct transport_error *error);

#endif
