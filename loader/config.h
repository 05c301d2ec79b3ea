/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloister.conf (docs/protocol.md): parsed and checked, pure C. */
#ifndef LOADER_CONFIG_H
#define LOADER_CONFIG_H

#include "failure.h"

#define CONFIG_MAX_BYTES  12288u /* the launch log carries the file (BOOT_MAX_LOG) */
#define CONFIG_MAX_LINES  96u
#define CONFIG_LINE_BYTES 2112u
#define CONFIG_PATH_BYTES 256u  /* with the terminator */
#define CONFIG_TEXT_BYTES 2048u /* likewise; Linux takes a command line of so many on x86 (COMMAND_LINE_SIZE) */

#define CONFIG_SERIAL_UNSAID UINT32_MAX

enum config_binding { CONFIG_BINDING_STRONG, CONFIG_BINDING_WEAK };
enum config_opt_out { CONFIG_OPT_OUT_OVERRIDE, CONFIG_OPT_OUT_REFUSE };
enum config_on_error { CONFIG_ON_ERROR_STOP, CONFIG_ON_ERROR_CONTINUE };
enum config_boot { CONFIG_BOOT_KERNEL, CONFIG_BOOT_LOADER, CONFIG_BOOT_FIRMWARE };

struct config {
	char image_svm[CONFIG_PATH_BYTES];
	char image_vmx[CONFIG_PATH_BYTES];
	char kernel[CONFIG_PATH_BYTES]; /* "" where the key is not given, likewise below */
	char initrd[CONFIG_PATH_BYTES];
	char chain[CONFIG_PATH_BYTES];
	char cmdline[CONFIG_TEXT_BYTES];
	uint32_t pool_mib;       /* even */
	uint32_t serial_port;    /* 0 for none; CONFIG_SERIAL_UNSAID until the key is read */
	uint32_t tpm_binding;    /* enum config_binding */
	uint32_t require_tpm;    /* 0 or 1 */
	uint32_t require_iommu;  /* 0 or 1 */
	uint32_t pci_ports;      /* 0: hidden where there is another way, 1: shown */
	uint32_t x2apic_opt_out; /* 0: the firmware's wish is overridden, 1: the launch is refused */
	uint32_t allow_preboot;  /* 0 or 1: DriverOrder and SysPrepOrder may be set */
	uint32_t sleep;          /* 0: sleep states that keep memory are refused, 1: allowed without a pool */
	uint32_t on_error;       /* enum config_on_error */
	uint32_t on_crash;       /* BOOT_CRASH_* */
	uint32_t boot;           /* enum config_boot */
};

/**
 * The values before the file is read. All but the serial port's are also the defaults of keys that it does not give.
 */
void config_default(struct config *config);

/**
 * Parses the whole file. On an error *config holds what the lines before the bad one said.
 * @text:  the file's bytes, need not be terminated
 * @bytes: at most CONFIG_MAX_BYTES
 */
bool config_parse(const char *text, size_t bytes, struct config *config, struct failure *failure);

#endif
