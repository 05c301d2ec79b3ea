/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/ovmf_measure.h"

#include "policy/authenticode.h"
#include "policy/efi_variable.h"
#include "policy/td_hob.h"

/* A volume of variables: an EFI_FIRMWARE_VOLUME_HEADER (PI 3, 3.2.1), and edk2's VARIABLE_STORE_HEADER. */
#define VOLUME_HEADER_BYTES 72u
#define STORE_HEADER_BYTES  28u
#define ERASED              0xffu

/* QEMU's table loader (hw/acpi/bios-linker-loader.c). */
#define COMMAND_BYTES    128u
#define COMMAND_END      0u
#define COMMAND_ALLOCATE 1u
#define FILE_NAME_BYTES  56u

#define NAME_CHARS_MAX 16u

static const uint8_t STORE_GUID[] = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
				     0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92};
/* The variables of Secure Boot, in their order; none is set. */
static const struct {
	const struct guid *vendor;
	const char *name;
} SECURE_BOOT[] = {
	{&GUID_GLOBAL, "SecureBoot"}, {&GUID_GLOBAL, "PK"},          {&GUID_GLOBAL, "KEK"},
	{&GUID_IMAGE_SECURITY, "db"}, {&GUID_IMAGE_SECURITY, "dbx"},
};

/*
 * The only boot option at that time: a hidden application, the firmware's setup, in its volume
 * 7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1 by its name 462caa21-7614-4503-836e-8ab6f4662331 (UEFI 2.10, 3.1.3, 10.3.5.3).
 */
static const uint8_t BOOT_ORDER[] = {0x00, 0x00};
static const uint8_t BOOT_0000[] = {0x09, 0x01, 0x00, 0x00, 0x2c, 0x00, 'U',  0x00, 'i',  0x00, 'A',  0x00, 'p',
				    0x00, 'p',  0x00, 0x00, 0x00, 0x04, 0x07, 0x14, 0x00, 0xc9, 0xbd, 0xb8, 0x7c,
				    0xeb, 0xf8, 0x34, 0x4f, 0xaa, 0xea, 0x3e, 0xe4, 0xaf, 0x65, 0x16, 0xa1, 0x04,
				    0x06, 0x14, 0x00, 0x21, 0xaa, 0x2c, 0x46, 0x14, 0x76, 0x03, 0x45, 0x83, 0x6e,
				    0x8a, 0xb6, 0xf4, 0x66, 0x23, 0x31, 0x7f, 0xff, 0x04, 0x00};

static const uint8_t SEPARATOR[4];

static void extend_by_text(uint8_t rtmr[RTMR_BYTES], const char *text)
{
	rtmr_extend_by(rtmr, (struct bytes){(const uint8_t *)text, strlen(text)});
}

/* UEFI_VARIABLE_DATA (PFP 10.2.6) of a variable that is not set. */
static void extend_by_unset(uint8_t rtmr[RTMR_BYTES], const struct guid *vendor, const char *name)
{
	const size_t chars = strlen(name);
	uint8_t event[GUID_BYTES + 16 + 2 * NAME_CHARS_MAX] = {0};
	uint8_t *at = event + GUID_BYTES;

	memcpy(event, vendor->bytes, GUID_BYTES);
	*at = (uint8_t)chars;
	at += 16; /* and the data's length is 0 */
	for (size_t i = 0; i < chars; i++, at += 2)
		*at = (uint8_t)name[i];
	rtmr_extend_by(rtmr, (struct bytes){event, (size_t)(at - event)});
}

static bool is_erased(struct bytes data)
{
	for (size_t i = 0; i < data.len; i++)
		if (data.data[i] != ERASED)
			return false;
	return true;
}

/* The store of variables has none: then all that OVMF measures of them is known. */
static const char *check_volume(struct bytes volume)
{
	struct reader r = reader_of(volume);

	read_bytes(&r, VOLUME_HEADER_BYTES);
	if (!bytes_equal(read_bytes(&r, sizeof(STORE_GUID)), STORE_GUID, sizeof(STORE_GUID)))
		return "the firmware's configuration volume has no store of variables: it is no OVMF";
	const uint32_t bytes = read_le32(&r);

	read_bytes(&r, STORE_HEADER_BYTES - sizeof(STORE_GUID) - sizeof(bytes));
	const struct bytes variables = read_bytes(&r, bytes < STORE_HEADER_BYTES ? 0 : bytes - STORE_HEADER_BYTES);

	if (r.failed || variables.len == 0)
		return "the firmware's store of variables is cut off";
	return is_erased(variables) ? NULL : "the firmware has UEFI variables in it, such as keys for Secure Boot";
}

static const char *find_volume(const struct tdvf_sections *sections, struct bytes *volume)
{
	*volume = (struct bytes){NULL, 0};
	for (uint32_t i = 0; i < sections->count; i++) {
		if (sections->section[i].type != TDVF_CONFIGURATION)
			continue;
		if (volume->len > 0)
			return "the firmware has two configuration volumes: it is no OVMF";
		*volume = sections->section[i].contents;
	}
	return volume->len > 0 ? check_volume(*volume) : "the firmware has no configuration volume: it is no OVMF";
}

static bool is_file(struct bytes name, const char *file)
{
	return bytes_begin(name, file, strlen(file) + 1);
}

/* A file is measured when the loader has it allocated. */
static bool extend_by_file(uint8_t rtmr[RTMR_BYTES], struct bytes name, const struct ovmf_acpi *acpi)
{
	if (is_file(name, "etc/acpi/rsdp"))
		rtmr_extend_by(rtmr, acpi->rsdp);
	else if (is_file(name, "etc/acpi/tables"))
		rtmr_extend_by(rtmr, acpi->tables);
	else
		return false;
	return true;
}

static const char *extend_by_acpi(uint8_t rtmr[RTMR_BYTES], const struct ovmf_acpi *acpi)
{
	struct reader r = reader_of(acpi->loader);
	unsigned files = 0;

	rtmr_extend_by(rtmr, acpi->loader);
	while (r.left > 0) {
		struct reader command = reader_of(read_bytes(&r, COMMAND_BYTES));
		const uint32_t number = read_le32(&command);

		if (r.failed)
			return "QEMU's etc/table-loader is cut off";
		if (number == COMMAND_END)
			break;
		if (number != COMMAND_ALLOCATE)
			continue;
		if (!extend_by_file(rtmr, read_bytes(&command, FILE_NAME_BYTES), acpi))
			return "QEMU's etc/table-loader names a file of no ACPI tables, such as a TPM's log";
		files++;
	}
	return files == 2 ? NULL : "QEMU's etc/table-loader does not name its two files";
}

static const char *extend_by_ram(uint8_t rtmr[RTMR_BYTES], const struct tdvf_sections *sections,
				 const struct shim_machine *machine)
{
	struct td_hob hob;

	if (!td_hob_make(sections, machine, &hob))
		return "the guest's RAM has no room for what the firmware wants in it";
	rtmr_extend_by(rtmr, (struct bytes){hob.bytes, hob.len});
	return NULL;
}

const char *ovmf_measure_machine(struct bytes image, const struct shim_machine *machine, const struct ovmf_acpi *acpi,
				 uint8_t rtmr[RTMR_BYTES])
{
	struct tdvf_sections sections;
	struct bytes volume;

	memset(rtmr, 0, RTMR_BYTES);
	if (tdvf_read(image, &sections) != TDVF_OK)
		return "the firmware has no TDX metadata";
	const char *wrong = find_volume(&sections, &volume);

	if (!wrong)
		wrong = extend_by_ram(rtmr, &sections, machine);
	if (wrong)
		return wrong;
	rtmr_extend_by(rtmr, volume);
	for (size_t i = 0; i < sizeof(SECURE_BOOT) / sizeof(SECURE_BOOT[0]); i++)
		extend_by_unset(rtmr, SECURE_BOOT[i].vendor, SECURE_BOOT[i].name);
	rtmr_extend_by(rtmr, (struct bytes){SEPARATOR, sizeof(SEPARATOR)});
	wrong = extend_by_acpi(rtmr, acpi);
	rtmr_extend_by(rtmr, (struct bytes){BOOT_ORDER, sizeof(BOOT_ORDER)});
	rtmr_extend_by(rtmr, (struct bytes){BOOT_0000, sizeof(BOOT_0000)});
	return wrong;
}

const char *ovmf_measure_kernel(struct bytes kernel, uint8_t rtmr[RTMR_BYTES])
{
	uint8_t digest[SHA384_BYTES];

	memset(rtmr, 0, RTMR_BYTES);
	if (authenticode_sha384(kernel, digest) != NULL)
		return "the kernel is no EFI program";
	rtmr_extend(rtmr, digest);
	extend_by_text(rtmr, "Calling EFI Application from Boot Option");
	rtmr_extend_by(rtmr, (struct bytes){SEPARATOR, sizeof(SEPARATOR)});
	extend_by_text(rtmr, "Exit Boot Services Invocation");
	extend_by_text(rtmr, "Exit Boot Services Returned with Success");
	return NULL;
}

/* Text as UCS-2. False: it is not ASCII. */
static bool add_ucs2(struct sha384 *hash, const char *text, size_t chars)
{
	for (size_t i = 0; i < chars; i++) {
		const uint8_t c[2] = {(uint8_t)text[i], 0};

		if (c[0] > 0x7e)
			return false;
		sha384_add(hash, (struct bytes){c, sizeof(c)});
	}
	return true;
}

/* OVMF tells the stub where the initrd is by a word at the end; its final zero belongs to the load options. */
const char *ovmf_measure_boot(const char *command_line, const uint8_t *initrd, uint8_t rtmr[RTMR_BYTES])
{
	static const char word[] = " initrd=initrd";
	uint8_t digest[SHA384_BYTES];

	memset(rtmr, 0, RTMR_BYTES);
	if (command_line[0] == '\0' && !initrd)
		return "there is neither a command line nor an initrd";
	struct sha384 *hash = sha384_new();
	const bool ascii = add_ucs2(hash, command_line, strlen(command_line)) &&
			   add_ucs2(hash, initrd ? word : "", initrd ? sizeof(word) : 1);

	sha384_end(hash, digest);
	if (!ascii)
		return "the command line is not ASCII";
	rtmr_extend(rtmr, digest);
	if (initrd)
		rtmr_extend(rtmr, initrd);
	return NULL;
}
