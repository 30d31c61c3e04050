/* /api/v1/targets/{id}/memory and …/goroutines: what is known of a target's process besides its
 * heap. */
#include <math.h>
#include <string.h>

#include "api/endpoints.h"
#include "api/render.h"
#include "base/hash.h"

/* ---- memory ---- */

static void number_or_null(cJSON *object, const char *name, int64_t bytes)
{
    if (bytes)
        json_int(object, name, bytes);
    else
        json_null(object, name);
}

static void render_past(cJSON *object, const struct store_memory *memory)
{
    cJSON *list = json_array(object, "history");
    for (size_t i = 0; i < memory->past_count; i++) {
        const struct store_memory_point *p = &memory->past[i];
        cJSON *point = json_append(list);
        json_time(point, "at", p->at);
        json_int(point, "resident", p->resident_bytes);
        json_int(point, "inuse", p->inuse_bytes);
        json_int(point, "live", p->live_bytes);
    }
}

void endpoint_target_memory(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct store_target *target = endpoint_find_target(ctx, request, response);
    if (!target)
        return;
    const struct store_memory_look *look = &target->memory.newest;
    bool known = look->at.ns != 0;
    cJSON *data = cJSON_CreateObject();
    json_time(data, "at", look->at);
    for (int part = 0; part < STORE_MEMORY_PARTS; part++) {
        int64_t bytes = store_memory_part_bytes(look, part);
        if (known && (bytes || part != STORE_MEMORY_RSS))
            json_int(data, store_memory_part_word(part), bytes);
        else
            json_null(data, store_memory_part_word(part));
    }
    number_or_null(data, "limit",
        target->memory_limit_bytes ? target->memory_limit_bytes : look->cgroup_bytes);
    number_or_null(data, "gomemlimit", look->go_limit_bytes);
    number_or_null(data, "nextGC", look->stats.next_gc);
    json_double(data, "gcCPUFraction", known ? look->stats.gc_cpu_fraction : NAN);
    json_double(data, "residentPerLive", target->outlook.kappa > 0 ? target->outlook.kappa : NAN);
    render_past(data, &target->memory);
    json_success(response, data);
}

/* ---- goroutines ---- */

/* The growing sites, and their types, that a growing group may hold on to. */
static void render_joins(
    cJSON *object, const struct store_target *target, const struct store_row *group)
{
    cJSON *list = json_array(object, "joins");
    for (size_t i = 0; store_goroutines_is_suspect(group) && i < target->sites.count; i++) {
        const struct store_row *site = &target->sites.list[i];
        if (!store_row_is_suspect(target, site) || !store_goroutines_join(group, site))
            continue;
        cJSON *join = json_append(list);
        json_id(join, "site", site->site->id);
        if (site->type && site->type->name[0])
            json_text(join, "type", site->type->name);
        else
            json_null(join, "type");
    }
}

static void render_group(
    cJSON *object, const struct store_target *target, const struct store_row *group)
{
    const struct trend_verdict *v = group->series ? trend_series_verdict(group->series) : NULL;
    bool has_rate = v && isfinite(v->rate_lo) && isfinite(v->rate_hi);
    render_site(object, group->site);
    json_int(object, "count", group->values.inuse_objects);
    json_text(object, "wait", profile_wait_word(store_goroutines_wait(group)));
    json_double(object, "growthPerHour", has_rate ? v->rate * 3600 : NAN);
    if (v)
        json_text(object, "verdict", trend_class_word(v->class));
    else
        json_null(object, "verdict");
    render_joins(object, target, group);
}

void endpoint_target_goroutines(
    void *ctx, const struct http_request *request, struct http_response *response)
{
    const struct store_target *target = endpoint_find_target(ctx, request, response);
    if (!target)
        return;
    const struct store_goroutines *g = &target->goroutines;
    cJSON *data = cJSON_CreateObject();
    json_time(data, "at", g->at);
    json_int(data, "total", g->total);
    cJSON *list = json_array(data, "groups");
    for (size_t i = 0; i < g->groups.count; i++) {
        if (g->groups.list[i].present)
            render_group(json_append(list), target, &g->groups.list[i]);
    }
    cJSON *other = json_object(data, "other");
    json_int(other, "groups", (int64_t)g->groups.other_count);
    json_int(other, "count", g->groups.other.inuse_objects);
    json_success(response, data);
}
