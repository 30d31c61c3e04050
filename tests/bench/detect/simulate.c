#include "simulate.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

static void label(struct series *series, const struct family_case *c)
{
    series->label = c->leak_rate > 0 ? SERIES_LEAK : SERIES_HEALTHY;
    series->leak_rate = c->leak_rate;
    series->leak_start_s = c->leak_start_s;
    series->interval_s = c->plan.interval_s;
}

void simulate_case(const struct family_case *c, const char *id, const char *family, struct prng *r,
    struct series *series)
{
    size_t count;
    struct heap_sample *samples = heap_run(&c->plan, r, &count);
    *series = (struct series){.count = count};
    snprintf(series->id, sizeof series->id, "%s", id);
    snprintf(series->family, sizeof series->family, "%s", family);
    label(series, c);
    series->points = lw_new(count + 1, sizeof *series->points);
    for (size_t i = 0; i < count; i++) {
        const struct heap_sample *s = &samples[i];
        double object_bytes = s->inuse_objects > 0 ? s->inuse_bytes / s->inuse_objects : 0;
        series->points[i] = (struct trend_point){.t_s = s->t_s,
            .inuse_bytes = s->inuse_bytes,
            .alloc_bytes = s->alloc_bytes,
            .noise_bytes = series_noise_bytes(object_bytes, HEAP_PERIOD_BYTES)};
    }
    free(samples);
}

static const struct family *build_number(uint64_t seed, int number, enum family_ranges ranges,
    struct prng *r, struct family_case *c, char id[SERIES_NAME_BYTES])
{
    *r = prng_of(seed, (uint64_t)number);
    const struct family *family = family_draw_any(r);
    family_build(family, ranges, 0, r, c);
    snprintf(id, SERIES_NAME_BYTES, "%" PRIu64 "-%04d", seed, number);
    return family;
}

const struct family *simulate_number(
    uint64_t seed, int number, enum family_ranges ranges, struct series *series)
{
    struct prng r;
    struct family_case c;
    char id[SERIES_NAME_BYTES];
    const struct family *family = build_number(seed, number, ranges, &r, &c, id);
    simulate_case(&c, id, family->name, &r, series);
    return family;
}

void simulate_write(FILE *out, uint64_t seed, int number, enum family_ranges ranges)
{
    struct prng r;
    struct family_case c;
    char id[SERIES_NAME_BYTES];
    const struct family *family = build_number(seed, number, ranges, &r, &c, id);
    size_t count;
    struct heap_sample *samples = heap_run(&c.plan, &r, &count);
    fprintf(out, "{\"id\":\"%s\",\"family\":\"%s\",\"label\":\"%s\",\"interval_s\":%g,", id,
        family->name, family->is_leak ? "leak" : "healthy", c.plan.interval_s);
    if (family->is_leak)
        fprintf(out, "\"leak_rate_bytes_per_s\":%.2f,\"leak_start_s\":%.1f,", c.leak_rate,
            c.leak_start_s);
    fputs("\"points\":[", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out,
            "%s{\"t\":%.1f,\"inuse_space\":%.0f,\"inuse_objects\":%.0f,\"alloc_space\":%.0f,"
            "\"alloc_objects\":%.0f}",
            i ? "," : "", samples[i].t_s, samples[i].inuse_bytes, samples[i].inuse_objects,
            samples[i].alloc_bytes, samples[i].alloc_objects);
    fputs("]}\n", out);
    free(samples);
}
