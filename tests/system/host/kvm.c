/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests on /dev/kvm, without QEMU: each call as QEMU makes it, each exit, each end. Prints TAP; runs in the measured
 * host, as root. 'kvm spin' holds a guest that runs until it is killed; 'kvm fuzz' makes random calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kvm/check.h"
#include "kvm/fuzz.h"
#include "kvm/lies.h"
#include "kvm/quotes.h"
#include "kvm/slow_page.h"
#include "kvm/vm.h"
#include "tdx/abi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CYCLES       40u
#define GSI          5u
#define CLOSE_S      10
#define PAGE         4096ul

static struct vm vm;

static bool is(uint64_t expected, uint64_t found)
{
	if (found != expected)
		printf("# found %lx, expected %lx\n", (unsigned long)found, (unsigned long)expected);
	return found == expected;
}

static bool start(const struct op *ops, size_t count)
{
	return vm_build(&vm, ops, count, 1, RAM_BYTES);
}

/* The next exit is of this reason. */
static bool exits(int reason)
{
	return is((uint64_t)reason, (uint64_t)vm_run(&vm, 0));
}

/* A TDCALL that succeeded; its eight words are passed over. */
static bool succeeded(void)
{
	const bool good = is(0, vm_told(&vm));

	vm_skip(&vm, 7);
	return good;
}

/* An operation without a result. */
static void pass(void)
{
	vm_skip(&vm, 2);
}

static int check_extension(int fd, unsigned long cap)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, cap);
}

static void test_node(void)
{
	const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[64];
	} cpuid = {.head = {.nent = 1}};

	check(kvm >= 0 && ioctl(kvm, KVM_GET_API_VERSION, 0) == 12, "the node speaks KVM's version 12");
	check(check_extension(kvm, KVM_CAP_VM_TYPES) == 1 << VM_TYPE_TDX, "it has VMs of TDX");
	check(check_extension(kvm, KVM_CAP_IMMEDIATE_EXIT) == 1 && check_extension(kvm, KVM_CAP_SET_GUEST_DEBUG) == 0,
	      "it announces what it has");
	check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) == -1 && errno == E2BIG, "CPUID needs a longer list");
	cpuid.head.nent = COUNT(cpuid.entries);
	check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) == 0 && cpuid.head.nent > 10, "CPUID is told");
	check(ioctl(kvm, KVM_CREATE_VM, 1) == -1 && errno == EINVAL, "there are no VMs of another type");
	const int plain = ioctl(kvm, KVM_CREATE_VM, VM_TYPE_PLAIN);

	check(plain >= 0 && ioctl(plain, KVM_CREATE_IRQCHIP, 0) == 0, "libvirt's probe gets a VM");
	check(ioctl(plain, KVM_MEMORY_ENCRYPT_OP, 0) == -1, "which is not encrypted");
	check(ioctl(plain, KVM_CREATE_VCPU, 0) == -1 && errno == EOPNOTSUPP, "and never has a vCPU");
	close(plain);
	close(kvm);
}

static void test_starts(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}, {OP_RDMSR, {0x802}}, TDCALL(TDG_VP_INFO)};

	check(start(ops, COUNT(ops)), "a guest is built");
	vm.run[0]->immediate_exit = 1;
	check(is((uint64_t)-EINTR, (uint64_t)vm_run(&vm, 0)) && vm.words == 0, "an immediate exit is one");
	vm.run[0]->immediate_exit = 0;
	check(vm_run_to_end(&vm), "the guest comes to its end");
	check(is(0x756e654700000021, vm_told(&vm)) && is(0x49656e696c65746e, vm_told(&vm)), "it saw Intel's name");
	check(is(0, vm_told(&vm)) && is(0, vm_told(&vm)), "and its APIC ID");
	check(is(0, vm_told(&vm)) && is((uint64_t)__builtin_ctzl(shared_bit) + 1, vm_told(&vm)), "and its width");
	vm_end(&vm);
}

static bool port_exit(unsigned port, unsigned bytes, unsigned direction)
{
	return exits(KVM_EXIT_IO) && is(port, vm.run[0]->io.port) && is(bytes, vm.run[0]->io.size) &&
	       is(direction, vm.run[0]->io.direction) && is(1, vm.run[0]->io.count);
}

static bool mmio_exit(uint64_t address, unsigned bytes, unsigned write)
{
	return exits(KVM_EXIT_MMIO) && is(address, vm.run[0]->mmio.phys_addr) && is(bytes, vm.run[0]->mmio.len) &&
	       is(write, vm.run[0]->mmio.is_write);
}

static void test_devices(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_IO, 2, 0, 0x60, 0),
		VMCALL(0, VMCALL_IO, 1, 1, 0x70, 0x5a),
		VMCALL(0, VMCALL_MMIO, 8, 0, (MMIO_BASE + 8) | shared_bit, 0),
		VMCALL(0, VMCALL_MMIO, 4, 1, (MMIO_BASE + 16) | shared_bit, 0x12345678),
		VMCALL(0, VMCALL_FATAL_ERROR, 7, 0, 0x21646e65, 0),
	};
	uint32_t value = 0;

	check(start(ops, COUNT(ops)), "a guest with devices is built");
	check(port_exit(0x60, 2, KVM_EXIT_IO_IN), "it reads a port");
	memcpy(vm_port_data(&vm, 0), &(uint16_t){0xbeef}, 2);
	vm.run[0]->immediate_exit = 1;
	check(is((uint64_t)-EINTR, (uint64_t)vm_run(&vm, 0)), "a signal comes before it has the value");
	vm.run[0]->immediate_exit = 0;
	check(port_exit(0x70, 1, KVM_EXIT_IO_OUT) && *(uint8_t *)vm_port_data(&vm, 0) == 0x5a, "it writes a port");
	check(mmio_exit(MMIO_BASE + 8, 8, 0), "it reads a register");
	memcpy(vm.run[0]->mmio.data, &(uint64_t){0x1122334455667788}, 8);
	check(mmio_exit(MMIO_BASE + 16, 4, 1), "it writes a register");
	memcpy(&value, vm.run[0]->mmio.data, sizeof(value));
	check(is(0x12345678, value), "with its value");
	check(exits(KVM_EXIT_SYSTEM_EVENT) && is(EVENT_TDX_FATAL, vm.run[0]->system_event.type) &&
		      is(7, vm.run[0]->system_event.data[12]) && is(0x21646e65, vm.run[0]->system_event.data[14]),
	      "it gives up, in its own words");
	check(is((uint64_t)-EIO, (uint64_t)vm_run(&vm, 0)), "and runs no more");
	vm_skip(&vm, 5);
	check(is(0, vm_told(&vm)) && is(0xbeef, (vm_skip(&vm, 0), vm.told[6])), "it had the port's value");
	vm_end(&vm);
}

static int assign_ioeventfd(int event, uint64_t address, uint32_t bytes, uint32_t flags, uint64_t match)
{
	return ioctl(vm.fd, KVM_IOEVENTFD,
		     &(struct kvm_ioeventfd){
			     .datamatch = match, .addr = address, .len = bytes, .fd = event, .flags = flags});
}

static uint64_t count_of(int event)
{
	uint64_t count = 0;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void test_ioeventfds(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_MMIO, 2, 1, MMIO_BASE | shared_bit, 3),
		VMCALL(0, VMCALL_MMIO, 4, 1, (MMIO_BASE + 4) | shared_bit, 9),
		VMCALL(0, VMCALL_MMIO, 4, 1, (MMIO_BASE + 4) | shared_bit, 8),
		VMCALL(0, VMCALL_IO, 1, 1, 0x71, 1),
	};
	const int any = eventfd(0, EFD_NONBLOCK), match = eventfd(0, EFD_NONBLOCK), port = eventfd(0, EFD_NONBLOCK);

	check(start(ops, COUNT(ops)), "a guest with eventfds is built");
	check(assign_ioeventfd(any, MMIO_BASE, 0, 0, 0) == 0 &&
		      assign_ioeventfd(match, MMIO_BASE + 4, 4, KVM_IOEVENTFD_FLAG_DATAMATCH, 9) == 0 &&
		      assign_ioeventfd(port, 0x71, 1, KVM_IOEVENTFD_FLAG_PIO, 0) == 0,
	      "writes become events");
	check(assign_ioeventfd(any, MMIO_BASE, 0, 0, 0) == -1 && errno == EEXIST, "once");
	check(assign_ioeventfd(any, MMIO_BASE, 3, 0, 0) == -1 && assign_ioeventfd(-1, MMIO_BASE, 0, 0, 0) == -1,
	      "not of any size, nor without an eventfd");
	check(mmio_exit(MMIO_BASE + 4, 4, 1), "another value is an exit");
	check(vm_run_to_end(&vm) && is(1, count_of(any)) && is(1, count_of(match)) && is(1, count_of(port)),
	      "and the others are events");
	check(assign_ioeventfd(any, MMIO_BASE, 0, KVM_IOEVENTFD_FLAG_DEASSIGN, 0) == 0 &&
		      assign_ioeventfd(any, MMIO_BASE, 0, KVM_IOEVENTFD_FLAG_DEASSIGN, 0) == -1,
	      "an event is taken away");
	vm_end(&vm);
	close(any);
	close(match);
	close(port);
}

/* VmPin of this process, in KiB. */
static long pinned_kib(void)
{
	FILE *const status = fopen("/proc/self/status", "r");
	char line[128];
	long kib = -1;

	while (status && fgets(line, sizeof(line), status))
		(void)sscanf(line, "VmPin: %ld", &kib);
	if (status)
		fclose(status);
	return kib;
}

static bool map_gpa_exit(uint64_t address, uint64_t pages, uint64_t private)
{
	const struct kvm_run *const run = vm.run[0];

	return exits(KVM_EXIT_HYPERCALL) && is(MAP_GPA_CALL, run->hypercall.nr) &&
	       is(address, run->hypercall.args[0]) && is(pages, run->hypercall.args[1]) &&
	       is(private, run->hypercall.args[2]) && is(0, run->hypercall.ret);
}

static int set_attributes(uint64_t address, uint64_t bytes, uint64_t attributes)
{
	return ioctl(vm.fd, KVM_SET_MEMORY_ATTRIBUTES,
		     &(struct kvm_memory_attributes){.address = address, .size = bytes, .attributes = attributes});
}

static void test_memory(void)
{
	const struct op ops[] = {
		ACCEPT(HOLE),
		{OP_STORE, {HOLE, 0x1234}},
		{OP_LOAD, {HOLE}},
		ACCEPT(LARGE_HOLE | 1),
		{OP_STORE, {LARGE_HOLE + 0x1ff000, 0x99}},
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_STORE, {GUEST_SHARED + HOLE, 0x1122334455667788}},
		{OP_LOAD, {GUEST_SHARED + HOLE + 8}},
		VMCALL(0, VMCALL_IO, 1, 1, 0x70, 0),
		VMCALL(0, VMCALL_MAP_GPA, HOLE, 0x1000),
		ACCEPT(HOLE),
		{OP_LOAD, {HOLE}},
		{OP_LOAD, {LARGE_HOLE + 0x1ff000}},
		VMCALL(0, VMCALL_MAP_GPA, (LARGE_HOLE + 0x1000) | shared_bit, 0x1000),
	};
	uint64_t *shared;

	check(start(ops, COUNT(ops)), "a guest with memory is built");
	shared = (uint64_t *)(vm.ram + HOLE);
	check(map_gpa_exit(HOLE, 1, 0), "it makes a page shared");
	check(set_attributes(HOLE, 0x1000, 0) == 0 && is(0, (uint64_t)pinned_kib()), "nothing is pinned yet");
	check(fallocate(vm.memory[0], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HOLE, 0x1000) == 0,
	      "a hole is punched in its memory");
	shared[1] = 0xabcd;
	check(port_exit(0x70, 1, KVM_EXIT_IO_OUT) && is(0x1122334455667788, shared[0]), "what it writes is here");
	check(is(4, (uint64_t)pinned_kib()), "one page is pinned");
	check(map_gpa_exit(HOLE, 1, MAP_GPA_PRIVATE) && is(0, (uint64_t)pinned_kib()),
	      "it makes the page private, and none is");
	check(set_attributes(HOLE, 0x1000, KVM_MEMORY_ATTRIBUTE_PRIVATE) == 0 &&
		      madvise(shared, 0x1000, MADV_DONTNEED) == 0,
	      "which is here, too");
	shared[0] = 1;
	check(map_gpa_exit(LARGE_HOLE + 0x1000, 1, 0), "it makes a part of a large page shared");
	check(vm_run_to_end(&vm), "it comes to its end");
	check(succeeded() && (pass(), is(0x1234, vm_told(&vm))), "a page that it accepted is its own");
	vm_skip(&vm, 1);
	check(succeeded(), "it accepted 2 MiB at once");
	pass();
	check(succeeded() && (pass(), is(0xabcd, vm_told(&vm))), "it read what was written here");
	vm_skip(&vm, 1);
	check(succeeded() && succeeded() && succeeded() && is(0, vm_told(&vm)), "the page is empty when it is back");
	vm_skip(&vm, 1);
	check(is(0x99, vm_told(&vm)), "and the large one is as it was");
	vm_end(&vm);
	check(is(0, (uint64_t)pinned_kib()), "nothing is pinned after its end");
}

/* The guest's page at @address is the file's first one. */
static bool map_file(int file, uint64_t address)
{
	return mmap(vm.ram + address, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
}

/* The VMM's memory is a file of one page, at two addresses, which is cut off before the guest uses it and later. */
static void test_file_that_goes(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 2 * PAGE),
		{OP_STORE, {GUEST_SHARED + HOLE, 0x1234}},
		{OP_LOAD, {GUEST_SHARED + HOLE + PAGE}},
		VMCALL(0, VMCALL_IO, 1, 1, 0x70, 0),
		{OP_LOAD, {GUEST_SHARED + HOLE}},
	};
	const int file = memfd_create("ram", MFD_CLOEXEC);

	check(start(ops, COUNT(ops)) && map_file(file, HOLE) && map_file(file, HOLE + PAGE), "a guest with a file");
	check(map_gpa_exit(HOLE, 2, 0) && set_attributes(HOLE, 2 * PAGE, 0) == 0, "it makes the file's pages shared");
	check(is((uint64_t)-EFAULT, (uint64_t)vm_run(&vm, 0)), "it cannot use what the file does not have");
	check(ftruncate(file, PAGE) == 0 && port_exit(0x70, 1, KVM_EXIT_IO_OUT), "it can when the file has it");
	check(is(8, (uint64_t)pinned_kib()), "one page at two addresses is pinned twice");
	check(ftruncate(file, 0) == 0 && vm_run_to_end(&vm), "what is pinned stays, though the file is cut off");
	vm_skip(&vm, 8 + 2);
	check(is(0x1234, vm_told(&vm)), "both addresses are one page");
	vm_skip(&vm, 1 + 8);
	check(is(0x1234, vm_told(&vm)), "which is as it was");
	vm_end(&vm);
	close(file);
	check(is(0, (uint64_t)pinned_kib()), "nothing is pinned after its end");
}

static int add_region(uint64_t address)
{
	const struct tdx_region region = {.source = (uintptr_t)vm.firmware, .gpa = address, .pages = 1};
	const struct tdx_command command = {
		.id = TDX_INIT_MEM_REGION, .flags = TDX_MEASURE, .data = (uintptr_t)&region};

	return ioctl(vm.vcpu[0], KVM_MEMORY_ENCRYPT_OP, &command);
}

/* As a section of firmware would be that lies where no RAM is. */
static void test_regions(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}};

	check(vm_begin(&vm, ops, COUNT(ops), 1, RAM_BYTES), "a guest is begun");
	check(add_region(GUEST_LIST) == -1 && errno == EEXIST, "no page of it is added twice");
	check(add_region(RAM_BYTES) == -1 && errno == EINVAL, "none outside of its RAM");
	check(add_region(MMIO_BASE) == -1 && errno == EINVAL && add_region(shared_bit) == -1 && errno == EINVAL,
	      "where devices and shared memory are");
	check(add_region(GUEST_LIST + 1) == -1 && errno == EINVAL, "and no part of one");
	check(vm_finish(&vm) && vm_run_to_end(&vm), "the guest runs without them");
	vm_end(&vm);
}

/* What the VMM tells a guest that asked for a quote. */
struct quote_buffer {
	uint64_t version, status; /* all ones: it is being made */
};

static struct quote_buffer *quote_buffer(void)
{
	return (struct quote_buffer *)(void *)(vm.ram + HOLE);
}

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Acts while vCPU 0 is in KVM_RUN: after a little, what is asked for. */
enum act { SEND_MSI, RAISE_LINE, WRITE_EVENT, SEND_SIGNAL, CLOSE_VM, MOVE, TAKE_CPU, FINISH_QUOTE };

struct actor {
	enum act act;
	int event;
	pthread_t runner;
};

static void stop(int signal)
{
	(void)signal;
	vm.stop = true;
}

/* The runner may run on this CPU only. */
static void put_on(pthread_t runner, unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(runner, sizeof(set), &set);
}

static bool set_online(const char *value)
{
	const int file = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY | O_CLOEXEC);
	const bool good = write(file, value, 1) == 1;

	close(file);
	return good;
}

static void act(const struct actor *actor)
{
	const struct kvm_msi msi = {.address_lo = 0xfee00000, .data = GUEST_VECTOR};
	struct kvm_irq_level line = {.irq = GSI, .level = 1};
	const uint64_t one = 1;

	switch (actor->act) {
	case SEND_MSI:
		check(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi) == 1, "a message is sent");
		break;
	case RAISE_LINE:
		check(ioctl(vm.fd, KVM_IRQ_LINE_STATUS, &line) == 0 && line.status == 1, "a line is raised");
		break;
	case WRITE_EVENT:
		check(write(actor->event, &one, sizeof(one)) == sizeof(one), "an eventfd is signalled");
		break;
	case SEND_SIGNAL:
		pthread_kill(actor->runner, SIGUSR1);
		break;
	case CLOSE_VM:
		close(vm.fd);
		break;
	case MOVE:
		for (unsigned i = 0; i < 20; i++) {
			put_on(actor->runner, i % 2);
			usleep(10000);
		}
		check(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi) == 1, "a message is sent");
		break;
	case TAKE_CPU:
		check(set_online("0"), "a CPU goes offline");
		check(ioctl(vm.fd, KVM_SIGNAL_MSI, &msi) == 1, "a message is sent");
		break;
	case FINISH_QUOTE:
		quote_buffer()->status = 0;
		break;
	}
}

static void *act_later(void *argument)
{
	usleep(300000);
	act(argument);
	return 0;
}

/* vCPU 0 runs, and is acted on meanwhile. */
static int run_under(enum act what, int event)
{
	struct actor actor = {what, event, pthread_self()};
	pthread_t thread;

	vm.stop = false;
	pthread_create(&thread, 0, act_later, &actor);
	const int result = vm_run(&vm, 0);

	pthread_join(thread, 0);
	return result;
}

static bool counts_one(void)
{
	const bool good = is(1, vm_told(&vm));

	vm_skip(&vm, 1);
	return good;
}

static bool ended(int result)
{
	return is(KVM_EXIT_IO, (uint64_t)result) && is(END_PORT, vm.run[0]->io.port);
}

static int assign_irqfd(int event, uint32_t gsi, uint32_t flags)
{
	return ioctl(vm.fd, KVM_IRQFD, &(struct kvm_irqfd){.fd = (uint32_t)event, .gsi = gsi, .flags = flags});
}

static void test_interrupts(void)
{
	static const struct op halt[] = {{OP_HALT, {0}}};
	const int event = eventfd(0, EFD_NONBLOCK);

	check(start(halt, 1) && ended(run_under(SEND_MSI, -1)) && counts_one(), "a message ends HLT");
	vm_end(&vm);
	check(start(halt, 1) && vm_route(&vm, GSI, 0, GUEST_VECTOR) == 0 && ended(run_under(RAISE_LINE, -1)) &&
		      counts_one(),
	      "a line ends HLT");
	vm_end(&vm);
	check(start(halt, 1) && vm_route(&vm, GSI, 0, GUEST_VECTOR) == 0 && assign_irqfd(event, GSI, 0) == 0,
	      "an eventfd is a line");
	check(assign_irqfd(event, GSI, 0) == -1 && errno == EBUSY && assign_irqfd(event, GSI + 1, 0) == -1 &&
		      errno == EBUSY,
	      "once, for one GSI");
	check(assign_irqfd(event, GSI, KVM_IRQFD_FLAG_RESAMPLE) == -1 && assign_irqfd(0, GSI, 0) == -1,
	      "not resampled, nor without an eventfd");
	check(ended(run_under(WRITE_EVENT, event)) && counts_one(), "which ends HLT");
	check(is(0, count_of(event)), "and is read");
	check(assign_irqfd(event, GSI, KVM_IRQFD_FLAG_DEASSIGN) == 0 &&
		      assign_irqfd(event, GSI, KVM_IRQFD_FLAG_DEASSIGN) == 0,
	      "it is taken away, also twice");
	vm_end(&vm);
	close(event);
}

static void test_nowhere(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}};
	const struct kvm_msi bad[] = {
		{.address_lo = 0xfee00000, .data = 0x1f},
		{.address_lo = 0xfee00000, .data = 0xeb},
		{.address_lo = 0xfee00000, .data = 0x80},
		{.address_lo = 0xfee00000, .data = 0x440},
		{.address_lo = 0xfee01000, .data = 0x40},
		{.address_lo = 0xfee00000, .address_hi = 0x100, .data = 0x40},
		{.address_lo = 0xfee00000, .data = 0x500},
	};
	bool none = start(ops, COUNT(ops));

	for (unsigned i = 0; i < COUNT(bad); i++)
		none = none && is(0, (uint64_t)ioctl(vm.fd, KVM_SIGNAL_MSI, &bad[i]));
	check(none, "messages for nobody, and vectors of nobody, go nowhere");
	check(vm_run_to_end(&vm), "and the guest does not mind");
	vm_end(&vm);
}

/* The TSC is the machine's. */
static void test_deadline(void)
{
	const uint64_t now = __builtin_ia32_rdtsc();
	const struct op ops[] = {
		{OP_WRMSR, {0x832, 0x40000 | GUEST_VECTOR}},
		{OP_WRMSR, {0x6e0, now + 3000000000ul}},
		{OP_HALT, {0}},
		{OP_WRMSR, {0x6e0, now + 6000000000ul}},
		{OP_AWAIT, {0}},
	};

	check(start(ops, COUNT(ops)) && vm_run_to_end(&vm), "a guest waits for its timer");
	pass();
	pass();
	check(counts_one(), "HLT ends at the deadline");
	pass();
	check(counts_one(), "and so does a loop");
	check(__builtin_ia32_rdtsc() >= now + 6000000000ul, "not before");
	vm_end(&vm);
}

static void test_signals(void)
{
	static const struct op spin[] = {{OP_SPIN, {0}}}, halt[] = {{OP_HALT, {0}}};

	check(start(spin, 1) && is((uint64_t)-EINTR, (uint64_t)run_under(SEND_SIGNAL, -1)),
	      "a signal ends a run of a guest that spins");
	check(is((uint64_t)-EIO, (uint64_t)run_under(CLOSE_VM, -1)), "and so does the VM's end");
	check(ioctl(vm.vcpu[0], KVM_RUN, 0) == -1 && errno == EIO, "its vCPU is a dead handle");
	vm.fd = -1;
	vm_end(&vm);
	check(start(halt, 1) && is((uint64_t)-EINTR, (uint64_t)run_under(SEND_SIGNAL, -1)),
	      "a signal ends a run of a guest that halts");
	check(is((uint64_t)-EIO, (uint64_t)run_under(CLOSE_VM, -1)), "and so does the VM's end");
	vm.fd = -1;
	vm_end(&vm);
}

/* Its CPU, on which its state is, goes offline, and comes back. */
static void test_taken_cpu(const struct op *op, const char *name)
{
	put_on(pthread_self(), 1);
	check(start(op, 1) && ended(run_under(TAKE_CPU, -1)) && counts_one(), name);
	vm_end(&vm);
	check(set_online("1"), "the CPU is back");
}

static void test_cpus(void)
{
	static const struct op await = {OP_AWAIT, {0}}, halt = {OP_HALT, {0}};
	cpu_set_t before;

	sched_getaffinity(0, sizeof(before), &before);
	check(start(&await, 1) && ended(run_under(MOVE, -1)) && counts_one(), "a guest moves between CPUs");
	vm_end(&vm);
	test_taken_cpu(&await, "a guest that runs goes on when its CPU does not");
	test_taken_cpu(&halt, "and so does one that halts");
	put_on(pthread_self(), 1);
	check(start(&await, 1) && ended(run_under(SEND_MSI, -1)) && counts_one(), "the CPU runs guests again");
	vm_end(&vm);
	sched_setaffinity(0, sizeof(before), &before);
}

/* The guest goes on when the quote is there (an actor waits 300 ms), for a signal not at all, or after a second. */
static void test_quote_in_flight(struct exit_tdx *quote)
{
	uint64_t start;

	quote->result = 0;
	quote_buffer()->status = UINT64_MAX;
	check(is((uint64_t)-EINTR, (uint64_t)run_under(SEND_SIGNAL, -1)), "a guest waits for it, its VMM does not");
	start = milliseconds();
	check(is(EXIT_TDX, (uint64_t)run_under(FINISH_QUOTE, -1)), "it goes on when it has it");
	check(milliseconds() - start >= 300, "and not before");
	quote->result = 0;
	quote_buffer()->status = UINT64_MAX;
	start = milliseconds();
	check(exits(EXIT_TDX), "it goes on without it");
	check(milliseconds() - start >= 1000, "after a second");
}

static void test_quote(void)
{
	const struct op ask = VMCALL(0, VMCALL_GET_QUOTE, HOLE | shared_bit, 0x1000);
	const struct op ops[] = {VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000), ask, ask, ask, ask};

	check(start(ops, COUNT(ops)) && map_gpa_exit(HOLE, 1, 0), "a guest with a buffer is built");
	struct exit_tdx *const quote = (void *)&vm.run[0]->hw;

	check(exits(EXIT_TDX) && is(TDX_GET_QUOTE, quote->number) && is(HOLE, quote->gpa) && is(0x1000, quote->bytes),
	      "it asks for a quote");
	quote->result = 0;
	check(exits(EXIT_TDX), "twice");
	test_quote_in_flight(quote);
	check(vm_run_to_end(&vm), "it comes to its end");
	vm_skip(&vm, 8 + 5);
	check(is(0, vm.told[8 + 5]) && is(VMCALL_INVALID_OPERAND, vm.told[32 + 5]), "and gets the answers");
	vm_end(&vm);
}

static void *run_second(void *argument)
{
	int *const result = argument;

	*result = vm_run(&vm, 1);
	return 0;
}

/* Both do the same, each on its own stack: halt, until the other one, or the host, interrupts it. */
static void test_two_vcpus(void)
{
	static const struct op ops[] = {{OP_OTHER, {1}}, {OP_HALT, {0}}, {OP_WRMSR, {0x830, 2ul << 32 | GUEST_VECTOR}}};
	pthread_t thread;
	int result = 0;

	check(vm_build(&vm, ops, COUNT(ops), 2, RAM_BYTES), "a guest of two vCPUs is built");
	pthread_create(&thread, 0, run_second, &result);
	check(ended(run_under(SEND_MSI, -1)), "the first one is interrupted, and interrupts the second");
	pthread_join(thread, 0);
	check(is(KVM_EXIT_IO, (uint64_t)result) && is(END_PORT, vm.run[1]->io.port), "which wakes up");
	vm_end(&vm);
}

static void test_cycles(void)
{
	static const struct op ops[] = {ACCEPT(LARGE_HOLE | 1), ACCEPT(HOLE)};
	bool good = true;

	for (unsigned i = 0; i < CYCLES && good; i++) {
		good = start(ops, COUNT(ops)) && vm_run_to_end(&vm);
		vm_end(&vm);
	}
	check(good, "guests come and go, and the pool is whole");
}

/* A triple fault: LIDT (%rax), of zeros, then UD2. */
static void test_reset(void)
{
	static const struct op ops[] = {{OP_RUN, {0x0b0f18010f, 0, GUEST_REPORT_DATA}}};

	check(start(ops, COUNT(ops)) && exits(KVM_EXIT_SHUTDOWN), "a triple fault is a reset");
	check(is((uint64_t)-EIO, (uint64_t)vm_run(&vm, 0)), "after which nothing runs");
	vm_end(&vm);
}

/* As QEMU does it: another VM is made while the vCPUs of the one that has ended are open. */
static void test_reboot(uint64_t pool_bytes)
{
	static const struct op ops[] = {ACCEPT(HOLE)};

	check(vm_build(&vm, ops, COUNT(ops), 1, pool_bytes * 3 / 4) && vm_run_to_end(&vm), "a large guest runs");
	struct vm before = vm;

	close(before.fd);
	before.fd = -1;
	check(vm_build(&vm, ops, COUNT(ops), 1, pool_bytes * 3 / 4) && vm_run_to_end(&vm),
	      "it reboots, in the memory that it had");
	check(ioctl(before.vcpu[0], KVM_RUN, 0) == -1 && errno == EIO, "its old vCPU is a dead handle");
	vm_end(&before);
	vm_end(&vm);
}

static void test_too_large(uint64_t pool_bytes)
{
	static const struct op ops[] = {ACCEPT(HOLE)};

	check(!vm_build(&vm, ops, COUNT(ops), 1, pool_bytes) && errno == ENOMEM,
	      "a guest larger than the pool is refused");
	vm_end(&vm);
	check(vm_build(&vm, ops, COUNT(ops), 1, pool_bytes * 3 / 4) && vm_run_to_end(&vm), "one that fits is not");
	vm_end(&vm);
}

static void test_killed(uint64_t pool_bytes)
{
	static const struct op spin[] = {ACCEPT(LARGE_HOLE | 1), {OP_SPIN, {0}}};
	bool good = true;
	int status;

	for (unsigned i = 0; i < 5; i++) {
		const pid_t child = fork();

		if (child == 0) {
			if (vm_build(&vm, spin, COUNT(spin), 1, pool_bytes * 3 / 4))
				(void)vm_run(&vm, 0);
			_exit(0);
		}
		usleep(500000);
		kill(child, SIGKILL);
		good = waitpid(child, &status, 0) == child && WIFSIGNALED(status) && good;
	}
	check(good, "a VMM is killed, five times");
	check(vm_build(&vm, spin, COUNT(spin), 1, pool_bytes * 3 / 4), "and the pool is whole");
	vm_end(&vm);
}

/* After fork the VM is the parent's alone. */
static void test_fork(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}};
	int status = -1;

	check(start(ops, COUNT(ops)), "a guest is built");
	const pid_t child = fork();

	if (child == 0)
		_exit(ioctl(vm.vcpu[0], KVM_RUN, 0) == -1 && errno == EIO &&
		      ioctl(vm.fd, KVM_CHECK_EXTENSION, 0) == -1 && errno == EIO);
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1,
	      "another process cannot use it");
	check(vm_run_to_end(&vm), "its own can");
	vm_end(&vm);
}

static void *init_vcpu(void *page)
{
	ioctl(vm.vcpu[0], KVM_MEMORY_ENCRYPT_OP, page);
	return page;
}

static void *close_vm(void *unused)
{
	close(vm.fd);
	vm.fd = -1;
	return unused;
}

/*
 * The call that makes the domain begins before the VM's end, and goes on after it: for as long as its process likes,
 * since it is in a page fault. Nobody waits for it, and the pool has back what it makes.
 */
static void test_end_in_a_call(uint64_t pool_bytes)
{
	static const struct op ops[] = {{OP_CPUID, {0}}};
	const struct tdx_command command = {.id = TDX_INIT_VCPU};
	pthread_t caller, closer;
	struct timespec patience;
	struct slow_page slow;

	if (!slow_page_make(&slow))
		return check(errno == ENOSYS, "SKIP a VM ends in a call that makes its domain: no userfaultfd here");
	check(vm_create(&vm, 1, RAM_BYTES), "a VM without a domain");
	pthread_create(&caller, 0, init_vcpu, slow.page);
	check(slow_page_is_read(&slow), "a call that makes it begins");
	pthread_create(&closer, 0, close_vm, 0);
	clock_gettime(CLOCK_REALTIME, &patience);
	patience.tv_sec += CLOSE_S;
	check(pthread_timedjoin_np(closer, 0, &patience) == 0, "the VM ends meanwhile");
	check(slow_page_give(&slow, &command, sizeof(command)), "the call goes on");
	pthread_join(caller, 0);
	check(ioctl(vm.vcpu[0], KVM_RUN, 0) == -1 && errno == EIO, "it was the last one");
	slow_page_end(&slow);
	vm_end(&vm);
	check(vm_build(&vm, ops, COUNT(ops), 1, pool_bytes * 3 / 4) && vm_run_to_end(&vm), "and the pool is whole");
	vm_end(&vm);
}

static void test_order(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}};
	const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	const int fd = ioctl(kvm, KVM_CREATE_VM, VM_TYPE_TDX);

	check(ioctl(fd, KVM_CREATE_VCPU, 0) == -1 && errno == EIO, "no vCPU before the VM is initialised");
	close(fd);
	close(kvm);
	check(vm_begin(&vm, ops, COUNT(ops), 1, RAM_BYTES) && ioctl(vm.vcpu[0], KVM_RUN, 0) == -1 && errno == EINVAL,
	      "nothing runs before the build is over");
	check(ioctl(vm.fd, KVM_CREATE_VCPU, 0) == -1 && errno == EEXIST, "an APIC ID is given once");
	check(ioctl(vm.fd, KVM_CREATE_VCPU, 1ul << 32) == -1 && errno == EINVAL, "and has 12 bits");
	vm_end(&vm);
}

/* A guest's VMM that takes memory until the kernel ends it. */
static int hog(void)
{
	static const struct op ops[] = {{OP_SPIN, {0}}};

	if (!vm_build(&vm, ops, COUNT(ops), 1, SMALL_RAM))
		return 1;
	for (;;) {
		volatile uint8_t *const page =
			mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			return 1;
		*page = 1;
	}
}

/* Small enough for the smallest pool of a test. */
static int spin(void)
{
	static const struct op ops[] = {{OP_SPIN, {0}}};

	if (!vm_build(&vm, ops, COUNT(ops), 1, SMALL_RAM))
		return 1;
	printf("spinning\n");
	fflush(stdout);
	while (vm_run(&vm, 0) == -EINTR)
		;
	return 1;
}

int main(int argc, char **argv)
{
	const uint64_t pool_bytes = argc > 2 ? strtoull(argv[2], 0, 10) << 20 : 0;
	struct sigaction action = {.sa_handler = stop};

	vm_find_shared_bit();
	sigaction(SIGUSR1, &action, 0);
	if (argc >= 2 && strcmp(argv[1], "spin") == 0) /* what follows is for who looks at its arguments */
		return spin();
	if (argc == 2 && strcmp(argv[1], "hog") == 0)
		return hog();
	if (argc == 4 && strcmp(argv[1], "fuzz") == 0)
		return fuzz((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (argc == 5 && strcmp(argv[1], "quotes") == 0)
		return quotes(argv[2], argv[3], argv[4]);
	if (argc == 3 && strcmp(argv[1], "lies") == 0)
		return lies(argv[2]);
	if (pool_bytes == 0)
		return fprintf(stderr,
			       "usage: kvm spin [ARGUMENTS] | kvm hog | kvm fuzz SECONDS SEED | kvm test POOL-MIB |\n"
			       "       kvm quotes SOCKET DATA FOLDER | kvm lies GUEST-SHIM\n"),
		       2;
	test_node();
	test_starts();
	test_order();
	test_devices();
	test_ioeventfds();
	test_memory();
	test_file_that_goes();
	test_regions();
	test_interrupts();
	test_nowhere();
	test_deadline();
	test_signals();
	test_cpus();
	test_quote();
	test_two_vcpus();
	test_fork();
	test_cycles();
	test_reset();
	test_reboot(pool_bytes);
	test_too_large(pool_bytes);
	test_end_in_a_call(pool_bytes);
	test_killed(pool_bytes);
	check_plan();
	return 0;
}
