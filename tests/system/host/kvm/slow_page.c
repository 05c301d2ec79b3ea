/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slow_page.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES 4096u

bool slow_page_make(struct slow_page *slow)
{
	struct uffdio_api api = {.api = UFFD_API};

	slow->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	slow->page = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return slow->faults >= 0 && slow->page != MAP_FAILED && ioctl(slow->faults, UFFDIO_API, &api) == 0 &&
	       ioctl(slow->faults, UFFDIO_REGISTER,
		     &(struct uffdio_register){.range = {(uintptr_t)slow->page, BYTES},
					       .mode = UFFDIO_REGISTER_MODE_MISSING}) == 0;
}

bool slow_page_is_read(const struct slow_page *slow)
{
	struct uffd_msg message;

	return read(slow->faults, &message, sizeof(message)) == sizeof(message) &&
	       message.event == UFFD_EVENT_PAGEFAULT;
}

bool slow_page_give(const struct slow_page *slow, const void *contents, size_t bytes)
{
	static _Alignas(BYTES) uint8_t source[BYTES];

	memcpy(source, contents, bytes);
	return ioctl(slow->faults, UFFDIO_COPY,
		     &(struct uffdio_copy){.dst = (uintptr_t)slow->page, .src = (uintptr_t)source, .len = BYTES}) == 0;
}

void slow_page_end(struct slow_page *slow)
{
	munmap(slow->page, BYTES);
	close(slow->faults);
}
