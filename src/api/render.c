#include "api/render.h"

#include <math.h>
#include <stdio.h>

#include "api/suspects.h"

#define SPARKLINE_POINTS 48

static struct lw_wall wall_of(double seconds)
{
    return (struct lw_wall){seconds > 0 ? (int64_t)(seconds * 1e9) : 0};
}

/* What `worst` is, since when and what would help, and how `series` moves; mostly they are one. */
static void verdict(cJSON *object, const struct trend_series *series,
    const struct trend_series *worst, const struct trend_config *config)
{
    const struct trend_verdict *v = trend_series_verdict(series);
    const struct trend_verdict *w = trend_series_verdict(worst);
    bool has_rate = isfinite(v->rate_lo) && isfinite(v->rate_hi);
    json_text(object, "verdict", trend_class_word(w->class));
    json_time(object, "since", wall_of(w->class_since_s));
    json_double(object, "growth_bytes_per_second", has_rate ? v->rate : NAN);
    json_double(object, "growth_lower_bytes_per_second", v->rate_lo);
    json_double(object, "growth_upper_bytes_per_second", v->rate_hi);
    json_double(object, "growth_bytes", has_rate ? v->growth_bytes : NAN);
    json_double(object, "window_seconds", v->window_end_s - v->window_start_s);
    json_time(object, "growing_since", wall_of(v->growing_since_s));
    json_double(object, "retention_ratio", v->retention);
    json_double(object, "alloc_bytes_per_second", v->alloc_rate);
    json_int(object, "restarts", v->restarts);
    json_bool(object, "recurring", v->recurring);
    json_bool(object, "provisional", v->provisional);
    json_double(object, "mean_age_seconds", v->mean_age_s);
    json_double(object, "resolvable_bytes_per_second",
        v->resolvable_rate > 0 ? v->resolvable_rate : (double)NAN);
    json_double(
        object, "suggested_mem_profile_rate_bytes", trend_series_period_bytes(worst, config));
}

void render_verdict(
    cJSON *object, const struct trend_series *series, const struct trend_config *config)
{
    if (series) {
        verdict(object, series, series, config);
        return;
    }
    static const char *const names[] = {"verdict", "since", "growth_bytes_per_second",
        "growth_lower_bytes_per_second", "growth_upper_bytes_per_second", "growth_bytes",
        "window_seconds", "growing_since", "retention_ratio", "alloc_bytes_per_second",
        "mean_age_seconds", "resolvable_bytes_per_second", "suggested_mem_profile_rate_bytes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_null(object, names[i]);
    json_int(object, "restarts", 0);
    json_bool(object, "recurring", false);
    json_bool(object, "provisional", false);
}

void render_target_verdict(
    cJSON *object, const struct store_target *target, const struct trend_config *config)
{
    verdict(object, target->series, store_target_worst(target), config);
}

void render_gates(
    cJSON *object, const struct trend_series *series, const struct trend_config *config)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(series, config, gates);
    cJSON *array = json_array(object, "gates");
    for (int i = 0; i < TREND_GATE_COUNT; i++) {
        cJSON *gate = json_append(array);
        json_text(gate, "gate", trend_gate_word((enum trend_gate_id)i));
        json_text(gate, "text", trend_gate_text((enum trend_gate_id)i));
        json_double(gate, "value", gates[i].judged ? gates[i].value : NAN);
        json_double(gate, "limit", gates[i].limit);
        json_text(gate, "comparison", gates[i].at_most ? "<=" : ">=");
        json_bool(gate, "judged", gates[i].judged);
        json_bool(gate, "passed", gates[i].passed);
    }
}

void render_sparkline(cJSON *object, const struct trend_series *series)
{
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    cJSON *array = json_array(object, "sparkline");
    if (!count)
        return;
    /* The points are even in time, the blocks are not: each takes the block it falls into. */
    double start = blocks[0].start_s, span = blocks[count - 1].end_s - start;
    size_t points = count < SPARKLINE_POINTS ? count : SPARKLINE_POINTS;
    size_t at = 0;
    for (size_t i = 0; i < points; i++) {
        double t = start + span * ((double)i + 0.5) / (double)points;
        while (at + 1 < count && blocks[at].end_s < t)
            at++;
        json_append_double(array, round(blocks[at].inuse_mean_bytes));
    }
}

void render_blocks(cJSON *object, const char *name, const struct trend_block *blocks, size_t count)
{
    cJSON *list = json_array(object, name);
    for (size_t i = 0; i < count; i++) {
        cJSON *block = json_append(list);
        json_double(block, "start", blocks[i].start_s);
        json_double(block, "end", blocks[i].end_s);
        json_double(block, "inuse_bytes", round(blocks[i].inuse_mean_bytes));
        json_double(block, "inuse_min_bytes", round(blocks[i].inuse_min_bytes));
        json_double(block, "alloc_bytes", round(blocks[i].alloc_bytes));
    }
}

void render_builds(cJSON *object, const struct store_past *past)
{
    cJSON *list = json_array(object, "builds");
    for (size_t i = 0; i < past->run_count; i++) {
        const struct store_run *run = &past->runs[i];
        cJSON *build = json_append(list);
        json_text(build, "id", run->binary_id);
        json_text(build, "version", run->version);
        json_text(build, "vcs_revision", run->revision);
        json_time(build, "from", run->from);
        json_time(build, "to", run->to);
    }
}

void render_labels(cJSON *object, const char *name, const struct lw_labels *labels)
{
    cJSON *set = json_object(object, name);
    for (size_t i = 0; i < labels->count; i++)
        json_text(set, labels->list[i].name, labels->list[i].value);
}

static void render_frame(cJSON *object, const struct store_frame *frame)
{
    json_text(object, "function", frame->function);
    json_text(object, "file", frame->file);
    json_int(object, "line", frame->line);
}

void render_site(cJSON *object, const struct store_site *site)
{
    json_id(object, "id", site->id);
    render_frame(object, &site->frames[site->leaf]);
    render_frame(json_object(object, "responsible"), &site->frames[site->responsible]);
    cJSON *stack = json_array(object, "stack");
    for (size_t i = 0; i < site->frame_count; i++)
        render_frame(json_append(stack), &site->frames[i]);
}

void render_values(cJSON *object, const struct profile_values *values)
{
    json_int(object, "inuse_bytes", values->inuse_bytes);
    json_int(object, "inuse_objects", values->inuse_objects);
    json_int(object, "alloc_bytes", values->alloc_bytes);
    json_int(object, "alloc_objects", values->alloc_objects);
}

/* A type comes from the target's binary or not at all: it is never guessed. */
void render_type(cJSON *object, const struct store_target *target, const struct store_row *row)
{
    const struct store_type *type = row ? row->type : NULL;
    bool known = type && type->name[0];
    if (known)
        json_text(object, "type", type->name);
    else
        json_null(object, "type");
    if (type && type->kind[0])
        json_text(object, "kind", type->kind);
    else
        json_null(object, "kind");
    json_text(object, "type_source", known ? "binary" : "site");
    json_text(object, "type_import_path", known ? type->import_path : "");
    json_text(object, "type_module", known ? type->module : "");
    json_text(object, "type_version", known ? type->version : "");
    json_text(object, "type_unresolved", type ? type->unresolved : target->build_error);
}

void render_build(cJSON *object, const struct store_target *target)
{
    const struct store_build *build = target->build;
    if (!build) {
        json_null(object, "build");
        json_text(object, "buildError", target->build_error);
        return;
    }
    cJSON *o = json_object(object, "build");
    json_text(o, "id", build->binary_id);
    json_text(o, "module", build->module);
    json_text(o, "version", build->version);
    json_text(o, "vcs_revision", build->vcs_revision);
    json_text(o, "go_version", build->go_version);
    json_text(o, "source", build->source);
    json_int(o, "sites_typed", (int64_t)build->types.count);
    json_text(object, "buildError", "");
}

static const char *health_word(enum store_health health)
{
    return health == STORE_UP ? "up" : health == STORE_DOWN ? "down" : "unknown";
}

static void render_heap(
    cJSON *object, const struct store_target *target, const struct trend_config *config)
{
    render_target_verdict(object, target, config);
    render_values(object, &target->total);
    json_int(object, "sites", (int64_t)target->site_count);
    json_int(object, "followed_sites", (int64_t)target->sites.followed);
    json_int(object, "process_restarts", (int64_t)target->restarts);
    json_time(object, "first_seen", target->first_seen);
    json_int(object, "sample_period_bytes", target->period_bytes);
    json_int(object, "suspects", (int64_t)suspects_count(target));
    render_sparkline(object, target->series);
}

static void render_duration(cJSON *object, const char *name, int64_t ns)
{
    char text[48];
    if (ns % LW_NS_PER_S == 0 && ns % (60 * LW_NS_PER_S) == 0)
        snprintf(text, sizeof text, "%lldm", (long long)(ns / (60 * LW_NS_PER_S)));
    else if (ns % LW_NS_PER_S == 0)
        snprintf(text, sizeof text, "%llds", (long long)(ns / LW_NS_PER_S));
    else
        snprintf(text, sizeof text, "%lldms", (long long)(ns / LW_NS_PER_MS));
    json_text(object, name, text);
}

/* ---- what it all comes to ---- */

void render_first_seen(
    cJSON *object, const struct store_target *target, const struct store_row *row)
{
    struct store_first_seen seen;
    if (!store_first_seen(target, row, &seen)) {
        json_null(object, "firstSeenIn");
        return;
    }
    cJSON *first = json_object(object, "firstSeenIn");
    json_text(first, "version", seen.version);
    json_text(first, "revision", seen.revision);
    json_text(first, "buildId", seen.binary_id);
    json_time(first, "at", seen.at);
    if (seen.absent_in)
        json_text(first, "absentIn", seen.absent_in);
    else
        json_null(first, "absentIn");
}

static void render_rate(cJSON *object, struct trend_rate rate)
{
    json_double(object, "bytesPerSecond", rate.bytes_s);
    json_double(object, "standardError", rate.se);
}

/* "leak": how fast what leaks grows in all; null where nothing does. */
static void render_leak(cJSON *object, const struct store_outlook *outlook)
{
    if (!outlook->leaking_sites && !outlook->is_diffuse) {
        json_null(object, "leak");
        return;
    }
    cJSON *leak = json_object(object, "leak");
    json_int(leak, "sites", (int64_t)outlook->leaking_sites);
    json_bool(leak, "diffuse", outlook->is_diffuse);
    render_rate(leak, outlook->rate);
    if (outlook->has_rest)
        render_rate(json_object(leak, "unattributed"), outlook->rest);
    else
        json_null(leak, "unattributed");
}

static void render_limits(cJSON *object, const struct store_outlook *outlook)
{
    if (outlook->has_forecast) {
        cJSON *left = json_object(object, "timeToLimit");
        json_double(left, "seconds", outlook->left.seconds);
        json_double(left, "lo", outlook->left.lo_s);
        json_double(left, "hi", outlook->left.hi_s);
    } else {
        json_null(object, "timeToLimit");
    }
    if (outlook->limit != STORE_LIMIT_NONE) {
        cJSON *limit = json_object(object, "limit");
        json_double(limit, "bytes", outlook->limit_bytes);
        json_text(limit, "source", store_limit_word(outlook->limit));
    } else {
        json_null(object, "limit");
    }
}

static void render_goroutines(cJSON *object, const struct store_goroutines *goroutines)
{
    if (!goroutines->at.ns) {
        json_null(object, "goroutines");
        return;
    }
    const struct trend_verdict *v = trend_series_verdict(goroutines->series);
    bool has_rate = isfinite(v->rate_lo) && isfinite(v->rate_hi);
    cJSON *o = json_object(object, "goroutines");
    json_int(o, "count", goroutines->total);
    json_double(o, "growth", has_rate ? v->rate * 3600 : NAN);
    json_text(o, "verdict", trend_class_word(v->class));
}

static void render_outlook(cJSON *object, const struct store_target *target)
{
    const struct store_outlook *outlook = &target->outlook;
    render_leak(object, outlook);
    render_limits(object, outlook);
    if (outlook->onset_to.ns) {
        cJSON *onset = json_object(object, "onset");
        json_time(onset, "from", outlook->onset_from);
        json_time(onset, "to", outlook->onset_to);
    } else {
        json_null(object, "onset");
    }
    render_first_seen(object, target, NULL);
    render_goroutines(object, &target->goroutines);
}

void render_target(
    cJSON *object, const struct store_target *target, const struct trend_config *config)
{
    json_id(object, "id", target->id);
    render_labels(object, "discoveredLabels", target->discovered);
    render_labels(object, "labels", target->labels);
    json_text(object, "scrapePool", target->job_name);
    json_text(object, "scrapeUrl", target->url);
    json_text(object, "globalUrl", target->url);
    json_text(object, "lastError", target->last_error);
    json_time(object, "lastScrape", target->last_scrape);
    json_double(object, "lastScrapeDuration", (double)target->last_duration_ns / 1e9);
    json_text(object, "health", health_word(target->health));
    render_duration(object, "scrapeInterval", target->interval_ns);
    render_duration(object, "scrapeTimeout", target->timeout_ns);
    render_build(object, target);
    render_outlook(object, target);
    render_heap(json_object(object, "heap"), target, config);
}
