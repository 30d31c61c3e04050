#include "gotypes/entries.h"

#include <string.h>

#define TYPE_AT(name, when, argument, kind) \
    { \
        name, when, argument, kind, false, false, NULL, NULL \
    }
#define ELEM_AT(name, when, argument, kind) \
    { \
        name, when, argument, kind, true, false, NULL, NULL \
    }
#define FIXED(name, kind, type, path) \
    { \
        name, GOTYPES_ALWAYS, GOTYPES_NO_ARGUMENT, kind, false, false, type, path \
    }
#define INCIDENTAL(name, type) \
    { \
        name, GOTYPES_ALWAYS, GOTYPES_NO_ARGUMENT, GOTYPES_OTHER, false, true, type, "runtime" \
    }

/* From the signatures in cmd/compile/internal/typecheck/_builtin/runtime.go and the runtime's own.
 * A string takes two registers, a slice three, an empty interface two of which the first is the
 * type. */
static const struct gotypes_entry entries[] = {
    TYPE_AT("runtime.newobject", GOTYPES_ALWAYS, 0, GOTYPES_OBJECT),
    TYPE_AT("runtime.mallocgc", GOTYPES_ALWAYS, 1, GOTYPES_RAW),
    TYPE_AT("runtime.mallocgcSmall*", GOTYPES_ALWAYS, 1, GOTYPES_OBJECT), /* by size since 1.26 */
    TYPE_AT("runtime.mallocgcTiny*", GOTYPES_ALWAYS, 1, GOTYPES_OBJECT),
    TYPE_AT("runtime.mallocgcLarge", GOTYPES_ALWAYS, 1, GOTYPES_OBJECT),
    ELEM_AT("runtime.newarray", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),

    ELEM_AT("runtime.makeslice", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),
    ELEM_AT("runtime.makeslice64", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),
    ELEM_AT("runtime.makeslicecopy", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),
    ELEM_AT("runtime.growslice", GOTYPES_BEFORE_1_20, 0, GOTYPES_SLICE_GROWTH),
    ELEM_AT("runtime.growslice", GOTYPES_SINCE_1_20, 4, GOTYPES_SLICE_GROWTH),
    ELEM_AT("runtime.growsliceNoAlias", GOTYPES_ALWAYS, 4, GOTYPES_SLICE_GROWTH), /* 1.26 */
    ELEM_AT("runtime.growsliceBuf", GOTYPES_ALWAYS, 4, GOTYPES_SLICE_GROWTH),
    ELEM_AT("runtime.growsliceBufNoAlias", GOTYPES_ALWAYS, 4, GOTYPES_SLICE_GROWTH),
    ELEM_AT("runtime.moveSlice", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),
    ELEM_AT("runtime.moveSliceNoCap", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),
    /* These know the size of an element only. */
    FIXED("runtime.moveSliceNoScan", GOTYPES_SLICE, "noscan memory", NULL),
    FIXED("runtime.moveSliceNoCapNoScan", GOTYPES_SLICE, "noscan memory", NULL),

    TYPE_AT("runtime.makemap", GOTYPES_ALWAYS, 0, GOTYPES_MAP),
    TYPE_AT("runtime.makemap64", GOTYPES_ALWAYS, 0, GOTYPES_MAP),
    FIXED("runtime.makemap_small", GOTYPES_MAP, "map header", NULL),
    TYPE_AT("runtime.mapassign", GOTYPES_ALWAYS, 0, GOTYPES_MAP),
    TYPE_AT("runtime.mapassign_*", GOTYPES_ALWAYS, 0, GOTYPES_MAP),
    TYPE_AT("maps.clone", GOTYPES_ALWAYS, 0, GOTYPES_MAP),
    TYPE_AT("runtime.makechan", GOTYPES_ALWAYS, 0, GOTYPES_CHANNEL),
    TYPE_AT("runtime.makechan64", GOTYPES_ALWAYS, 0, GOTYPES_CHANNEL),

    /* The last five serve every type of a shape; that the value is boxed as is not told. */
    TYPE_AT("runtime.convT", GOTYPES_ALWAYS, 0, GOTYPES_BOXING),
    TYPE_AT("runtime.convTnoptr", GOTYPES_ALWAYS, 0, GOTYPES_BOXING),
    FIXED("runtime.convT16", GOTYPES_BOXING, "2-byte value", NULL),
    FIXED("runtime.convT32", GOTYPES_BOXING, "4-byte value", NULL),
    FIXED("runtime.convT64", GOTYPES_BOXING, "8-byte value", NULL),
    FIXED("runtime.convTstring", GOTYPES_BOXING, "string", NULL),
    FIXED("runtime.convTslice", GOTYPES_BOXING, "slice header", NULL),

    FIXED("runtime.concatstring*", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.slicebytetostring", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.slicerunetostring", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.intstring", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.rawstring", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.rawstringtmp", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.gostring", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.gostringn", GOTYPES_STRING, "string", NULL),
    FIXED("runtime.concatbyte*", GOTYPES_SLICE, "[]uint8", NULL),
    FIXED("runtime.stringtoslicebyte", GOTYPES_SLICE, "[]uint8", NULL),
    FIXED("runtime.rawbyteslice", GOTYPES_SLICE, "[]uint8", NULL),
    FIXED("runtime.gobytes", GOTYPES_SLICE, "[]uint8", NULL),
    FIXED("internal/bytealg.MakeNoZero", GOTYPES_SLICE, "[]uint8", NULL),
    FIXED("runtime.stringtoslicerune", GOTYPES_SLICE, "[]int32", NULL),
    FIXED("runtime.rawruneslice", GOTYPES_SLICE, "[]int32", NULL),

    FIXED("runtime.newproc", GOTYPES_GOROUTINE, "runtime.g", "runtime"),
    FIXED("runtime.malg", GOTYPES_GOROUTINE, "runtime.g", "runtime"),

    TYPE_AT("reflect.unsafe_New", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    ELEM_AT("reflect.unsafe_NewArray", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    ELEM_AT("reflect.growslice", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    TYPE_AT("reflect.makemap", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    TYPE_AT("reflect.makechan", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    TYPE_AT("reflect.mapassign*", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    TYPE_AT("internal/reflectlite.unsafe_New", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    ELEM_AT("internal/reflectlite.unsafe_NewArray", GOTYPES_ALWAYS, 0, GOTYPES_RUNTIME_TYPE),
    TYPE_AT("internal/runtime/maps.newobject", GOTYPES_ALWAYS, 0, GOTYPES_OBJECT),
    ELEM_AT("internal/runtime/maps.newarray", GOTYPES_ALWAYS, 0, GOTYPES_SLICE),

    INCIDENTAL("runtime.chansend1", "runtime.sudog"),
    INCIDENTAL("runtime.chanrecv1", "runtime.sudog"),
    INCIDENTAL("runtime.chanrecv2", "runtime.sudog"),
    INCIDENTAL("runtime.selectgo", "runtime.sudog"),
    INCIDENTAL("runtime.semacquire*", "runtime.sudog"),
    INCIDENTAL("runtime.acquireSudog", "runtime.sudog"),
    INCIDENTAL("runtime.deferproc*", "runtime._defer"),
    INCIDENTAL("runtime.panicdottype*", "runtime.TypeAssertionError"),
};

static bool matches(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);
    if (pattern[len - 1] == '*')
        return strncmp(pattern, name, len - 1) == 0;
    return strcmp(pattern, name) == 0;
}

const struct gotypes_entry *gotypes_entry_find(const char *name, bool since_1_20)
{
    if (!strchr(
            "rmi", name[0])) /* runtime, reflect; maps; internal: spares the others the search */
        return NULL;
    enum gotypes_entry_when not_then = since_1_20 ? GOTYPES_BEFORE_1_20 : GOTYPES_SINCE_1_20;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (entries[i].when != not_then && matches(entries[i].name, name))
            return &entries[i];
    return NULL;
}

bool gotypes_kind_of_callee(const char *function, enum gotypes_kind *kind)
{
    /* Rows of one name differ in where the type is passed, not in the kind. */
    const struct gotypes_entry *entry = gotypes_entry_find(function, true);
    if (entry)
        *kind = entry->kind;
    return entry != NULL;
}

bool gotypes_entry_never_returns(const char *name)
{
    static const char *const list[] = {
        "runtime.panic*",
        "runtime.goPanic*",
        "runtime.gopanic",
        "runtime.throw",
        "runtime.throwinit",
        "runtime.fatal",
        "runtime.fatalthrow",
        "runtime.block",
    };
    if (strncmp(name, "runtime.", 8) != 0 || strncmp(name, "runtime.panicCheck", 18) == 0)
        return false;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (matches(list[i], name))
            return true;
    return false;
}

#define BIT(n) ((uint32_t)1 << (n))

/* From the clobbers in cmd/compile/internal/ssa/_gen/{AMD64,ARM64}Ops.go and the assembly;
 * registers by their numbers in instructions. morestack starts the function anew with the closure
 * it had. */
uint32_t gotypes_entry_preserves(const char *name, bool is_arm64)
{
    enum { LINK = BIT(16) | BIT(17) | BIT(27) | BIT(30) };
    static const struct {
        const char *name;
        uint32_t amd64;
        uint32_t arm64;
    } list[] = {
        {"runtime.gcWriteBarrier*", ~BIT(11), ~(LINK | BIT(25))},
        {"runtime.duffzero", ~BIT(7), ~(LINK | BIT(20))},
        {"runtime.duffcopy", ~(BIT(6) | BIT(7)), ~(LINK | BIT(20) | BIT(21) | BIT(26))},
        {"runtime.morestack", BIT(2), BIT(26)},
    };
    if (strncmp(name, "runtime.", 8) != 0)
        return 0;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (matches(list[i].name, name))
            return is_arm64 ? list[i].arm64 : list[i].amd64;
    return 0;
}

bool gotypes_entry_is_runtime(const char *function)
{
    return strncmp(function, "runtime.", 8) == 0 || strncmp(function, "internal/runtime/", 17) == 0;
}

bool gotypes_entry_sets_finalizer(const char *function)
{
    return strcmp(function, "runtime.SetFinalizer") == 0;
}

bool gotypes_entry_is_shared(const char *function)
{
    return strstr(function, "[go.shape.") || strstr(function, "[...]"); /* the latter until 1.20 */
}
