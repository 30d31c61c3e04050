/* Generic code is shared by all types of a shape and takes the types themselves from a dictionary
 * that its caller passes in a register. The dictionary is constant data; which one it is stands at
 * the call. */
#include "gotypes/index.h"

#define CLIMB_MAX   64
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

struct gotypes_value gotypes_dictionary_climb(const struct gotypes *index,
    const struct gotypes_func *callee, struct gotypes_value value, const uint64_t *stack,
    size_t depth)
{
    struct gotypes_func func = *callee;
    for (size_t i = 0; i < depth && i < CLIMB_MAX && value.origin == GOTYPES_ARGUMENT; i++) {
        struct gotypes_func caller;
        struct gotypes_flow flow;
        if (!gotypes_pclntab_find(&index->tab, stack[i], &caller) ||
            gotypes_flow_init(&flow, &index->elf, &caller) != NULL)
            return unknown("its caller's code cannot be followed");
        value = at_call(index, &flow, stack[i], &func, value);
        gotypes_flow_fini(&flow);
        func = caller;
    }
    return value;
}
