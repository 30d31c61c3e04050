/* Type records of the binary: the runtime's abi.Type and what follows it, in read-only data. A
 * record that is not wholly plausible is none. Layout: internal/abi/type.go, the same from Go 1.18
 * to 1.26 but for maps. */
#ifndef LW_GOTYPES_TYPES_H
#define LW_GOTYPES_TYPES_H

#include "gotypes/elf.h"

struct gotypes_types {
    const struct gotypes_elf *elf;
    uint64_t start; /* addresses of what the moduledata calls types */
    uint64_t end;
    bool swiss_maps; /* since 1.24, unless the experiment was switched off */
};

/* reflect.Kind */
enum gotypes_type_kind {
    GOTYPES_T_BOOL = 1,
    GOTYPES_T_INT,
    GOTYPES_T_INT8,
    GOTYPES_T_INT16,
    GOTYPES_T_INT32,
    GOTYPES_T_INT64,
    GOTYPES_T_UINT,
    GOTYPES_T_UINT8,
    GOTYPES_T_UINT16,
    GOTYPES_T_UINT32,
    GOTYPES_T_UINT64,
    GOTYPES_T_UINTPTR,
    GOTYPES_T_FLOAT32,
    GOTYPES_T_FLOAT64,
    GOTYPES_T_COMPLEX64,
    GOTYPES_T_COMPLEX128,
    GOTYPES_T_ARRAY,
    GOTYPES_T_CHAN,
    GOTYPES_T_FUNC,
    GOTYPES_T_INTERFACE,
    GOTYPES_T_MAP,
    GOTYPES_T_POINTER,
    GOTYPES_T_SLICE,
    GOTYPES_T_STRING,
    GOTYPES_T_STRUCT,
    GOTYPES_T_UNSAFE_POINTER,
    GOTYPES_T_COUNT
};

struct gotypes_type {
    uint64_t address;
    uint64_t size; /* bytes of a value */
    enum gotypes_type_kind kind;
    bool has_uncommon; /* a named type, or one with methods */
    const char *name;  /* the image's, name_len bytes: "main.Entry" */
    size_t name_len;
};

/* The record at an address; false when there is none. */
bool gotypes_type_read(
    const struct gotypes_types *types, uint64_t address, struct gotypes_type *type);

/* The import path of the named type at the heart of a type (the element of slices, pointers, arrays
 * and channels; of maps the value's, or else the key's) into out; "" for built-in ones. */
void gotypes_type_import_path(
    const struct gotypes_types *types, uint64_t address, char *out, size_t out_size);

/* A type that values of another hold, or refer to: that of a field, an element, a key. */
struct gotypes_part {
    uint64_t type;     /* address of its record */
    const char *field; /* the image's, field_len bytes; NULL where it is no field */
    size_t field_len;
};

/* The parts of a type, one a call: *at begins with 0. False when there is none left. What is behind
 * an interface, a function or an unsafe.Pointer is no part. Layout: internal/abi/type.go. */
bool gotypes_type_next_part(const struct gotypes_types *types, const struct gotypes_type *type,
    unsigned *at, struct gotypes_part *part);

/* Whether the type is what the compiler makes for a function and the variables it captures. */
bool gotypes_type_is_closure(const struct gotypes_type *type);

/* Whether the type is a piece of a map's table. */
bool gotypes_type_is_map_storage(const struct gotypes_type *type);

/* Copies a name, in full or with "..." for what does not fit. */
void gotypes_type_copy_name(const struct gotypes_type *type, char *out, size_t out_size);

#endif
