/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any call on any of the node's files, in any order, from two threads: with words that mean something to some call, at
 * addresses that are whole, cut short or none. Guests are built meanwhile, so that calls meet each stage of one. Between
 * calls eventfds are signalled, memory goes, a VM's file is closed. Where the kernel injects faults, an allocation of
 * some calls fails.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tdx/abi.h"
#include "vm.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define PAGE          4096ul
#define NOBODY        65534
#define CALLS_A_GUEST 600u
#define SEED_STEP     2654435761u
#define SIGNALS_US    20000
#define FILES         12u
#define EVENT         8u /* the first of two eventfds */
#define GSIS          24u
/* The failing allocation is one of so many. */
#define CALL_FAULTS  5u
#define BUILD_FAULTS 256u

static const unsigned long commands[] = {
	KVM_GET_API_VERSION, KVM_CREATE_VM, KVM_CHECK_EXTENSION, KVM_GET_VCPU_MMAP_SIZE, KVM_GET_SUPPORTED_CPUID,
	KVM_GET_MSR_INDEX_LIST, KVM_X86_GET_MCE_CAP_SUPPORTED, KVM_X86_SETUP_MCE, KVM_SET_IDENTITY_MAP_ADDR,
	KVM_SET_TSS_ADDR, KVM_ENABLE_CAP, KVM_SET_TSC_KHZ, KVM_CREATE_GUEST_MEMFD, KVM_SET_USER_MEMORY_REGION2,
	KVM_SET_MEMORY_ATTRIBUTES, KVM_SET_GSI_ROUTING, KVM_IRQ_LINE_STATUS, KVM_SIGNAL_MSI, KVM_IRQFD, KVM_IOEVENTFD,
	KVM_GET_CLOCK, KVM_SET_CLOCK, KVM_MEMORY_ENCRYPT_OP, KVM_CREATE_VCPU, KVM_RUN, KVM_SET_CPUID2, KVM_SET_MSRS,
	KVM_SET_VAPIC_ADDR, KVM_CREATE_IRQCHIP, KVM_NMI, KVM_GET_REGS, KVM_GET_DIRTY_LOG, KVM_CREATE_DEVICE,
	/* Often, since they lead on. */
	KVM_MEMORY_ENCRYPT_OP, KVM_MEMORY_ENCRYPT_OP, KVM_RUN, KVM_RUN, KVM_SET_USER_MEMORY_REGION2, KVM_IRQFD,
	KVM_IOEVENTFD, KVM_SET_MEMORY_ATTRIBUTES};

static struct vm vm;
static int files[FILES];
static unsigned long calls, faults;
static bool over;
static unsigned finished; /* threads */

static uint64_t word(unsigned *state)
{
	const uint64_t words[] = {0,
				  1,
				  2,
				  3,
				  4,
				  8,
				  24,
				  64,
				  PAGE - 1,
				  PAGE,
				  HOLE,
				  LARGE_HOLE,
				  RAM_BYTES,
				  GUEST_LIST,
				  MMIO_BASE,
				  GUEST_CODE,
				  1ul << 32,
				  shared_bit,
				  shared_bit | HOLE,
				  INT32_MAX,
				  INT64_MAX,
				  UINT32_MAX,
				  UINT64_MAX,
				  UINT64_MAX - PAGE + 1,
				  (uintptr_t)vm.ram,
				  (uintptr_t)vm.ram + HOLE,
				  (uintptr_t)vm.firmware,
				  0xfee00000,
				  0x40,
				  (uint64_t)files[(unsigned)rand_r(state) % FILES],
				  (uint64_t)rand_r(state),
				  (uint64_t)rand_r(state) % 4096};

	return words[(unsigned)rand_r(state) % COUNT(words)];
}

/* Words of 4 and of 8 bytes. The second half is not there. */
static void *argument(unsigned *state, uint8_t *pages)
{
	unsigned at = 0;

	while (at < 256) {
		const uint64_t value = word(state);
		const unsigned bytes = rand_r(state) % 2 != 0 ? 4 : 8;

		memcpy(pages + at, &value, bytes);
		at += bytes;
	}
	switch (rand_r(state) % 16) {
	case 0:
		return 0;
	case 1:
		return pages + PAGE - 8;
	case 2:
		return pages + PAGE;
	case 3:
		return (void *)(uintptr_t)word(state);
	default:
		return pages;
	}
}

/* The data that TDX's commands point to. */
static void make_command(unsigned *state, uint8_t *pages)
{
	struct tdx_command *const made = (void *)pages;

	made->id = (uint32_t)rand_r(state) % 7;
	made->flags = rand_r(state) % 4 == 0 ? (uint32_t)word(state) : (uint32_t)rand_r(state) % 2;
	made->data = rand_r(state) % 4 == 0 ? word(state) : (uintptr_t)pages + 64;
}

/* Nearly what a VMM would say: random words seldom get so far that something is allocated. Returns the argument. */
static void *make_request(unsigned long command, unsigned *state, uint8_t *pages)
{
	const unsigned random = (unsigned)rand_r(state);
	const uint32_t event = (uint32_t)files[EVENT + random % 2];

	switch (command) {
	case KVM_CREATE_VM:
		return (void *)(uintptr_t)(random % 2 != 0 ? VM_TYPE_TDX : VM_TYPE_PLAIN);
	case KVM_CREATE_VCPU:
		return (void *)(uintptr_t)(random % 16);
	case KVM_CREATE_GUEST_MEMFD:
		*(struct kvm_create_guest_memfd *)pages = (struct kvm_create_guest_memfd){.size = RAM_BYTES};
		break;
	case KVM_IRQFD:
		*(struct kvm_irqfd *)pages =
			(struct kvm_irqfd){.fd = event, .gsi = random / 2 % GSIS, .flags = random / 64 % 2};
		break;
	case KVM_IOEVENTFD:
		*(struct kvm_ioeventfd *)pages = (struct kvm_ioeventfd){.datamatch = random / 2 % 4,
									.addr = MMIO_BASE + random / 8 % 2 * 8,
									.len = 1u << random / 16 % 4,
									.fd = (int32_t)event,
									.flags = random / 64 % 8};
		break;
	case KVM_SET_GSI_ROUTING:
		*(struct kvm_irq_routing *)pages = (struct kvm_irq_routing){.nr = 1};
		*(struct kvm_irq_routing_entry *)(pages + sizeof(struct kvm_irq_routing)) =
			(struct kvm_irq_routing_entry){.gsi = random % GSIS,
						       .type = KVM_IRQ_ROUTING_MSI,
						       .u.msi = {.address_lo = 0xfee00000, .data = GUEST_VECTOR}};
		break;
	case KVM_SIGNAL_MSI:
		*(struct kvm_msi *)pages =
			(struct kvm_msi){.address_lo = 0xfee00000 | random % 3 << 12, .data = GUEST_VECTOR};
		break;
	case KVM_IRQ_LINE_STATUS:
		*(struct kvm_irq_level *)pages = (struct kvm_irq_level){.irq = random % GSIS, .level = 1};
		break;
	case KVM_SET_MEMORY_ATTRIBUTES:
		*(struct kvm_memory_attributes *)pages = (struct kvm_memory_attributes){
			.address = HOLE, .size = (1 + random / 2 % 8) * PAGE, .attributes = random % 2 * 8};
		break;
	case KVM_MEMORY_ENCRYPT_OP:
		make_command(state, pages);
		break;
	default:
		break;
	}
	return pages;
}

/* What a VMM does besides calls, at any time. */
static void disturb(unsigned *state)
{
	const unsigned page = (unsigned)rand_r(state) % (RAM_BYTES / PAGE);
	const int event = files[EVENT + (unsigned)rand_r(state) % 2];
	uint64_t count = 1;
	void *run;

	switch (rand_r(state) % 64) {
	case 0:
		close(vm.fd); /* the other thread may be in the guest */
		break;
	case 1:
		(void)mmap(vm.ram + page * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 2 ... 9:
		madvise(vm.ram + HOLE, LARGE_HOLE - HOLE, MADV_DONTNEED);
		break;
	case 10 ... 17:
		(void)fallocate(vm.memory[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * PAGE, PAGE);
		break;
	case 18 ... 25:
		run = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm.vcpu[page % VCPUS], 0);
		if (run != MAP_FAILED) {
			((struct kvm_run *)run)->immediate_exit = page % 4 == 0;
			munmap(run, PAGE);
		}
		break;
	case 26 ... 33:
		(void)!read(event, &count, sizeof(count));
		break;
	default:
		(void)!write(event, &count, sizeof(count));
		break;
	}
}

/* The kernel's fault injection for this thread, or -1. */
static int open_failing(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* The @nth allocation of this thread from now on fails; 0: none does. */
static void fail_later(int file, unsigned nth)
{
	char text[8];
	const int bytes = snprintf(text, sizeof(text), "%u", nth);

	(void)!write(file, text, (size_t)bytes);
}

/* Did it fail? None does from now on. */
static bool failed(int file)
{
	char left[8] = "";
	const bool known = pread(file, left, sizeof(left), 0) > 0;

	fail_later(file, 0);
	return known && left[0] == '0';
}

static void call_once(unsigned *state, uint8_t *pages, int failing)
{
	const unsigned long command = commands[(unsigned)rand_r(state) % COUNT(commands)];
	const int file = files[(unsigned)rand_r(state) % FILES];
	void *given = argument(state, pages);

	if (rand_r(state) % 2 != 0)
		given = make_request(command, state, pages);
	const bool fails = failing >= 0 && rand_r(state) % 2 == 0;
	void *const last = command == KVM_RUN && rand_r(state) % 8 != 0 ? 0 : given;

	if (fails)
		fail_later(failing, 1 + (unsigned)rand_r(state) % CALL_FAULTS);
	const int result = ioctl(file, command, last);

	if (fails && failed(failing))
		__atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	if (result > 2 && (command == KVM_CREATE_VM || command == KVM_CREATE_VCPU || command == KVM_CREATE_GUEST_MEMFD))
		close(result);
}

static void *fuzz_calls(void *argument_)
{
	unsigned state = *(unsigned *)argument_;
	uint8_t *const pages = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int failing = open_failing();

	munmap(pages + PAGE, PAGE);
	for (unsigned i = 0; i < CALLS_A_GUEST; i++) {
		call_once(&state, pages, failing);
		if (rand_r(&state) % 32 == 0)
			disturb(&state);
	}
	munmap(pages, PAGE);
	close(failing);
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
	return 0;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Each thread is interrupted often: a guest that halts, or one call that waits for the other thread's. */
static void *interrupt(void *argument_)
{
	const pthread_t *const threads = argument_;

	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		usleep(SIGNALS_US);
		pthread_kill(threads[0], SIGUSR2);
		pthread_kill(threads[1], SIGUSR2);
	}
	return 0;
}

static void fuzz_threads(unsigned seed)
{
	unsigned seeds[2] = {seed * SEED_STEP, seed * SEED_STEP + 1};
	pthread_t threads[2], interrupter;

	over = false;
	finished = 0;
	pthread_create(&threads[0], 0, fuzz_calls, &seeds[0]);
	pthread_create(&threads[1], 0, fuzz_calls, &seeds[1]);
	pthread_create(&interrupter, 0, interrupt, threads);
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < 2)
		usleep(SIGNALS_US);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(interrupter, 0);
	pthread_join(threads[0], 0);
	pthread_join(threads[1], 0);
}

/* A guest whose memory, devices and interrupts are in use; it is built by two thirds, or whole, or until it fails. */
static void fuzz_guest(unsigned seed)
{
	const struct op ops[] = {
		{OP_TDCALL, {TDG_MEM_PAGE_ACCEPT, LARGE_HOLE | 1}},
		{OP_TDCALL, {TDG_VP_VMCALL, 0xffcc, 0, 0, 0, 0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x4000}},
		{OP_STORE, {GUEST_SHARED + HOLE, 1}},
		{OP_HALT, {0}},
		{OP_TDCALL, {TDG_VP_VMCALL, 0xffcc, 0, 0, 0, 0, VMCALL_MMIO, 4, 1, MMIO_BASE | shared_bit, 3}},
		{OP_TDCALL, {TDG_VP_VMCALL, 0xffcc, 0, 0, 0, 0, VMCALL_MAP_GPA, HOLE, 0x4000}},
		{OP_SPIN, {0}},
	};

	const int failing = seed % 2 == 0 ? open_failing() : -1;

	if (failing >= 0)
		fail_later(failing, 1 + seed * SEED_STEP / 8 % BUILD_FAULTS);
	if (seed % 3 == 0)
		(void)vm_begin(&vm, ops, COUNT(ops), 2, RAM_BYTES);
	else
		(void)vm_build(&vm, ops, COUNT(ops), 2, RAM_BYTES);
	if (failing >= 0 && failed(failing))
		faults++;
	close(failing);
	const int all[FILES] = {vm.kvm,
				vm.fd,
				vm.fd,
				vm.fd,
				vm.vcpu[0],
				vm.vcpu[0],
				vm.vcpu[1],
				vm.memory[0],
				eventfd(0, EFD_NONBLOCK),
				eventfd(0, EFD_NONBLOCK),
				-1,
				vm.fd};

	memcpy(files, all, sizeof(files));
	if (vm.ram)
		fuzz_threads(seed);
	close(files[EVENT]);
	close(files[EVENT + 1]);
	vm_end(&vm);
}

int fuzz(unsigned seconds, unsigned seed)
{
	const struct sigaction action = {.sa_handler = ignore};
	struct stat node;
	unsigned guests = 0;

	sigaction(SIGUSR2, &action, 0);
	/*
	 * As a user of the node's group. Who has changed its user owns its files in /proc no more, unless it may be
	 * dumped.
	 */
	if (stat("/dev/kvm", &node) != 0 || setgroups(0, 0) != 0 || setgid(node.st_gid) != 0 || setuid(NOBODY) != 0 ||
	    prctl(PR_SET_DUMPABLE, 1) != 0)
		return 1;
	for (const time_t end = time(0) + (time_t)seconds; time(0) < end; guests++)
		fuzz_guest(seed + guests);
	printf("fuzz: %lu calls, %u guests, %lu allocations failed\n", calls, guests, faults);
	return 0;
}
