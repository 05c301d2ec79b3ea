/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of the virtual-machine control structure that are used here (SDM 3D appendix B), and their contents. */
#ifndef CLOISTER_VMX_VMCS_H
#define CLOISTER_VMX_VMCS_H

#include <stdint.h>

enum vmcs_field {
	/* B.1.1: 16-bit control */
	VIRTUAL_PROCESSOR_ID = 0x0000,
	/* B.1.2: 16-bit guest state; eight segments in this order */
	GUEST_ES_SELECTOR = 0x0800,
	/* B.1.3: 16-bit host state */
	HOST_ES_SELECTOR = 0x0c00,
	HOST_CS_SELECTOR = 0x0c02,
	HOST_SS_SELECTOR = 0x0c04,
	HOST_DS_SELECTOR = 0x0c06,
	HOST_FS_SELECTOR = 0x0c08,
	HOST_GS_SELECTOR = 0x0c0a,
	HOST_TR_SELECTOR = 0x0c0c,

	/* B.2.1: 64-bit control */
	IO_BITMAP_A = 0x2000,
	IO_BITMAP_B = 0x2002,
	MSR_BITMAP = 0x2004,
	TSC_OFFSET = 0x2010,
	EPT_POINTER = 0x201a,
	XSS_EXITING_BITMAP = 0x202c,
	/* B.2.2: 64-bit read-only */
	GUEST_PHYSICAL_ADDRESS = 0x2400,
	/* B.2.3: 64-bit guest state */
	VMCS_LINK_POINTER = 0x2800,
	GUEST_DEBUGCTL = 0x2802,
	GUEST_PAT = 0x2804,
	GUEST_EFER = 0x2806,
	/* B.2.4: 64-bit host state */
	HOST_PAT = 0x2c00,
	HOST_EFER = 0x2c02,

	/* B.3.1: 32-bit control */
	PIN_BASED_CONTROLS = 0x4000,
	PRIMARY_CONTROLS = 0x4002,
	EXCEPTION_BITMAP = 0x4004,
	PAGE_FAULT_MASK = 0x4006,
	PAGE_FAULT_MATCH = 0x4008,
	CR3_TARGET_COUNT = 0x400a,
	EXIT_CONTROLS = 0x400c,
	EXIT_MSR_STORE_COUNT = 0x400e,
	EXIT_MSR_LOAD_COUNT = 0x4010,
	ENTRY_CONTROLS = 0x4012,
	ENTRY_MSR_LOAD_COUNT = 0x4014,
	ENTRY_INTERRUPTION_INFO = 0x4016,
	ENTRY_EXCEPTION_ERROR_CODE = 0x4018,
	ENTRY_INSTRUCTION_LENGTH = 0x401a,
	SECONDARY_CONTROLS = 0x401e,
	/* B.3.2: 32-bit read-only */
	VM_INSTRUCTION_ERROR = 0x4400,
	EXIT_REASON = 0x4402,
	EXIT_INTERRUPTION_INFO = 0x4404,
	IDT_VECTORING_INFO = 0x4408,
	IDT_VECTORING_ERROR_CODE = 0x440a,
	EXIT_INSTRUCTION_LENGTH = 0x440c,
	/* B.3.3: 32-bit guest state */
	GUEST_ES_LIMIT = 0x4800,
	GUEST_GDTR_LIMIT = 0x4810,
	GUEST_IDTR_LIMIT = 0x4812,
	GUEST_ES_RIGHTS = 0x4814,
	GUEST_CS_RIGHTS = 0x4816,
	GUEST_SS_RIGHTS = 0x4818,
	GUEST_INTERRUPTIBILITY = 0x4824,
	GUEST_ACTIVITY_STATE = 0x4826,
	GUEST_SYSENTER_CS = 0x482a,
	/* B.3.4: 32-bit host state */
	HOST_SYSENTER_CS = 0x4c00,

	/* B.4.1: natural-width control */
	CR0_MASK = 0x6000,
	CR4_MASK = 0x6002,
	CR0_SHADOW = 0x6004,
	CR4_SHADOW = 0x6006,
	/* B.4.2: natural-width read-only */
	EXIT_QUALIFICATION = 0x6400,
	/* B.4.3: natural-width guest state */
	GUEST_CR0 = 0x6800,
	GUEST_CR3 = 0x6802,
	GUEST_CR4 = 0x6804,
	GUEST_ES_BASE = 0x6806,
	GUEST_GDTR_BASE = 0x6816,
	GUEST_IDTR_BASE = 0x6818,
	GUEST_DR7 = 0x681a,
	GUEST_RSP = 0x681c,
	GUEST_RIP = 0x681e,
	GUEST_RFLAGS = 0x6820,
	GUEST_PENDING_DEBUG = 0x6822,
	GUEST_SYSENTER_ESP = 0x6824,
	GUEST_SYSENTER_EIP = 0x6826,
	/* B.4.4: natural-width host state */
	HOST_CR0 = 0x6c00,
	HOST_CR3 = 0x6c02,
	HOST_CR4 = 0x6c04,
	HOST_FS_BASE = 0x6c06,
	HOST_GS_BASE = 0x6c08,
	HOST_TR_BASE = 0x6c0a,
	HOST_GDTR_BASE = 0x6c0c,
	HOST_IDTR_BASE = 0x6c0e,
	HOST_SYSENTER_ESP = 0x6c10,
	HOST_SYSENTER_EIP = 0x6c12,
	HOST_RSP = 0x6c14,
	HOST_RIP = 0x6c16,
};

/* Guest segments, in the order of their fields; each kind of field counts up by 2. */
enum vmcs_segment { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS, SEGMENT_LDTR, SEGMENT_TR };
#define SEGMENT_FIELD(first, which) ((uint32_t)(first) + 2u * (uint32_t)(which))

/* Access rights, table 24-2 */
#define RIGHTS_L          (1u << 13)
#define RIGHTS_UNUSABLE   (1u << 16)
#define RIGHTS_RESERVED   0xfffe0f00u
#define RIGHTS_RESET_DATA 0x93u /* present, read/write, accessed */
#define RIGHTS_RESET_CODE 0x9bu /* present, execute/read, accessed */
#define RIGHTS_LDT        0x82u
#define RIGHTS_BUSY_TSS   0x8bu

/* Pin-based controls, table 24-5 */
#define PIN_NMI          (1u << 3)
#define PIN_VIRTUAL_NMIS (1u << 5)

/* Primary processor-based controls, table 24-6 */
#define PRIMARY_CR3_LOAD   (1u << 15)
#define PRIMARY_CR3_STORE  (1u << 16)
#define PRIMARY_NMI_WINDOW (1u << 22)
#define PRIMARY_IO_BITMAPS (1u << 25)
#define PRIMARY_TRAP_FLAG  (1u << 27)
#define PRIMARY_MSR_BITMAP (1u << 28)
#define PRIMARY_SECONDARY  (1u << 31)

/* Secondary processor-based controls, table 24-7 */
#define SECONDARY_EPT          (1u << 1)
#define SECONDARY_RDTSCP       (1u << 3)
#define SECONDARY_VPID         (1u << 5)
#define SECONDARY_UNRESTRICTED (1u << 7)
#define SECONDARY_INVPCID      (1u << 12)
#define SECONDARY_XSAVES       (1u << 20)
#define SECONDARY_USER_WAIT    (1u << 26)

/* VM-exit controls, table 24-13 */
#define EXIT_SAVE_DEBUG (1u << 2)
#define EXIT_HOST_64BIT (1u << 9)
#define EXIT_SAVE_PAT   (1u << 18)
#define EXIT_LOAD_PAT   (1u << 19)
#define EXIT_SAVE_EFER  (1u << 20)
#define EXIT_LOAD_EFER  (1u << 21)

/* VM-entry controls, table 24-15 */
#define ENTRY_LOAD_DEBUG (1u << 2)
#define ENTRY_IA32E      (1u << 9)
#define ENTRY_LOAD_PAT   (1u << 14)
#define ENTRY_LOAD_EFER  (1u << 15)

/* Interruptibility, table 24-3 */
#define BLOCKING_STI    (1u << 0)
#define BLOCKING_MOV_SS (1u << 1)
#define BLOCKING_NMI    (1u << 3)

#define ACTIVITY_ACTIVE  0u
#define PENDING_DEBUG_BS (1u << 14)

/* EPT pointer (24.6.11): write-back tables, a walk of four levels */
#define EPTP_WRITE_BACK 6ull
#define EPTP_4_LEVELS   (3ull << 3)

/* Exit qualifications (27.2.1) */
#define CR_NUMBER(q)   ((unsigned)((q) & 15))
#define CR_ACCESS(q)   ((unsigned)((q) >> 4 & 3)) /* 0: MOV to CR */
#define CR_REGISTER(q) ((unsigned)((q) >> 8 & 15))
#define IO_BYTES(q)    ((uint8_t)(((q) & 7) + 1))
#define IO_IN(q)       (((q) >> 3 & 1) != 0)
#define IO_STRING(q)   (((q) >> 4 & 1) != 0)
#define IO_PORT(q)     ((uint16_t)((q) >> 16))
#define EPT_WRITE(q)   (((q) >> 1 & 1) != 0)
#define EPT_FETCH(q)   (((q) >> 2 & 1) != 0)

/* Basic exit reasons, appendix C */
enum exit_reason {
	REASON_EXCEPTION_NMI = 0,
	REASON_TRIPLE_FAULT = 2,
	REASON_INIT = 3,
	REASON_SIPI = 4,
	REASON_NMI_WINDOW = 8,
	REASON_TASK_SWITCH = 9,
	REASON_CPUID = 10,
	REASON_GETSEC = 11,
	REASON_INVD = 13,
	REASON_VMCALL = 18,
	REASON_VMCLEAR = 19,
	REASON_VMXON = 27, /* the other VMX instructions are between these two */
	REASON_CR_ACCESS = 28,
	REASON_IO = 30,
	REASON_RDMSR = 31,
	REASON_WRMSR = 32,
	REASON_TRAP_FLAG = 37,
	REASON_EPT_VIOLATION = 48,
	REASON_INVEPT = 50,
	REASON_INVVPID = 53,
	REASON_XSETBV = 55,
	REASON_VMFUNC = 59,
	REASON_SEAMCALL = 76,
	REASON_TDCALL = 77,
	REASON_RDMSR_IMMEDIATE = 84,
	REASON_WRMSRNS_IMMEDIATE = 85,
};
#define REASON_ENTRY_FAILED (1u << 31)

/* VM-instruction errors (30.4): VMRESUME of a VMCS that is not launched */
#define ERROR_RESUME_OF_CLEAR 5u

#endif
