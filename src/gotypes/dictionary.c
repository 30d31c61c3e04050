/* Generic code is shared by all types of a shape and takes the types themselves from a dictionary
 * that its caller passes in a register. The dictionary is constant data; which one it is stands at
 * the call. */
#include "gotypes/index.h"

#define CLIMB_MAX   64   /* frames */
#define ASKED_MAX   32   /* functions whose callers are asked */
#define CALLS_MAX   256  /* that are looked at in all */
#define WRAPPER_MAX 4096 /* bytes of a function that does nothing but call another */

/* An argument of a function, with the rest of the way to the type. */
struct question {
    struct gotypes_func func;
    struct gotypes_value value;
};

static const char indirect[] = "the caller calls it through an interface or a function value";

static uint8_t closure_register(const struct gotypes *index)
{
    return index->elf.arch == GOTYPES_AMD64 ? GOTYPES_AMD64_CTX : GOTYPES_ARM64_CTX;
}

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

/* ---- the callers on the stack ---- */

/* A way up the stack, which may branch: where a call is indirect, what it calls is followed up
 * too. */
struct climb {
    const struct gotypes *index;
    const uint64_t *stack; /* addresses of calls, the first caller's first */
    size_t depth;
    size_t frames_left; /* that may still be looked at, on all branches together */
};

static struct gotypes_value up(struct climb *c, size_t frame, struct gotypes_func *func,
    struct gotypes_value value, struct gotypes_value *asked);

/* What a direct call of a target passes to the function that then runs. */
static struct gotypes_value passed_to(const struct gotypes *index, const struct gotypes_flow *flow,
    uint32_t number, uint64_t target, const struct question *q)
{
    struct gotypes_value value = q->value;
    if (target != q->func.entry) {
        struct gotypes_func wrapper;
        if (!gotypes_pclntab_find(&index->tab, target, &wrapper) || wrapper.entry != target)
            return unknown("the caller calls another function");
        value = through_wrapper(index, &wrapper, &q->func, &value);
    }
    if (value.origin != GOTYPES_ARGUMENT)
        return value;
    return gotypes_trace(flow, &index->tab, number, value.reg, value.path);
}

/* The address that an indirect call goes to, where it is a constant of the binary: the method of an
 * interface value, or a function value. */
static bool called_address(struct climb *c, const struct gotypes_flow *flow, uint32_t number,
    size_t frame, uint64_t *address)
{
    uint8_t reg = gotypes_flow_through(flow, number);
    struct gotypes_path none = {0};
    if (reg == GOTYPES_NO_REGISTER)
        return false;
    struct gotypes_func func = flow->func;
    struct gotypes_value asked, value = gotypes_trace(flow, &c->index->tab, number, reg, none);
    if (value.origin == GOTYPES_ARGUMENT)
        value = up(c, frame + 1, &func, value, &asked);
    *address = value.value;
    return value.origin == GOTYPES_CONSTANT;
}

/* What was captured by a closure that the caller calls right where another function returns it. */
static struct gotypes_value from_maker(
    struct climb *c, const struct gotypes_flow *flow, uint32_t number, const struct question *q)
{
    struct gotypes_func maker;
    struct gotypes_value value =
        gotypes_trace(flow, &c->index->tab, number, q->value.reg, q->value.path);
    if (value.origin != GOTYPES_RESULT)
        return unknown(indirect);
    uint32_t making = (uint32_t)value.value;
    if (gotypes_flow_insn(flow, making)->step != GOTYPES_STEP_CALL ||
        !gotypes_pclntab_find(&c->index->tab, gotypes_flow_target(flow, making), &maker))
        return unknown(indirect);
    value = gotypes_closure_returned(c->index, &maker, &q->func, value.reg, &value.path);
    if (value.origin != GOTYPES_ARGUMENT)
        return value;
    return gotypes_trace(flow, &c->index->tab, making, value.reg, value.path);
}

static struct gotypes_value at_call(
    struct climb *c, const struct gotypes_flow *flow, size_t frame, const struct question *q)
{
    uint32_t number;
    uint64_t address;
    uint8_t step = GOTYPES_STEP_ON;
    if (gotypes_flow_find(flow, c->stack[frame], &number))
        step = gotypes_flow_insn(flow, number)->step;
    if (step == GOTYPES_STEP_CALL)
        return passed_to(c->index, flow, number, gotypes_flow_target(flow, number), q);
    if (step != GOTYPES_STEP_INDIRECT)
        return unknown("there is no call at the caller's address");
    if (called_address(c, flow, number, frame, &address))
        return passed_to(c->index, flow, number, address, q);
    if (q->value.reg == closure_register(c->index))
        return from_maker(c, flow, number, q);
    return unknown(indirect);
}

/* Follows an argument of *func, which the call of a frame called, until it is none. *func and
 * *asked are then the last function whose argument was asked for, and that. */
static struct gotypes_value up(struct climb *c, size_t frame, struct gotypes_func *func,
    struct gotypes_value value, struct gotypes_value *asked)
{
    *asked = value;
    for (; frame < c->depth && c->frames_left; frame++) {
        struct gotypes_func caller;
        struct gotypes_flow flow;
        c->frames_left--;
        if (!gotypes_pclntab_find(&c->index->tab, c->stack[frame], &caller) ||
            gotypes_flow_init(&flow, &c->index->elf, &c->index->outlines, &caller) != NULL)
            return unknown("its caller's code cannot be followed");
        struct question q = {*func, value};
        value = at_call(c, &flow, frame, &q);
        gotypes_flow_fini(&flow);
        if (value.origin != GOTYPES_ARGUMENT)
            return value;
        *func = caller;
        *asked = value;
    }
    return value;
}

/* ---- all callers ---- */

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
    if (question->value.reg != closure_register(index)) {
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
    struct climb c = {.index = index, .stack = stack, .depth = depth, .frames_left = CLIMB_MAX};
    struct gotypes_func func = *callee;
    struct gotypes_value asked;
    value = up(&c, 0, &func, value, &asked);
    if (value.origin == GOTYPES_CONSTANT || !asked.path.loads ||
        !gotypes_entry_is_shared(func.name))
        return value;
    struct gotypes_value agreed = ask_all_callers(index, &func, &asked);
    return agreed.origin == GOTYPES_CONSTANT ? agreed : value;
}
