/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/cloister for programs: whole objects instead of pages. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cloister_ioctl.h"

#define READ_MAX 4096u /* HC_READ, hypercall.h */

int device_open(const char *path)
{
	const int device = open(path, O_RDWR | O_CLOEXEC);

	return device < 0 ? -errno : device;
}

static ssize_t read_part(int device, enum hv_object object, uint32_t page, size_t offset, void *buffer, size_t bytes)
{
	const struct cloister_read request = {
		.object = (uint32_t)object,
		.length = (uint32_t)(bytes < READ_MAX ? bytes : READ_MAX),
		.offset = offset,
		.buffer = (uintptr_t)buffer,
		.page = page,
	};
	const int copied = ioctl(device, CLOISTER_READ, &request);

	if (copied < 0)
		return -errno;
	return (uint32_t)copied <= request.length ? copied : -EPROTO;
}

ssize_t device_read(int device, enum hv_object object, void *buffer, size_t capacity)
{
	size_t done = 0;
	uint8_t past_end;
	ssize_t copied;

	while (done < capacity) {
		copied = read_part(device, object, 0, done, (uint8_t *)buffer + done, capacity - done);
		if (copied <= 0)
			return copied < 0 ? copied : (ssize_t)done;
		done += (size_t)copied;
	}
	copied = read_part(device, object, 0, done, &past_end, sizeof(past_end));
	if (copied > 0)
		return -EFBIG;
	return copied < 0 ? copied : (ssize_t)done;
}

int device_read_exactly(int device, enum hv_object object, void *buffer, size_t bytes)
{
	const ssize_t length = device_read(device, object, buffer, bytes);

	if (length == -EFBIG)
		return -EPROTO;
	if (length < 0)
		return (int)length;
	return (size_t)length == bytes ? 0 : -EPROTO;
}

/* At once: the next read would be of another moment. */
int device_read_page(int device, enum hv_object object, uint32_t page, void *buffer, size_t bytes)
{
	uint8_t whole[READ_MAX];
	const ssize_t copied = read_part(device, object, page, 0, whole, sizeof(whole));

	if (copied < 0)
		return (int)copied;
	if ((size_t)copied != bytes)
		return -EPROTO;
	memcpy(buffer, whole, bytes);
	return 0;
}

pid_t device_vmm(int device, uint32_t domain)
{
	const uint64_t argument = domain;
	const int process = ioctl(device, CLOISTER_VMM, &argument);

	return process < 0 ? -errno : process;
}

int device_sign(int device, const uint8_t qualifying_data[32], struct hk_fresh *fresh)
{
	struct cloister_sign request = {0};

	memcpy(request.qualifying_data, qualifying_data, sizeof(request.qualifying_data));
	if (ioctl(device, CLOISTER_SIGN, &request) < 0)
		return -errno;
	*fresh = request.fresh;
	return 0;
}

int device_quote(int device, const struct report *report, struct hk_report *signed_report)
{
	struct cloister_quote request = {.report = *report};

	if (ioctl(device, CLOISTER_QUOTE, &request) < 0)
		return -errno;
	*signed_report = request.signed_report;
	return 0;
}

int device_stats(int device, struct hv_stats *stats)
{
	const int error = device_read_exactly(device, HV_OBJECT_STATS, stats, sizeof(*stats));

	if (error)
		return error;
	return stats->version == 1 && stats->bytes == sizeof(*stats) ? 0 : -EPROTO;
}
