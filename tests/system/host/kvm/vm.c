/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cloister/domain.h"
#include "tdx/abi.h"

#define PAGE         4096ul
#define FIRMWARE_GPA (0x100000000ul - FIRMWARE_BYTES)
#define BUILT_FIRST  0x1000ul /* of RAM: the guest's tables, its list, its stack */
#define BUILT_END    0x9000ul
#define GSIS         24u
#define PTE_RW       3ul
#define PTE_LARGE    0x80ul

extern const uint8_t td_guest[], td_guest_end[];

uint64_t shared_bit;

static bool done(const char *what, int result)
{
	if (result < 0)
		printf("# %s: %s\n", what, strerror(errno));
	return result >= 0;
}

static void write_tables(uint8_t *ram)
{
	const uint64_t large = PTE_RW | PTE_LARGE;
	uint64_t(*const table)[512] = (void *)(ram + GUEST_TABLES);

	table[0][0] = (GUEST_TABLES + 0x1000) | PTE_RW;
	table[1][0] = (GUEST_TABLES + 0x2000) | PTE_RW;
	table[1][1] = (GUEST_TABLES + 0x4000) | PTE_RW;
	table[1][3] = (GUEST_TABLES + 0x3000) | PTE_RW;
	table[2][0] = large;
	table[2][1] = LARGE_HOLE | large;
	table[3][511] = (GUEST_CODE & ~0x1ffffful) | large;
	table[4][0] = shared_bit | large;
	table[4][1] = shared_bit | MMIO_BASE | large;
}

static void *memory(uint64_t bytes)
{
	void *const at = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? 0 : at;
}

static int enable(const struct vm *vm, uint32_t cap, uint64_t value)
{
	return ioctl(vm->fd, KVM_ENABLE_CAP, &(struct kvm_enable_cap){.cap = cap, .args = {value}});
}

static int command(int fd, uint32_t id, uint32_t flags, const void *data)
{
	return ioctl(fd, KVM_MEMORY_ENCRYPT_OP,
		     &(struct tdx_command){.id = id, .flags = flags, .data = (uintptr_t)data});
}

static int set_routes(struct vm *vm, uint32_t gsi, uint64_t address, uint32_t data)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entries[GSIS];
	} table = {.head = {.nr = GSIS}};

	for (uint32_t i = 0; i < GSIS; i++)
		table.entries[i] = (struct kvm_irq_routing_entry){.gsi = i, .type = KVM_IRQ_ROUTING_MSI};
	table.entries[gsi].u.msi.address_lo = (uint32_t)address;
	table.entries[gsi].u.msi.data = data;
	return ioctl(vm->fd, KVM_SET_GSI_ROUTING, &table);
}

int vm_route(struct vm *vm, uint32_t gsi, uint32_t apic_id, uint32_t vector)
{
	return set_routes(vm, gsi, 0xfee00000 | apic_id << 12, vector);
}

static bool prepare(struct vm *vm)
{
	struct tdx_capabilities *const caps = calloc(1, sizeof(*caps) + 6 * sizeof(struct kvm_cpuid_entry2));
	struct kvm_msr_list list = {0};
	uint64_t zero = 0;

	if (!caps)
		return false;
	caps->cpuid_count = 6;
	const bool good = done("capabilities", command(vm->fd, TDX_CAPABILITIES, 0, caps)) &&
			  (caps->attributes & DOMAIN_ATTRIBUTES) != 0;

	free(caps);
	return good && done("hypercall", enable(vm, KVM_CAP_EXIT_HYPERCALL, 1u << MAP_GPA_CALL)) &&
	       done("MSRs", ioctl(vm->kvm, KVM_GET_MSR_INDEX_LIST, &list)) &&
	       done("identity map", ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &zero)) &&
	       done("TSS", ioctl(vm->fd, KVM_SET_TSS_ADDR, 0)) &&
	       done("split irqchip", enable(vm, KVM_CAP_SPLIT_IRQCHIP, GSIS)) &&
	       done("routing", set_routes(vm, 0, 0, 0));
}

static int create_memory(const struct vm *vm, uint64_t bytes)
{
	return ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &(struct kvm_create_guest_memfd){.size = bytes});
}

static bool initialise(struct vm *vm)
{
	static const struct tdx_init_vm parameters = {
		.attributes = DOMAIN_ATTRIBUTES, .xfam = 3, .mrowner = {0x4f}, .cpuid_count = 0};

	vm->memory[0] = create_memory(vm, vm->ram_bytes);
	return done("guest memory", vm->memory[0]) && done("IDs", enable(vm, KVM_CAP_MAX_VCPU_ID, 16)) &&
	       done("bus cycles", enable(vm, KVM_CAP_X86_APIC_BUS_CYCLES_NS, 40)) &&
	       done("TSC", ioctl(vm->fd, KVM_SET_TSC_KHZ, 0)) &&
	       done("initialise", command(vm->fd, TDX_INIT_VM, 0, &parameters));
}

/* APIC IDs have holes. */
static bool add_vcpu(struct vm *vm, unsigned i)
{
	const int bytes = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	uint64_t mce = 0;
	struct kvm_cpuid2 none = {.nent = 0};
	struct kvm_msrs msrs = {.nmsrs = 0};

	vm->vcpu[i] = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)i * 2);
	if (!done("vCPU", vm->vcpu[i]) || !done("mmap size", bytes))
		return false;
	vm->run[i] = mmap(0, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[i], 0);
	return done("mmap", vm->run[i] == MAP_FAILED ? -1 : 0) &&
	       done("CPUID", command(vm->vcpu[i], TDX_GET_CPUID, 0, &none)) &&
	       done("MCE", ioctl(vm->kvm, KVM_X86_GET_MCE_CAP_SUPPORTED, &mce)) &&
	       done("MCE setup", ioctl(vm->vcpu[i], KVM_X86_SETUP_MCE, &mce)) &&
	       done("set CPUID", ioctl(vm->vcpu[i], KVM_SET_CPUID2, &none)) &&
	       done("set MSRs", ioctl(vm->vcpu[i], KVM_SET_MSRS, &msrs));
}

static bool add_slot(struct vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, const void *user)
{
	return done("slot", ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2,
				  &(struct kvm_userspace_memory_region2){.slot = slot,
									 .flags = KVM_MEM_GUEST_MEMFD,
									 .guest_phys_addr = gpa,
									 .memory_size = bytes,
									 .userspace_addr = (uintptr_t)user,
									 .guest_memfd = (uint32_t)vm->memory[slot]})) &&
	       done("attributes", ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES,
					&(struct kvm_memory_attributes){
						.address = gpa,
						.size = bytes,
						.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
					}));
}

/* The slot of RAM is taken away and added again, as QEMU does when it rebuilds its map. */
static bool add_slots(struct vm *vm)
{
	struct kvm_clock_data clock = {0};
	struct kvm_irq_level line = {.irq = 2, .level = 0};

	if (!done("clock", ioctl(vm->fd, KVM_GET_CLOCK, &clock)) || !add_slot(vm, 0, 0, vm->ram_bytes, vm->ram))
		return false;
	vm->memory[1] = create_memory(vm, FIRMWARE_BYTES);
	return done("firmware memory", vm->memory[1]) && add_slot(vm, 1, FIRMWARE_GPA, FIRMWARE_BYTES, vm->firmware) &&
	       done("slot goes",
		    ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, &(struct kvm_userspace_memory_region2){.slot = 0})) &&
	       add_slot(vm, 0, 0, vm->ram_bytes, vm->ram) &&
	       done("IRQ line", ioctl(vm->fd, KVM_IRQ_LINE_STATUS, &line));
}

static bool add_region(struct vm *vm, const void *source, uint64_t gpa, uint64_t bytes)
{
	const struct tdx_region region = {.source = (uintptr_t)source, .gpa = gpa, .pages = bytes / PAGE};

	return done("region", command(vm->vcpu[0], TDX_INIT_MEM_REGION, TDX_MEASURE, &region)) && region.pages == 0;
}

bool vm_load(struct vm *vm, uint64_t first, uint64_t bytes)
{
	static const uint64_t hob = 0x5eed;

	for (unsigned i = 0; i < vm->vcpus; i++) {
		if (!done("vCPU init", command(vm->vcpu[i], TDX_INIT_VCPU, 0, (const void *)hob)))
			return false;
	}
	return add_region(vm, vm->firmware, FIRMWARE_GPA, FIRMWARE_BYTES) &&
	       add_region(vm, vm->ram + first, first, bytes);
}

bool vm_finish(struct vm *vm)
{
	struct kvm_vapic_addr vapic = {0};
	struct kvm_clock_data clock = {0};

	for (unsigned i = 0; i < vm->vcpus; i++) {
		if (!done("VAPIC", ioctl(vm->vcpu[i], KVM_SET_VAPIC_ADDR, &vapic)))
			return false;
	}
	return done("finalize", command(vm->fd, TDX_FINALIZE_VM, 0, 0)) &&
	       done("set clock", ioctl(vm->fd, KVM_SET_CLOCK, &clock));
}

void vm_find_shared_bit(void)
{
	unsigned eax = 0, ebx, ecx, edx;

	__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
	shared_bit = domain_shared_bit(domain_gpa_bits(eax & 0xff));
}

bool vm_create(struct vm *vm, unsigned vcpus, uint64_t ram_bytes)
{
	*vm = (struct vm){.kvm = -1, .fd = -1, .memory = {-1, -1}, .vcpu = {-1, -1}};
	vm->vcpus = vcpus;
	vm->ram_bytes = ram_bytes;
	vm->ram = memory(ram_bytes);
	vm->firmware = memory(FIRMWARE_BYTES);
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (!vm->ram || !vm->firmware || !done("/dev/kvm", vm->kvm))
		return false;
	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, VM_TYPE_TDX);
	if (!done("VM", vm->fd) || !prepare(vm) || !initialise(vm))
		return false;
	for (unsigned i = 0; i < vcpus; i++) {
		if (!add_vcpu(vm, i))
			return false;
	}
	return add_slots(vm);
}

bool vm_begin(struct vm *vm, const struct op *ops, size_t count, unsigned vcpus, uint64_t ram_bytes)
{
	static const struct op end = {OP_TDCALL, {TDG_VP_VMCALL, 0xffcc, 0, 0, 0, 0, VMCALL_IO, 1, 1, END_PORT, 0}};

	if (!vm_create(vm, vcpus, ram_bytes))
		return false;
	memcpy(vm->firmware + FIRMWARE_BYTES - PAGE, td_guest, (size_t)(td_guest_end - td_guest));
	write_tables(vm->ram);
	memcpy(vm->ram + GUEST_LIST, ops, count * sizeof(*ops));
	memcpy(vm->ram + GUEST_LIST + count * sizeof(*ops), &end, sizeof(end));
	return vm_load(vm, BUILT_FIRST, BUILT_END - BUILT_FIRST);
}

bool vm_build(struct vm *vm, const struct op *ops, size_t count, unsigned vcpus, uint64_t ram_bytes)
{
	return vm_begin(vm, ops, count, vcpus, ram_bytes) && vm_finish(vm);
}

void vm_end(struct vm *vm)
{
	const int bytes = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	close(vm->fd);
	for (unsigned i = 0; i < VCPUS; i++) {
		if (vm->run[i] && vm->run[i] != MAP_FAILED)
			munmap(vm->run[i], (size_t)bytes);
		close(vm->vcpu[i]);
	}
	close(vm->memory[0]);
	close(vm->memory[1]);
	close(vm->kvm);
	/* At address 0 is this program. */
	if (vm->ram)
		munmap(vm->ram, vm->ram_bytes);
	if (vm->firmware)
		munmap(vm->firmware, FIRMWARE_BYTES);
}

void *vm_port_data(struct vm *vm, unsigned vcpu)
{
	return (uint8_t *)vm->run[vcpu] + vm->run[vcpu]->io.data_offset;
}

static bool is_report(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_IO && run->io.port == REPORT_PORT && run->io.direction == KVM_EXIT_IO_OUT &&
	       run->io.size == 4;
}

/* The two halves of a word, the lower one first. */
static void note(struct vm *vm, uint32_t value)
{
	if (vm->half == 0 && vm->words < TOLD_MAX)
		vm->told[vm->words] = value;
	else if (vm->words < TOLD_MAX)
		vm->told[vm->words++] |= (uint64_t)value << 32;
	vm->half ^= 1;
}

int vm_run(struct vm *vm, unsigned vcpu)
{
	struct kvm_run *const run = vm->run[vcpu];
	uint32_t value;

	for (;;) {
		if (ioctl(vm->vcpu[vcpu], KVM_RUN, 0) < 0) {
			if (errno == EINTR && !vm->stop && run->immediate_exit == 0)
				continue; /* the kernel had something to do */
			return -errno;
		}
		if (!is_report(run))
			return (int)run->exit_reason;
		memcpy(&value, vm_port_data(vm, vcpu), sizeof(value));
		note(vm, value);
	}
}

bool vm_run_to_end(struct vm *vm)
{
	const int result = vm_run(vm, 0);
	const bool end = result == KVM_EXIT_IO && vm->run[0]->io.port == END_PORT;

	if (!end)
		printf("# exit %d\n", result);
	return end;
}

uint64_t vm_told(struct vm *vm)
{
	return vm->at < vm->words ? vm->told[vm->at++] : ~0ull;
}

void vm_skip(struct vm *vm, unsigned count)
{
	vm->at += count;
}
