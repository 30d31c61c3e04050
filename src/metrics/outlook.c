/* Families of what is known of a target besides its heap: memory, time that is left, goroutines. */
#include <math.h>

#include "metrics/families.h"
#include "trend/trend.h"

/* ---- time to the limit ---- */

enum end { MIDDLE, LOWER, UPPER };

static double left_s(const struct store_target *target, enum end end)
{
    const struct trend_forecast *left = &target->outlook.left;
    if (!target->outlook.has_forecast)
        return NAN;
    return end == MIDDLE ? left->seconds : end == LOWER ? left->lo_s : left->hi_s;
}

static void forecast_families(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    static const struct {
        const char *name;
        const char *help;
        enum end end;
    } families[] = {
        {"leakwatch_target_time_to_limit_seconds",
            "Seconds until a leaking target meets its memory limit; none without a leak or a limit.",
            MIDDLE},
        {"leakwatch_target_time_to_limit_lower_seconds",
            "The same, should it grow two standard errors faster, and by one more step.", LOWER},
        {"leakwatch_target_time_to_limit_upper_seconds",
            "The same, should it grow two standard errors more slowly.", UPPER},
    };
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        expo_family(e, EXPO_GAUGE, families[k].name, "seconds", families[k].help);
        for (size_t i = 0; i < store_target_count(store); i++) {
            const struct store_target *target = store_target_at(store, i);
            double seconds = left_s(target, families[k].end);
            if (isnan(seconds))
                continue;
            labels_write(e, &f->targets, i);
            expo_double(e, seconds);
        }
    }
}

static void limit_family(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    expo_family(e, EXPO_GAUGE, "leakwatch_target_memory_limit_bytes", "bytes",
        "The limit that the target's process meets first.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        if (target->outlook.limit == STORE_LIMIT_NONE)
            continue;
        labels_write(e, &f->targets, i);
        expo_label(e, "source", store_limit_word(target->outlook.limit));
        expo_double(e, target->outlook.limit_bytes);
    }
}

/* ---- memory ---- */

static void memory_family(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    expo_family(e, EXPO_GAUGE, "leakwatch_target_memory_bytes", "bytes",
        "Memory of the target's process by part, as its runtime and its host say; part=\"rss\" "
        "is all of it that is resident.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        if (!target->memory.newest.at.ns)
            continue;
        for (int part = 0; part < STORE_MEMORY_PARTS; part++) {
            int64_t bytes = store_memory_part_bytes(&target->memory.newest, part);
            if (part == STORE_MEMORY_RSS && !bytes)
                continue;
            labels_write(e, &f->targets, i);
            expo_label(e, "part", store_memory_part_word(part));
            expo_int(e, bytes);
        }
    }
}

/* ---- goroutines ---- */

static void goroutine_families(struct expo *e, const struct families *f)
{
    const struct store *store = f->view->store;
    expo_family(e, EXPO_GAUGE, "leakwatch_target_goroutines", NULL, "Goroutines of the target.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        if (!target->goroutines.at.ns)
            continue;
        labels_write(e, &f->targets, i);
        expo_int(e, target->goroutines.total);
    }
    expo_family(e, EXPO_GAUGE, "leakwatch_target_goroutines_growth_per_second", NULL,
        "Growth of the target's goroutines over the newest window.");
    for (size_t i = 0; i < store_target_count(store); i++) {
        const struct store_target *target = store_target_at(store, i);
        const struct trend_verdict *v = trend_series_verdict(target->goroutines.series);
        if (!target->goroutines.at.ns || !isfinite(v->rate_lo) || !isfinite(v->rate_hi))
            continue;
        labels_write(e, &f->targets, i);
        expo_double(e, v->rate);
    }
}

bool families_outlook_step(struct expo *e, const struct families *f, size_t i)
{
    static void (*const steps[])(struct expo *, const struct families *) = {
        forecast_families, limit_family, memory_family, goroutine_families};
    if (i >= sizeof steps / sizeof *steps)
        return false;
    steps[i](e, f);
    return true;
}
