/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An honest host, made of bytes. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/entropy.h>
#include <mbedtls/sha512.h>

#include "policy/encoding.h"
#include "policy/steps.h"

#define AK_ATTRIBUTES                                                                                         \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_USER_WITH_AUTH | TPMA_NO_DA | \
	 TPMA_RESTRICTED | TPMA_SIGN_ENCRYPT)

static const char CONFIG[] = "# Cloister\npool_mib = 0\nserial = 0x3f8\nboot = kernel\nkernel = \\vmlinuz\n";
static mbedtls_ecp_keypair keys[KEY_COUNT];
static bool keys_made;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_entropy_context entropy;

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "builder: %s\n", what);
		abort();
	}
}

void put_bytes(struct writer *w, const void *data, size_t len)
{
	must(len <= w->size - w->len, "buffer full");
	if (len > 0)
		memcpy(w->data + w->len, data, len);
	w->len += len;
}

void put_be(struct writer *w, uint64_t value, size_t width)
{
	for (size_t i = width; i > 0; i--) {
		const uint8_t byte = (uint8_t)(value >> (8 * (i - 1)));

		put_bytes(w, &byte, 1);
	}
}

void put_le(struct writer *w, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		const uint8_t byte = (uint8_t)(value >> (8 * i));

		put_bytes(w, &byte, 1);
	}
}

static void put_tpm2b(struct writer *w, const void *data, size_t len)
{
	put_be(w, len, 2);
	put_bytes(w, data, len);
}

mbedtls_ecp_keypair *build_key(enum build_key which)
{
	if (!keys_made) {
		mbedtls_entropy_init(&entropy);
		mbedtls_ctr_drbg_init(&drbg);
		must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0) == 0, "seed");
		for (size_t i = 0; i < KEY_COUNT; i++) {
			mbedtls_ecp_keypair_init(&keys[i]);
			must(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, &keys[i], mbedtls_ctr_drbg_random, &drbg) ==
				     0,
			     "key");
		}
		keys_made = true;
	}
	return &keys[which];
}

void build_keys_free(void)
{
	if (!keys_made)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++)
		mbedtls_ecp_keypair_free(&keys[i]);
	mbedtls_ctr_drbg_free(&drbg);
	mbedtls_entropy_free(&entropy);
	keys_made = false;
}

static void public_of(mbedtls_ecp_keypair *key, uint8_t xy[64])
{
	uint8_t encoded[65];
	size_t len;

	must(mbedtls_ecp_write_public_key(key, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, encoded, sizeof(encoded)) == 0 &&
		     len == sizeof(encoded),
	     "public key");
	memcpy(xy, encoded + 1, 64);
}

void build_sign(mbedtls_ecp_keypair *key, struct bytes message, uint8_t rs[64])
{
	const struct digest digest = sha256(message);
	mbedtls_ecp_group group;
	mbedtls_mpi r, s, d;

	mbedtls_ecp_group_init(&group);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	mbedtls_mpi_init(&d);
	must(mbedtls_ecp_export(key, &group, &d, NULL) == 0, "export");
	must(mbedtls_ecdsa_sign(&group, &r, &s, &d, digest.bytes, sizeof(digest.bytes), mbedtls_ctr_drbg_random,
				&drbg) == 0 &&
		     mbedtls_mpi_write_binary(&r, rs, 32) == 0 && mbedtls_mpi_write_binary(&s, rs + 32, 32) == 0,
	     "sign");
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_ecp_group_free(&group);
}

struct event *scenario_event(struct scenario *s, uint32_t pcr, uint32_t type, const void *data, size_t len)
{
	struct event *event = &s->events[s->event_count++];

	must(s->event_count <= BUILD_MAX_EVENTS && len <= sizeof(event->data), "too many events");
	*event = (struct event){.pcr = pcr, .type = type, .data_len = len};
	memcpy(event->data, data, len);
	event->digest = sha256((struct bytes){data, len});
	return event;
}

struct event *scenario_find(struct scenario *s, uint32_t pcr, uint32_t type)
{
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].pcr == pcr && s->events[i].type == type)
			return &s->events[i];
	must(false, "no such event");
	return NULL;
}

static void text_event(struct scenario *s, uint32_t pcr, uint32_t type, const char *text)
{
	scenario_event(s, pcr, type, text, strlen(text));
}

static const uint8_t GLOBAL[] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
static const uint8_t IMAGE_SECURITY[] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
					 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f};
static const uint8_t CERT_SHA256[] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
				      0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};

struct event *scenario_variable(struct scenario *s, uint32_t pcr, uint32_t type, bool database, const char *name,
				const void *data, size_t len)
{
	uint8_t bytes[192];
	struct writer w = {bytes, 0, sizeof(bytes)};

	put_bytes(&w, database ? IMAGE_SECURITY : GLOBAL, 16);
	put_le(&w, strlen(name), 8);
	put_le(&w, len, 8);
	for (size_t i = 0; i < strlen(name); i++)
		put_le(&w, (uint8_t)name[i], 2);
	put_bytes(&w, data, len);
	return scenario_event(s, pcr, type, bytes, w.len);
}

void put_signature_list(struct writer *w, uint8_t byte)
{
	const struct digest digest = digest_filled(byte);

	put_bytes(w, CERT_SHA256, 16);
	put_le(w, SIGNATURE_LIST_BYTES, 4);
	put_le(w, 0, 4);
	put_le(w, 16 + SHA256_BYTES, 4);
	put_bytes(w, GLOBAL, 16); /* an owner */
	put_bytes(w, digest.bytes, SHA256_BYTES);
}

/* Secure Boot is on, with one entry in each database: 0x10 in PK to 0x13 in dbx. */
static void secure_boot_events(struct scenario *s)
{
	static const char *const names[] = {"PK", "KEK", "db", "dbx"};

	scenario_variable(s, 7, 0x80000001, false, "SecureBoot", "\1", 1);
	for (uint8_t i = 0; i < 4; i++) {
		uint8_t list[SIGNATURE_LIST_BYTES];
		struct writer w = {list, 0, sizeof(list)};

		put_signature_list(&w, 0x10 + i);
		scenario_variable(s, 7, 0x80000001, i >= 2, names[i], list, w.len);
	}
}

/* The order in which OVMF, a loader under the strong binding and a kernel write theirs. */
static void firmware_events(struct scenario *s)
{
	text_event(s, 0, 0x00000008, "firmware version");
	text_event(s, 0, 0x8000000a, "firmware volume");
	text_event(s, 1, 0x80000002, "Boot0000");
	secure_boot_events(s);
	text_event(s, 4, 0x80000007, "Calling EFI Application from Boot Option");
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		scenario_event(s, pcr, EV_SEPARATOR, "\0\0\0\0", 4);
	text_event(s, 4, 0x80000003, "loader.efi");
	scenario_event(s, 4, EV_IPL, "cloister-loader", sizeof("cloister-loader"));
	scenario_event(s, 14, EV_IPL, "cloister-strong", sizeof("cloister-strong"));
	text_event(s, 4, 0x80000003, "vmlinuz");
	text_event(s, 5, 0x80000007, "Exit Boot Services Invocation");
}

void scenario_init(struct scenario *s)
{
	*s = (struct scenario){
		.image = sha256((struct bytes){(const uint8_t *)"image", 5}),
		.config = CONFIG,
		.spec_banks = 2,
		.statement = {.version = HK_STATEMENT_VERSION,
			      .bytes = sizeof(struct hk_statement),
			      .hv_version = 0x000100,
			      .svn = 1,
			      .flags = HK_FLAG_AMD,
			      .cpu_count = 2,
			      .tpm_reset_count = 7},
		.fresh = {.version = HK_FRESH_VERSION,
			  .bytes = sizeof(struct hk_fresh),
			  .flags = HK_FLAG_AMD,
			  .cpus_in_control = 2,
			  .uptime_us = 12345678},
		.hk = build_key(KEY_HK),
		.fresh_key = build_key(KEY_HK),
		.ak = build_key(KEY_AK),
		.quote_key = build_key(KEY_AK),
		.magic = TPM_GENERATED_VALUE,
		.type = TPM_ST_ATTEST_QUOTE,
		.bank = TPM_ALG_SHA256,
		.pcr_mask = QUOTED_PCRS,
		.reset_count = 7,
		.clock_ms = 123456,
		.firmware_version = 0x20240125,
		.hierarchy = TPM_RH_ENDORSEMENT,
		.ak_attributes = AK_ATTRIBUTES,
		.ak_scheme = TPM_ALG_ECDSA,
		.extra_bytes = SHA256_BYTES,
	};
	memset(s->challenge.nonce, 0x11, sizeof(s->challenge.nonce));
	memset(s->challenge.channel, 0x22, sizeof(s->challenge.channel));
	memset(s->statement.boot_id, 0x33, sizeof(s->statement.boot_id));
	memcpy(s->fresh.boot_id, s->statement.boot_id, sizeof(s->fresh.boot_id));
	firmware_events(s);
}

static void make_statement(struct built *b, struct scenario *s)
{
	struct hk_statement *st = &s->statement;
	const struct digest config = sha256((struct bytes){(const uint8_t *)s->config, strlen(s->config)});

	memcpy(st->magic, HK_STATEMENT_MAGIC, sizeof(st->magic));
	memcpy(st->image_sha256, s->image.bytes, sizeof(st->image_sha256));
	memcpy(st->config_sha256, config.bytes, sizeof(st->config_sha256));
	public_of(s->hk, st->hk_public);
	build_sign(s->hk, (struct bytes){(const uint8_t *)st, sizeof(*st) - sizeof(st->signature)}, st->signature);
	memcpy(b->statement, st, sizeof(*st));
	b->evidence.statement = (struct bytes){b->statement, sizeof(*st)};
}

static void put_spec_id(struct writer *w, uint32_t banks)
{
	static const uint8_t zeros[20];

	put_le(w, 0, 4);
	put_le(w, EV_NO_ACTION, 4);
	put_bytes(w, zeros, sizeof(zeros));
	put_le(w, 29 + 4 * banks, 4);
	put_bytes(w, "Spec ID Event03", 16);
	put_le(w, 0, 4);
	put_bytes(w, "\0\2\0\2", 4);
	put_le(w, banks, 4);
	put_le(w, TPM_ALG_SHA256, 2);
	put_le(w, 32, 2);
	if (banks == 2) {
		put_le(w, TPM_ALG_SHA384, 2);
		put_le(w, 48, 2);
	}
	put_le(w, 0, 1);
}

static void put_event(struct writer *w, uint32_t banks, uint32_t pcr, uint32_t type, struct digest digest,
		      const void *data, size_t len)
{
	uint8_t sha384[48];

	put_le(w, pcr, 4);
	put_le(w, type, 4);
	put_le(w, banks, 4);
	put_le(w, TPM_ALG_SHA256, 2);
	put_bytes(w, digest.bytes, sizeof(digest.bytes));
	if (banks == 2) {
		must(mbedtls_sha512(data, len, sha384, 1) == 0, "SHA-384");
		put_le(w, TPM_ALG_SHA384, 2);
		put_bytes(w, sha384, sizeof(sha384));
	}
	put_le(w, len, 4);
	put_bytes(w, data, len);
}

static void extend(struct built *b, uint32_t pcr, struct digest digest)
{
	b->pcr[pcr] = pcr_extend(b->pcr[pcr], digest);
}

static void launch_event(struct built *b, struct scenario *s, struct writer *log, enum launch_event which,
			 const char *name, struct bytes contents, struct digest digest)
{
	const uint32_t pcr = s->weak ? 14 : 17 + (uint32_t)which;
	uint8_t data[4096];
	struct writer w = {data, 0, sizeof(data)};

	put_bytes(&w, name, strlen(name) + 1);
	put_bytes(&w, contents.data, contents.len);
	put_event(log, s->spec_banks, pcr, EV_IPL, digest, data, w.len);
	if (which == LAUNCH_STATEMENT && s->statement_unmeasured)
		return;
	extend(b, pcr, digest);
	if (s->weak) /* the firmware logs what it extends for the loader */
		scenario_event(s, pcr, EV_IPL, name, strlen(name))->digest = digest;
}

static void make_launch(struct built *b, struct scenario *s)
{
	static const char path[] = "\\EFI\\cloister\\hv-svm.elf";
	const struct bytes config = {(const uint8_t *)s->config, strlen(s->config)};
	struct writer log = {b->hv_log, 0, sizeof(b->hv_log)};

	make_statement(b, s);
	put_spec_id(&log, s->spec_banks);
	launch_event(b, s, &log, LAUNCH_IMAGE, "cloister-image", (struct bytes){(const uint8_t *)path, strlen(path)},
		     s->image);
	launch_event(b, s, &log, LAUNCH_CONFIG, "cloister-config", config, sha256(config));
	launch_event(b, s, &log, LAUNCH_STATEMENT, "cloister-statement", b->evidence.statement,
		     sha256(b->evidence.statement));
	b->evidence.hv_log.data = (struct bytes){b->hv_log, log.len};
}

static void make_tcg_log(struct built *b, struct scenario *s)
{
	struct writer log = {b->tcg_log, 0, sizeof(b->tcg_log)};

	put_spec_id(&log, s->spec_banks);
	for (size_t i = 0; i < s->event_count; i++) {
		const struct event *e = &s->events[i];

		if (!e->unlogged)
			put_event(&log, s->spec_banks, e->pcr, e->type, e->digest, e->data, e->data_len);
	}
	b->evidence.tcg_log.data = (struct bytes){b->tcg_log, log.len};
}

void build_logs(struct built *b, struct scenario *s)
{
	memset(&b->evidence, 0, sizeof(b->evidence));
	for (uint32_t pcr = 0; pcr < 24; pcr++)
		b->pcr[pcr] = digest_filled(pcr >= 17 && pcr <= 22 ? 0xff : 0x00);
	for (size_t i = 0; i < s->event_count; i++)
		if (!s->events[i].logged_only && s->events[i].type != EV_NO_ACTION)
			extend(b, s->events[i].pcr, s->events[i].digest);
	if (!s->no_hypervisor)
		make_launch(b, s);
	make_tcg_log(b, s);
}

static void make_ak(struct built *b, struct scenario *s)
{
	struct writer w = {b->ak_public, 0, sizeof(b->ak_public)};
	uint8_t xy[64];

	public_of(s->ak, xy);
	put_be(&w, TPM_ALG_ECC, 2);
	put_be(&w, TPM_ALG_SHA256, 2);
	put_be(&w, s->ak_attributes, 4);
	put_tpm2b(&w, NULL, 0);
	put_be(&w, TPM_ALG_NULL, 2);
	put_be(&w, s->ak_scheme, 2);
	put_be(&w, TPM_ALG_SHA256, 2);
	put_be(&w, TPM_ECC_NIST_P256, 2);
	put_be(&w, TPM_ALG_NULL, 2);
	put_tpm2b(&w, xy, 32);
	put_tpm2b(&w, xy + 32, 32);
	b->evidence.ak_public = (struct bytes){b->ak_public, w.len};
}

static void make_pcrs(struct built *b)
{
	for (uint32_t pcr = 0; pcr < 24; pcr++)
		if (QUOTED_PCRS & 1u << pcr)
			b->evidence.pcrs[b->evidence.pcr_count++] = (struct evidence_pcr){pcr, b->pcr[pcr]};
}

static void make_attest(struct built *b, const struct scenario *s, struct digest qualifying)
{
	struct writer w = {b->quote, 0, sizeof(b->quote)};
	struct tpm_public ak;
	struct bytes values[24];
	size_t count = 0;

	must(tpm_public_parse(b->evidence.ak_public, &ak), "own public area");
	const struct tpm_name signer = tpm_primary_qualified_name(s->hierarchy, &ak.name);
	for (uint32_t pcr = 0; pcr < 24; pcr++)
		if (s->pcr_mask & 1u << pcr)
			values[count++] = (struct bytes){b->pcr[pcr].bytes, SHA256_BYTES};
	const struct digest digest = sha256_pieces(values, count);
	put_be(&w, s->magic, 4);
	put_be(&w, s->type, 2);
	put_tpm2b(&w, signer.bytes, sizeof(signer.bytes));
	put_tpm2b(&w, qualifying.bytes, s->extra_bytes);
	put_be(&w, s->clock_ms, 8);
	put_be(&w, s->reset_count, 4);
	put_be(&w, s->restart_count, 4);
	put_be(&w, !s->clock_unsafe, 1);
	put_be(&w, s->firmware_version, 8);
	put_be(&w, 1, 4);
	put_be(&w, s->bank, 2);
	put_be(&w, 3, 1);
	put_le(&w, s->pcr_mask, 3);
	put_tpm2b(&w, digest.bytes, sizeof(digest.bytes));
	b->evidence.quote = (struct bytes){b->quote, w.len};
}

static void make_signature(struct built *b, struct scenario *s)
{
	struct writer w = {b->signature, 0, sizeof(b->signature)};
	uint8_t rs[64];

	build_sign(s->quote_key, b->evidence.quote, rs);
	put_be(&w, TPM_ALG_ECDSA, 2);
	put_be(&w, TPM_ALG_SHA256, 2);
	put_tpm2b(&w, rs, 32);
	put_tpm2b(&w, rs + 32, 32);
	b->evidence.signature = (struct bytes){b->signature, w.len};
}

static void make_fresh(struct built *b, struct scenario *s, struct digest qualifying)
{
	struct hk_fresh *f = &s->fresh;

	memcpy(f->magic, HK_FRESH_MAGIC, sizeof(f->magic));
	memcpy(f->qualifying_data, qualifying.bytes, sizeof(f->qualifying_data));
	build_sign(s->fresh_key, (struct bytes){(const uint8_t *)f, sizeof(*f) - sizeof(f->signature)}, f->signature);
	memcpy(b->fresh, f, sizeof(*f));
	b->evidence.fresh = (struct bytes){b->fresh, sizeof(*f)};
}

void build_claims(struct built *b)
{
	struct evidence *e = &b->evidence;

	e->tcg_log.claimed = sha256(e->tcg_log.data);
	e->hv_log.claimed = sha256(e->hv_log.data);
}

void build_quote_for(struct built *b, struct scenario *s, struct digest qualifying)
{
	make_ak(b, s);
	make_pcrs(b);
	make_attest(b, s, qualifying);
	make_signature(b, s);
	if (!s->no_hypervisor)
		make_fresh(b, s, qualifying);
}

void build_quote(struct built *b, struct scenario *s)
{
	build_claims(b);
	build_quote_for(b, s, evidence_qualifying_data(&b->evidence, &s->challenge));
}

void build_policy(struct built *b, const struct scenario *honest)
{
	struct policy *p = &b->policy;
	const struct bytes config = {(const uint8_t *)honest->config, strlen(honest->config)};
	struct tpm_public ak;

	*p = (struct policy){.loader_count = 1, .image_count = 1, .config_count = 1, .minimum_svn = 1};
	p->loader[0] = (struct reference_loader){
		.name = "loader.efi", .authenticode = sha256((struct bytes){(const uint8_t *)"loader.efi", 10})};
	p->image[0] = (struct reference_image){
		.name = "hv-svm.elf", .sha256 = honest->image, .version_text = "0.1.0", .version = 0x000100, .svn = 1};
	p->config[0] = (struct reference_config){.name = "default", .sha256 = sha256(config), .text = config};
	must(tpm_public_parse(b->evidence.ak_public, &ak), "own public area");
	p->ak_name_count = 1;
	p->ak_names[0] = ak.name;
	p->firmware_unchecked = true;
	b->known = (struct known_host){.any_tpm = false};
}

void build_rules(struct built *b)
{
	static struct digest pcr0[2];
	static struct signature_entry entries[4];

	pcr0[0] = sha256((struct bytes){(const uint8_t *)"firmware version", 16});
	pcr0[1] = sha256((struct bytes){(const uint8_t *)"firmware volume", 15});
	b->rules = (struct firmware_rules){
		.model = "a server", .pcr0 = {pcr0, 2}, .kinds = {{{0x80000002}, 1}}, .secure_boot = SECURE_BOOT_ON};
	for (uint8_t i = 0; i < 4; i++) {
		entries[i] = (struct signature_entry){ENTRY_SHA256, digest_filled(0x10 + i)};
		b->rules.databases[i] =
			(struct database_rule){.required = {&entries[i], 1}, .others = i == DATABASE_DBX};
	}
	b->policy.firmware_unchecked = false;
	b->policy.firmware = &b->rules;
	b->policy.firmware_count = 1;
}

void build_honest(struct built *b)
{
	struct scenario s;

	scenario_init(&s);
	b->challenge = s.challenge;
	build_logs(b, &s);
	build_quote(b, &s);
	build_policy(b, &s);
}

json_t *build_base64(struct bytes b)
{
	static unsigned char text[BUILD_LOG_BYTES * 2];
	size_t len;

	must(mbedtls_base64_encode(text, sizeof(text), &len, b.data, b.len) == 0, "base64");
	return json_stringn((const char *)text, len);
}

static json_t *log_json(const struct evidence_log *log)
{
	return json_pack("{s:s, s:o}", "sha256", digest_hex(log->claimed).text, "data", build_base64(log->data));
}

json_t *build_quote_json(const struct evidence *e)
{
	json_t *pcrs = json_array();

	for (size_t i = 0; i < e->pcr_count && i < EVIDENCE_MAX_PCRS; i++)
		json_array_append_new(pcrs, json_pack("{s:i, s:o}", "index", (int)e->pcrs[i].index, "sha256",
						      build_base64((struct bytes){e->pcrs[i].value.bytes, 32})));
	return json_pack("{s:i, s:o, s:o, s:o, s:o}", "version", 1, "quote", build_base64(e->quote), "signature",
			 build_base64(e->signature), "ak_public", build_base64(e->ak_public), "pcrs", pcrs);
}

char *build_answer(const struct built *b)
{
	const struct evidence *e = &b->evidence;
	json_t *root = build_quote_json(e);

	json_object_set_new(root, "tcg_log", log_json(&e->tcg_log));
	json_object_set_new(root, "hv_log", log_json(&e->hv_log));
	json_object_set_new(root, "hk_statement", e->statement.len ? build_base64(e->statement) : json_null());
	json_object_set_new(root, "fresh", e->fresh.len ? build_base64(e->fresh) : json_null());
	char *text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	must(text != NULL, "JSON");
	return text;
}
