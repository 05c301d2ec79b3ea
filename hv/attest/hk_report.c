/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MACs and signatures of domains' reports. */
#include "hk_report.h"

#include <mbedtls/sha256.h>
#include <stddef.h>
#include <string.h>

#include "lib/wipe.h"

#define MAC_LABEL     "cloister-report-mac-1"
#define BLOCK_BYTES   64u
#define KEY_BYTES     32u
#define MESSAGE_BYTES offsetof(struct report_mac, mac)

/* SHA-256 of the padded key and a message, of MESSAGE_BYTES at most: each half of HMAC. */
static bool keyed_hash(const uint8_t key[KEY_BYTES], uint8_t pad, const void *message, size_t bytes, uint8_t digest[32])
{
	uint8_t text[BLOCK_BYTES + MESSAGE_BYTES];

	for (size_t i = 0; i < BLOCK_BYTES; i++)
		text[i] = (i < KEY_BYTES ? key[i] : 0) ^ pad;
	memcpy(text + BLOCK_BYTES, message, bytes);
	const bool made = mbedtls_sha256(text, BLOCK_BYTES + bytes, digest, 0) == 0;

	secure_wipe(text, sizeof(text));
	return made;
}

/* HMAC-SHA-256 (RFC 2104). mbedTLS's takes memory from a heap, which there is not. */
static bool hmac(const uint8_t key[KEY_BYTES], const void *message, size_t bytes, uint8_t mac[32])
{
	uint8_t inner[32];

	return keyed_hash(key, 0x36, message, bytes, inner) && keyed_hash(key, 0x5c, inner, sizeof(inner), mac);
}

/* In constant time: of a key, or of a MAC at which a guest, and the host, may try. */
static bool equal(const uint8_t *left, const uint8_t *right, size_t bytes)
{
	uint8_t differences = 0;

	for (size_t i = 0; i < bytes; i++)
		differences |= left[i] ^ right[i];
	return differences == 0;
}

/* The key of MACs is derived from HK: it ends with HK, and says nothing about it. */
bool hk_report_mac(const struct hk *hk, const struct report_mac *report, uint8_t mac[32])
{
	static const uint8_t wiped[sizeof(hk->private)];
	uint8_t key[KEY_BYTES];
	const bool made = !equal(hk->private, wiped, sizeof(wiped)) &&
			  hmac(hk->private, MAC_LABEL, sizeof(MAC_LABEL), key) && hmac(key, report, MESSAGE_BYTES, mac);

	secure_wipe(key, sizeof(key));
	return made;
}

bool hk_report_is_own(const struct hk *hk, const struct report_mac *report)
{
	uint8_t mac[32];

	return hk_report_mac(hk, report, mac) && equal(mac, report->mac, sizeof(mac));
}

int hk_sign_report(struct hk *hk, struct hk_report *report)
{
	memcpy(report->magic, HK_REPORT_MAGIC, sizeof(report->magic));
	report->version = HK_REPORT_VERSION;
	report->bytes = sizeof(*report);
	memcpy(report->boot_id, hk->boot_id, sizeof(report->boot_id));
	if (hk_sign(hk, report, offsetof(struct hk_report, signature), report->signature))
		return 0;
	secure_wipe(report, sizeof(*report));
	return HC_E_WIPED;
}
