/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts the loader of every volume that has \EFI\cloister\loader.efi, one after the other, in one boot. Each volume
 * is a case that the loader must refuse and return from; tests/testbed/refused_volumes.py makes the volumes.
 *
 *     \case      the case's name
 *     \acpi      changes of ACPI tables, undone after the case
 *     \variable  the name of an EFI variable: during the case it is a list of one boot entry, number 0
 *     \starved   leaves the loader hardly any memory
 *     \silent    hides the firmware's console, so text on a serial port comes from the loader itself
 *
 * Prints where each case begins and ends, and the PCRs of both bindings before and after it.
 */
#include <efi.h>
#include <efilib.h>

#define LOADER_FILE   L"\\EFI\\cloister\\loader.efi"
#define EDITS_FILE    L"\\acpi"
#define NAME_FILE     L"\\case"
#define STARVED_FILE  L"\\starved"
#define SILENT_FILE   L"\\silent"
#define VARIABLE_FILE L"\\variable"
#define MAX_EDIT      8
#define MAX_NAME      64

/* One change of a table: \acpi is an array of these. */
struct edit {
	char signature[4];   /* of the table; "RSD " is the RSDP */
	UINT32 offset;       /* of the bytes in the table */
	UINT32 fix_checksum; /* whether the table's checksum is corrected */
	UINT32 count;        /* of bytes, at most sizeof(bytes) */
	UINT8 bytes[16];
};

struct undo {
	UINT8 *table;
	UINT32 offset;
	UINT32 count;
	UINT8 checksum;
	UINT8 bytes[16];
};

struct sdt {
	char signature[4];
	UINT32 length;
	UINT8 revision;
	UINT8 checksum;
} __attribute__((packed));

struct rsdp {
	char signature[8];
	UINT8 checksum;
	UINT8 rest[15];
	UINT64 xsdt;
} __attribute__((packed));

#define PIECE_PAGES        512
#define SDT_BYTES          36 /* ACPI 6.5, 5.2.6: the common header */
#define TPM_ST_NO_SESSIONS 0x8001
#define TPM_CC_PCR_READ    0x17e
#define TPM_ALG_SHA256     0x0b

/* TCG EFI Protocol Specification, section 6; only SubmitCommand is used. */
struct tcg2 {
	void *others[3];
	EFI_STATUS(EFIAPI *submit_command)(struct tcg2 *self, UINT32 in_bytes, UINT8 *in, UINT32 out_bytes, UINT8 *out);
};

static EFI_GUID tcg2_guid = {0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};

static void print_pcr(UINT8 pcr)
{
	UINT8 request[20] = {TPM_ST_NO_SESSIONS >> 8,
			     TPM_ST_NO_SESSIONS & 0xff,
			     0,
			     0,
			     0,
			     20,
			     0,
			     0,
			     TPM_CC_PCR_READ >> 8,
			     TPM_CC_PCR_READ & 0xff,
			     0,
			     0,
			     0,
			     1,
			     0,
			     TPM_ALG_SHA256,
			     3};
	UINT8 answer[128];
	struct tcg2 *tcg2;

	if (EFI_ERROR(BS->LocateProtocol(&tcg2_guid, NULL, (void **)&tcg2)))
		return;
	request[17 + pcr / 8] = (UINT8)(1u << (pcr % 8));
	if (EFI_ERROR(tcg2->submit_command(tcg2, sizeof(request), request, sizeof(answer), answer)))
		return;
	Print(L"PCR %d ", pcr);
	/* Header 10, update counter 4, selection 10, digest count 4, digest size 2. */
	for (UINTN i = 30; i < 62; i++)
		Print(L"%02x", answer[i]);
	Print(L"\n");
}

/* Those of a launch, under either binding. */
static void print_pcrs(void)
{
	static const UINT8 pcrs[] = {14, 17, 18, 19};

	for (UINTN i = 0; i < sizeof(pcrs); i++)
		print_pcr(pcrs[i]);
}

/* Reads at most *bytes of a file; *bytes becomes the count read, 0 if there is no such file. */
static void read_file(EFI_FILE_PROTOCOL *root, CHAR16 *path, void *buffer, UINTN *bytes)
{
	EFI_FILE_PROTOCOL *file;

	if (EFI_ERROR(root->Open(root, &file, path, EFI_FILE_MODE_READ, 0))) {
		*bytes = 0;
		return;
	}
	if (EFI_ERROR(file->Read(file, bytes, buffer)))
		*bytes = 0;
	file->Close(file);
}

static struct rsdp *find_rsdp(void)
{
	EFI_GUID guid = ACPI_20_TABLE_GUID;

	for (UINTN i = 0; i < ST->NumberOfTableEntries; i++)
		if (CompareGuid(&ST->ConfigurationTable[i].VendorGuid, &guid) == 0)
			return ST->ConfigurationTable[i].VendorTable;
	return NULL;
}

static UINT8 *find_table(const char *signature)
{
	struct rsdp *rsdp = find_rsdp();
	struct sdt *xsdt;
	UINT64 entry;

	if (rsdp == NULL || CompareMem(signature, "RSD ", 4) == 0)
		return (UINT8 *)rsdp;
	xsdt = (struct sdt *)rsdp->xsdt;
	if (CompareMem(signature, "XSDT", 4) == 0)
		return (UINT8 *)xsdt;
	for (UINTN at = SDT_BYTES; at + 8 <= xsdt->length; at += 8) {
		CopyMem(&entry, (UINT8 *)xsdt + at, sizeof(entry));
		if (CompareMem((void *)entry, signature, 4) == 0)
			return (UINT8 *)entry;
	}
	return NULL;
}

static void fix_checksum(struct sdt *table, UINT32 length)
{
	UINT8 sum = 0;

	table->checksum = 0;
	for (UINT32 i = 0; i < length; i++)
		sum = (UINT8)(sum + ((UINT8 *)table)[i]);
	table->checksum = (UINT8)-sum;
}

static BOOLEAN apply_edit(const struct edit *edit, struct undo *undo)
{
	struct sdt *table = (struct sdt *)find_table(edit->signature);
	const UINT32 count = edit->count <= sizeof(edit->bytes) ? edit->count : sizeof(edit->bytes);
	UINT32 length;

	if (table == NULL)
		return FALSE;
	length = table->length;
	*undo = (struct undo){(UINT8 *)table, edit->offset, count, table->checksum, {0}};
	CopyMem(undo->bytes, undo->table + edit->offset, count);
	CopyMem(undo->table + edit->offset, (void *)edit->bytes, count);
	if (edit->fix_checksum)
		fix_checksum(table, table->length < length ? table->length : length);
	return TRUE;
}

static void undo_edit(const struct undo *undo)
{
	CopyMem(undo->table + undo->offset, (void *)undo->bytes, undo->count);
	if (CompareMem(undo->table, "RSD ", 4) != 0)
		((struct sdt *)undo->table)->checksum = undo->checksum;
}

/* Takes all memory in pieces of 2 MiB; the first word of each holds the address of the one before. */
static UINT64 take_all_memory(void)
{
	EFI_PHYSICAL_ADDRESS piece, last = 0;

	while (!EFI_ERROR(BS->AllocatePages(AllocateAnyPages, EfiBootServicesData, PIECE_PAGES, &piece))) {
		*(UINT64 *)piece = last;
		last = piece;
	}
	return last;
}

static void give_memory_back(UINT64 last)
{
	while (last != 0) {
		const UINT64 piece = last;
		last = *(UINT64 *)piece;
		BS->FreePages(piece, PIECE_PAGES);
	}
}

/* As on firmware without a console: the loader finds none to write to, and none that has a serial port. */
static EFI_LOCATE_HANDLE_BUFFER locate_handles;
static SIMPLE_TEXT_OUTPUT_INTERFACE *console;

static EFI_STATUS EFIAPI locate_no_console(EFI_LOCATE_SEARCH_TYPE type, EFI_GUID *protocol, VOID *key, UINTN *count,
					   EFI_HANDLE **handles)
{
	EFI_GUID console_out = {0xd3b36f2c, 0xd551, 0x11d4, {0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};

	if (protocol != NULL && CompareGuid(protocol, &console_out) == 0)
		return EFI_NOT_FOUND;
	return locate_handles(type, protocol, key, count, handles);
}

static void hide_console(void)
{
	console = ST->ConOut;
	locate_handles = BS->LocateHandleBuffer;
	ST->ConOut = NULL;
	BS->LocateHandleBuffer = locate_no_console;
}

static void restore_console(void)
{
	ST->ConOut = console;
	BS->LocateHandleBuffer = locate_handles;
}

static BOOLEAN has_file(EFI_FILE_PROTOCOL *root, CHAR16 *path)
{
	UINTN bytes = 1;
	UINT8 byte;

	read_file(root, path, &byte, &bytes);
	return bytes != 0;
}

/* Writes the variable that the volume names, or removes it again. */
static void set_variable(EFI_FILE_PROTOCOL *root, UINTN bytes)
{
	const UINT32 attributes =
		EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS;
	CHAR16 name[MAX_NAME + 1] = {0};
	UINTN name_bytes = MAX_NAME * sizeof(name[0]);
	EFI_GUID global = EFI_GLOBAL_VARIABLE;
	UINT16 list = 0;

	read_file(root, VARIABLE_FILE, name, &name_bytes);
	if (name_bytes != 0 && EFI_ERROR(RT->SetVariable(name, &global, attributes, bytes, &list)))
		Print(L"variable %s: not written\n", name);
}

static EFI_STATUS start_loader(EFI_HANDLE self, EFI_HANDLE volume, EFI_FILE_PROTOCOL *root)
{
	EFI_DEVICE_PATH *path = FileDevicePath(volume, LOADER_FILE);
	EFI_HANDLE image;
	EFI_STATUS status = BS->LoadImage(FALSE, self, path, NULL, 0, &image);

	FreePool(path);
	if (EFI_ERROR(status))
		return status;
	const BOOLEAN silent = has_file(root, SILENT_FILE);
	const UINT64 taken = has_file(root, STARVED_FILE) ? take_all_memory() : 0;
	if (silent)
		hide_console();
	set_variable(root, sizeof(UINT16));
	status = BS->StartImage(image, NULL, NULL);
	set_variable(root, 0);
	if (silent)
		restore_console();
	give_memory_back(taken);
	return status;
}

static void run_case(EFI_HANDLE self, EFI_HANDLE volume, EFI_FILE_PROTOCOL *root)
{
	struct edit edits[MAX_EDIT];
	struct undo undo[MAX_EDIT];
	char name[MAX_NAME + 1] = {0};
	UINTN name_bytes = MAX_NAME, edit_bytes = sizeof(edits), done = 0;
	EFI_STATUS status;

	read_file(root, NAME_FILE, name, &name_bytes);
	read_file(root, EDITS_FILE, edits, &edit_bytes);
	Print(L"\nCASE %a BEGIN\n", name);
	print_pcrs();
	while (done < edit_bytes / sizeof(edits[0]) && apply_edit(&edits[done], &undo[done]))
		done++;
	if (done < edit_bytes / sizeof(edits[0]))
		Print(L"edit %d: no such table\n", done);
	status = start_loader(self, volume, root);
	while (done > 0)
		undo_edit(&undo[--done]);
	print_pcrs();
	Print(L"CASE %a END %r\n", name, status);
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	EFI_HANDLE *volumes;
	UINTN count = 0;

	InitializeLib(self, system);
	if (EFI_ERROR(LibLocateHandle(ByProtocol, &FileSystemProtocol, NULL, &count, &volumes)))
		return EFI_NOT_FOUND;
	for (UINTN i = 0; i < count; i++) {
		EFI_FILE_PROTOCOL *root = LibOpenRoot(volumes[i]);
		EFI_FILE_PROTOCOL *loader;

		if (root == NULL || EFI_ERROR(root->Open(root, &loader, LOADER_FILE, EFI_FILE_MODE_READ, 0)))
			continue;
		loader->Close(loader);
		run_case(self, volumes[i], root);
		root->Close(root);
	}
	Print(L"CASES DONE\n");
	BS->Stall(1000000);
	RT->ResetSystem(EfiResetShutdown, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
