/* How much of an array or string the code around its allocation keeps. A slice or string is kept as
 * a pointer into the array with a length behind it; where the code stores the pointer that the
 * allocation returned with a constant length, so much of it is referred to, however large it is.
 * A pointer in the function's own frame keeps nothing for long, and is passed over. */
#include <string.h>

#include "gotypes/index.h"

#define LOOK_MAX      512 /* instructions, behind the call or of a function that returns its result */
#define STORES_MAX    8   /* whose value is followed */
#define REACH         32 /* instructions between storing a pointer and its length */
#define FRAMES_MAX    8  /* up the stack */
#define SUM_REACH     8  /* between making the sum of an address and its use */
#define RESULT        0  /* RAX, X0: the pointer of a slice or string that is returned */
#define AMD64_SECOND  3  /* RBX, X1: the second argument */
#define ARM64_SECOND  1
#define AMD64_BARRIER 11 /* gcWriteBarrier returns room in the collector's buffer in these */
#define ARM64_BARRIER 25
#define LENGTH_MAX    ((int64_t)1 << 40)

struct keeping {
    const struct gotypes *index;
    const struct gotypes_flow *flow;
    uint32_t call; /* the number of the instruction */
    int64_t asked; /* the length that it was told to make; -1: not known */
    int followed;
    bool is_kept;
    bool is_known;   /* all lengths that it is kept with */
    uint64_t length; /* the largest of them, in elements */
    uint64_t pc;     /* where it is stored with that */
};

static struct gotypes_value trace(const struct keeping *k, uint32_t number, uint8_t reg)
{
    struct gotypes_path none = {0};
    return gotypes_trace(k->flow, &k->index->tab, number, reg, none);
}

static bool read_store(const struct keeping *k, uint32_t number, struct gotypes_store *store)
{
    const struct gotypes_flow *flow = k->flow;
    const struct gotypes_insn *insn = gotypes_flow_insn(flow, number);
    if (insn->step != GOTYPES_STEP_ON)
        return false;
    const unsigned char *code = flow->code + insn->offset;
    uint64_t pc = gotypes_flow_pc(flow, number);
    return flow->elf->arch == GOTYPES_AMD64
               ? gotypes_amd64_store(flow->decoder, code, insn->len, pc, store)
               : gotypes_arm64_store(code, pc, store);
}

/* Whether an instruction leaves a register as it is. */
static bool leaves(const struct keeping *k, uint32_t number, uint8_t reg)
{
    const struct gotypes_flow *flow = k->flow;
    uint8_t step = gotypes_flow_insn(flow, number)->step;
    struct gotypes_effect e;
    struct gotypes_func callee;
    if (reg == GOTYPES_NO_REGISTER || step == GOTYPES_STEP_BRANCH || step == GOTYPES_STEP_JUMP)
        return true;
    if (step == GOTYPES_STEP_CALL)
        return gotypes_pclntab_find(&k->index->tab, gotypes_flow_target(flow, number), &callee) &&
               (gotypes_entry_preserves(callee.name, flow->elf->arch == GOTYPES_ARM64) >> reg & 1);
    if (!gotypes_trace_effect(flow, number, &e) || (reg < 32 && (e.kills >> reg & 1)))
        return false;
    bool sets = e.op != GOTYPES_EFFECT_NONE && e.op != GOTYPES_EFFECT_STORE;
    return !sets || (e.dst != reg && e.dst2 != reg);
}

static bool leaves_place(
    const struct keeping *k, uint32_t from, uint32_t to, uint8_t base, uint8_t index)
{
    for (uint32_t i = from; i < to; i++) {
        if (!leaves(k, i, base) || !leaves(k, i, index))
            return false;
    }
    return true;
}

/* Names the base by the sum that it was made as, if that lies just before. */
static void split_base(const struct keeping *k, uint32_t number, struct gotypes_store *store)
{
    uint8_t dst, a, b;
    for (uint32_t i = number; i > k->call && i + SUM_REACH > number; i--) {
        const struct gotypes_insn *insn = gotypes_flow_insn(k->flow, i - 1);
        if (gotypes_arm64_sum(k->flow->code + insn->offset, &dst, &a, &b) && dst == store->base) {
            if (leaves_place(k, i, number, a, b)) {
                store->base = a;
                store->index = b;
            }
            return;
        }
        if (!leaves(k, i - 1, store->base))
            return;
    }
}

/* arm64 has no store at base + index + offset, nor one at a constant address: what those are is
 * computed before, each time anew. Stores are compared by that. */
static void spell_out(const struct keeping *k, uint32_t number, struct gotypes_store *store)
{
    if (k->flow->elf->arch != GOTYPES_ARM64 || store->index != GOTYPES_NO_REGISTER)
        return;
    struct gotypes_value base = trace(k, number, store->base);
    if (base.origin != GOTYPES_CONSTANT || base.was_loaded) {
        split_base(k, number, store);
        return;
    }
    store->base = GOTYPES_NO_REGISTER;
    store->offset += (int64_t)base.value;
}

/* Whether the call's result is in the register, or a pointer to a fixed place in it. */
static bool is_result(struct keeping *k, uint32_t number, uint8_t reg)
{
    if (reg == GOTYPES_NO_REGISTER || k->followed++ >= STORES_MAX)
        return false;
    struct gotypes_value value = trace(k, number, reg);
    return value.origin == GOTYPES_RESULT && value.value == k->call && value.reg == RESULT &&
           !value.path.loads;
}

/* Whether a store goes to the frame, or to the collector's buffer. */
static bool is_passing(const struct keeping *k, uint32_t number, const struct gotypes_store *store)
{
    bool is_amd64 = k->flow->elf->arch == GOTYPES_AMD64;
    if (store->base == (is_amd64 ? GOTYPES_AMD64_SP : GOTYPES_ARM64_SP))
        return true;
    if (store->base != (is_amd64 ? AMD64_BARRIER : ARM64_BARRIER))
        return false;
    struct gotypes_value buffer = trace(k, number, store->base);
    return buffer.origin == GOTYPES_RESULT && buffer.who &&
           strncmp(buffer.who, "runtime.gcWriteBarrier", 22) == 0;
}

/* ---- the length beside a pointer ---- */

static bool is_same_object(const struct gotypes_store *a, const struct gotypes_store *b)
{
    if (a->scale != b->scale)
        return false;
    bool is_swapped = a->scale == 1 && a->base == b->index && a->index == b->base;
    return is_swapped || (a->base == b->base && a->index == b->index);
}

static bool constant_of(
    const struct keeping *k, uint32_t number, const struct gotypes_stored *word, int64_t *constant)
{
    *constant = word->constant;
    if (word->reg == GOTYPES_NO_REGISTER)
        return word->is_constant;
    struct gotypes_value value = trace(k, number, word->reg);
    *constant = (int64_t)value.value;
    return value.origin == GOTYPES_CONSTANT && !value.was_loaded;
}

/* The length that lies behind the pointer that a store of a number puts at `offset`. */
static bool find_length(const struct keeping *k, uint32_t number, const struct gotypes_store *store,
    int64_t offset, int64_t *length)
{
    uint32_t first = number > k->call + REACH ? number - REACH : k->call + 1;
    for (uint32_t i = first; i < k->flow->outline->insn_count && i <= number + REACH; i++) {
        struct gotypes_store other;
        if (!read_store(k, i, &other))
            continue;
        spell_out(k, i, &other);
        if (!is_same_object(store, &other))
            continue;
        for (unsigned w = 0; w < other.count; w++) {
            if (other.offset + 8 * (int64_t)w == offset + 8 &&
                leaves_place(
                    k, i < number ? i : number, i < number ? number : i, store->base, store->index))
                return constant_of(k, i, &other.words[w], length);
        }
    }
    return false;
}

/* ---- what becomes of a call's result ---- */

static void take_length(
    struct keeping *k, uint32_t number, const struct gotypes_store *store, int64_t offset)
{
    struct gotypes_store place = *store;
    int64_t length;
    spell_out(k, number, &place);
    offset += place.offset - store->offset;
    k->is_kept = true;
    if (!find_length(k, number, &place, offset, &length) || length <= 0 || length == k->asked ||
        length > LENGTH_MAX) {
        k->is_known = false;
    } else if ((uint64_t)length >= k->length) {
        k->length = (uint64_t)length;
        k->pc = gotypes_flow_pc(k->flow, number);
    }
}

static void take_store(struct keeping *k, uint32_t number, const struct gotypes_store *store)
{
    for (unsigned w = 0; w < store->count; w++) {
        if (is_result(k, number, store->words[w].reg))
            take_length(k, number, store, store->offset + 8 * (int64_t)w);
    }
}

static void look_behind(struct keeping *k)
{
    uint32_t count = k->flow->outline->insn_count;
    k->is_known = count - k->call <= LOOK_MAX;
    for (uint32_t i = k->call + 1; k->is_known && i < count; i++) {
        struct gotypes_store store;
        if (read_store(k, i, &store) && !is_passing(k, i, &store))
            take_store(k, i, &store);
    }
    k->is_known = k->is_known && k->followed <= STORES_MAX;
}

/* Whether the function always returns what the call returned: a short one, as such helpers are. */
static bool is_passed_up(struct keeping *k)
{
    bool any = false;
    if (k->flow->outline->insn_count > LOOK_MAX)
        return false;
    for (uint32_t i = 0; i < k->flow->outline->insn_count; i++) {
        if (!gotypes_flow_returns(k->flow, i))
            continue;
        if (!is_result(k, i, RESULT))
            return false;
        any = true;
    }
    return any;
}

/* A slice that is made with room behind its length is kept as a whole, to be filled. */
static int64_t find_asked(const struct keeping *k, const char *callee)
{
    bool is_amd64 = k->flow->elf->arch == GOTYPES_AMD64;
    if (strcmp(callee, "runtime.makeslice") != 0)
        return -1;
    struct gotypes_value length = trace(k, k->call, is_amd64 ? AMD64_SECOND : ARM64_SECOND);
    return length.origin == GOTYPES_CONSTANT ? (int64_t)length.value : -1;
}

/* Functions that return, first, what was allocated below them, and keep none of it. */
static bool hands_out(const char *function)
{
    static const char *const list[] = {"io.ReadAll", "io/ioutil.ReadAll", "os.ReadFile",
        "io/ioutil.ReadFile", "bytes.Repeat", "strings.Repeat", "strings.Join",
        "encoding/hex.DecodeString", "encoding/base64.(*Encoding).DecodeString",
        "net/http/httputil.DumpRequest", "net/http/httputil.DumpResponse"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (strcmp(function, list[i]) == 0)
            return true;
    }
    return false;
}

static void tell(const struct keeping *k, struct gotypes_site *site)
{
    struct gotypes_line line;
    if (!k->is_kept || !k->is_known || gotypes_lines(k->index, k->pc, &line, 1) == 0)
        return;
    uint64_t element_bytes = site->type_size ? site->type_size : 1;
    if (k->length > (uint64_t)LENGTH_MAX / element_bytes)
        return;
    site->kept_bytes = k->length * element_bytes;
    site->kept_in = line.function;
}

/* Looks at a call whose result is the array. True when all that its function does with it is to
 * return it. */
static bool look_at_call(
    const struct gotypes *index, const struct gotypes_call *call, struct gotypes_site *site)
{
    struct keeping k = {.index = index, .flow = call->flow, .call = call->number};
    struct gotypes_func callee;
    if (gotypes_flow_insn(k.flow, k.call)->step != GOTYPES_STEP_CALL ||
        !gotypes_pclntab_find(&index->tab, gotypes_flow_target(k.flow, k.call), &callee))
        return false;
    k.asked = find_asked(&k, callee.name);
    look_behind(&k);
    tell(&k, site);
    k.followed = 0;
    return !k.is_kept && is_passed_up(&k);
}

static bool look_at_frame(const struct gotypes *index, uint64_t pc, struct gotypes_site *site)
{
    struct gotypes_func func;
    struct gotypes_flow flow;
    struct gotypes_call call = {.flow = &flow};
    if (!gotypes_pclntab_find(&index->tab, pc, &func) ||
        gotypes_flow_init(&flow, &index->elf, &index->outlines, &func) != NULL)
        return false;
    bool passed_up = gotypes_flow_find(&flow, pc, &call.number) && look_at_call(index, &call, site);
    gotypes_flow_fini(&flow);
    return passed_up;
}

/* Whether the function that an address is in hands out what is allocated below it. */
static bool is_handed_out(const struct gotypes *index, uint64_t pc)
{
    struct gotypes_func func;
    return gotypes_pclntab_find(&index->tab, pc, &func) && hands_out(func.name);
}

void gotypes_kept_find(const struct gotypes *index, const struct gotypes_call *call,
    const uint64_t *stack, size_t depth, struct gotypes_site *site)
{
    if (site->kind != GOTYPES_SLICE && site->kind != GOTYPES_SLICE_GROWTH &&
        site->kind != GOTYPES_STRING)
        return;
    /* What is appended to is kept to be appended to. */
    bool is_it = site->kind != GOTYPES_SLICE_GROWTH && look_at_call(index, call, site);
    uint64_t below = call->flow->func.entry;
    for (size_t i = 0; i < depth && i < FRAMES_MAX && !site->kept_in[0]; i++) {
        is_it = is_it || is_handed_out(index, below);
        if (is_it)
            is_it = look_at_frame(index, stack[i], site);
        below = stack[i];
    }
}
