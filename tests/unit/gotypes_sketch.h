/* A Go binary of a few kilobytes, made in memory: an ELF file with a function table, a moduledata,
 * type records and build information, as gotypes_new() reads them. Tests fill in functions and
 * types. */
#ifndef LW_TESTS_GOTYPES_SKETCH_H
#define LW_TESTS_GOTYPES_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKETCH_BYTES      0x8000u
#define SKETCH_BASE       0x400000u /* virtual address of the file's first byte */
#define SKETCH_TEXT       0x1000u   /* offsets in the file */
#define SKETCH_TYPES      0x4000u
#define SKETCH_PCLNTAB    0x5000u
#define SKETCH_DATA       0x7000u
#define SKETCH_FUNC_BYTES 128u /* functions have slots of this size, but for the last */
#define SKETCH_FUNCS_MAX  24u
#define SKETCH_TYPE_BYTES 128u
#define SKETCH_TYPES_MAX  16u

enum sketch_field { SKETCH_ELEM = 48, SKETCH_VALUE = 56 };

struct sketch {
    unsigned char image[SKETCH_BYTES];
    bool is_arm64;
    bool is_old;                  /* of Go 1.18 or 1.19 */
    bool is_position_independent; /* moduledata and types are filled by relocations */
    const char *names[SKETCH_FUNCS_MAX];
    unsigned depths[SKETCH_FUNCS_MAX];   /* of the frame, once SP was moved */
    unsigned depth_at[SKETCH_FUNCS_MAX]; /* offset of the instruction after that */
    unsigned func_count;
    unsigned extra_bytes; /* that the last function has beyond its slot */
    unsigned at;          /* where code is put next: an offset in the file */
    unsigned type_count;
    unsigned name_bytes; /* of types, taken so far */
    struct {
        uint64_t address;
        uint64_t value;
    } relocations[64];
    unsigned relocation_count;
};

void sketch_init(struct sketch *s, bool is_arm64);

/* Begins the next function and returns its address. The slots follow each other, so that the
 * address of one to come is known: sketch_func_address(). */
uint64_t sketch_func(struct sketch *s, const char *name);
uint64_t sketch_func_address(unsigned number);

/* Makes the function that was begun last, and is the last, larger than its slot. */
void sketch_extend(struct sketch *s, unsigned bytes);

/* Code of the function that was begun last; each returns the address of what it put. */
uint64_t sketch_code(struct sketch *s, const void *bytes, size_t len);
uint64_t sketch_word(struct sketch *s, uint32_t word);
uint64_t sketch_lea(struct sketch *s, unsigned reg, uint64_t target);     /* amd64: reg of 8 */
uint64_t sketch_call(struct sketch *s, uint64_t target);                  /* amd64 and arm64 */
uint64_t sketch_address(struct sketch *s, unsigned reg, uint64_t target); /* arm64: ADRP, ADD */

/* Says how deep the frame of the function is from the next instruction on. */
void sketch_depth(struct sketch *s, unsigned bytes);

/* A type record of a kind; flags as in abi.TFlag (the star of flag 2 is put before the name). */
uint64_t sketch_type(
    struct sketch *s, unsigned kind, uint64_t size, unsigned flags, const char *name);

/* A pointer in a type's record, or in a dictionary; the offset of a name. */
void sketch_pointer(struct sketch *s, uint64_t address, uint64_t value);
void sketch_import_path(struct sketch *s, uint64_t type, unsigned record_bytes, const char *path);

/* Writes all tables. The image is then a binary. */
void sketch_finish(struct sketch *s);

void sketch_put32(struct sketch *s, unsigned offset, uint32_t v);
void sketch_put64(struct sketch *s, unsigned offset, uint64_t v);

#endif
