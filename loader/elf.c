/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF64 static PIE (System V ABI, chapters 4 and 5; x86-64 psABI, 4.4): PT_LOAD and R_X86_64_RELATIVE only. */
#include "elf.h"

#include <elf.h>
#include <string.h>

#define PAGE 4096ull

static uint64_t page_up(uint64_t value)
{
	return (value + PAGE - 1) & ~(PAGE - 1);
}

/* Is [start, start + bytes) inside [0, limit)? */
static bool inside(uint64_t start, uint64_t bytes, uint64_t limit)
{
	return start <= limit && bytes <= limit - start;
}

static bool header_is_ours(const Elf64_Ehdr *header)
{
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_ident[EI_VERSION] == EV_CURRENT &&
	       header->e_type == ET_DYN && header->e_machine == EM_X86_64 && header->e_version == EV_CURRENT &&
	       header->e_ehsize == sizeof(Elf64_Ehdr);
}

static bool read_header(const uint8_t *file, size_t file_bytes, Elf64_Ehdr *header, struct failure *failure)
{
	if (file_bytes < sizeof(*header) || file_bytes > ELF_MAX_IMAGE_BYTES)
		return fail(failure, LOADER_E_IMAGE_HEADER, "file of %lu bytes", file_bytes);
	memcpy(header, file, sizeof(*header));
	if (!header_is_ours(header))
		return fail(failure, LOADER_E_IMAGE_HEADER, "ELF header: type %u, machine %u", header->e_type,
			    header->e_machine);
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum == PN_XNUM ||
	    !inside(header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr), file_bytes))
		return fail(failure, LOADER_E_IMAGE_HEADER, "ELF header: program headers at %lu, %u of them",
			    header->e_phoff, header->e_phnum);
	return true;
}

/* Segments ascend, each starts on a new page, the first one at 0, and none is writable and executable. */
static bool segment_is_sound(const Elf64_Phdr *segment, uint64_t end, size_t file_bytes)
{
	const uint32_t write_execute = PF_W | PF_X;

	return segment->p_vaddr % PAGE == 0 && segment->p_vaddr >= end && (end || !segment->p_vaddr) &&
	       inside(segment->p_vaddr, segment->p_memsz, ELF_MAX_IMAGE_BYTES) && segment->p_memsz &&
	       segment->p_filesz <= segment->p_memsz && inside(segment->p_offset, segment->p_filesz, file_bytes) &&
	       (segment->p_flags & write_execute) != write_execute;
}

static bool add_segment(const Elf64_Phdr *segment, uint32_t index, size_t file_bytes, struct elf_image *image,
			struct failure *failure)
{
	if (image->segment_count == ELF_MAX_SEGMENTS || !segment_is_sound(segment, image->bytes, file_bytes))
		return fail(failure, LOADER_E_IMAGE_SEGMENT, "program header %u: address 0x%lx, %lu bytes, flags %u",
			    index, segment->p_vaddr, segment->p_memsz, segment->p_flags);
	image->segment[image->segment_count++] = (struct elf_segment){
		.address = segment->p_vaddr,
		.memory_bytes = segment->p_memsz,
		.file_offset = segment->p_offset,
		.file_bytes = segment->p_filesz,
		.flags = segment->p_flags,
	};
	image->bytes = page_up(segment->p_vaddr + segment->p_memsz);
	return true;
}

static bool read_segment(const Elf64_Phdr *segment, uint32_t index, size_t file_bytes, struct elf_image *image,
			 struct failure *failure)
{
	switch (segment->p_type) {
	case PT_LOAD:
		return add_segment(segment, index, file_bytes, image, failure);
	case PT_DYNAMIC:
		image->dynamic = segment->p_vaddr;
		image->dynamic_bytes = segment->p_memsz;
		return true;
	case PT_INTERP:
	case PT_TLS:
		return fail(failure, LOADER_E_IMAGE_SEGMENT, "program header %u: type %u is not supported", index,
			    segment->p_type);
	default:
		return true; /* PT_GNU_STACK, PT_GNU_RELRO, PT_NOTE, PT_PHDR say nothing to us */
	}
}

static bool entry_is_code(const struct elf_image *image)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];
		if (segment->flags & PF_X && image->entry >= segment->address &&
		    image->entry - segment->address < segment->file_bytes)
			return true;
	}
	return false;
}

bool elf_check(const uint8_t *file, size_t file_bytes, struct elf_image *image, struct failure *failure)
{
	Elf64_Ehdr header;

	*image = (struct elf_image){0};
	if (!read_header(file, file_bytes, &header, failure))
		return false;
	for (uint32_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;
		memcpy(&segment, file + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (!read_segment(&segment, i, file_bytes, image, failure))
			return false;
	}
	image->entry = header.e_entry;
	if (!entry_is_code(image))
		return fail(failure, LOADER_E_IMAGE_SEGMENT, "entry point 0x%lx is not in an executable segment",
			    image->entry);
	if (!inside(image->dynamic, image->dynamic_bytes, image->bytes))
		return fail(failure, LOADER_E_IMAGE_DYNAMIC, "at 0x%lx, %lu bytes", image->dynamic,
			    image->dynamic_bytes);
	return true;
}

struct rela_table {
	uint64_t offset;
	uint64_t bytes;
	uint64_t entry_bytes;
};

/* Takes DT_RELA; tags that would ask for more than relative relocations are refused. */
static bool read_tag(const Elf64_Dyn *tag, struct rela_table *table, struct failure *failure)
{
	switch (tag->d_tag) {
	case DT_RELA:
		table->offset = tag->d_un.d_ptr;
		return true;
	case DT_RELASZ:
		table->bytes = tag->d_un.d_val;
		return true;
	case DT_RELAENT:
		table->entry_bytes = tag->d_un.d_val;
		return true;
	case DT_NEEDED:
	case DT_REL:
	case DT_JMPREL:
	case DT_RELR:
	case DT_INIT:
	case DT_INIT_ARRAY:
		return fail(failure, LOADER_E_IMAGE_DYNAMIC, "tag %lu is not supported", (uint64_t)tag->d_tag);
	default:
		return true;
	}
}

static bool find_relocations(const uint8_t *memory, const struct elf_image *image, struct rela_table *table,
			     struct failure *failure)
{
	*table = (struct rela_table){0};
	for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= image->dynamic_bytes; at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn tag;
		memcpy(&tag, memory + image->dynamic + at, sizeof(tag));
		if (tag.d_tag == DT_NULL)
			break;
		if (!read_tag(&tag, table, failure))
			return false;
	}
	if (table->bytes && (table->entry_bytes != sizeof(Elf64_Rela) || table->bytes % sizeof(Elf64_Rela) ||
			     !inside(table->offset, table->bytes, image->bytes)))
		return fail(failure, LOADER_E_IMAGE_DYNAMIC, "DT_RELA at 0x%lx, %lu bytes", table->offset,
			    table->bytes);
	return true;
}

bool elf_place(const uint8_t *file, const struct elf_image *image, uint8_t *memory, uint64_t base,
	       struct failure *failure)
{
	struct rela_table table;

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segment[i];
		memcpy(memory + segment->address, file + segment->file_offset, segment->file_bytes);
	}
	if (!find_relocations(memory, image, &table, failure))
		return false;
	for (uint64_t at = 0; at < table.bytes; at += sizeof(Elf64_Rela)) {
		Elf64_Rela rela;
		memcpy(&rela, memory + table.offset + at, sizeof(rela));
		if (rela.r_info != ELF64_R_INFO(0, R_X86_64_RELATIVE) ||
		    !inside(rela.r_offset, sizeof(uint64_t), image->bytes) || (uint64_t)rela.r_addend > image->bytes)
			return fail(failure, LOADER_E_IMAGE_RELOCATION, "relocation %lu: info 0x%lx, offset 0x%lx",
				    at / sizeof(rela), rela.r_info, rela.r_offset);
		const uint64_t value = base + (uint64_t)rela.r_addend;
		memcpy(memory + rela.r_offset, &value, sizeof(value));
	}
	return true;
}
