/* The text forms that pprof has of a heap profile and of symbols. They tell what the message does
 * not: which function of the runtime a call into the allocator went to, because the text keeps the
 * runtime's frames at the leaf of a stack, and the message leaves them out. Pure: bytes in, calls
 * of the visitor out. Formats: Go's src/runtime/pprof/pprof.go (writeHeapInternal) and
 * src/net/http/pprof/pprof.go (Symbol). */
#ifndef LW_PROFILE_STACKS_H
#define LW_PROFILE_STACKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROFILE_STACKS_MAX 200000 /* rows of a text; the rest is LW_INFLATED_TOO_LARGE */

/* Reads the answer of GET /debug/pprof/heap?debug=1 and calls visit() with each row's stack: return
 * addresses, leaf first, at most PROFILE_FRAMES_MAX (the rest is cut), maybe none; they are the
 * visitor's during the call only. Inlined calls have addresses of their own here. Errors:
 * LW_NOT_HEAP (another text), LW_NOT_PROFILE (says which line), LW_INFLATED_TOO_LARGE. */
int profile_stacks_each(const char *text, size_t len,
    void (*visit)(void *ctx, const uint64_t *returns, size_t depth), void *ctx,
    struct lw_err *err) LW_MUST_CHECK;

/* A call into the runtime whose callee is looked for in such a text. Addresses lie inside CALL
 * instructions (return address - 1), as in profile_site. */
struct profile_call {
    const uint64_t *addresses; /* borrowed; leaf first, from the site's leaf_location on */
    size_t depth;              /* 1 or more */
    uint64_t callee;           /* out: an address in the function that is called; 0: not found */
};

/* Finds the callees of calls: a row fits where all addresses of a call are in it, in their order
 * (inlined calls and the goroutine's root may lie between and below); the callee is what comes just
 * before the first of them. Go 1.19 records neither the allocator nor its caller, so that only
 * calls of what goes deeper are found, as maps do; Go 1.26 records all. A text made to be slow to
 * search leaves some not found. Errors as above. */
int profile_calls_find(const char *text, size_t len, struct profile_call *calls, size_t count,
    struct lw_err *err) LW_MUST_CHECK;

#define PROFILE_SYMBOL_BYTES 256

/* Reads the answer of GET /debug/pprof/symbol?0x1+0x2 and calls visit() with each address and the
 * name of its function; lines whose name does not fit PROFILE_SYMBOL_BYTES are left out. Errors:
 * LW_NOT_PROFILE. */
int profile_names_each(const char *text, size_t len,
    void (*visit)(void *ctx, uint64_t address, const char *name), void *ctx,
    struct lw_err *err) LW_MUST_CHECK;

#endif
