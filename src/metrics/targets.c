/* Families with one series a target (verdict: one a class). */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/strbuf.h"
#include "metrics/families.h"
#include "trend/trend.h"

#define EXPORTED "exported_"

/* Labels that families of ours have, or that have a meaning to Prometheus. */
static bool is_ours(const char *label)
{
    static const char *const ours[] = {"site", "function", "leaf", "source", "type", "kind",
        "type_source", "type_id", "verdict", "module", "version", "vcs_revision", "build_id",
        "go_version", "target_id", "part", "le", "quantile"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(label, ours[i]) == 0)
            return true;
    }
    return false;
}

/* A target's own label gives way as in Prometheus without honor_labels. One that begins with the
 * prefix already gets another: two labels never become one. */
static void add_renamed(struct labels *labels, const struct lw_label *label)
{
    struct lw_strbuf name;
    lw_strbuf_init(&name, strlen(EXPORTED) + strlen(label->name));
    lw_strbuf_adds(&name, EXPORTED);
    lw_strbuf_adds(&name, label->name);
    labels_add(labels, name.data, label->value);
    lw_strbuf_fini(&name);
}

static void label_target(struct labels *labels, const struct store_target *target)
{
    for (size_t i = 0; i < target->labels->count; i++) {
        const struct lw_label *label = &target->labels->list[i];
        if (is_ours(label->name) || strncmp(label->name, EXPORTED, strlen(EXPORTED)) == 0)
            add_renamed(labels, label);
        else
            labels_add(labels, label->name, label->value);
    }
    char id[LW_ID_TEXT_BYTES];
    if (target->is_twin)
        labels_add(labels, "target_id", lw_id_text(target->id, id));
}

void families_label_targets(struct labels *labels, const struct store *store)
{
    for (size_t i = 0; i < store_target_count(store); i++) {
        label_target(labels, store_target_at(store, i));
        labels_close(labels);
    }
}

/* A family whose value is a function of the target; NAN leaves the target out. */
struct target_family {
    enum expo_type type;
    const char *name;
    const char *unit;
    const char *help;
    double (*value)(const struct store_target *target);
};

static double up(const struct store_target *t)
{
    return t->health == STORE_UNKNOWN ? NAN : t->health == STORE_UP;
}

static double last_scrape(const struct store_target *t)
{
    return t->last_scrape.ns ? lw_wall_s(t->last_scrape) : NAN;
}

static double duration(const struct store_target *t)
{
    return t->last_scrape.ns ? (double)t->last_duration_ns / 1e9 : NAN;
}

/* A value of the heap, for targets whose heap was ever seen. */
#define HEAP_VALUE(name, expression) \
    static double name(const struct store_target *t) \
    { \
        return t->last_heap.ns ? (double)(expression) : NAN; \
    }
HEAP_VALUE(inuse_bytes, t->total.inuse_bytes)
HEAP_VALUE(inuse_objects, t->total.inuse_objects)
HEAP_VALUE(alloc_bytes, t->total.alloc_bytes)
HEAP_VALUE(alloc_objects, t->total.alloc_objects)
HEAP_VALUE(sites, t->site_count)
HEAP_VALUE(followed, t->sites.followed)
HEAP_VALUE(restarts, t->restarts)

static double when_known(const struct store_target *t, double value)
{
    const struct trend_verdict *v = trend_series_verdict(t->series);
    return isfinite(v->rate_lo) && isfinite(v->rate_hi) ? value : NAN;
}

static double growth(const struct store_target *t)
{
    return when_known(t, trend_series_verdict(t->series)->rate);
}

static double growth_lower(const struct store_target *t)
{
    return when_known(t, trend_series_verdict(t->series)->rate_lo);
}

static double growth_upper(const struct store_target *t)
{
    return when_known(t, trend_series_verdict(t->series)->rate_hi);
}

static double retention(const struct store_target *t)
{
    return when_known(t, trend_series_verdict(t->series)->retention);
}

static double mean_age(const struct store_target *t)
{
    return when_known(t, trend_series_verdict(t->series)->mean_age_s);
}

static const struct target_family target_families[] = {
    {EXPO_GAUGE, "leakwatch_target_up", NULL, "Whether the last scrape of the target went well.",
        up},
    {EXPO_GAUGE, "leakwatch_target_last_scrape_timestamp_seconds", "seconds",
        "When the last scrape was sent.", last_scrape},
    {EXPO_GAUGE, "leakwatch_target_scrape_duration_seconds", "seconds",
        "How long the last scrape took.", duration},
    {EXPO_GAUGE, "leakwatch_target_inuse_bytes", "bytes",
        "Bytes in use in the target's heap at its last completed GC.", inuse_bytes},
    {EXPO_GAUGE, "leakwatch_target_inuse_objects", NULL,
        "Objects in use in the target's heap at its last completed GC.", inuse_objects},
    {EXPO_COUNTER, "leakwatch_target_alloc_bytes", "bytes",
        "Bytes allocated since the target's process started.", alloc_bytes},
    {EXPO_COUNTER, "leakwatch_target_alloc_objects", NULL,
        "Objects allocated since the target's process started.", alloc_objects},
    {EXPO_GAUGE, "leakwatch_target_growth_bytes_per_second", NULL,
        "Growth of the bytes in use over the newest window.", growth},
    {EXPO_GAUGE, "leakwatch_target_growth_lower_bytes_per_second", NULL,
        "Lower end of the 95 % interval of the growth.", growth_lower},
    {EXPO_GAUGE, "leakwatch_target_growth_upper_bytes_per_second", NULL,
        "Upper end of the 95 % interval of the growth.", growth_upper},
    {EXPO_GAUGE, "leakwatch_target_retention_ratio", NULL,
        "Growth of the bytes in use over bytes allocated meanwhile.", retention},
    {EXPO_GAUGE, "leakwatch_target_mean_age_seconds", "seconds",
        "Bytes in use over bytes allocated a second: how long a byte lives on average.", mean_age},
    {EXPO_GAUGE, "leakwatch_target_sites", NULL, "Allocation sites in the target's newest profile.",
        sites},
    {EXPO_GAUGE, "leakwatch_target_followed_sites", NULL,
        "Allocation sites that the trend engine follows.", followed},
    {EXPO_COUNTER, "leakwatch_target_restarts", NULL,
        "Restarts of the target's process, seen in its profiles.", restarts},
};

#define VALUES      (sizeof target_families / sizeof *target_families)
#define VALUES_STEP 5 /* families in one step */

static void value_families(struct expo *e, const struct families *f, size_t first)
{
    const struct store *store = f->view->store;
    for (size_t k = first; k < VALUES && k < first + VALUES_STEP; k++) {
        const struct target_family *family = &target_families[k];
        expo_family(e, family->type, family->name, family->unit, family->help);
        for (size_t i = 0; i < store_target_count(store); i++) {
            const struct store_target *target = store_target_at(store, i);
            double value = family->value(target);
            if (isnan(value))
                continue;
            labels_write(e, &f->targets, i);
            expo_double(e, value);
        }
    }
}

static void verdict_family(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    expo_family(e, EXPO_GAUGE, "leakwatch_target_verdict", NULL,
        "1 for the verdict that the target has, 0 for the others.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        enum trend_class class = store_target_class(target);
        for (int c = 0; c < TREND_CLASS_COUNT; c++) {
            labels_write(e, &f->targets, i);
            expo_label(e, "verdict", trend_class_word((enum trend_class)c));
            expo_int(e, class == (enum trend_class)c);
        }
    }
}

static void count_family(struct expo *e, const struct store *store)
{
    static const char *const states[] = {"unknown", "up", "down"};
    int64_t counts[3] = {0};
    for (size_t i = 0; i < store_target_count(store); i++)
        counts[store_target_at(store, i)->health]++;
    expo_family(
        e, EXPO_GAUGE, "leakwatch_targets", NULL, "Targets by the outcome of their last scrape.");
    for (int i = 0; i < 3; i++) {
        expo_label(e, "state", states[i]);
        expo_int(e, counts[i]);
    }
}

static void build_family(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    expo_family(
        e, EXPO_INFO, "leakwatch_target_build", NULL, "What the target runs, as its binary says.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        const struct store_build *build = target->build;
        if (!build)
            continue;
        labels_write(e, &f->targets, i);
        expo_label(e, "module", build->module);
        expo_label(e, "version", build->version);
        expo_label(e, "vcs_revision", build->vcs_revision);
        expo_label(e, "build_id", build->binary_id);
        expo_label(e, "go_version", build->go_version);
        expo_label(e, "source", build->source);
        expo_int(e, 1);
    }
}

/* ---- scrapes by job and outcome ---- */

static void job_outcomes(struct expo *e, const struct store *store, const char *job)
{
    for (int c = 0; c < LW_CODE_COUNT; c++) {
        uint64_t count = store_job_scrapes(store, job, (enum lw_code)c);
        if (!count && c != LW_OK)
            continue;
        expo_label(e, "job", job);
        expo_label(e, "outcome", lw_code_word((enum lw_code)c));
        expo_int(e, (int64_t)count);
    }
}

static void scrape_family(struct expo *e, const struct metrics_view *view)
{
    const struct config *config = *view->config;
    expo_family(e, EXPO_COUNTER, "leakwatch_scrapes", NULL,
        "Scrapes by outcome; outcomes that never happened are left out.");
    for (size_t i = 0; i < config->scrape_config_count; i++)
        job_outcomes(e, view->store, config->scrape_configs[i].job_name);
}

bool families_targets_step(struct expo *e, const struct families *f, size_t i)
{
    if (i == 0) {
        count_family(e, f->view->store);
        scrape_family(e, f->view);
    }
    if (i < (VALUES + VALUES_STEP - 1) / VALUES_STEP) {
        value_families(e, f, i * VALUES_STEP);
        return true;
    }
    if (i > (VALUES + VALUES_STEP - 1) / VALUES_STEP)
        return false;
    verdict_family(e, f);
    build_family(e, f);
    return true;
}
