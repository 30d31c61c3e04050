/* From a call into the allocator to the type that it allocates. */
#include <stdio.h>
#include <string.h>

#include "gotypes/index.h"

#define FRAMES_SKIPPED_MAX 64

static const struct gotypes_site nothing = {.function = "",
    .callee = "",
    .kind = GOTYPES_OTHER,
    .finalizer_in = "",
    .cycle = "",
    .kept_in = ""};

/* Numbers of the registers that integer arguments go in (Go's ABIInternal). */
static uint8_t argument_register(enum gotypes_arch arch, int argument)
{
    static const uint8_t amd64[] = {0, 3, 1, 7, 6, 8, 9, 10, 11};
    return arch == GOTYPES_AMD64 ? amd64[argument] : (uint8_t)argument;
}

static void set_type(struct gotypes_site *site, const char *prefix, const char *type)
{
    size_t room = sizeof site->type - strlen(prefix) - 1;
    bool fits = strlen(type) <= room;
    snprintf(site->type, sizeof site->type, "%s%.*s%s", prefix, (int)(fits ? room : room - 3), type,
        fits ? "" : "...");
    site->resolved = true;
}

static void set_unresolved(struct gotypes_site *site, const struct gotypes_value *value)
{
    const char *context =
        site->kind == GOTYPES_RUNTIME_TYPE ? "reflection is told its type at run time: " : "";
    snprintf(site->unresolved, sizeof site->unresolved, value->who ? "%s%s (%.80s)" : "%s%s",
        context, value->why, value->who);
}

static void refine_kind(struct gotypes_site *site, const struct gotypes_type *type)
{
    bool is_object = site->kind == GOTYPES_OBJECT || site->kind == GOTYPES_RAW;
    if (is_object && gotypes_type_is_closure(type))
        site->kind = GOTYPES_CLOSURE;
    else if (is_object && gotypes_type_is_map_storage(type))
        site->kind = GOTYPES_MAP;
    else if (is_object && strcmp(site->record, "runtime.g") == 0)
        site->kind = GOTYPES_GOROUTINE;
    else if (site->kind == GOTYPES_RAW || site->kind == GOTYPES_RUNTIME_TYPE)
        site->kind = GOTYPES_OBJECT;
}

/* The type's record has been found, or what was found is none. */
static void set_record(const struct gotypes *index, const struct gotypes_entry *entry,
    uint64_t address, struct gotypes_site *site)
{
    struct gotypes_type type;
    if (address == 0) { /* Go's word for memory that the collector need not look into */
        site->kind = GOTYPES_RAW;
        set_type(site, "", "noscan memory");
        return;
    }
    if (!gotypes_type_read(&index->types, address, &type)) {
        snprintf(site->unresolved, sizeof site->unresolved,
            "what is passed as its type (0x%llx) is no type record", (unsigned long long)address);
        return;
    }
    gotypes_type_copy_name(&type, site->record, sizeof site->record);
    gotypes_type_import_path(&index->types, address, site->import_path, sizeof site->import_path);
    site->type_size = type.size;
    refine_kind(site, &type);
    const struct gotypes_finalizer *finalizer =
        entry->of_elements ? NULL : gotypes_finalizers_find(index, address);
    if (finalizer) {
        site->finalizer_in = finalizer->function;
        site->cycle = finalizer->cycle;
    }
    set_type(site, entry->of_elements ? "[]" : "", site->record);
}

static bool fits_kind(enum gotypes_kind kind, const struct gotypes *index, uint64_t address)
{
    struct gotypes_type type;
    if (kind != GOTYPES_MAP && kind != GOTYPES_CHANNEL)
        return true;
    return gotypes_type_read(&index->types, address, &type) &&
           type.kind == (kind == GOTYPES_MAP ? GOTYPES_T_MAP : GOTYPES_T_CHAN);
}

static void set_value(const struct gotypes *index, const struct gotypes_entry *entry,
    const struct gotypes_value *value, struct gotypes_site *site)
{
    if (value->origin == GOTYPES_CONSTANT) {
        site->through_dictionary = site->through_dictionary || value->was_loaded;
        if (fits_kind(entry->kind, index, value->value))
            set_record(index, entry, value->value, site);
        else
            snprintf(site->unresolved, sizeof site->unresolved,
                "what is passed as its type is not one that %s takes", entry->name);
    } else if (value->origin == GOTYPES_ARGUMENT) {
        snprintf(site->unresolved, sizeof site->unresolved, "%s",
            site->through_dictionary ? "its type is in a dictionary that the caller passes"
                                     : "its type is an argument of the function");
    } else {
        set_unresolved(site, value);
    }
}

static void resolve_entry(const struct gotypes *index, const struct gotypes_flow *flow,
    uint32_t number, const struct gotypes_entry *entry, const uint64_t *stack, size_t depth,
    struct gotypes_site *site)
{
    site->kind = entry->kind;
    if (entry->fixed) {
        set_type(site, "", entry->fixed);
        snprintf(site->import_path, sizeof site->import_path, "%s",
            entry->fixed_path ? entry->fixed_path : "");
        return;
    }
    if (entry->argument == GOTYPES_NO_ARGUMENT) {
        snprintf(site->unresolved, sizeof site->unresolved, "%s is not told the type", entry->name);
        return;
    }
    uint8_t reg = argument_register(index->elf.arch, entry->argument);
    struct gotypes_path none = {0};
    struct gotypes_value value = gotypes_trace(flow, &index->tab, number, reg, none);
    if (value.origin == GOTYPES_ARGUMENT) {
        site->through_dictionary = value.path.loads && gotypes_entry_is_shared(flow->func.name);
        if (depth)
            value = gotypes_dictionary_climb(index, &flow->func, value, stack + 1, depth - 1);
    }
    set_value(index, entry, &value, site);
    site->module = gotypes_buildinfo_module(&index->build, site->import_path);
}

void gotypes_resolve_call(const struct gotypes *index, const struct gotypes_flow *flow,
    uint32_t number, const uint64_t *stack, size_t depth, struct gotypes_site *site)
{
    *site = nothing;
    site->pc = gotypes_flow_pc(flow, number);
    site->function = flow->func.name;
    if (gotypes_flow_insn(flow, number)->step == GOTYPES_STEP_INDIRECT) {
        site->kind = GOTYPES_RUNTIME_TYPE;
        snprintf(site->unresolved, sizeof site->unresolved, "the call is indirect");
        return;
    }
    uint64_t target = gotypes_flow_target(flow, number);
    struct gotypes_func callee;
    if (!gotypes_pclntab_find(&index->tab, target, &callee)) {
        snprintf(
            site->unresolved, sizeof site->unresolved, "the call leaves the program's Go code");
        return;
    }
    site->callee = callee.name;
    const struct gotypes_gate *gate = gotypes_index_gate(index, target);
    if (gate)
        resolve_entry(index, flow, number, gate->entry, stack, depth, site);
    else
        snprintf(site->unresolved, sizeof site->unresolved,
            "%.100s is not known to allocate for its caller", callee.name);
}

/* Allocation begins in the program's own code: frames between it and the allocator, where a profile
 * still has them, know the type only as an argument. They are the runtime's, and those that it
 * lends other packages' names to (reflect.makemap, maps.clone). */
static size_t skip_runtime(const struct gotypes *index, const uint64_t *stack, size_t depth)
{
    struct gotypes_func func;
    for (size_t i = 0; i < depth && i < FRAMES_SKIPPED_MAX; i++) {
        if (!gotypes_pclntab_find(&index->tab, stack[i], &func))
            return 0;
        if (!gotypes_entry_is_runtime(func.name) && !gotypes_index_gate(index, func.entry))
            return i;
    }
    return 0;
}

static bool is_call(const struct gotypes_insn *insn)
{
    return insn->step == GOTYPES_STEP_CALL || insn->step == GOTYPES_STEP_INDIRECT;
}

static bool resolve_frame(
    const struct gotypes *index, const uint64_t *stack, size_t depth, struct gotypes_site *site)
{
    struct gotypes_func func;
    struct gotypes_flow flow;
    *site = nothing;
    if (!gotypes_pclntab_find(&index->tab, stack[0], &func))
        return false;
    const char *problem = gotypes_flow_init(&flow, &index->elf, &index->outlines, &func);
    if (problem) {
        site->pc = stack[0];
        site->function = func.name;
        snprintf(site->unresolved, sizeof site->unresolved, "%s", problem);
        return true;
    }
    uint32_t number;
    bool found =
        gotypes_flow_find(&flow, stack[0], &number) && is_call(gotypes_flow_insn(&flow, number));
    if (found)
        gotypes_resolve_call(index, &flow, number, stack, depth, site);
    if (found && site->resolved)
        gotypes_kept_find(index, &(struct gotypes_call){&flow, number}, stack + 1, depth - 1, site);
    gotypes_flow_fini(&flow);
    return found;
}

bool gotypes_resolve(
    const struct gotypes *index, const uint64_t *stack, size_t depth, struct gotypes_site *site)
{
    *site = nothing;
    if (depth == 0)
        return false;
    size_t skipped = skip_runtime(index, stack, depth);
    bool found = resolve_frame(index, stack + skipped, depth - skipped, site);
    if (!skipped || (found && site->resolved))
        return found;
    struct gotypes_site leaf;
    if (!resolve_frame(index, stack, depth, &leaf) || !leaf.resolved)
        return found;
    *site = leaf;
    return true;
}
