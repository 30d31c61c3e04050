/* Generic code is shared by all types of a shape and takes the types themselves from a dictionary
 * that its caller passes in a register. The dictionary is constant data; which one it is stands at
 * the call. */
#include "gotypes/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"

#define CLIMB_MAX   64
#define ASKED_MAX   32  /* functions whose callers are asked */
#define CALLS_MAX   256 /* that are looked at in all */
#define USES_MAX    (4u << 20)
#define WRAPPER_MAX 4096 /* bytes of a function that does nothing but call another */

static struct gotypes_value unknown(const char *why)
{
    return (struct gotypes_value){.origin = GOTYPES_UNKNOWN, .why = why};
}

/* What a wrapper passes to the function it wraps. Wrappers do not show in stacks: the caller's call
 * goes to the wrapper, the next frame is the wrapped function's. */
static struct gotypes_value through_wrapper(const struct gotypes *index,
    const struct gotypes_func *wrapper, const struct gotypes_func *callee,
    const struct gotypes_value *value)
{
    struct gotypes_flow flow;
    if (wrapper->end - wrapper->entry > WRAPPER_MAX ||
        gotypes_flow_init(&flow, &index->elf, wrapper) != NULL)
        return unknown("the caller calls another function");
    struct gotypes_value result = unknown("the caller calls another function");
    bool has_result = false;
    for (uint32_t i = 0; i < flow.insn_count; i++) {
        uint8_t step = flow.insns[i].step;
        if ((step != GOTYPES_STEP_CALL && step != GOTYPES_STEP_JUMP) ||
            gotypes_flow_target(&flow, i) != callee->entry)
            continue;
        struct gotypes_value one = gotypes_trace(&flow, &index->tab, i, value->reg, value->path);
        if (has_result && !gotypes_value_equal(&one, &result))
            one = unknown("the caller calls it in several ways");
        result = one;
        has_result = true;
        if (one.origin == GOTYPES_UNKNOWN)
            break;
    }
    gotypes_flow_fini(&flow);
    return result;
}

static struct gotypes_value at_call(const struct gotypes *index, const struct gotypes_flow *flow,
    uint64_t pc, const struct gotypes_func *callee, struct gotypes_value value)
{
    uint32_t number;
    if (!gotypes_flow_find(flow, pc, &number) || flow->insns[number].step != GOTYPES_STEP_CALL)
        return unknown("the caller calls it through an interface or a function value");
    uint64_t target = gotypes_flow_target(flow, number);
    if (target != callee->entry) {
        struct gotypes_func wrapper;
        if (!gotypes_pclntab_find(&index->tab, target, &wrapper) || wrapper.entry != target)
            return unknown("the caller calls another function");
        value = through_wrapper(index, &wrapper, callee, &value);
    }
    if (value.origin != GOTYPES_ARGUMENT)
        return value;
    return gotypes_trace(flow, &index->tab, number, value.reg, value.path);
}

/* ---- all callers ---- */

/* Entries of shared functions, by address. */
struct shared {
    uint64_t *entries;
    size_t count;
};

static bool is_shared_entry(const struct shared *shared, uint64_t address)
{
    size_t low = 0, high = shared->count;
    if (!high || address < shared->entries[0] || address > shared->entries[high - 1])
        return false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (shared->entries[mid] < address)
            low = mid + 1;
        else
            high = mid;
    }
    return shared->entries[low] == address;
}

static void list_shared(const struct gotypes *index, struct shared *shared)
{
    size_t room = 0;
    for (uint32_t i = 0; i < index->tab.func_count; i++) {
        struct gotypes_func func;
        if (!gotypes_pclntab_func(&index->tab, i, &func) || !gotypes_entry_is_shared(func.name))
            continue;
        if (shared->count == room) {
            room = room ? room * 2 : 256;
            shared->entries = lw_renew(shared->entries, room, sizeof *shared->entries);
        }
        shared->entries[shared->count++] = func.entry;
    }
}

struct uses {
    struct gotypes *index;
    struct shared shared;
    size_t room;
};

static void add_use(struct uses *u, uint64_t pc, uint64_t target, bool is_call)
{
    struct gotypes *index = u->index;
    if (index->use_count == USES_MAX || !is_shared_entry(&u->shared, target))
        return;
    if (index->use_count == u->room) {
        u->room = u->room ? u->room * 2 : 256;
        index->uses = lw_renew(index->uses, u->room, sizeof *index->uses);
    }
    index->uses[index->use_count++] = (struct gotypes_use){target, pc, is_call};
}

/* Every byte may begin an instruction here: what is none is found out when a use is looked at. */
static void scan_amd64(struct uses *u, const unsigned char *text, uint64_t len, uint64_t address)
{
    for (uint64_t at = 0; at + 5 <= len; at++) {
        if (text[at] != 0xe8 && text[at] != 0xe9)
            continue;
        struct lw_cursor c = lw_cursor_on(text + at + 1, 4);
        int64_t distance = (int32_t)lw_cursor_u32(&c);
        add_use(u, address + at, address + at + 5 + (uint64_t)distance, true);
    }
}

static void scan_arm64(struct uses *u, const unsigned char *text, uint64_t len, uint64_t address)
{
    struct gotypes_scanner scanner = {0};
    for (uint64_t at = 0; at + 4 <= len; at += 4) {
        struct gotypes_scan scan;
        if (gotypes_arm64_scan(&scanner, text + at, len - at, address + at, &scan) &&
            (scan.step == GOTYPES_STEP_CALL || scan.step == GOTYPES_STEP_JUMP))
            add_use(u, address + at, scan.target, true);
    }
}

static int by_target(const void *a, const void *b)
{
    const struct gotypes_use *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->pc < y->pc ? -1 : x->pc > y->pc;
}

void gotypes_dictionary_find_uses(struct gotypes *index)
{
    struct uses u = {.index = index};
    uint64_t address = index->module.text;
    uint64_t len = index->module.text_end - address;
    list_shared(index, &u.shared);
    const unsigned char *text = gotypes_elf_bytes(&index->elf, address, len);
    if (text && u.shared.count && index->elf.arch == GOTYPES_AMD64)
        scan_amd64(&u, text, len, address);
    else if (text && u.shared.count)
        scan_arm64(&u, text, len, address);
    free(u.shared.entries);
    if (index->use_count)
        qsort(index->uses, index->use_count, sizeof *index->uses, by_target);
}

/* An argument of a function, with the rest of the way to the type. */
struct question {
    struct gotypes_func func;
    struct gotypes_value value;
};

struct inquiry {
    const struct gotypes *index;
    struct question asked[ASKED_MAX];
    size_t asked_count;
    int calls;
    bool has_answer;
    struct gotypes_value answer;
};

static void answer(struct inquiry *q, struct gotypes_value value)
{
    if (q->has_answer && !gotypes_value_equal(&q->answer, &value))
        value = unknown("its function is shared by several types, and the stack does not tell");
    q->answer = value;
    q->has_answer = true;
}

static void ask(
    struct inquiry *q, const struct gotypes_func *func, const struct gotypes_value *value)
{
    for (size_t i = 0; i < q->asked_count; i++)
        if (q->asked[i].func.entry == func->entry && gotypes_value_equal(&q->asked[i].value, value))
            return;
    if (q->asked_count == ASKED_MAX || !gotypes_entry_is_shared(func->name))
        answer(q, unknown("its callers are too many to be asked"));
    else
        q->asked[q->asked_count++] = (struct question){*func, *value};
}

static void ask_caller(struct inquiry *q, const struct gotypes_use *use,
    const struct gotypes_func *callee, const struct gotypes_value *value)
{
    struct gotypes_func caller;
    struct gotypes_flow flow;
    uint32_t number;
    if (!gotypes_pclntab_find(&q->index->tab, use->pc, &caller))
        return;
    if (++q->calls > CALLS_MAX || gotypes_flow_init(&flow, &q->index->elf, &caller) != NULL) {
        answer(q, unknown("its callers cannot be followed"));
        return;
    }
    bool is_real = gotypes_flow_find(&flow, use->pc, &number) &&
                   caller.entry + flow.insns[number].offset == use->pc &&
                   gotypes_flow_target(&flow, number) == callee->entry;
    bool starts_again =
        caller.entry == callee->entry && is_real && flow.insns[number].step == GOTYPES_STEP_JUMP;
    if (is_real && !starts_again) {
        struct gotypes_value passed =
            gotypes_trace(&flow, &q->index->tab, number, value->reg, value->path);
        if (passed.origin == GOTYPES_ARGUMENT)
            ask(q, &caller, &passed);
        else
            answer(q, passed);
    }
    gotypes_flow_fini(&flow);
}

static size_t first_use(const struct gotypes *index, uint64_t target)
{
    size_t low = 0, high = index->use_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (index->uses[mid].target < target)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* A dictionary can only come from a direct call, for no function's type says that it takes one. So
 * if all calls in the binary pass the same type, it is the type, whoever called. */
static struct gotypes_value ask_all_callers(
    const struct gotypes *index, const struct gotypes_func *func, const struct gotypes_value *value)
{
    struct inquiry q = {.index = index};
    ask(&q, func, value);
    for (size_t i = 0; i < q.asked_count; i++) {
        const struct question *question = &q.asked[i];
        for (size_t at = first_use(index, question->func.entry);
             at < index->use_count && index->uses[at].target == question->func.entry; at++) {
            ask_caller(&q, &index->uses[at], &question->func, &question->value);
            if (q.has_answer && q.answer.origin == GOTYPES_UNKNOWN)
                return q.answer;
        }
    }
    return q.has_answer ? q.answer : unknown("nothing in the binary calls its function");
}

struct gotypes_value gotypes_dictionary_climb(const struct gotypes *index,
    const struct gotypes_func *callee, struct gotypes_value value, const uint64_t *stack,
    size_t depth)
{
    struct gotypes_func func = *callee;
    struct gotypes_value asked = value;
    for (size_t i = 0; i < depth && i < CLIMB_MAX && value.origin == GOTYPES_ARGUMENT; i++) {
        struct gotypes_func caller;
        struct gotypes_flow flow;
        asked = value;
        if (!gotypes_pclntab_find(&index->tab, stack[i], &caller) ||
            gotypes_flow_init(&flow, &index->elf, &caller) != NULL) {
            value = unknown("its caller's code cannot be followed");
            break;
        }
        value = at_call(index, &flow, stack[i], &func, value);
        gotypes_flow_fini(&flow);
        if (value.origin == GOTYPES_UNKNOWN)
            break;
        func = caller;
    }
    if (value.origin == GOTYPES_CONSTANT || !asked.path.loads ||
        !gotypes_entry_is_shared(func.name))
        return value;
    if (value.origin == GOTYPES_ARGUMENT)
        asked = value;
    struct gotypes_value agreed = ask_all_callers(index, &func, &asked);
    return agreed.origin == GOTYPES_CONSTANT ? agreed : value;
}
