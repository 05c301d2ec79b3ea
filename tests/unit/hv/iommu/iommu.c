/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All units of a machine, of either kind: which are taken, switched on and asked, and what one that fails means for
 * all.
 */
#include "hv_test.h"

#include "iommu/iommu.h"
#include "machine/machine.h"
#include "memory/stage2.h"
#include "x86/instructions.h"

#define UNITS 3u
#define NONE  UNITS

static struct machine m;
static struct iommu all_units;
static struct stage2 root_stage2;
static struct {
	uint32_t bad_check, bad_enable, idle; /* the unit that fails so; NONE */
	unsigned checked, built, enabled, hidden, mapped, lines;
	enum iommu_kind kind; /* as which they were called */
} world;

static uint32_t number_of(const struct iommu_unit *unit)
{
	assert_in_range(unit - all_units.units, 0, UNITS - 1);
	assert_int_equal(unit->base, m.boot.dma.unit[unit - all_units.units].base);
	return (uint32_t)(unit - all_units.units);
}

static void called_as(enum iommu_kind kind)
{
	world.kind = kind;
}

static enum hv_error check(const struct iommu_unit *unit)
{
	assert_int_equal(number_of(unit), world.checked);
	assert_int_equal(world.hidden, ++world.checked); /* nothing else reaches it by then */
	assert_int_equal(world.mapped, world.checked);
	return world.checked - 1 == world.bad_check ? HV_E_IOMMU_UNIT : HV_OK;
}

static enum hv_error enable(const struct iommu_unit *unit)
{
	assert_int_equal(number_of(unit), world.enabled++);
	return world.enabled - 1 == world.bad_enable ? HV_E_IOMMU_TIMEOUT : HV_OK;
}

enum hv_error vtd_check(struct iommu_unit *unit)
{
	called_as(IOMMU_VTD);
	return check(unit);
}
enum hv_error amdvi_check(struct iommu_unit *unit)
{
	called_as(IOMMU_AMDVI);
	return check(unit);
}
enum hv_error vtd_build(struct machine *at, struct stage2 *stage2, struct region *region)
{
	(void)at, (void)region;
	assert_ptr_equal(stage2, &root_stage2);
	world.built++;
	return HV_OK;
}
enum hv_error amdvi_build(struct machine *at, struct stage2 *stage2, struct region *region)
{
	return vtd_build(at, stage2, region);
}
enum hv_error vtd_enable(const struct iommu *iommu, const struct iommu_unit *unit)
{
	(void)iommu;
	called_as(IOMMU_VTD);
	return enable(unit);
}
enum hv_error amdvi_enable(const struct iommu *iommu, const struct iommu_unit *unit)
{
	(void)iommu;
	called_as(IOMMU_AMDVI);
	return enable(unit);
}
bool vtd_translates(const struct iommu *iommu, const struct iommu_unit *unit)
{
	(void)iommu;
	return number_of(unit) != world.idle;
}
bool amdvi_translates(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return vtd_translates(iommu, unit);
}
enum hv_error stage2_hide(struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	assert_ptr_equal(stage2, &root_stage2);
	assert_int_equal(base.value, m.boot.dma.unit[world.hidden].base);
	assert_int_equal(bytes, m.boot.dma.unit[world.hidden].bytes);
	world.hidden++;
	return HV_OK;
}
void paging_map_device(struct paging *paging, struct region *region, paddr_t base, uint64_t bytes)
{
	(void)paging, (void)region;
	assert_int_equal(base.value, m.boot.dma.unit[world.mapped].base);
	assert_int_equal(bytes, m.boot.dma.unit[world.mapped].bytes);
	world.mapped++;
}
void console_line(struct machine *at, const char *format, ...)
{
	(void)at, (void)format;
	world.lines++;
}

static struct hv_failure prepare(void)
{
	struct region region = {0, 0};

	return iommu_prepare(&m, &root_stage2, &region);
}

static int new_machine(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	memset(&all_units, 0, sizeof(all_units));
	m.iommu = &all_units;
	memset(&world, 0, sizeof(world));
	world.bad_check = world.bad_enable = world.idle = NONE;
	m.boot.dma.kind = BOOT_DMA_VTD;
	m.boot.dma.unit_count = UNITS;
	for (uint32_t i = 0; i < UNITS; i++)
		m.boot.dma.unit[i] = (struct boot_range){0xfed90000 + 0x10000ull * i, 0x1000ull << i};
	return 0;
}

static void every_unit(enum iommu_kind kind)
{
	assert_int_equal(prepare().error, HV_OK);
	assert_int_equal(world.kind, kind);
	assert_int_equal(world.hidden, UNITS);
	assert_int_equal(world.checked, UNITS);
	assert_int_equal(world.built, 1);
	assert_int_equal(all_units.unit_count, UNITS);
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_int_equal(world.kind, kind);
	assert_int_equal(world.enabled, UNITS);
	assert_int_equal(iommu_enable(&m), HV_OK); /* of the next CPU: once is enough */
	assert_int_equal(world.enabled, UNITS);
	assert_int_equal(world.lines, 1);
	assert_true(lock_try(&all_units.lock)); /* it was given back */
}

static void every_unit_of_intel(void **state)
{
	(void)state;
	every_unit(IOMMU_VTD);
}

static void every_unit_of_amd(void **state)
{
	(void)state;
	m.boot.dma.kind = BOOT_DMA_AMDVI;
	every_unit(IOMMU_AMDVI);
}

static void one_cannot_be_used(void **state)
{
	for (uint32_t i = 0; i < UNITS; i++) {
		new_machine(state);
		world.bad_check = i;
		const struct hv_failure failure = prepare();

		assert_int_equal(failure.error, HV_E_IOMMU_UNIT);
		assert_int_equal(failure.where, m.boot.dma.unit[i].base);
		assert_int_equal(world.built, 0);
	}
}

/* The launch ends then, and the next CPU's too. */
static void one_does_not_start(void **state)
{
	for (uint32_t i = 0; i < UNITS; i++) {
		new_machine(state);
		assert_int_equal(prepare().error, HV_OK);
		world.bad_enable = i;
		assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
		assert_int_equal(world.enabled, i + 1);
		assert_false(all_units.enabled);
		assert_int_equal(world.lines, 0);
		assert_true(lock_try(&all_units.lock)); /* it was given back */
	}
}

/* One that does not translate is a machine that does not. */
static void one_does_not_translate(void **state)
{
	(void)state;
	assert_int_equal(prepare().error, HV_OK);
	assert_true(iommu_translates(&m));
	for (world.idle = 0; world.idle < UNITS; world.idle++)
		assert_false(iommu_translates(&m));
}

static void no_units(void **state)
{
	(void)state;
	m.boot.dma.unit_count = 0;
	assert_int_equal(prepare().error, HV_OK);
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_false(iommu_translates(&m));
	assert_int_equal(world.lines, 0);
	m.boot.flags = BOOT_FLAG_DMA_REQUIRED;
	assert_int_equal(prepare().error, HV_E_NO_IOMMU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_unit_of_intel, new_machine),
		cmocka_unit_test_setup(every_unit_of_amd, new_machine),
		cmocka_unit_test_setup(one_cannot_be_used, new_machine),
		cmocka_unit_test_setup(one_does_not_start, new_machine),
		cmocka_unit_test_setup(one_does_not_translate, new_machine),
		cmocka_unit_test_setup(no_units, new_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
