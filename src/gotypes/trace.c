#include "gotypes/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "gotypes/entries.h"
#include "gotypes/frame.h"

#define STEPS_MAX   200000
#define VISITED_MAX 4096 /* a power of two, of which three quarters are used */
#define QUEUE_MAX   512

/* Where the value is: in a register, or in the frame at an offset from a register that holds SP. */
struct place {
    uint8_t reg;
    bool in_frame;
    int64_t offset;
};

/* Asks for the value of a place before an instruction. */
struct query {
    uint32_t number;
    struct place place;
    struct gotypes_path path;
};

struct trace {
    const struct gotypes_flow *flow;
    const struct gotypes_pclntab *tab;
    uint8_t sp;
    struct query *queue; /* owned; few values need more than a place or two */
    size_t queued, queue_room;
    uint64_t *visited; /* owned; hashes of queries at places where paths meet; NULL: none yet */
    size_t visited_count;
    int steps;
    bool has_result;
    struct gotypes_value result; /* what all paths so far agree on */
};

static struct gotypes_value unknown(const char *why)
{
    return (struct gotypes_value){.origin = GOTYPES_UNKNOWN, .why = why};
}

bool gotypes_value_equal(const struct gotypes_value *a, const struct gotypes_value *b)
{
    if (a->origin != b->origin || a->origin == GOTYPES_UNKNOWN)
        return false;
    if (a->origin == GOTYPES_CONSTANT)
        return a->value == b->value;
    if (a->origin == GOTYPES_RESULT && a->value != b->value)
        return false;
    if (a->reg != b->reg || a->path.loads != b->path.loads)
        return false;
    for (unsigned i = 0; i <= a->path.loads; i++)
        if (a->path.add[i] != b->path.add[i])
            return false;
    return true;
}

struct gotypes_value gotypes_trace_constant(
    const struct gotypes_elf *elf, uint64_t value, const struct gotypes_path *path)
{
    value += (uint64_t)path->add[path->loads];
    for (unsigned i = path->loads; i > 0; i--) {
        if (!gotypes_elf_is_constant(elf, value, 8) || !gotypes_elf_word(elf, value, &value))
            return unknown("it is the value of a variable");
        value += (uint64_t)path->add[i - 1];
    }
    return (struct gotypes_value){
        .origin = GOTYPES_CONSTANT, .value = value, .was_loaded = path->loads > 0};
}

/* One path has come to its origin. Only what all paths agree on is known. */
static void arrive(struct trace *t, struct gotypes_value value)
{
    if (!t->has_result)
        t->result = value;
    else if (t->result.origin != GOTYPES_UNKNOWN && value.origin == GOTYPES_UNKNOWN)
        t->result = value;
    else if (t->result.origin != GOTYPES_UNKNOWN && !gotypes_value_equal(&t->result, &value))
        t->result = unknown("it depends on the way that is taken to the call");
    t->has_result = true;
}

static void arrive_constant(struct trace *t, uint64_t value, const struct gotypes_path *path)
{
    arrive(t, gotypes_trace_constant(t->flow->elf, value, path));
}

static bool is_new(struct trace *t, const struct query *q)
{
    uint64_t h = lw_hash_u64(0, q->number);
    h = lw_hash_u64(h, (uint64_t)q->place.reg << 1 | q->place.in_frame);
    h = lw_hash_u64(h, (uint64_t)q->place.offset);
    h = lw_hash_bytes(h, q->path.add, (q->path.loads + 1) * sizeof q->path.add[0]);
    h |= 1;
    if (!t->visited)
        t->visited = lw_new(VISITED_MAX, sizeof *t->visited);
    size_t at = h & (VISITED_MAX - 1);
    while (t->visited[at] && t->visited[at] != h)
        at = (at + 1) & (VISITED_MAX - 1);
    if (t->visited[at] == h)
        return false;
    if (t->visited_count >= VISITED_MAX / 4 * 3) {
        arrive(t, unknown("its function is too tangled to be followed"));
        return false;
    }
    t->visited[at] = h;
    t->visited_count++;
    return true;
}

static void enqueue(struct trace *t, const struct query *q)
{
    if (t->queued == QUEUE_MAX) {
        arrive(t, unknown("its function is too tangled to be followed"));
        return;
    }
    if (t->queued == t->queue_room) {
        t->queue_room = t->queue_room ? t->queue_room * 2 : 4;
        t->queue = lw_renew(t->queue, t->queue_room, sizeof *t->queue);
    }
    t->queue[t->queued++] = *q;
}

/* Before the first instruction: an argument, or something on the caller's stack. */
static void enter(struct trace *t, const struct query *q)
{
    if (q->place.in_frame) {
        arrive(t, unknown("it is passed on the stack"));
        return;
    }
    arrive(t,
        (struct gotypes_value){.origin = GOTYPES_ARGUMENT, .reg = q->place.reg, .path = q->path});
}

static bool loads_from_frame(
    struct trace *t, struct query *q, uint8_t base, int64_t offset, uint32_t number)
{
    if (base != t->sp)
        return false;
    if (gotypes_frame_is_aliased(t->tab, t->flow, number, offset))
        arrive(t, unknown("it is kept in the frame beside variables that pointers are made to"));
    q->place = (struct place){.reg = t->sp, .in_frame = true, .offset = offset};
    return true;
}

/* The place gets its value from a register or from memory: false when the path has ended. */
static bool load(struct trace *t, struct query *q, uint8_t base, int64_t offset, uint32_t number)
{
    if (loads_from_frame(t, q, base, offset, number))
        return !t->has_result || t->result.origin != GOTYPES_UNKNOWN;
    if (q->path.loads == GOTYPES_LOADS_MAX) {
        arrive(t, unknown("it is read through too many pointers"));
        return false;
    }
    q->path.add[++q->path.loads] = offset;
    q->place = (struct place){.reg = base};
    return true;
}

static bool fetch(struct trace *t, struct query *q, uint64_t address)
{
    if (q->path.loads == GOTYPES_LOADS_MAX) {
        arrive(t, unknown("it is read through too many pointers"));
        return false;
    }
    q->path.add[++q->path.loads] = 0;
    arrive_constant(t, address, &q->path);
    return false;
}

static bool was_killed(const struct gotypes_effect *e, uint8_t reg)
{
    return reg < 32 && (e->kills >> reg & 1);
}

/* Takes the place back over an instruction that may write the register it is in. */
static bool back_in_register(
    struct trace *t, struct query *q, const struct gotypes_effect *e, uint32_t number)
{
    uint8_t reg = q->place.reg;
    if (was_killed(e, reg)) {
        arrive(t, unknown("it is computed"));
        return false;
    }
    if (e->op == GOTYPES_EFFECT_LOAD && e->dst2 == reg)
        return load(t, q, e->src, e->value + 8, number);
    if (e->op == GOTYPES_EFFECT_NONE || e->op == GOTYPES_EFFECT_STORE || e->dst != reg)
        return true;
    switch (e->op) {
    case GOTYPES_EFFECT_SET:
        arrive_constant(t, (uint64_t)e->value, &q->path);
        return false;
    case GOTYPES_EFFECT_FETCH:
        return fetch(t, q, (uint64_t)e->value);
    case GOTYPES_EFFECT_ADD:
        if (e->src == t->sp) {
            arrive(t, unknown("it is an address of the stack"));
            return false;
        }
        q->place.reg = e->src;
        q->path.add[q->path.loads] += e->value;
        return true;
    case GOTYPES_EFFECT_LOAD:
        return load(t, q, e->src, e->value, number);
    default: {
        struct query other = *q;
        other.number = number;
        other.place.reg = e->src2;
        q->place.reg = e->src;
        enqueue(t, &other);
        return true;
    }
    }
}

static bool store_hits(const struct gotypes_effect *e, const struct place *place)
{
    return e->dst == place->reg && e->value < place->offset + 8 &&
           place->offset < e->value + (int64_t)e->width;
}

/* Takes the place back over an instruction that may write the frame, or move SP. */
static bool back_in_frame(struct trace *t, struct query *q, const struct gotypes_effect *e)
{
    struct place *place = &q->place;
    if (e->op == GOTYPES_EFFECT_STORE && store_hits(e, place)) {
        uint8_t src = place->offset == e->value       ? e->src
                      : place->offset == e->value + 8 ? e->src2
                                                      : GOTYPES_NO_REGISTER;
        if (src == GOTYPES_NO_REGISTER) {
            arrive(t, unknown("it is computed"));
            return false;
        }
        *place = (struct place){.reg = src};
        return true;
    }
    bool moves = e->op != GOTYPES_EFFECT_NONE && e->op != GOTYPES_EFFECT_STORE &&
                 (e->dst == place->reg || e->dst2 == place->reg);
    if (was_killed(e, place->reg) || (moves && e->op != GOTYPES_EFFECT_ADD)) {
        arrive(t, unknown("it is kept in a frame that moves"));
        return false;
    }
    if (moves) {
        place->reg = e->src;
        place->offset += e->value;
    }
    if (place->reg == t->sp)
        place->offset += e->adjusts;
    return true;
}

/* Over a call: all registers are the callee's to use, but for the few that assembly keeps. */
static bool back_over_call(struct trace *t, struct query *q, uint32_t number)
{
    struct gotypes_func callee = {.name = ""};
    if (gotypes_flow_insn(t->flow, number)->step == GOTYPES_STEP_CALL &&
        gotypes_pclntab_find(t->tab, gotypes_flow_target(t->flow, number), &callee)) {
        if (gotypes_entry_never_returns(callee.name))
            return false;
        uint32_t kept = gotypes_entry_preserves(callee.name, t->flow->elf->arch == GOTYPES_ARM64);
        if (kept >> q->place.reg & 1)
            return true;
    }
    if (q->place.in_frame && q->place.reg == t->sp)
        return true;
    arrive(t, (struct gotypes_value){
                  .origin = q->place.in_frame ? GOTYPES_UNKNOWN : GOTYPES_RESULT,
                  .value = number,
                  .reg = q->place.reg,
                  .path = q->path,
                  .why = "it is the result of a call",
                  .who = callee.name[0] ? callee.name : NULL,
              });
    return false;
}

bool gotypes_trace_effect(
    const struct gotypes_flow *flow, uint32_t number, struct gotypes_effect *effect)
{
    const struct gotypes_insn *insn = gotypes_flow_insn(flow, number);
    const unsigned char *code = flow->code + insn->offset;
    uint64_t pc = flow->func.entry + insn->offset;
    if (insn->step != GOTYPES_STEP_ON)
        return false;
    return flow->elf->arch == GOTYPES_AMD64
               ? gotypes_amd64_effect(flow->decoder, code, insn->len, pc, effect)
               : gotypes_arm64_effect(code, pc, effect);
}

/* Whether what is known of an instruction at once says that it leaves the place alone. */
static bool passes_by(const struct gotypes_insn *insn, const struct place *place)
{
    return insn->is_told && !((uint32_t)insn->writes >> place->reg & 1) &&
           !(place->in_frame && insn->stores_through == place->reg);
}

static bool back_over(struct trace *t, struct query *q, uint32_t number)
{
    const struct gotypes_insn *insn = gotypes_flow_insn(t->flow, number);
    if (insn->step == GOTYPES_STEP_CALL || insn->step == GOTYPES_STEP_INDIRECT)
        return back_over_call(t, q, number);
    if (insn->step != GOTYPES_STEP_ON || passes_by(insn, &q->place))
        return true;
    struct gotypes_effect effect;
    if (!gotypes_trace_effect(t->flow, number, &effect)) {
        arrive(t, unknown("its function holds an instruction that is not known"));
        return false;
    }
    return q->place.in_frame ? back_in_frame(t, q, &effect)
                             : back_in_register(t, q, &effect, number);
}

static bool falls_through(const struct gotypes_insn *insn)
{
    return insn->step != GOTYPES_STEP_JUMP && insn->step != GOTYPES_STEP_TABLE &&
           insn->step != GOTYPES_STEP_END;
}

/* Follows one path until it ends, and puts those that join it on the queue. */
static void follow(struct trace *t, struct query q)
{
    for (;;) {
        if (++t->steps > STEPS_MAX) {
            arrive(t, unknown("its function is too long to be followed"));
            return;
        }
        if (q.number == 0 || gotypes_flow_insn(t->flow, q.number)->is_target) {
            if (!is_new(t, &q))
                return;
            for (size_t i = gotypes_flow_edges(t->flow, q.number);
                 i < t->flow->outline->edge_count && t->flow->outline->edges[i].to == q.number;
                 i++) {
                struct query other = q;
                other.number = t->flow->outline->edges[i].from;
                enqueue(t, &other);
            }
        }
        if (q.number == 0) {
            enter(t, &q);
            return;
        }
        if (!falls_through(gotypes_flow_insn(t->flow, q.number - 1)) ||
            !back_over(t, &q, q.number - 1))
            return;
        q.number--;
        if (t->has_result && t->result.origin == GOTYPES_UNKNOWN)
            return;
    }
}

struct gotypes_value gotypes_trace(const struct gotypes_flow *flow,
    const struct gotypes_pclntab *tab, uint32_t number, uint8_t reg, struct gotypes_path path)
{
    bool is_amd64 = flow->elf->arch == GOTYPES_AMD64;
    struct trace t = {
        .flow = flow,
        .tab = tab,
        .sp = is_amd64 ? GOTYPES_AMD64_SP : GOTYPES_ARM64_SP,
    };
    enqueue(&t, &(struct query){.number = number, .place = {.reg = reg}, .path = path});
    while (t.queued && !(t.has_result && t.result.origin == GOTYPES_UNKNOWN))
        follow(&t, t.queue[--t.queued]);
    free(t.queue);
    free(t.visited);
    return t.has_result ? t.result : unknown("no way leads to the call");
}
