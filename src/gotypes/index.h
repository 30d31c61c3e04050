/* What gotypes.c, resolve.c and dictionary.c share: the index itself. */
#ifndef LW_GOTYPES_INDEX_H
#define LW_GOTYPES_INDEX_H

#include "base/arena.h"
#include "gotypes/buildinfo.h"
#include "gotypes/entries.h"
#include "gotypes/flow.h"
#include "gotypes/gotypes.h"
#include "gotypes/moduledata.h"
#include "gotypes/pclntab.h"
#include "gotypes/trace.h"
#include "gotypes/types.h"

/* A function of the binary that allocates. */
struct gotypes_gate {
    uint64_t address;
    const struct gotypes_entry *entry;
};

/* A call of a function that is shared by several types, or of runtime.SetFinalizer, or code that
 * makes its address. */
struct gotypes_use {
    uint64_t target; /* the function's entry */
    uint64_t pc;
    bool is_call; /* or a jump */
};

/* A type of which objects are given a finalizer. */
struct gotypes_finalizer {
    uint64_t type;        /* address of its record */
    const char *function; /* that does so; the image's */
    char *cycle;          /* owned; as gotypes_site's */
};

struct gotypes {
    struct gotypes_elf elf;
    struct gotypes_pclntab tab;
    struct gotypes_moduledata module;
    struct gotypes_types types;
    struct gotypes_outlines outlines;
    struct gotypes_build build;
    struct lw_arena *strings;   /* of the build */
    struct gotypes_gate *gates; /* owned; by address */
    size_t gate_count;
    struct gotypes_use *uses; /* owned; by target */
    size_t use_count;
    struct gotypes_finalizer *finalizers; /* owned */
    size_t finalizer_count;
};

/* The gate at an address, or NULL. */
const struct gotypes_gate *gotypes_index_gate(const struct gotypes *index, uint64_t address);

/* Fills *site for the call of a number in a function that was read; stack[0] is of that call, the
 * rest may be consulted (depth 0: nothing is known of callers). */
void gotypes_resolve_call(const struct gotypes *index, const struct gotypes_flow *flow,
    uint32_t number, const uint64_t *stack, size_t depth, struct gotypes_site *site);

/* Fills index->uses. */
void gotypes_uses_read(struct gotypes *index);

/* Fills index->finalizers, once there are uses and outlines. */
void gotypes_finalizers_read(struct gotypes *index);
void gotypes_finalizers_fini(struct gotypes *index);

/* What is known of a type's objects; NULL where no finalizer of them is. */
const struct gotypes_finalizer *gotypes_finalizers_find(const struct gotypes *index, uint64_t type);

/* A call in a function that was read. */
struct gotypes_call {
    const struct gotypes_flow *flow;
    uint32_t number; /* of the instruction */
};

/* Fills site->kept_bytes and kept_in where the code tells them: that of the call, which the site
 * was resolved for, or of its callers (stack[0] is the first of them). */
void gotypes_kept_find(const struct gotypes *index, const struct gotypes_call *call,
    const uint64_t *stack, size_t depth, struct gotypes_site *site);

/* The first use of a shared function; they end where `target` is another. */
size_t gotypes_uses_find(const struct gotypes *index, uint64_t target);

/* What `path`, whose last load is from a closure, leads to in the closures that `maker` makes of
 * the function whose address `use` is of. */
struct gotypes_value gotypes_closure_captured(const struct gotypes *index,
    const struct gotypes_func *maker, const struct gotypes_use *use,
    const struct gotypes_path *path);

/* The same for a closure that `maker` makes of `closure` and returns in `reg`; unknown unless it
 * always returns that one. */
struct gotypes_value gotypes_closure_returned(const struct gotypes *index,
    const struct gotypes_func *maker, const struct gotypes_func *closure, uint8_t reg,
    const struct gotypes_path *path);

/* Follows an argument of a function into the callers on its stack (stack[0] is the first of them)
 * until it is a constant. Where the stack does not tell, all calls in the binary are asked, and
 * must agree. */
struct gotypes_value gotypes_dictionary_climb(const struct gotypes *index,
    const struct gotypes_func *callee, struct gotypes_value value, const uint64_t *stack,
    size_t depth);

#endif
