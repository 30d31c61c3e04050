/* Types whose objects are given finalizers, and how such an object can come to refer to itself: the
 * collector never finalizes what is in a cycle, and frees nothing that is yet to be finalized (the
 * documentation of runtime.SetFinalizer).
 *
 * SetFinalizer takes the object and the finalizer as interfaces, whose first word is the type's
 * record: a constant at each call, unless the caller was itself handed an interface. A call whose
 * finalizer is nil takes one away, as Close does. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "gotypes/index.h"

#define FINALIZERS_MAX  1024
#define CALLS_MAX       4096 /* that are looked at; a large program has some dozens */
#define REACHED_MAX     2048 /* types that are looked at for one cycle */
#define PARTS_MAX       16384
#define CYCLE_BYTES_MAX 1024
#define OBJECT_REGISTER 0 /* RAX, X0: the first word of the first argument */
#define AMD64_FINALIZER 1 /* RCX, X2: that of the second */
#define ARM64_FINALIZER 2

/* ---- cycles ---- */

/* A type that another leads to. */
struct reached {
    struct gotypes_type type;
    struct gotypes_part by; /* a part of that other */
    size_t from;            /* which is that of this number */
};

struct walk {
    const struct gotypes_types *types;
    struct reached *list;
    size_t count;
    struct lw_map known; /* their addresses; the values mean nothing */
    size_t parts;        /* that were looked at */
};

/* Looks at the parts of a type. True when one of them is the type that the walk began with. */
static bool step(struct walk *w, size_t from, struct gotypes_part *back)
{
    unsigned at = 0;
    while (w->parts++ < PARTS_MAX && w->count < REACHED_MAX &&
           gotypes_type_next_part(w->types, &w->list[from].type, &at, back)) {
        if (back->type == w->list[0].type.address)
            return true;
        struct reached *next = &w->list[w->count];
        if (lw_map_find(&w->known, back->type) ||
            !gotypes_type_read(w->types, back->type, &next->type))
            continue;
        next->by = *back;
        next->from = from;
        lw_map_put(&w->known, back->type, w);
        w->count++;
    }
    return false;
}

static void put_field(
    struct lw_strbuf *out, const struct gotypes_type *of, const struct gotypes_part *part)
{
    if (part->field)
        lw_strbuf_addf(out, "%s%.*s.%.*s", out->len ? ", " : "", (int)of->name_len, of->name,
            (int)part->field_len, part->field);
}

/* Writes the fields on the way to the type of a number, the first one first. */
static void put_way(const struct walk *w, size_t to, struct lw_strbuf *out)
{
    size_t way[REACHED_MAX], len = 0;
    for (size_t i = to; i != 0; i = w->list[i].from)
        way[len++] = i;
    while (len--)
        put_field(out, &w->list[w->list[way[len]].from].type, &w->list[way[len]].by);
}

/* The shortest way by which a type leads back to itself: breadth first. "" where there is none, or
 * none that can be told. The caller's to free. */
static char *find_cycle(const struct gotypes_types *types, const struct gotypes_type *type)
{
    struct walk w = {.types = types, .list = lw_new(REACHED_MAX, sizeof *w.list), .count = 1};
    struct gotypes_part back;
    struct lw_strbuf out;
    w.list[0].type = *type;
    lw_strbuf_init(&out, CYCLE_BYTES_MAX);
    for (size_t i = 0; i < w.count; i++) {
        if (!step(&w, i, &back))
            continue;
        put_way(&w, i, &out);
        put_field(&out, &w.list[i].type, &back);
        break;
    }
    free(w.list);
    lw_map_fini(&w.known);
    char *cycle = lw_strbuf_take(&out, NULL);
    return cycle ? cycle : lw_strdup("");
}

/* ---- finalizers ---- */

const struct gotypes_finalizer *gotypes_finalizers_find(const struct gotypes *index, uint64_t type)
{
    for (size_t i = 0; i < index->finalizer_count; i++) {
        if (index->finalizers[i].type == type)
            return &index->finalizers[i];
    }
    return NULL;
}

/* Whether the instruction at a use is the call it looks like, one that gives a finalizer; then the
 * object's first word. */
static bool read_call(const struct gotypes *index, const struct gotypes_use *use,
    const struct gotypes_flow *flow, struct gotypes_value *object)
{
    struct gotypes_path none = {0};
    uint32_t number;
    if (!gotypes_flow_find(flow, use->pc, &number) ||
        gotypes_flow_insn(flow, number)->step != GOTYPES_STEP_CALL ||
        gotypes_flow_target(flow, number) != use->target)
        return false;
    bool is_amd64 = index->elf.arch == GOTYPES_AMD64;
    struct gotypes_value finalizer = gotypes_trace(
        flow, &index->tab, number, is_amd64 ? AMD64_FINALIZER : ARM64_FINALIZER, none);
    *object = gotypes_trace(flow, &index->tab, number, OBJECT_REGISTER, none);
    return finalizer.origin != GOTYPES_CONSTANT || finalizer.value != 0;
}

/* The type of the object that a call gives a finalizer; false where the code does not tell. */
static bool find_object(
    const struct gotypes *index, const struct gotypes_use *use, struct gotypes_type *object)
{
    struct gotypes_func func;
    struct gotypes_flow flow;
    struct gotypes_value value;
    if (!gotypes_pclntab_find(&index->tab, use->pc, &func) ||
        gotypes_flow_init(&flow, &index->elf, &index->outlines, &func) != NULL)
        return false;
    bool gives = read_call(index, use, &flow, &value);
    gotypes_flow_fini(&flow);
    struct gotypes_type pointer;
    struct gotypes_part to;
    unsigned at = 0;
    return gives && value.origin == GOTYPES_CONSTANT &&
           gotypes_type_read(&index->types, value.value, &pointer) &&
           pointer.kind == GOTYPES_T_POINTER &&
           gotypes_type_next_part(&index->types, &pointer, &at, &to) &&
           gotypes_type_read(&index->types, to.type, object);
}

static void take_call(struct gotypes *index, const struct gotypes_use *use)
{
    struct gotypes_type object;
    struct gotypes_line line;
    if (!use->is_call || index->finalizer_count == FINALIZERS_MAX ||
        !find_object(index, use, &object) || gotypes_finalizers_find(index, object.address) ||
        gotypes_lines(index, use->pc, &line, 1) == 0)
        return;
    index->finalizers[index->finalizer_count++] = (struct gotypes_finalizer){
        object.address, line.function, find_cycle(&index->types, &object)};
}

static bool find_setter(const struct gotypes *index, struct gotypes_func *setter)
{
    for (uint32_t i = 0; i < index->tab.func_count; i++) {
        if (gotypes_pclntab_func(&index->tab, i, setter) &&
            gotypes_entry_sets_finalizer(setter->name))
            return true;
    }
    return false;
}

void gotypes_finalizers_read(struct gotypes *index)
{
    struct gotypes_func setter;
    if (!find_setter(index, &setter))
        return;
    index->finalizers = lw_new(FINALIZERS_MAX, sizeof *index->finalizers);
    size_t first = gotypes_uses_find(index, setter.entry);
    for (size_t i = first;
         i < index->use_count && i - first < CALLS_MAX && index->uses[i].target == setter.entry;
         i++)
        take_call(index, &index->uses[i]);
}

void gotypes_finalizers_fini(struct gotypes *index)
{
    for (size_t i = 0; i < index->finalizer_count; i++)
        free(index->finalizers[i].cycle);
    free(index->finalizers);
}
