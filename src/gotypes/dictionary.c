/* Generic code is shared by all types of a shape and takes the types themselves from a dictionary
 * that its caller passes in a register. The dictionary is constant data; which one it is stands at
 * the call. */
#include "gotypes/index.h"

#define CLIMB_MAX   64
#define ASKED_MAX   32   /* functions whose callers are asked */
#define CALLS_MAX   256  /* that are looked at in all */
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
        gotypes_flow_init(&flow, &index->elf, &index->outlines, wrapper) != NULL)
        return unknown("the caller calls another function");
    struct gotypes_value result = unknown("the caller calls another function");
    bool has_result = false;
    for (uint32_t i = 0; i < flow.outline->insn_count; i++) {
        uint8_t step = gotypes_flow_insn(&flow, i)->step;
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
    if (!gotypes_flow_find(flow, pc, &number) ||
        gotypes_flow_insn(flow, number)->step != GOTYPES_STEP_CALL)
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
    if (value.origin == GOTYPES_RESULT)
        value = unknown(value.why);
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

static void take(
    struct inquiry *q, const struct gotypes_func *func, const struct gotypes_value *value)
{
    if (value->origin == GOTYPES_ARGUMENT)
        ask(q, func, value);
    else
        answer(q, *value);
}

static void ask_caller(struct inquiry *q, const struct gotypes_use *use,
    const struct gotypes_func *callee, const struct gotypes_value *value)
{
    struct gotypes_func caller;
    struct gotypes_flow flow;
    uint32_t number;
    if (!gotypes_pclntab_find(&q->index->tab, use->pc, &caller))
        return;
    if (++q->calls > CALLS_MAX ||
        gotypes_flow_init(&flow, &q->index->elf, &q->index->outlines, &caller) != NULL) {
        answer(q, unknown("its callers cannot be followed"));
        return;
    }
    bool is_real = gotypes_flow_find(&flow, use->pc, &number) &&
                   gotypes_flow_pc(&flow, number) == use->pc &&
                   gotypes_flow_target(&flow, number) == callee->entry;
    bool starts_again = caller.entry == callee->entry && is_real &&
                        gotypes_flow_insn(&flow, number)->step == GOTYPES_STEP_JUMP;
    if (is_real && !starts_again) {
        struct gotypes_value passed =
            gotypes_trace(&flow, &q->index->tab, number, value->reg, value->path);
        take(q, &caller, &passed);
    }
    gotypes_flow_fini(&flow);
}

/* A closure gets its dictionary from whoever makes it, any other function from its callers. */
static void ask_use(
    struct inquiry *q, const struct gotypes_use *use, const struct question *question)
{
    const struct gotypes *index = q->index;
    uint8_t closure = index->elf.arch == GOTYPES_AMD64 ? GOTYPES_AMD64_CTX : GOTYPES_ARM64_CTX;
    if (question->value.reg != closure) {
        if (use->is_call)
            ask_caller(q, use, &question->func, &question->value);
        return;
    }
    struct gotypes_func maker;
    if (use->is_call || !gotypes_pclntab_find(&index->tab, use->pc, &maker))
        return;
    if (++q->calls > CALLS_MAX) {
        answer(q, unknown("its callers are too many to be asked"));
        return;
    }
    struct gotypes_value captured =
        gotypes_closure_captured(index, &maker, use, &question->value.path);
    take(q, &maker, &captured);
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
        for (size_t at = gotypes_uses_find(index, question->func.entry);
             at < index->use_count && index->uses[at].target == question->func.entry; at++) {
            ask_use(&q, &index->uses[at], question);
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
            gotypes_flow_init(&flow, &index->elf, &index->outlines, &caller) != NULL) {
            value = unknown("its caller's code cannot be followed");
            break;
        }
        value = at_call(index, &flow, stack[i], &func, value);
        gotypes_flow_fini(&flow);
        if (value.origin != GOTYPES_ARGUMENT)
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
