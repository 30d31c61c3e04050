/* An ELF executable as its loader would lay it out: virtual addresses instead of file offsets, with
 * the relative relocations of position-independent ones applied. Foreign bytes: every read is
 * checked against the file-backed part of a segment. */
#ifndef LW_GOTYPES_ELF_H
#define LW_GOTYPES_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GOTYPES_SEGMENTS_MAX 32
#define GOTYPES_SECTIONS_MAX 4096

enum gotypes_arch { GOTYPES_AMD64, GOTYPES_ARM64 };

struct gotypes_segment {
    uint64_t address;
    uint64_t offset; /* in the file */
    uint64_t file_bytes;
    bool writable;
    bool executable;
};

struct gotypes_relocation {
    uint64_t address; /* of the word that the loader fills */
    uint64_t value;   /* without the load bias */
};

struct gotypes_elf {
    const unsigned char *image; /* the caller's */
    size_t len;
    enum gotypes_arch arch;
    bool position_independent;
    struct gotypes_segment segments[GOTYPES_SEGMENTS_MAX]; /* PT_LOAD, in the file's order */
    size_t segment_count;
    uint64_t relro_start; /* what the loader makes read-only once relocated */
    uint64_t relro_end;
    struct gotypes_relocation *relocations; /* owned; by address */
    size_t relocation_count;
    struct gotypes_span {
        const unsigned char *bytes; /* the image's, or NULL */
        size_t len;
        uint64_t address;
    } pclntab, buildinfo, gnu_note, go_note; /* sections that names lead to */
};

/* Errors: LW_INVALID for what is not a 64-bit little-endian ELF executable for amd64 or arm64,
 * LW_CORRUPT for headers that contradict the file. */
int gotypes_elf_init(
    struct gotypes_elf *elf, const void *image, size_t len, struct lw_err *err) LW_MUST_CHECK;
void gotypes_elf_fini(struct gotypes_elf *elf);

/* The bytes at an address, at least len of them; NULL where the file has fewer. */
const unsigned char *gotypes_elf_bytes(
    const struct gotypes_elf *elf, uint64_t address, uint64_t len);

/* How many bytes of the file follow an address within its segment. */
uint64_t gotypes_elf_bytes_left(const struct gotypes_elf *elf, uint64_t address);

/* The eight bytes at an address as they are once the loader is done (without the load bias). */
bool gotypes_elf_word(const struct gotypes_elf *elf, uint64_t address, uint64_t *word);

/* Whether the program cannot change the len bytes at an address: then they are as in the file. */
bool gotypes_elf_is_constant(const struct gotypes_elf *elf, uint64_t address, uint64_t len);

/* A relocation that fills a word with `value`, from *at on; false when there is none left. */
bool gotypes_elf_find_relocated(
    const struct gotypes_elf *elf, uint64_t value, size_t *at, uint64_t *address);

/* The description of the first note of an owner and type in a section of notes: its length, 0 where
 * there is none. Format: System V ABI, "Note Section". */
size_t gotypes_elf_note(
    const struct gotypes_span *notes, const char *owner, uint32_t type, const unsigned char **desc);

#endif
