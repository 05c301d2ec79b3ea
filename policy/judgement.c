/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals, and their contents. */
#include "policy/judgement.h"

#include <stdarg.h>

#include "policy/encoding.h"

struct hex digest_hex(struct digest digest)
{
	struct hex hex;

	hex_encode(digest.bytes, sizeof(digest.bytes), hex.text);
	return hex;
}

struct refusal *refuse(struct judgement *j, enum refusal_code code, const char *expected, const char *found, ...)
{
	char text[VERDICT_TEXT];
	va_list arguments;

	va_start(arguments, found);
	vsnprintf(text, sizeof(text), found, arguments);
	va_end(arguments);
	return verdict_refuse(j->verdict, code, expected, text);
}

struct name_hex name_hex(const struct tpm_name *name)
{
	struct name_hex hex;

	hex_encode(name->bytes, sizeof(name->bytes), hex.text);
	return hex;
}
