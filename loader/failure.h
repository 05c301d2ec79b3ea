/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failures: the error, its place, and the next step. Every function of the loader that can fail returns bool and
 * fills a struct failure before it returns false; the names and texts are all in the table below.
 */
#ifndef LOADER_FAILURE_H
#define LOADER_FAILURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, what is wrong, what to do next) */
#define LOADER_ERRORS(X)                                                                                               \
	X(LOADER_E_FILE_MISSING, "a file is missing", "copy the file there, or correct its path in cloister.conf")     \
	X(LOADER_E_FILE_READ, "a file cannot be read", "check the volume with fsck.vfat and copy the file again")      \
	X(LOADER_E_FILE_SIZE, "a file is empty or too large",                                                          \
	  "copy the file again; cloister.conf may have 12288 bytes, an image 16 MiB")                                  \
	X(LOADER_E_MEMORY, "the firmware has no memory left for the loader",                                           \
	  "free memory: too little RAM is installed")                                                                  \
	X(LOADER_E_CONFIG_LINES, "the config has more than 96 lines", "shorten it")                                    \
	X(LOADER_E_CONFIG_LONG, "a config line has more than 2112 bytes", "shorten it")                                \
	X(LOADER_E_CONFIG_ASCII, "the config holds a byte that is not printable ASCII", "remove it; tabs are allowed") \
	X(LOADER_E_CONFIG_SYNTAX, "a config line is not 'key = value'", "write it so, or start it with '#'")           \
	X(LOADER_E_CONFIG_KEY, "unknown key in the config",                                                            \
	  "correct or remove it; cloister.conf.example lists all keys")                                                \
	X(LOADER_E_CONFIG_DUPLICATE, "a config key is given twice", "remove one of the two lines")                     \
	X(LOADER_E_CONFIG_CHOICE, "a config value is not one of those allowed",                                        \
	  "see this key in cloister.conf.example")                                                                     \
	X(LOADER_E_CONFIG_NUMBER, "a config value is not a number in range", "see this key in cloister.conf.example")  \
	X(LOADER_E_CONFIG_PATH, "a config value is not a path",                                                        \
	  "write it as \\folder\\file, from the volume's root, at most 255 characters")                                \
	X(LOADER_E_CONFIG_NEEDS, "a config key is missing that another one needs", "add it, or change 'boot'")         \
	X(LOADER_E_CONFIG_CMDLINE, "the kernel is told to do without its local APIC, which Cloister holds in x2APIC",  \
	  "remove that word from 'cmdline'")                                                                           \
	X(LOADER_E_PREBOOT, "the firmware is set up to start drivers or programs before the loader",                   \
	  "delete DriverOrder and SysPrepOrder, or see allow_preboot in cloister.conf.example")                        \
	X(LOADER_E_IMAGE_HEADER, "the hypervisor image is not a 64-bit x86-64 static PIE (ELF)",                       \
	  "copy hv-svm.elf or hv-vmx.elf of this build again")                                                         \
	X(LOADER_E_IMAGE_SEGMENT, "the hypervisor image has a bad segment", "copy the image again: it is damaged")     \
	X(LOADER_E_IMAGE_DYNAMIC, "the hypervisor image has a bad dynamic section",                                    \
	  "copy the image again: it is damaged")                                                                       \
	X(LOADER_E_IMAGE_RELOCATION, "the hypervisor image has a bad relocation",                                      \
	  "copy the image again: it is damaged")                                                                       \
	X(LOADER_E_ACPI_RSDP, "the firmware offers no valid ACPI root pointer (RSDP)",                                 \
	  "update the firmware; switch ACPI on")                                                                       \
	X(LOADER_E_ACPI_TABLE, "an ACPI table is malformed", "update the firmware and report the table to its vendor") \
	X(LOADER_E_ACPI_MISSING, "an ACPI table is missing", "update the firmware; check its setup")                   \
	X(LOADER_E_ACPI_SLEEP, "a sleep register is no I/O port: a sleep could keep the pool's memory",                \
	  "set pool_mib = 0 in cloister.conf; protected guests need another machine")                                  \
	X(LOADER_E_CPU_VENDOR, "the CPU is neither AMD's nor Intel's", "use a CPU with AMD-V or VT-x")                 \
	X(LOADER_E_CPU_COUNT, "the machine has more CPUs than Cloister supports",                                      \
	  "switch SMT or sockets off in the firmware")                                                                 \
	X(LOADER_E_CPU_BOOT, "the CPU that runs the loader is not among the enabled ones of the MADT",                 \
	  "update the firmware and report its MADT")                                                                   \
	X(LOADER_E_X2APIC_OPT_OUT, "the firmware asks not to use x2APIC, which Cloister needs",                        \
	  "update the firmware, or set x2apic_opt_out = override in cloister.conf")                                    \
	X(LOADER_E_TPM_MISSING, "the machine has no TPM 2.0", "switch the TPM on in the firmware setup")               \
	X(LOADER_E_TPM_HIDDEN, "a TPM answers that the firmware does not report",                                      \
	  "switch the TPM on in the firmware setup")                                                                   \
	X(LOADER_E_TPM_LOCALITY, "the TPM has no locality 2, which the strong binding needs",                          \
	  "set tpm_binding = weak in cloister.conf, if your tenants' policy accepts it")                               \
	X(LOADER_E_TPM_FIRMWARE, "the firmware's TPM service (EFI_TCG2_PROTOCOL) is missing or failed",                \
	  "switch the TPM on in the firmware setup; update the firmware")                                              \
	X(LOADER_E_TPM_TIMEOUT, "the TPM did not answer in time",                                                      \
	  "power the machine off and on; update the TPM's firmware")                                                   \
	X(LOADER_E_TPM_RESPONSE, "the TPM refused a command or gave a malformed answer",                               \
	  "power the machine off and on; if that does not help, clear the TPM")                                        \
	X(LOADER_E_TPM_BANK, "the TPM's active PCR banks cannot be used",                                              \
	  "activate the SHA-256 bank in the firmware setup")                                                           \
	X(LOADER_E_MEMORY_MAP, "the firmware's memory map is malformed or too fragmented", "update the firmware")      \
	X(LOADER_E_MEMORY_REGION, "there is not enough memory for the hypervisor", "install more RAM")                 \
	X(LOADER_E_MEMORY_ALIAS, "memory answers at two addresses",                                                    \
	  "take the memory modules out one by one, or replace them: one claims to be larger than it is")               \
	X(LOADER_E_MEMORY_POOL, "there is not enough contiguous memory for the guest pool",                            \
	  "lower pool_mib in cloister.conf")                                                                           \
	X(LOADER_E_LOG_FULL, "the launch log does not fit", "shorten cloister.conf")                                   \
	X(LOADER_E_FILE_CHANGED, "a file changed in memory after it was read",                                         \
	  "find the device that writes to memory; switch pre-boot DMA protection on in the firmware setup")            \
	X(LOADER_E_MP, "the firmware offers no EFI_MP_SERVICES_PROTOCOL", "update the firmware, or use a single CPU")  \
	X(LOADER_E_PREPARED, "the hypervisor gave back addresses that are outside it",                                 \
	  "install loader and hypervisor image from the same build")                                                   \
	X(LOADER_E_BOOT_LOAD, "the boot target cannot be loaded or started",                                           \
	  "check that it is an EFI program for x86-64 and, under Secure Boot, signed")                                 \
	X(LOADER_E_BOOT_RETURNED, "the boot target ended instead of booting an operating system",                      \
	  "check the boot target")

#define LOADER_ERROR_ENUM(name, what, next) name,
enum loader_error { LOADER_ERRORS(LOADER_ERROR_ENUM) };
#undef LOADER_ERROR_ENUM

#define FAILURE_WHERE_BYTES 200u
#define FAILURE_TEXT_BYTES  400u

struct failure {
	const char *name;
	const char *what;
	const char *next;
	char where[FAILURE_WHERE_BYTES];
};

/** Fills *failure; the format (see text.h) says where. Always returns false, so that callers can 'return fail(...)'. */
bool fail(struct failure *failure, enum loader_error error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same for an answer of the hypervisor, with its name and texts from cloister/errors.h. */
bool fail_hv(struct failure *failure, uint32_t error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** "NAME: what: where", the text that is measured when a launch fails. Returns its length. */
size_t failure_text(const struct failure *failure, char *to, size_t capacity);

#endif
