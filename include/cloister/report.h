/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain can show of itself. Its guest asks for a report (TDG.MR.REPORT, Intel TDX module ABI: TDREPORT_STRUCT),
 * which only this boot's hypervisor can check; HC_QUOTE turns one into a signature by HK. Little-endian; hashes are
 * SHA-384.
 */
#ifndef CLOISTER_REPORT_H
#define CLOISTER_REPORT_H

#include <stdint.h>

#define REPORT_DATA_BYTES 64u
#define REPORT_HASH_BYTES 48u

/* REPORTMACSTRUCT. The MAC is over all bytes before it. */
struct report_mac {
	uint8_t type, subtype, version, reserved0; /* 0x81, 0, 0, 0 */
	uint8_t reserved1[12];
	uint8_t cpusvn[16]; /* the hypervisor's version and security version number, 4 bytes each */
	uint8_t tcb_info_hash[REPORT_HASH_BYTES], td_info_hash[REPORT_HASH_BYTES];
	uint8_t data[REPORT_DATA_BYTES]; /* the guest's */
	uint8_t reserved2[32];
	uint8_t mac[32];
};

#define REPORT_TYPE 0x81u

/* How the hypervisor runs this domain. */
struct report_domain {
	uint32_t domain, vcpus;                /* the domain's number in this boot; how many vCPUs it has */
	uint64_t started_us, removed_pages;    /* microseconds since the launch; pages that the host took away */
	uint8_t vector_first, vector_last;     /* of devices' interrupts; 0x80 is none of them */
	uint8_t gpa_bits, lazy;                /* width of its addresses; 1: new pages need no acceptance */
	uint8_t cpuid_hash[REPORT_HASH_BYTES]; /* of the table of CPUID */
} __attribute__((packed));

/* TEE_TCB_INFO. */
struct report_tcb_info {
	uint64_t valid; /* of the first fields, 8 bytes a bit */
	uint8_t svn[16];
	uint8_t mrseam[REPORT_HASH_BYTES];       /* SHA-256 of the hypervisor's image, zeros */
	uint8_t mrsignerseam[REPORT_HASH_BYTES]; /* REPORT_SIGNER: this is no Intel module */
	uint64_t attributes;
	uint8_t svn2[16];
	struct report_domain domain;
	uint8_t reserved[95 - sizeof(struct report_domain)];
} __attribute__((packed));

#define REPORT_VALID  0x301ffull
#define REPORT_SIGNER "Cloister: TDX guest interface in software"

/* TDINFO_STRUCT. */
struct report_td_info {
	uint64_t attributes, xfam;
	uint8_t mrtd[REPORT_HASH_BYTES];
	uint8_t mrconfigid[REPORT_HASH_BYTES], mrowner[REPORT_HASH_BYTES], mrownerconfig[REPORT_HASH_BYTES];
	uint8_t rtmr[4][REPORT_HASH_BYTES], servtd_hash[REPORT_HASH_BYTES];
	uint8_t reserved[64];
};

/* TDREPORT_STRUCT. */
struct report {
	struct report_mac mac;
	struct report_tcb_info tcb_info;
	uint8_t reserved[17];
	struct report_td_info td_info;
};

#define HK_REPORT_MAGIC   "CLSTTDR1"
#define HK_REPORT_VERSION 1u

/* A report signed by HK, in the manner of statement.h. */
struct hk_report {
	char magic[8];
	uint32_t version, bytes; /* sizeof(struct hk_report) */
	uint8_t boot_id[32], data[REPORT_DATA_BYTES];
	struct report_tcb_info tcb_info;
	uint8_t reserved[17];
	struct report_td_info td_info;
	uint8_t signature[64];
};

_Static_assert(sizeof(struct report_mac) == 256, "REPORTMACSTRUCT");
_Static_assert(sizeof(struct report_tcb_info) == 239, "TEE_TCB_INFO");
_Static_assert(sizeof(struct report_td_info) == 512, "TDINFO_STRUCT");
_Static_assert(sizeof(struct report) == 1024, "TDREPORT_STRUCT");
_Static_assert(sizeof(struct hk_report) == 944, "signed report layout");

#endif
