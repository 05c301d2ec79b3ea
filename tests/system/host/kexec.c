/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kexec without its many libraries:
 *
 *   kexec load KERNEL INITRD CMDLINE    for 'kexec start'
 *   kexec panic KERNEL INITRD CMDLINE   for when the kernel panics
 *   kexec start
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int load(const char *kernel, const char *initrd, const char *cmdline, unsigned long flags)
{
	const int kernel_file = open(kernel, O_RDONLY | O_CLOEXEC);
	const int initrd_file = open(initrd, O_RDONLY | O_CLOEXEC);

	if (kernel_file < 0)
		return fail(kernel);
	if (initrd_file < 0)
		return fail(initrd);
	if (syscall(SYS_kexec_file_load, kernel_file, initrd_file, strlen(cmdline) + 1, cmdline, flags) != 0)
		return fail("kexec_file_load");
	return 0;
}

static int start(void)
{
	sync();
	(void)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	return fail("reboot");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "start"))
		return start();
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3], argv[4], 0);
	if (argc == 5 && !strcmp(argv[1], "panic"))
		return load(argv[2], argv[3], argv[4], KEXEC_FILE_ON_CRASH);
	fprintf(stderr, "usage: kexec load|panic KERNEL INITRD CMDLINE, kexec start\n");
	return 2;
}
