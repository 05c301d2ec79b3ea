/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/cloister with right and wrong arguments, run by root inside the measured host. Prints TAP. Nothing of this
 * endangers the hypervisor, which checks its callers itself; the module must not hurt the host's kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloister/domain.h"
#include "cloister/hypercall.h"
#include "cloister_ioctl.h"

#define SIGNERS    8
#define SIGNATURES 10

static int device;
static unsigned number;

static void check(bool good, const char *name)
{
	printf("%sok %u - %s (errno %d)\n", good ? "" : "not ", ++number, name, errno);
}

/* Result of a read, or the negative errno. */
static int read_of(uint32_t object, uint64_t page, uint64_t offset, uint32_t length, uint64_t buffer)
{
	const struct cloister_read request = {
		.object = object, .length = length, .offset = offset, .buffer = buffer, .page = page};
	const int result = ioctl(device, CLOISTER_READ, &request);

	return result < 0 ? -errno : result;
}

static int read_at(uint32_t object, uint64_t offset, uint32_t length, uint64_t buffer)
{
	return read_of(object, 0, offset, length, buffer);
}

static uint64_t address(const void *pointer)
{
	return (uintptr_t)pointer;
}

static void objects(void)
{
	static uint8_t whole[4096], byte;
	int same = 1;

	check(read_at(HV_OBJECT_STATEMENT, 0, 4096, address(whole)) == sizeof(struct hk_statement), "whole statement");
	for (uint32_t i = 0; i < sizeof(struct hk_statement); i++)
		same &= read_at(HV_OBJECT_STATEMENT, i, 1, address(&byte)) == 1 && byte == whole[i];
	check(same, "statement byte by byte");
	check(read_at(HV_OBJECT_STATEMENT, sizeof(struct hk_statement), 1, address(whole)) == 0, "at the end");
	check(read_at(HV_OBJECT_STATS, 0, 4096, address(whole)) == sizeof(struct hv_stats), "statistics");
	check(read_at(HV_OBJECT_LOG, 0, 4096, address(whole)) > 0, "log");
	check(read_at(HV_OBJECT_CONSOLE, 0, 4096, address(whole)) > 0, "console");
}

static void wrong_arguments(void)
{
	static uint8_t buffer[4096];
	const uint64_t to = address(buffer);

	check(read_at(HV_OBJECT_COUNT, 0, 1, to) == -EINVAL, "first object that does not exist");
	check(read_at(UINT32_MAX, 0, 1, to) == -EINVAL, "last object that does not exist");
	check(read_at(HV_OBJECT_LOG, 0, 0, to) == -EINVAL, "length 0");
	check(read_at(HV_OBJECT_LOG, 0, 4097, to) == -EINVAL, "length 4097");
	check(read_at(HV_OBJECT_LOG, 0, UINT32_MAX, to) == -EINVAL, "largest length");
	check(read_at(HV_OBJECT_LOG, UINT64_MAX, 4096, to) == 0, "largest offset");
	check(read_at(HV_OBJECT_LOG, UINT64_MAX - 4095, 4096, to) == 0, "offset and length wrap");
	check(ioctl(device, _IO(0xCB, 0x01), buffer) < 0 && errno == ENOTTY, "other size, same number");
	check(ioctl(device, 0xffffffff, buffer) < 0 && errno == ENOTTY, "unknown request");
	check(read(device, buffer, 1) < 0 && errno == EINVAL, "read(2)");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED && errno == ENODEV, "mmap(2)");
}

/* Of a host without a domain. */
static void domains(void)
{
	static struct domain_list list;
	static uint8_t buffer[4096];
	const uint64_t to = address(buffer), none = 5;

	check(read_at(HV_OBJECT_DOMAINS, 0, 4096, address(&list)) == sizeof(list) && list.count == 0 && list.next == 0,
	      "there are no domains");
	check(read_of(HV_OBJECT_DOMAINS, UINT32_MAX, 0, 4096, to) == sizeof(list), "none from the last page on");
	check(read_of(HV_OBJECT_DOMAINS, 1ull << 32, 0, 4096, to) == -EINVAL, "a page beyond the last");
	check(read_of(HV_OBJECT_DOMAIN, none, 0, 4096, to) == -ENOENT, "a domain that is none");
	check(read_of(HV_OBJECT_DOMAIN, UINT32_MAX, 0, 4096, to) == -ENOENT, "a page that is none");
	check(read_of(HV_OBJECT_STATS, 1, 0, 4096, to) == -EINVAL, "a page of what has none");
	check(ioctl(device, CLOISTER_VMM, &none) < 0 && errno == ENOENT, "nobody runs a domain that is none");
	check(ioctl(device, CLOISTER_VMM, NULL) < 0 && errno == EFAULT, "null number of a domain");
}

static void wrong_pointers(void)
{
	uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cloister_sign *across = (void *)(pages + 4096 - 32);

	munmap(pages + 4096, 4096);
	check(read_at(HV_OBJECT_STATEMENT, 0, 100, 0) == -EFAULT, "null buffer");
	check(read_at(HV_OBJECT_STATEMENT, 0, 100, 0xffff888000000000) == -EFAULT, "the kernel's memory");
	check(read_at(HV_OBJECT_STATEMENT, 0, 100, 0x8000000000000000) == -EFAULT, "not canonical");
	check(read_at(HV_OBJECT_STATEMENT, 0, 100, address(pages + 4096 - 50)) == -EFAULT, "buffer half mapped");
	check(read_at(HV_OBJECT_STATEMENT, 0, 50, address(pages + 4096 - 50)) == 50, "buffer at the edge");
	check(ioctl(device, CLOISTER_READ, NULL) < 0 && errno == EFAULT, "null request");
	check(ioctl(device, CLOISTER_READ, pages + 4096 - 8) < 0 && errno == EFAULT, "request half mapped");
	check(ioctl(device, CLOISTER_SIGN, NULL) < 0 && errno == EFAULT, "null request to sign");
	check(ioctl(device, CLOISTER_SIGN, across) < 0 && errno == EFAULT, "request to sign half mapped");
	check(ioctl(device, CLOISTER_QUOTE, NULL) < 0 && errno == EFAULT, "null report");
	check(ioctl(device, CLOISTER_QUOTE, across) < 0 && errno == EFAULT, "report half mapped");
	mprotect(pages, 4096, PROT_READ);
	check(read_at(HV_OBJECT_STATEMENT, 0, 100, address(pages)) == -EFAULT, "read-only buffer");
	check(ioctl(device, CLOISTER_SIGN, pages) < 0 && errno == EFAULT, "read-only request to sign");
}

/* Reports that no guest of this boot has: nothing is signed, nothing is written. */
static void foreign_reports(void)
{
	struct cloister_quote request = {.signed_report.bytes = 7};

	check(ioctl(device, CLOISTER_QUOTE, &request) < 0 && errno == EINVAL, "a report of zeros");
	memset(&request.report, 0xff, sizeof(request.report));
	check(ioctl(device, CLOISTER_QUOTE, &request) < 0 && errno == EINVAL, "a report of ones");
	check(request.signed_report.bytes == 7, "no answer to a report that is refused");
}

/* One of several processes that sign at the same time. */
static bool sign(uint8_t who)
{
	for (uint8_t i = 0; i < SIGNATURES; i++) {
		struct cloister_sign request = {.qualifying_data = {who, i}};
		const uint8_t *signed_data = request.fresh.qualifying_data;

		if (ioctl(device, CLOISTER_SIGN, &request) != 0)
			return false;
		if (memcmp(request.fresh.magic, HK_FRESH_MAGIC, 8) != 0 || signed_data[0] != who || signed_data[1] != i)
			return false;
	}
	return true;
}

static void signatures(void)
{
	int status, failed = 0;

	fflush(stdout);
	for (uint8_t i = 0; i < SIGNERS; i++)
		if (fork() == 0)
			_exit(sign(i) ? 0 : 1);
	while (wait(&status) > 0)
		failed += status != 0;
	check(failed == 0, "processes sign at the same time, each gets its own");
}

static void drop(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	data[0].effective &= ~(1u << capability);
	syscall(SYS_capset, &header, data);
}

static void privileges(const char *path)
{
	drop(CAP_SYS_ADMIN);
	check(open(path, O_RDWR) < 0 && errno == EPERM, "root without CAP_SYS_ADMIN");
	check(setuid(65534) == 0 && open(path, O_RDWR) < 0 && errno == EACCES, "another user");
	check(open(path, O_RDONLY) < 0 && errno == EACCES, "another user, to read");
}

int main(void)
{
	static const char path[] = "/dev/cloister";

	device = open(path, O_RDWR);
	check(device >= 0, "open");
	objects();
	wrong_arguments();
	domains();
	wrong_pointers();
	foreign_reports();
	signatures();
	privileges(path);
	printf("1..%u\n", number);
	return 0;
}
