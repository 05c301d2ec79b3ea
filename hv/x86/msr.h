/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers and their bits by their manuals' names (SDM volume 4, APM volume 2 appendix A). */
#ifndef CLOISTER_X86_MSR_H
#define CLOISTER_X86_MSR_H

#define IA32_TSC                0x00000010u
#define IA32_PLATFORM_ID        0x00000017u
#define IA32_APIC_BASE          0x0000001bu
#define IA32_FEATURE_CONTROL    0x0000003au
#define IA32_TSC_ADJUST         0x0000003bu
#define IA32_SPEC_CTRL          0x00000048u
#define IA32_PRED_CMD           0x00000049u
#define PRED_CMD_IBPB           1ull
#define IA32_BIOS_SIGN_ID       0x0000008bu
#define IA32_XAPIC_DISABLE      0x000000bdu /* IA32_XAPIC_DISABLE_STATUS */
#define MSR_PLATFORM_INFO       0x000000ceu
#define IA32_UMWAIT_CONTROL     0x000000e1u
#define MSR_PKG_CST_CONFIG      0x000000e2u /* MSR_PKG_CST_CONFIG_CONTROL */
#define IA32_MPERF              0x000000e7u
#define IA32_APERF              0x000000e8u
#define IA32_MTRRCAP            0x000000feu
#define IA32_ARCH_CAPABILITIES  0x0000010au
#define IA32_FLUSH_CMD          0x0000010bu
#define IA32_MCU_OPT_CTRL       0x00000123u
#define MSR_MISC_FEATURES       0x00000140u /* MSR_MISC_FEATURES_ENABLES */
#define IA32_SYSENTER_CS        0x00000174u
#define IA32_SYSENTER_ESP       0x00000175u
#define IA32_SYSENTER_EIP       0x00000176u
#define IA32_MCG_CAP            0x00000179u
#define IA32_MCG_STATUS         0x0000017au
#define IA32_MCG_CTL            0x0000017bu
#define IA32_PERF_STATUS        0x00000198u
#define IA32_PERF_CTL           0x00000199u
#define IA32_CLOCK_MODULATION   0x0000019au
#define IA32_THERM_STATUS       0x0000019cu
#define IA32_MISC_ENABLE        0x000001a0u
#define MSR_TURBO_RATIO_LIMIT   0x000001adu
#define IA32_ENERGY_PERF_BIAS   0x000001b0u
#define IA32_PKG_THERM_STATUS   0x000001b1u /* IA32_PACKAGE_THERM_STATUS */
#define IA32_PKG_THERM_INT      0x000001b2u
#define IA32_XFD                0x000001c4u
#define IA32_XFD_ERR            0x000001c5u
#define IA32_DEBUGCTL           0x000001d9u
#define MSR_POWER_CTL           0x000001fcu
#define IA32_MTRR_PHYSBASE0     0x00000200u
#define IA32_MTRR_PHYSMASK_END  0x0000021fu
#define IA32_MTRR_FIX64K        0x00000250u
#define IA32_MTRR_FIX16K_80000  0x00000258u
#define IA32_MTRR_FIX16K_A0000  0x00000259u
#define IA32_MTRR_FIX4K_C0000   0x00000268u
#define IA32_MTRR_FIX4K_F8000   0x0000026fu
#define IA32_PAT                0x00000277u
#define PAT_RESET               0x0007040600070406ull
#define IA32_MTRR_DEF_TYPE      0x000002ffu
#define IA32_PERF_CAPABILITIES  0x00000345u
#define IA32_MC0_CTL            0x00000400u
#define IA32_MC31_MISC          0x0000047fu
#define IA32_VMX_BASIC          0x00000480u
#define IA32_VMX_PINBASED_CTLS  0x00000481u
#define IA32_VMX_PROCBASED_CTLS 0x00000482u
#define IA32_VMX_EXIT_CTLS      0x00000483u
#define IA32_VMX_ENTRY_CTLS     0x00000484u
#define IA32_VMX_CR0_FIXED0     0x00000486u
#define IA32_VMX_CR4_FIXED0     0x00000488u
#define IA32_VMX_CR4_FIXED1     0x00000489u
#define IA32_VMX_PROC_CTLS2     0x0000048bu /* IA32_VMX_PROCBASED_CTLS2 */
#define IA32_VMX_EPT_VPID_CAP   0x0000048cu
#define IA32_VMX_TRUE_PINBASED  0x0000048du /* IA32_VMX_TRUE_..._CTLS */
#define IA32_VMX_TRUE_PROCBASED 0x0000048eu
#define IA32_VMX_TRUE_EXIT      0x0000048fu
#define IA32_VMX_TRUE_ENTRY     0x00000490u
#define IA32_U_CET              0x000006a0u
#define IA32_INT_SSP_TABLE      0x000006a8u
#define IA32_TSC_DEADLINE       0x000006e0u
#define IA32_PKRS               0x000006e1u
#define IA32_PM_ENABLE          0x00000770u
#define IA32_HWP_STATUS         0x00000777u
#define IA32_X2APIC_APICID      0x00000802u
#define IA32_X2APIC_FIRST       0x00000800u
#define IA32_X2APIC_VERSION     0x00000803u
#define IA32_X2APIC_TPR         0x00000808u
#define IA32_X2APIC_EOI         0x0000080bu
#define IA32_X2APIC_SIVR        0x0000080fu
#define IA32_X2APIC_ISR0        0x00000810u
#define IA32_X2APIC_LVT_CMCI    0x0000082fu
#define IA32_X2APIC_ICR         0x00000830u
#define IA32_X2APIC_LVT_TIMER   0x00000832u
#define IA32_X2APIC_LVT_THERMAL 0x00000833u
#define IA32_X2APIC_LVT_PMI     0x00000834u
#define IA32_X2APIC_LVT_ERROR   0x00000837u
#define IA32_X2APIC_INIT_COUNT  0x00000838u
#define IA32_X2APIC_DIV_CONF    0x0000083eu
#define IA32_X2APIC_LAST        0x000008ffu
#define IA32_TME_ACTIVATE       0x00000982u
#define TME_KEYID_BITS          (15ull << 32) /* MK_TME_KEYID_BITS */
#define IA32_BNDCFGS            0x00000d90u
#define IA32_XSS                0x00000da0u

#define IA32_EFER           0xc0000080u
#define IA32_STAR           0xc0000081u
#define MPERF_READONLY      0xc00000e7u
#define APERF_READONLY      0xc00000e8u
#define IA32_FMASK          0xc0000084u
#define IA32_FS_BASE        0xc0000100u
#define IA32_GS_BASE        0xc0000101u
#define IA32_KERNEL_GS_BASE 0xc0000102u
#define IA32_TSC_AUX        0xc0000103u

#define PERF_EVT_SEL_0  0xc0010000u
#define PERF_CTR_3      0xc0010007u
#define SYSCFG          0xc0010010u
#define HWCR            0xc0010015u
#define TOP_MEM         0xc001001au
#define TOM2            0xc001001du
#define NB_CFG          0xc001001fu
#define INT_PENDING_MSG 0xc0010055u
#define MMIO_CFG_BASE   0xc0010058u
#define PSTATE_CUR_LIM  0xc0010061u
#define PSTATE_CONTROL  0xc0010062u
#define PSTATE_STATUS   0xc0010063u
#define PSTATE_7        0xc001006bu
#define VM_CR           0xc0010114u
#define VM_HSAVE_PA     0xc0010117u
#define OSVW_ID_LENGTH  0xc0010140u
#define OSVW_STATUS     0xc0010141u
#define LS_CFG          0xc0011020u
#define DE_CFG          0xc0011029u
#define DC_CFG          0xc0011022u
#define BU_CFG2         0xc001102au

#define APIC_BASE_EXTD (1ull << 10)
#define APIC_BASE_EN   (1ull << 11)

#define FEATURE_CONTROL_LOCK (1ull << 0)
#define FEATURE_CONTROL_VMX  (1ull << 2) /* VMX outside SMX */

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)

#endif
