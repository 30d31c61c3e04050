/* A closure of generic code carries the dictionary among the variables that it captured. Where it
 * is made, the function's address and the dictionary are stored side by side into one object. */
#include "gotypes/index.h"

#define REACH     64   /* instructions between making a function's address and storing it */
#define MAKER_MAX 4096 /* bytes of a function that makes a closure and returns it */

/* Where a closure lies: at an offset from a register, which holds SP or what an allocation
 * returned. */
struct object {
    uint8_t base;
    int64_t offset;
    struct gotypes_value made; /* of a closure on the heap */
    bool on_stack;
};

struct search {
    const struct gotypes *index;
    const struct gotypes_flow *flow;
    struct object object;
    bool has_result;
    struct gotypes_value result;
};

static struct gotypes_value unknown(const char *why)
{
    return (struct gotypes_value){.origin = GOTYPES_UNKNOWN, .why = why};
}

static uint8_t stack_pointer(const struct gotypes *index)
{
    return index->elf.arch == GOTYPES_AMD64 ? GOTYPES_AMD64_SP : GOTYPES_ARM64_SP;
}

static struct gotypes_value trace(const struct search *s, uint32_t number, uint8_t reg)
{
    struct gotypes_path none = {0};
    return gotypes_trace(s->flow, &s->index->tab, number, reg, none);
}

/* The object that the address in `reg`, which instruction `made` made, is stored into first. */
static bool find_object(struct search *s, uint32_t made, uint8_t reg)
{
    const struct gotypes_flow *flow = s->flow;
    for (uint32_t i = made + 1; i < flow->outline->insn_count && i < made + REACH; i++) {
        struct gotypes_effect e;
        if (!gotypes_trace_effect(flow, i, &e))
            return false;
        if (e.op == GOTYPES_EFFECT_STORE && (e.src == reg || e.src2 == reg)) {
            s->object.base = e.dst;
            s->object.offset = e.value + (e.src == reg ? 0 : 8);
            s->object.on_stack = e.dst == stack_pointer(s->index);
            if (s->object.on_stack)
                return true;
            s->object.made = trace(s, i, e.dst);
            return s->object.made.origin == GOTYPES_RESULT;
        }
        bool sets = e.op != GOTYPES_EFFECT_NONE && e.op != GOTYPES_EFFECT_STORE;
        if ((sets && (e.dst == reg || e.dst2 == reg)) || (e.kills >> reg & 1))
            return false;
    }
    return false;
}

static bool is_the_object(const struct search *s, uint32_t number, uint8_t base)
{
    if (s->object.on_stack)
        return base == stack_pointer(s->index);
    if (base == stack_pointer(s->index))
        return false;
    struct gotypes_value there = trace(s, number, base);
    return gotypes_value_equal(&there, &s->object.made);
}

/* One store into the closure, of a register whose value then is what was captured. */
static void take_store(struct search *s, uint32_t number, uint8_t src, struct gotypes_path path)
{
    struct gotypes_value value = unknown("what its closure captured is computed");
    if (src != GOTYPES_NO_REGISTER)
        value = gotypes_trace(s->flow, &s->index->tab, number, src, path);
    if (s->has_result && !gotypes_value_equal(&s->result, &value))
        value = unknown("its closure is made in several ways");
    s->result = value;
    s->has_result = true;
}

static void look_at_store(struct search *s, uint32_t number, const struct gotypes_path *path)
{
    struct gotypes_effect e;
    if (!gotypes_trace_effect(s->flow, number, &e) || e.op != GOTYPES_EFFECT_STORE)
        return;
    int64_t field = s->object.offset + path->add[path->loads];
    if (e.value >= field + 8 || field >= e.value + (int64_t)e.width ||
        !is_the_object(s, number, e.dst))
        return;
    uint8_t src = e.value == field ? e.src : e.value + 8 == field ? e.src2 : GOTYPES_NO_REGISTER;
    struct gotypes_path rest = *path;
    rest.loads--;
    take_store(s, number, src, rest);
}

static struct gotypes_value captured_in(
    struct search *s, const struct gotypes_use *use, const struct gotypes_path *path)
{
    uint32_t made;
    struct gotypes_effect e;
    if (!gotypes_flow_find(s->flow, use->pc, &made) || gotypes_flow_pc(s->flow, made) != use->pc ||
        !gotypes_trace_effect(s->flow, made, &e) ||
        (e.op != GOTYPES_EFFECT_SET && e.op != GOTYPES_EFFECT_ADD) || !find_object(s, made, e.dst))
        return unknown("where its closure is made cannot be followed");
    for (uint32_t i = 0; i < s->flow->outline->insn_count; i++) {
        if (gotypes_flow_insn(s->flow, i)->step == GOTYPES_STEP_ON)
            look_at_store(s, i, path);
        if (s->has_result && s->result.origin == GOTYPES_UNKNOWN)
            break;
    }
    return s->has_result ? s->result : unknown("where its closure is made cannot be followed");
}

struct gotypes_value gotypes_closure_captured(const struct gotypes *index,
    const struct gotypes_func *maker, const struct gotypes_use *use,
    const struct gotypes_path *path)
{
    struct gotypes_flow flow;
    if (!path->loads)
        return unknown("it is the closure itself");
    const char *problem = gotypes_flow_init(&flow, &index->elf, &index->outlines, maker);
    if (problem)
        return unknown(problem);
    struct search s = {.index = index, .flow = &flow};
    struct gotypes_value value = captured_in(&s, use, path);
    gotypes_flow_fini(&flow);
    return value;
}

/* Whether all returns give back the very object that the search found, in `reg`. */
static bool is_returned(const struct search *s, uint8_t reg)
{
    const struct gotypes_flow *flow = s->flow;
    bool returns = false;
    if (s->object.on_stack || s->object.offset != 0)
        return false;
    for (uint32_t i = 0; i < flow->outline->insn_count; i++) {
        uint8_t step = gotypes_flow_insn(flow, i)->step;
        uint64_t target = step == GOTYPES_STEP_JUMP || step == GOTYPES_STEP_BRANCH
                              ? gotypes_flow_target(flow, i)
                              : flow->func.entry;
        if (target < flow->func.entry || target >= flow->func.end)
            return false;
        if (!gotypes_flow_returns(flow, i))
            continue;
        struct gotypes_value value = trace(s, i, reg);
        if (!gotypes_value_equal(&value, &s->object.made))
            return false;
        returns = true;
    }
    return returns;
}

struct gotypes_value gotypes_closure_returned(const struct gotypes *index,
    const struct gotypes_func *maker, const struct gotypes_func *closure, uint8_t reg,
    const struct gotypes_path *path)
{
    struct gotypes_flow flow;
    struct gotypes_value value = unknown("the closure that is called may come from several places");
    if (!path->loads || maker->end - maker->entry > MAKER_MAX ||
        gotypes_flow_init(&flow, &index->elf, &index->outlines, maker) != NULL)
        return value;
    for (size_t i = gotypes_uses_find(index, closure->entry);
         i < index->use_count && index->uses[i].target == closure->entry; i++) {
        const struct gotypes_use *use = &index->uses[i];
        if (use->is_call || use->pc < maker->entry || use->pc >= maker->end)
            continue;
        struct search s = {.index = index, .flow = &flow};
        struct gotypes_value captured = captured_in(&s, use, path);
        if (captured.origin != GOTYPES_UNKNOWN && is_returned(&s, reg)) {
            value = captured;
            break;
        }
    }
    gotypes_flow_fini(&flow);
    return value;
}
