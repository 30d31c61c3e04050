/* Exact Go types of allocation sites, read from the program's binary: no agent, no debug
 * information, stripped binaries too.
 *
 * The compiler emits the address of a type's record as a constant just before the call into the
 * allocator. So: address inside the call → function (pclntab) → its instructions → the callee → the
 * argument register that carries the type there → the instruction that set it → the abi.Type record
 * in read-only data → its name. Where the register is loaded from a generic function's dictionary,
 * the caller's call site says which dictionary that is.
 *
 * Never a guess: what cannot be followed to a constant is unresolved, with the reason. Pure: the
 * bytes of the binary are the caller's (mapped read-only, as long as the index lives) and foreign;
 * they are read through bounds-checked cursors, every loop over them has a ceiling. */
#ifndef LW_GOTYPES_GOTYPES_H
#define LW_GOTYPES_GOTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The index of one binary. Immutable once made; any thread may resolve in it at the same time. */
struct gotypes;

/* Reads the tables of an ELF executable of Go 1.18 or later for amd64 or arm64. Memory:
 * proportional to its generic functions' uses and to the jumps of its large functions, of which at
 * most about 32 MB are kept; a few MB in all for binaries of 50 MB. NULL on error: LW_INVALID (not
 * ELF, not Go, an architecture or release that is not read: says which), LW_CORRUPT (tables that
 * contradict each other: says what). */
struct gotypes *gotypes_new(const void *image, size_t len, struct lw_err *err) LW_MUST_CHECK;
void gotypes_free(struct gotypes **index);

/* ---- what the binary is ---- */

struct gotypes_module {
    const char *path;    /* "example.com/checkout" */
    const char *version; /* "v1.8.2", "(devel)" or "" */
};

struct gotypes_build {
    const char *go_version; /* "go1.22.4" */
    const char *arch;       /* "amd64" or "arm64" */
    struct gotypes_module main;
    const struct gotypes_module *deps;
    size_t dep_count;
    const char *vcs_revision; /* "" where unknown */
    const char *vcs_time;
    bool vcs_modified;
    const char *gnu_build_id; /* lower-case hex, "" where there is none */
    const char *go_build_id;  /* "" where there is none */
    bool position_independent;
};

/* Strings live as long as the index. */
const struct gotypes_build *gotypes_build(const struct gotypes *index);

/* The build id of an ELF file without making an index: what folders are searched by. out gets
 * lower- case hex or "". */
int gotypes_read_build_id(
    const void *image, size_t len, char *out, size_t out_size, struct lw_err *err) LW_MUST_CHECK;

/* An address of a running process as one of the binary: subtracts the load bias that the profile's
 * mapping shows (mapping start − virtual address of the segment at the mapping's offset). */
uint64_t gotypes_address(
    const struct gotypes *index, uint64_t address, uint64_t mapping_start, uint64_t mapping_offset);

/* ---- functions ---- */

struct gotypes_line {
    const char *function; /* as profiles print it, generic arguments included */
    const char *file;
    int64_t line;
};

/* The frames at an address, innermost inlined one first; at most max. Returns their number, 0 where
 * the binary has no function. What a profile says of an address must agree with it: the check that
 * the binary is the right one. */
size_t gotypes_lines(
    const struct gotypes *index, uint64_t pc, struct gotypes_line *lines, size_t max);

/* ---- allocation sites ---- */

/* What kind of allocation a site makes. X(name, word) */
#define GOTYPES_KINDS(X) \
    X(GOTYPES_OBJECT, "object") \
    X(GOTYPES_CLOSURE, "closure") \
    X(GOTYPES_SLICE, "slice") \
    X(GOTYPES_SLICE_GROWTH, "slice growth") \
    X(GOTYPES_MAP, "map") \
    X(GOTYPES_CHANNEL, "channel") \
    X(GOTYPES_BOXING, "boxing") \
    X(GOTYPES_STRING, "string") \
    X(GOTYPES_GOROUTINE, "goroutine") \
    X(GOTYPES_RUNTIME_TYPE, "run-time type") \
    X(GOTYPES_RAW, "raw") \
    X(GOTYPES_OTHER, "other")

enum gotypes_kind {
#define GOTYPES_KIND_ENUM(name, word) name,
    GOTYPES_KINDS(GOTYPES_KIND_ENUM)
#undef GOTYPES_KIND_ENUM
        GOTYPES_KIND_COUNT
};

const char *gotypes_kind_word(enum gotypes_kind kind);

/* The kind of allocation that a call of this function makes, by its name alone: all there is to say
 * without the binary. It is no finer than the name, so that an object may be a closure. False where
 * the function is not known to allocate for its caller. */
bool gotypes_kind_of_callee(const char *function, enum gotypes_kind *kind);

#define GOTYPES_NAME_BYTES   2048
#define GOTYPES_REASON_BYTES 160

/* `type` is what a person reads: "main.Entry", "[]uint8", "map[string]*main.Session", "string",
 * "chan main.Session", "struct { F uintptr; buf []uint8 }"; and where the allocator itself is told
 * no more: "8-byte value" (or 4, 2), "slice header", "map header", "noscan memory" (holds no
 * pointers). */
struct gotypes_site {
    uint64_t pc;          /* of the CALL; the address asked for where the code cannot be read */
    const char *function; /* that contains it (outermost, not the inlined one); the index' */
    const char *callee;   /* "runtime.newobject"; the index'; "" for an indirect call */
    enum gotypes_kind kind;
    bool resolved;
    char type[GOTYPES_NAME_BYTES];   /* "" when not resolved; "..." at its end: it did not fit */
    char record[GOTYPES_NAME_BYTES]; /* the name in the abi.Type record that was read (a slice's
                                        element, …); "" where the callee fixes the type */
    char import_path[512]; /* of the named type at the heart of it; "" for built-in ones */
    const struct gotypes_module *module; /* that the import path belongs to, or NULL (std, none) */
    uint64_t type_size; /* bytes of the record's type; 0 where there is no record */
    bool through_dictionary;
    /* A function that sets a finalizer on objects of the record's type; the index', "" where none
     * is known to. */
    const char *finalizer_in;
    /* Such an object can then be part of a cycle: the fields that lead from one to another of its
     * type, "main.File.reader, main.Reader.file"; the index', "" where no type shows one. */
    const char *cycle;
    /* Of an array or string: the bytes of it that the function kept_in keeps, where all slices or
     * strings of it that it stores have lengths that are constants, and not the one it was made
     * with. "" where it stores none, or not only such; functions that it is passed on to may keep
     * all of it. */
    uint64_t kept_bytes;
    const char *kept_in;                   /* the index' */
    char unresolved[GOTYPES_REASON_BYTES]; /* why there is no type; "" when resolved */
};

/* The type allocated at a stack: addresses of the binary, each inside its CALL instruction (return
 * address − 1, as profiles have them), leaf first; more than the leaf is needed only where generic
 * code takes its type from a dictionary. Always fills *site; false when the address is in no
 * function of the binary or in no call. */
bool gotypes_resolve(
    const struct gotypes *index, const uint64_t *stack, size_t depth, struct gotypes_site *site);

/* Every static call of an allocator entry point in the binary's text, by address, resolved without
 * a caller (dictionary sites whose dictionary is not constant are unresolved and say so). Stops
 * when visit() returns false. */
void gotypes_each_site(const struct gotypes *index,
    bool (*visit)(void *ctx, const struct gotypes_site *site), void *ctx);

#endif
