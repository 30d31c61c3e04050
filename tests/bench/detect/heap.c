#include "heap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CALENDAR_BINS  8640 /* a day: who would live longer lives for ever */
#define PUBLISHED_BINS 32   /* a profile is at most two collections old, 220 s */
#define LOST_CHANCE    .005
#define JITTER_S       1.0

/* Objects of one bin in a FIFO. */
struct cohort {
    double bytes;
    long sampled;
};

struct part_state {
    long sampled;        /* in use */
    double bytes;        /* truly in use, where the part needs to know */
    long sampled_allocs; /* ever */
    double next_lump_s;
    double load_most;    /* of a pool */
    int *calendar;       /* sampled objects that die in bin i % CALENDAR_BINS; owned */
    struct cohort *fifo; /* owned */
    size_t oldest, newest;
};

struct machine {
    const struct heap_plan *plan;
    struct prng *r;
    struct part_state parts[HEAP_PARTS_MAX];
    size_t bins;
    double start_s; /* of the process */
    double load, wander;
    double burst_to_s, next_burst_s;
    struct heap_sample published[PUBLISHED_BINS];
};

static double chance_of(const struct heap_part *part)
{
    return -expm1(-part->object_bytes / HEAP_PERIOD_BYTES);
}

/* ---- load ---- */

static void step_load(struct machine *m, double t_s)
{
    const struct heap_load *l = &m->plan->load;
    m->load = 1;
    if (l->wander > 0) {
        double pull = fmin(HEAP_BIN_S / l->wander_s, 1);
        m->wander += -m->wander * pull + l->wander * sqrt(2 * pull) * prng_normal(m->r);
        m->load = exp(m->wander - l->wander * l->wander / 2);
    }
    if (l->wave > 0)
        m->load *= 1 + l->wave * sin(2 * M_PI * (t_s / l->wave_s + l->wave_from));
    if (l->ramp_to > 0) {
        double done = (t_s - l->ramp_from_s) / (l->ramp_to_s - l->ramp_from_s);
        m->load *= 1 + (l->ramp_to - 1) * fmin(fmax(done, 0), 1);
    }
    if (l->burst > 0) {
        if (t_s >= m->next_burst_s) {
            m->burst_to_s = t_s + prng_exponential(m->r, l->burst_s);
            m->next_burst_s = m->burst_to_s + prng_exponential(m->r, l->burst_every_s);
        }
        if (t_s < m->burst_to_s)
            m->load *= l->burst;
    }
}

/* ---- arrivals ---- */

static double lump_bytes(
    struct machine *m, const struct heap_part *part, struct part_state *s, double age_s)
{
    if (age_s < s->next_lump_s)
        return 0;
    if (s->next_lump_s == 0) { /* the first comes at any time within a period */
        s->next_lump_s = fmax(part->from_s, age_s) + part->every_s * prng_uniform(m->r);
        return 0;
    }
    double wait_s = part->every_s * (1 - part->irregular);
    s->next_lump_s =
        age_s + wait_s + prng_exponential(m->r, part->every_s * part->irregular + 1e-9);
    double size = 1 + part->irregular * prng_between(m->r, -.6, .6);
    return part->flow * part->every_s * size;
}

static double pool_bytes(struct machine *m, const struct heap_part *part, struct part_state *s)
{
    s->load_most = fmax(s->load_most, m->load);
    double missing = part->flow * part->life_s * s->load_most - s->bytes;
    s->bytes += fmax(missing, 0);
    return fmax(missing, 0);
}

/* Bytes that truly arrive in this bin. */
static double arriving(
    struct machine *m, const struct heap_part *part, struct part_state *s, double age_s)
{
    if (age_s < part->from_s || (part->to_s > 0 && age_s >= part->to_s))
        return 0;
    if (part->every_s > 0)
        return lump_bytes(m, part, s, age_s);
    if (part->high_water)
        return pool_bytes(m, part, s);
    double flow = part->flow * (1 - part->load_share + part->load_share * m->load);
    double since_s = age_s - part->from_s;
    if (part->power > 0 && part->power != 1)
        flow *= pow((since_s + HEAP_BIN_S) / part->span_s, part->power - 1);
    if (part->fade_s > 0)
        flow *=
            part->fades_slowly ? 1 / (1 + since_s / part->fade_s) : exp(-since_s / part->fade_s);
    return flow * HEAP_BIN_S;
}

/* ---- lives ---- */

static double draw_life_s(struct machine *m, const struct heap_part *part, double age_s)
{
    switch (part->life) {
    case HEAP_EXPONENTIAL:
        return prng_exponential(m->r, part->life_s);
    case HEAP_LOGNORMAL:
        return prng_lognormal(m->r, part->life_s, 1);
    case HEAP_FIXED:
        return part->life_s;
    case HEAP_FLUSH:
        return part->life_s - fmod(age_s, part->life_s);
    default:
        return INFINITY;
    }
}

static void born(
    struct machine *m, const struct heap_part *part, struct part_state *s, size_t bin, long sampled)
{
    s->sampled += sampled;
    s->sampled_allocs += sampled;
    if (!s->calendar)
        return;
    double age_s = (double)bin * HEAP_BIN_S - m->start_s;
    for (long i = 0; i < sampled; i++) {
        double bins = ceil(draw_life_s(m, part, age_s) / HEAP_BIN_S);
        if (bins < CALENDAR_BINS)
            s->calendar[(bin + (size_t)fmax(bins, 1)) % CALENDAR_BINS]++;
    }
}

/* Takes the oldest out of a FIFO until the rest fits. */
static void evict(struct machine *m, const struct heap_part *part, struct part_state *s)
{
    while (s->bytes > part->cap_bytes && s->oldest < s->newest) {
        struct cohort *c = &s->fifo[s->oldest];
        double over = s->bytes - part->cap_bytes;
        if (c->bytes <= over) {
            s->sampled -= c->sampled;
            s->bytes -= c->bytes;
            s->oldest++;
            continue;
        }
        long gone = prng_binomial(m->r, c->sampled, over / c->bytes);
        s->sampled -= gone;
        c->sampled -= gone;
        c->bytes -= over;
        s->bytes -= over;
    }
}

static void step_part(struct machine *m, int i, size_t bin)
{
    const struct heap_part *part = &m->plan->parts[i];
    struct part_state *s = &m->parts[i];
    double age_s = (double)bin * HEAP_BIN_S - m->start_s;
    if (s->calendar) {
        s->sampled -= s->calendar[bin % CALENDAR_BINS];
        s->calendar[bin % CALENDAR_BINS] = 0;
    }
    if (part->life == HEAP_REPLACED) {
        double share = fmin(HEAP_BIN_S / part->life_s, 1);
        s->sampled -= prng_binomial(m->r, s->sampled, share);
        double objects = s->bytes * share / part->object_bytes;
        born(m, part, s, bin, prng_poisson(m->r, objects * chance_of(part)));
    }
    double bytes = arriving(m, part, s, age_s);
    long sampled = prng_poisson(m->r, bytes / part->object_bytes * chance_of(part));
    born(m, part, s, bin, sampled);
    if (part->life == HEAP_REPLACED)
        s->bytes += bytes;
    if (part->life == HEAP_FIFO) {
        s->bytes += bytes;
        s->fifo[s->newest++] = (struct cohort){bytes, sampled};
        evict(m, part, s);
    }
}

/* ---- the process ---- */

static void begin_process(struct machine *m, double t_s)
{
    m->start_s = t_s;
    for (int i = 0; i < m->plan->part_count; i++) {
        struct part_state *s = &m->parts[i];
        int *calendar = s->calendar;
        struct cohort *fifo = s->fifo;
        if (calendar)
            memset(calendar, 0, CALENDAR_BINS * sizeof *calendar);
        *s = (struct part_state){.calendar = calendar, .fifo = fifo};
    }
}

static bool has_calendar(enum heap_life life)
{
    return life == HEAP_EXPONENTIAL || life == HEAP_LOGNORMAL || life == HEAP_FIXED ||
           life == HEAP_FLUSH;
}

static void machine_init(struct machine *m, const struct heap_plan *plan, struct prng *r)
{
    *m = (struct machine){.plan = plan, .r = r};
    m->bins = (size_t)((plan->attach_s + plan->duration_s) / HEAP_BIN_S) + 2;
    m->next_burst_s = prng_exponential(r, fmax(plan->load.burst_every_s, 1));
    m->wander = plan->load.wander * prng_normal(r);
    for (int i = 0; i < plan->part_count; i++) {
        if (has_calendar(plan->parts[i].life))
            m->parts[i].calendar = lw_new(CALENDAR_BINS, sizeof(int));
        if (plan->parts[i].life == HEAP_FIFO)
            m->parts[i].fifo = lw_new(m->bins + 1, sizeof(struct cohort));
    }
}

static void machine_fini(struct machine *m)
{
    for (int i = 0; i < m->plan->part_count; i++) {
        free(m->parts[i].calendar);
        free(m->parts[i].fifo);
    }
}

/* What a profile of now would say: Go scales each record and cuts it to whole objects and bytes. */
static struct heap_sample look(const struct machine *m)
{
    struct heap_sample sample = {0};
    for (int i = 0; i < m->plan->part_count; i++) {
        const struct heap_part *part = &m->plan->parts[i];
        double scale = 1 / chance_of(part);
        double inuse = (double)m->parts[i].sampled, allocs = (double)m->parts[i].sampled_allocs;
        sample.inuse_objects += floor(inuse * scale);
        sample.inuse_bytes += floor(inuse * scale * part->object_bytes);
        sample.alloc_objects += floor(allocs * scale);
        sample.alloc_bytes += floor(allocs * scale * part->object_bytes);
    }
    return sample;
}

/* The profile served at t_s is that of the last collection whose marking had ended. */
static struct heap_sample serve(const struct machine *m, double t_s)
{
    double gc_s = (floor(t_s / m->plan->gc_s) - 1) * m->plan->gc_s;
    gc_s = fmax(gc_s, m->start_s);
    struct heap_sample sample = m->published[(size_t)(gc_s / HEAP_BIN_S) % PUBLISHED_BINS];
    sample.t_s = round((t_s - m->plan->attach_s) * 10) / 10;
    return sample;
}

static void step(struct machine *m, size_t bin, int *restarts)
{
    double t_s = (double)bin * HEAP_BIN_S;
    if (*restarts < m->plan->restart_count && t_s >= m->plan->restarts_s[*restarts]) {
        begin_process(m, t_s);
        ++*restarts;
    }
    step_load(m, t_s);
    for (int i = 0; i < m->plan->part_count; i++)
        step_part(m, i, bin);
    m->published[bin % PUBLISHED_BINS] = look(m);
}

struct heap_sample *heap_run(const struct heap_plan *plan, struct prng *r, size_t *count)
{
    struct machine m;
    machine_init(&m, plan, r);
    struct heap_sample *samples =
        lw_new((size_t)(plan->duration_s / plan->interval_s) + 2, sizeof *samples);
    *count = 0;
    int restarts = 0;
    double due_s = plan->attach_s + plan->interval_s;
    for (size_t bin = 0; bin < m.bins; bin++) {
        step(&m, bin, &restarts);
        double at_s = due_s + prng_between(r, -JITTER_S, JITTER_S);
        double now_s = (double)(bin + 1) * HEAP_BIN_S;
        if (due_s + JITTER_S >= now_s || due_s > plan->attach_s + plan->duration_s)
            continue;
        if (!prng_chance(r, LOST_CHANCE))
            samples[(*count)++] = serve(&m, at_s);
        due_s += plan->interval_s;
    }
    machine_fini(&m);
    return samples;
}
