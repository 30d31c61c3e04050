/* The ways into the allocator: which functions of the runtime the compiler calls to allocate, which
 * of their arguments is the type, and what is allocated. One table for Go 1.18 to 1.26. */
#ifndef LW_GOTYPES_ENTRIES_H
#define LW_GOTYPES_ENTRIES_H

#include "gotypes/gotypes.h"

#define GOTYPES_NO_ARGUMENT (-1)

enum gotypes_entry_when { GOTYPES_ALWAYS, GOTYPES_BEFORE_1_20, GOTYPES_SINCE_1_20 };

struct gotypes_entry {
    const char *name; /* as the function table has it; a closing '*' stands for anything */
    enum gotypes_entry_when when;
    int argument; /* number of the integer register that carries the type, or GOTYPES_NO_ARGUMENT */
    enum gotypes_kind kind;
    bool of_elements;       /* what is allocated is a slice of the type */
    bool incidental;        /* allocates now and then, for itself: no site of its own */
    const char *fixed;      /* the type, where the callee fixes it; NULL where it cannot be told */
    const char *fixed_path; /* its import path; NULL for built-in types */
};

/* The row for a function's name, or NULL. */
const struct gotypes_entry *gotypes_entry_find(const char *name, bool since_1_20);

/* Whether a call of this function never returns, as the compiler knows. */
bool gotypes_entry_never_returns(const char *name);

/* The registers that a call of this function leaves alone: the assembly that the compiler calls
 * behind the program's back keeps to a convention of its own. Bits of general registers; 0 for all
 * others. */
uint32_t gotypes_entry_preserves(const char *name, bool is_arm64);

/* Whether the function is the runtime's own: its frames stand between the allocator and the
 * program. */
bool gotypes_entry_is_runtime(const char *function);

/* Whether it is the function that gives objects finalizers: SetFinalizer(obj, finalizer any). */
bool gotypes_entry_sets_finalizer(const char *function);

/* Whether a function's code is shared by all types of a shape, and takes a dictionary as well. */
bool gotypes_entry_is_shared(const char *function);

#endif
