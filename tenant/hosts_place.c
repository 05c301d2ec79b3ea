/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where hosts are kept, and by which name. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "tenant/hosts.h"

/* XDG Base Directory Specification: a relative path is ignored. */
const char *hosts_default_folder(void)
{
	static char path[PATH_MAX];
	const char *base = getenv("XDG_DATA_HOME"), *below = "";

	if (!base || base[0] != '/') {
		base = getenv("HOME");
		below = "/.local/share";
	}
	if (!base || snprintf(path, sizeof(path), "%s%s/cloister/hosts", base, below) >= (int)sizeof(path))
		return NULL;
	return path;
}

bool hosts_name_of_url(const char *url, char name[HOST_NAME_MAX_CHARS + 1])
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool ok = parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_DEFAULT_SCHEME) == CURLUE_OK &&
		  curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;

	if (ok && host[0] == '[') { /* an IPv6 address */
		host[strcspn(host, "]")] = '\0';
		ok = host_name_take(host[1] == ':' ? "" : host + 1, name);
	} else {
		ok = ok && host_name_take(host, name);
	}
	curl_free(host);
	curl_url_cleanup(parts);
	return ok;
}
