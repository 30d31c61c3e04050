#include "families.h"

#include <math.h>
#include <string.h>

#define MIN 60.0
#define KB  1e3
#define MB  1e6

/* A leak that grows by less than this within view, by fewer standard deviations of Go's sampling or
 * for a shorter time is nobody's to find. */
#define VISIBLE_BYTES  (40 * MB)
#define VISIBLE_SIGMAS 10
#define VISIBLE_MIN    200

/* ---- drawing ---- */

static double size(struct family_draw *d, double lo, double hi)
{
    return prng_scale(d->r, lo, hi) * d->size_shift;
}

static double time_s(struct family_draw *d, double lo_min, double hi_min)
{
    return prng_scale(d->r, lo_min, hi_min) * MIN * d->time_shift;
}

static double object_bytes(struct prng *r)
{
    return round(
        prng_chance(r, .1) ? prng_scale(r, 32 * KB, 1500 * KB) : prng_scale(r, 16, 32 * KB));
}

static void watch(struct family_case *c, struct family_draw *d, double lo_min, double hi_min)
{
    if (c->plan.duration_s == 0)
        c->plan.duration_s = prng_between(d->r, lo_min, hi_min) * MIN;
}

/* With this chance the process is met when it has run for 2 to 8 hours. */
static void attach_late(struct family_case *c, struct family_draw *d, double chance)
{
    if (prng_chance(d->r, chance))
        c->plan.attach_s = prng_between(d->r, 120, 480) * MIN;
}

/* ---- parts ---- */

/* One, two or three sizes of objects share what `part` says. */
static void add(struct family_case *c, struct family_draw *d, const struct heap_part *part)
{
    int sizes = 1 + (int)(3 * prng_uniform(d->r));
    double weights[3], sum = 0;
    for (int i = 0; i < sizes; i++)
        sum += weights[i] = prng_between(d->r, .2, 1);
    bool one_event = part->every_s > 0 || part->high_water;
    for (int i = 0; i < (one_event ? 1 : sizes) && c->plan.part_count < HEAP_PARTS_MAX; i++) {
        double share = one_event ? 1 : weights[i] / sum;
        struct heap_part *p = &c->plan.parts[c->plan.part_count++];
        *p = *part;
        p->flow *= share;
        p->cap_bytes *= share;
        if (p->object_bytes == 0)
            p->object_bytes = object_bytes(d->r);
    }
}

/* What any program has: some objects for good, and some that come and go with the load. */
static void add_base(struct family_case *c, struct family_draw *d, double lo, double hi)
{
    if (prng_chance(d->r, .6))
        add(c, d, &(struct heap_part){.flow = size(d, lo, hi) / 30, .to_s = 30});
    double level = size(d, lo, hi) * prng_between(d->r, .3, 1);
    double life_s = time_s(d, .2, 12);
    enum heap_life life = prng_chance(d->r, .3) ? HEAP_LOGNORMAL : HEAP_EXPONENTIAL;
    add(c, d,
        &(struct heap_part){
            .flow = level / life_s, .load_share = 1, .life = life, .life_s = life_s});
}

static void wander(struct family_case *c, struct family_draw *d, double lo, double hi)
{
    c->plan.load.wander = prng_between(d->r, lo, hi);
    c->plan.load.wander_s = time_s(d, 2, 30);
}

/* What the program holds that comes and goes, and so is sampled anew all the time. */
static double churning_bytes(const struct family_case *c)
{
    double bytes = 0;
    for (int i = 0; i < c->plan.part_count; i++) {
        const struct heap_part *p = &c->plan.parts[i];
        if (p->life == HEAP_EXPONENTIAL || p->life == HEAP_LOGNORMAL || p->life == HEAP_FLUSH)
            bytes += p->flow * p->life_s;
    }
    return bytes;
}

/* A rate drawn in lo .. hi MB/min, but visible when seen for seen_s on top of what is there. */
static double leak_rate(
    struct family_case *c, struct family_draw *d, double lo_mb_min, double hi_mb_min, double seen_s)
{
    double rate = prng_scale(d->r, lo_mb_min, hi_mb_min) * MB / MIN * d->size_shift;
    double noise = sqrt(HEAP_PERIOD_BYTES * (churning_bytes(c) + VISIBLE_BYTES));
    return fmax(rate, fmax(VISIBLE_BYTES, VISIBLE_SIGMAS * noise) / seen_s);
}

static void add_leak(struct family_case *c, struct family_draw *d, double rate)
{
    c->leak_rate = rate;
    add(c, d, &(struct heap_part){.flow = rate});
}

/* ---- families that leak ---- */

static void leak_linear(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 190, 1200);
    attach_late(c, d, .4);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    add_leak(c, d, leak_rate(c, d, .05, 15, c->plan.duration_s));
}

static void leak_slow(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 640, 1400);
    attach_late(c, d, .5);
    wander(c, d, .05, .2);
    add_base(c, d, 2 * MB, 40 * MB);
    add_leak(c, d, leak_rate(c, d, .04, .15, c->plan.duration_s));
}

static void leak_slow_noisy(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 960, 1400);
    attach_late(c, d, .6);
    wander(c, d, .02, .1);
    double level = size(d, 300 * MB, 1200 * MB), life_s = time_s(d, .3, 10);
    add(c, d,
        &(struct heap_part){
            .flow = level / life_s, .load_share = 1, .life = HEAP_EXPONENTIAL, .life_s = life_s});
    add_leak(c, d, leak_rate(c, d, .1, .45, c->plan.duration_s));
}

static void leak_lumps(struct family_case *c, struct family_draw *d, double irregular)
{
    attach_late(c, d, .4);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    double lumps = prng_between(d->r, irregular > 0 ? 12 : 9, 40);
    double every_s = c->plan.duration_s / lumps;
    c->leak_rate = leak_rate(c, d, .06, 3, c->plan.duration_s);
    add(c, d,
        &(struct heap_part){.flow = c->leak_rate, .every_s = every_s, .irregular = irregular});
}

static void leak_step(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 260, 1250);
    leak_lumps(c, d, 0);
}

static void leak_burst(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 500, 1300);
    leak_lumps(c, d, prng_between(d->r, .4, .8));
}

static void leak_diurnal(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 720, 1400);
    attach_late(c, d, .5);
    wander(c, d, .05, .2);
    c->plan.load.wave = prng_between(d->r, .2, .6);
    c->plan.load.wave_s = time_s(d, 300, 1440);
    c->plan.load.wave_from = prng_uniform(d->r);
    double level = size(d, 5 * MB, 400 * MB), life_s = time_s(d, .3, 12);
    add(c, d,
        &(struct heap_part){
            .flow = level / life_s, .load_share = 1, .life = HEAP_EXPONENTIAL, .life_s = life_s});
    c->leak_rate = fmax(leak_rate(c, d, .1, 6, c->plan.duration_s),
        1.5 * level * c->plan.load.wave / c->plan.duration_s);
    double share = prng_chance(d->r, .5) ? prng_between(d->r, .3, 1) : 0;
    add(c, d, &(struct heap_part){.flow = c->leak_rate, .load_share = share});
}

static void leak_sawtooth(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 330, 1100);
    attach_late(c, d, .3);
    wander(c, d, .05, .3);
    double flush_s = time_s(d, 4, 40), level = size(d, 5 * MB, 150 * MB);
    add(c, d,
        &(struct heap_part){
            .flow = level / flush_s, .load_share = .5, .life = HEAP_FLUSH, .life_s = flush_s});
    add_leak(c, d, fmax(leak_rate(c, d, .1, 8, c->plan.duration_s), level / c->plan.duration_s));
}

static void leak_onset(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 380, 1200);
    attach_late(c, d, .5);
    wander(c, d, .05, .3);
    add_base(c, d, 4 * MB, 80 * MB);
    double latest = c->plan.duration_s - VISIBLE_MIN * MIN;
    c->leak_start_s = prng_between(d->r, 110 * MIN, fmax(latest, 120 * MIN));
    c->leak_rate = leak_rate(c, d, .1, 4, c->plan.duration_s - c->leak_start_s);
    add(c, d,
        &(struct heap_part){.flow = c->leak_rate, .from_s = c->plan.attach_s + c->leak_start_s});
}

static void leak_power(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 280, 1250);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 40 * MB);
    double power = prng_between(d->r, .85, 1.5);
    c->leak_rate = leak_rate(c, d, .12, 8, c->plan.duration_s);
    add(c, d,
        &(struct heap_part){
            .flow = c->leak_rate * power, .power = power, .span_s = c->plan.duration_s});
}

static void add_ramp(struct family_case *c, struct family_draw *d, double lo, double hi)
{
    struct heap_load *l = &c->plan.load;
    double end_s = c->plan.attach_s + c->plan.duration_s;
    l->ramp_to = prng_between(d->r, lo, hi);
    l->ramp_from_s = c->plan.attach_s + prng_between(d->r, -.2, .5) * c->plan.duration_s;
    l->ramp_to_s = prng_between(d->r, l->ramp_from_s + .1 * c->plan.duration_s, 1.3 * end_s);
}

static void leak_ramp(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 370, 1400);
    attach_late(c, d, .4);
    wander(c, d, .03, .15);
    add_ramp(c, d, 1.3, 3);
    double level = size(d, 5 * MB, 150 * MB), life_s = time_s(d, .3, 12);
    add(c, d,
        &(struct heap_part){
            .flow = level / life_s, .load_share = 1, .life = HEAP_EXPONENTIAL, .life_s = life_s});
    c->leak_rate = fmax(leak_rate(c, d, .3, 15, c->plan.duration_s),
        level * c->plan.load.ramp_to / c->plan.duration_s);
    add(c, d, &(struct heap_part){.flow = c->leak_rate});
}

static void leak_warmup(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 370, 1350);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 40 * MB);
    double fade_s = time_s(d, 5, 45), level = size(d, 10 * MB, 200 * MB);
    add(c, d, &(struct heap_part){.flow = level / fade_s, .fade_s = fade_s});
    add_leak(
        c, d, fmax(leak_rate(c, d, .12, 12, c->plan.duration_s), 1.5 * level / c->plan.duration_s));
}

static void leak_bigobj(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 240, 1300);
    attach_late(c, d, .2);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 20 * MB);
    double object = round(prng_scale(d->r, 1 * MB, 12 * MB));
    c->leak_rate =
        fmax(leak_rate(c, d, .12, 2, c->plan.duration_s), 20 * object / c->plan.duration_s);
    add(c, d, &(struct heap_part){.object_bytes = object, .flow = c->leak_rate});
}

static void leak_turnover(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 290, 1050);
    attach_late(c, d, .4);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 40 * MB);
    c->leak_rate = leak_rate(c, d, .13, 7, c->plan.duration_s);
    add(c, d,
        &(struct heap_part){.flow = c->leak_rate,
            .life = HEAP_REPLACED,
            .life_s = prng_between(d->r, 90, 480) * MIN});
}

/* Restarts at least two hours apart. */
static void add_restarts(struct family_case *c, struct family_draw *d)
{
    int most = (int)(c->plan.duration_s / (180 * MIN)) - 1;
    int count = 1 + (int)(3 * prng_uniform(d->r));
    count = count < most ? count : most > 1 ? most : 1;
    double stretch_s = c->plan.duration_s / (count + 1);
    for (int i = 0; i < count; i++)
        c->plan.restarts_s[i] =
            c->plan.attach_s + stretch_s * (i + 1 + prng_between(d->r, -.15, .15));
    c->plan.restart_count = count;
}

static void leak_restart(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 540, 1300);
    wander(c, d, .05, .3);
    add_restarts(c, d);
    add_base(c, d, 2 * MB, 60 * MB);
    add_leak(c, d, leak_rate(c, d, .4, 9, c->plan.duration_s / (c->plan.restart_count + 1)));
}

/* ---- families that do not ---- */

static void stable(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 130, 1300);
    attach_late(c, d, .7);
    wander(c, d, .03, .3);
    add_base(c, d, 2 * MB, 600 * MB);
}

static void static_heap(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 280, 900);
    attach_late(c, d, .6);
    add(c, d, &(struct heap_part){.flow = size(d, 5 * MB, 400 * MB) / 30, .to_s = 30});
    if (prng_chance(d->r, .5))
        add(c, d,
            &(struct heap_part){
                .flow = size(d, .1 * MB, 2 * MB) / 60, .life = HEAP_EXPONENTIAL, .life_s = 60});
}

static void tiny(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 180, 1250);
    attach_late(c, d, .4);
    wander(c, d, .1, .4);
    add_base(c, d, .3 * MB, 3 * MB);
}

static void periodic(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 400, 1300);
    attach_late(c, d, .7);
    wander(c, d, .03, .2);
    c->plan.load.wave = prng_between(d->r, .3, .9);
    c->plan.load.wave_s = time_s(d, 45, 1440);
    c->plan.load.wave_from = prng_uniform(d->r);
    add_base(c, d, 4 * MB, 600 * MB);
}

static void ramp(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 250, 1350);
    attach_late(c, d, .7);
    wander(c, d, .03, .15);
    add_ramp(c, d, 1.5, 5);
    add_base(c, d, 4 * MB, 120 * MB);
}

static void wandering(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 280, 1350);
    attach_late(c, d, .7);
    c->plan.load.wander = prng_between(d->r, .15, .6);
    c->plan.load.wander_s = time_s(d, 30, 400);
    add_base(c, d, 4 * MB, 400 * MB);
}

static void burst(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 290, 1350);
    attach_late(c, d, .7);
    wander(c, d, .05, .2);
    c->plan.load.burst = prng_between(d->r, 2, 8);
    c->plan.load.burst_every_s = time_s(d, 30, 240);
    c->plan.load.burst_s = time_s(d, 2, 25);
    add_base(c, d, 4 * MB, 200 * MB);
}

static void add_cache(struct family_case *c, struct family_draw *d, double from_s)
{
    double cap = size(d, 8 * MB, 400 * MB), fill_s = time_s(d, 5, 70);
    double load_share = prng_between(d->r, 0, 1);
    if (prng_chance(d->r, .5)) { /* all that is asked for is put in */
        add(c, d,
            &(struct heap_part){.flow = cap / fill_s,
                .from_s = from_s,
                .load_share = load_share,
                .life = HEAP_FIFO,
                .cap_bytes = cap});
        return;
    }
    /* only what is not in it yet is: ever less */
    add(c, d,
        &(struct heap_part){.flow = cap / fill_s,
            .from_s = from_s,
            .fade_s = fill_s,
            .load_share = load_share,
            .life = HEAP_FIFO,
            .cap_bytes = cap});
}

static void lru_fill(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 320, 1350);
    attach_late(c, d, .1);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 30 * MB);
    add_cache(c, d, 0);
}

static void warmup_exp(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 210, 1350);
    attach_late(c, d, .1);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 30 * MB);
    double fade_s = time_s(d, 5, 75);
    add(c, d, &(struct heap_part){.flow = size(d, 5 * MB, 500 * MB) / fade_s, .fade_s = fade_s});
}

static void step_once(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 190, 1100);
    attach_late(c, d, .5);
    wander(c, d, .05, .3);
    add_base(c, d, 10 * MB, 200 * MB);
    double from_s = c->plan.attach_s + prng_between(d->r, .1, .8) * c->plan.duration_s;
    double over_s = prng_scale(d->r, .2, 20) * MIN;
    add(c, d,
        &(struct heap_part){.flow = size(d, 10 * MB, 400 * MB) / over_s,
            .from_s = from_s,
            .to_s = from_s + over_s});
}

static void late_cache(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 260, 600);
    attach_late(c, d, .4);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    add_cache(c, d, c->plan.attach_s + prng_between(d->r, .1, .5) * c->plan.duration_s);
}

static void ttl_cache(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 340, 950);
    attach_late(c, d, .2);
    wander(c, d, .05, .3);
    double ttl_s = time_s(d, 10, 80), level = size(d, 10 * MB, 200 * MB);
    add_base(c, d, 2 * MB, 30 * MB);
    add(c, d,
        &(struct heap_part){
            .flow = level / ttl_s, .load_share = 1, .life = HEAP_FIXED, .life_s = ttl_s});
}

static void highwater(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 350, 1350);
    attach_late(c, d, .3);
    c->plan.load.wander = prng_between(d->r, .1, .5);
    c->plan.load.wander_s = time_s(d, 5, 120);
    if (prng_chance(d->r, .4)) {
        c->plan.load.wave = prng_between(d->r, .2, .6);
        c->plan.load.wave_s = time_s(d, 300, 1440);
        c->plan.load.wave_from = prng_uniform(d->r);
    }
    add_base(c, d, 1 * MB, 20 * MB);
    add(c, d,
        &(struct heap_part){
            .flow = size(d, 10 * MB, 250 * MB) / 60, .high_water = true, .life_s = 60});
}

static void map_saturating(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 550, 1400);
    attach_late(c, d, .3);
    wander(c, d, .05, .3);
    add_base(c, d, 1 * MB, 20 * MB);
    double fade_s = time_s(d, 8, 60);
    bool slowly = prng_chance(d->r, .7);
    add(c, d,
        &(struct heap_part){.flow = size(d, 5 * MB, 120 * MB) / fade_s / (slowly ? 3 : 1),
            .fade_s = fade_s,
            .fades_slowly = slowly});
}

static void cron_job(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 300, 1300);
    attach_late(c, d, .5);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 40 * MB);
    double every_s = time_s(d, 15, 360);
    double life_s = fmin(time_s(d, 2, 60), .8 * every_s);
    add(c, d,
        &(struct heap_part){.flow = size(d, 10 * MB, 300 * MB) / every_s,
            .every_s = every_s,
            .irregular = prng_chance(d->r, .5) ? .3 : 0,
            .life = HEAP_FIXED,
            .life_s = life_s});
}

static void sawtooth(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 220, 1350);
    attach_late(c, d, .4);
    wander(c, d, .05, .4);
    add_base(c, d, 2 * MB, 60 * MB);
    double flush_s = time_s(d, 5, 90);
    add(c, d,
        &(struct heap_part){.flow = size(d, 5 * MB, 500 * MB) / flush_s,
            .load_share = 1,
            .life = HEAP_FLUSH,
            .life_s = flush_s});
}

static void restart(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 430, 920);
    wander(c, d, .05, .3);
    add_restarts(c, d);
    add_base(c, d, 10 * MB, 150 * MB);
    double fade_s = time_s(d, 8, 50);
    add(c, d,
        &(struct heap_part){.flow = size(d, 10 * MB, 120 * MB) / fade_s,
            .fade_s = fade_s,
            .fades_slowly = prng_chance(d->r, .4)});
}

const struct family families[] = {
    {"leak_linear", true, true, false, 34, leak_linear},
    {"leak_slow", true, true, false, 23, leak_slow},
    {"leak_slow_noisy", true, true, false, 23, leak_slow_noisy},
    {"leak_step", true, false, false, 23, leak_step},
    {"leak_burst", true, false, false, 17, leak_burst},
    {"leak_diurnal", true, false, false, 23, leak_diurnal},
    {"leak_sawtooth", true, true, false, 23, leak_sawtooth},
    {"leak_onset", true, true, false, 23, leak_onset},
    {"leak_power", true, false, false, 17, leak_power},
    {"leak_ramp", true, false, false, 23, leak_ramp},
    {"leak_warmup", true, true, false, 23, leak_warmup},
    {"leak_bigobj", true, true, false, 11, leak_bigobj},
    {"leak_turnover", true, true, false, 17, leak_turnover},
    {"leak_restart", true, false, false, 17, leak_restart},
    {"stable", false, false, true, 23, stable},
    {"static", false, false, true, 11, static_heap},
    {"tiny", false, false, true, 14, tiny},
    {"periodic", false, false, true, 23, periodic},
    {"ramp", false, false, true, 23, ramp},
    {"wander", false, false, true, 18, wandering},
    {"burst", false, false, true, 18, burst},
    {"lru_fill", false, false, false, 18, lru_fill},
    {"warmup_exp", false, false, false, 23, warmup_exp},
    {"step_once", false, false, false, 18, step_once},
    {"late_cache", false, false, false, 14, late_cache},
    {"ttl_cache", false, false, false, 18, ttl_cache},
    {"highwater", false, false, false, 14, highwater},
    {"map_saturating", false, false, false, 18, map_saturating},
    {"cron_job", false, false, false, 18, cron_job},
    {"sawtooth", false, false, false, 18, sawtooth},
    {"restart", false, false, false, 14, restart},
};
const int family_count = sizeof families / sizeof *families;

const struct family *family_draw_any(struct prng *r)
{
    int sum = 0;
    for (int i = 0; i < family_count; i++)
        sum += families[i].weight;
    int at = (int)(sum * prng_uniform(r));
    int i = 0;
    while (at >= families[i].weight)
        at -= families[i++].weight;
    return &families[i];
}

/* ---- families that nothing was tuned on ---- */

/* Each object brings some more: the rate doubles every quarter to half of the time. */
static void leak_accelerating(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 300, 1200);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    double power = prng_between(d->r, 1.8, 3);
    c->leak_rate = leak_rate(c, d, .15, 6, c->plan.duration_s);
    add(c, d,
        &(struct heap_part){
            .flow = c->leak_rate * power, .power = power, .span_s = c->plan.duration_s});
}

/* What leaks is asked for by day only. */
static void leak_by_day(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 1200, 1440);
    attach_late(c, d, .5);
    wander(c, d, .05, .2);
    c->plan.load.wave = prng_between(d->r, .8, 1);
    c->plan.load.wave_s = prng_between(d->r, 720, 1440) * MIN;
    c->plan.load.wave_from = prng_uniform(d->r);
    add_base(c, d, 2 * MB, 30 * MB);
    c->leak_rate = leak_rate(c, d, .3, 5, c->plan.duration_s);
    add(c, d, &(struct heap_part){.flow = c->leak_rate, .load_share = 1});
}

/* Arrays of which each is twice as large as the one it takes the place of, for `doublings` times.
 */
static void add_doubling(struct family_case *c, double first_bytes, double at_s, int doublings)
{
    double bytes = first_bytes;
    for (int i = 0; i < doublings && c->plan.part_count < HEAP_PARTS_MAX; i++) {
        c->plan.parts[c->plan.part_count++] = (struct heap_part){.object_bytes = round(bytes / 64),
            .flow = bytes / HEAP_BIN_S,
            .from_s = at_s,
            .to_s = at_s + HEAP_BIN_S,
            .life = i + 1 < doublings ? HEAP_FIXED : HEAP_FOREVER,
            .life_s = at_s};
        bytes *= 2;
        at_s *= 2;
    }
}

/* A list that is only added to: its objects, and an array that doubles. */
static void leak_list(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 300, 1200);
    attach_late(c, d, .3);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 30 * MB);
    double rate = leak_rate(c, d, .2, 6, c->plan.duration_s);
    add_leak(c, d, rate);
    double first_s = prng_between(d->r, 10, 30) * MIN;
    add_doubling(c, rate * first_s * prng_between(d->r, .1, .4), first_s, 7);
}

/* A table that doubles until all are in it. */
static void doubling_table(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 300, 1200);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    add_doubling(
        c, size(d, 1 * MB, 6 * MB), prng_between(d->r, 4, 12) * MIN, (int)prng_between(d->r, 3, 6));
}

/* A queue that nobody reads for a while, and that is worked off later. */
static void backlog(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 500, 1300);
    attach_late(c, d, .5);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    double stalled_s = time_s(d, 20, 80), from_s = c->plan.attach_s;
    for (int i = 0; i < 3; i++) {
        from_s += prng_between(d->r, .1, .3) * c->plan.duration_s;
        c->plan.parts[c->plan.part_count++] = (struct heap_part){.object_bytes = object_bytes(d->r),
            .flow = size(d, 20 * MB, 300 * MB) / stalled_s,
            .from_s = from_s,
            .to_s = from_s + stalled_s,
            .life = HEAP_FIXED,
            .life_s = stalled_s};
    }
}

/* A cache with a time to live, and traffic that follows the day. */
static void daily_cache(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 1000, 1440);
    attach_late(c, d, .6);
    wander(c, d, .05, .2);
    c->plan.load.wave = prng_between(d->r, .3, .8);
    c->plan.load.wave_s = 1440 * MIN;
    c->plan.load.wave_from = prng_uniform(d->r);
    double ttl_s = time_s(d, 10, 80), level = size(d, 20 * MB, 300 * MB);
    add_base(c, d, 2 * MB, 30 * MB);
    add(c, d,
        &(struct heap_part){
            .flow = level / ttl_s, .load_share = 1, .life = HEAP_FIXED, .life_s = ttl_s});
}

/* A configuration that is read anew every two hours and held beside the one before for a while. */
static void reloads(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 500, 1300);
    attach_late(c, d, .5);
    wander(c, d, .05, .3);
    add_base(c, d, 2 * MB, 60 * MB);
    double every_s = prng_between(d->r, 100, 140) * MIN;
    add(c, d,
        &(struct heap_part){.flow = size(d, 10 * MB, 200 * MB) / every_s,
            .every_s = every_s,
            .life = HEAP_FIXED,
            .life_s = every_s * prng_between(d->r, 1.02, 1.4)});
}

/* Connections with their buffers: as many as were ever needed at once, at most so many. */
static void pool_to_cap(struct family_case *c, struct family_draw *d)
{
    watch(c, d, 300, 1300);
    attach_late(c, d, .2);
    wander(c, d, .1, .4);
    add_base(c, d, 2 * MB, 60 * MB);
    double cap = size(d, 10 * MB, 200 * MB), filled_s = time_s(d, 20, 120);
    double every_s = filled_s / prng_between(d->r, 8, 40);
    c->plan.parts[c->plan.part_count++] = (struct heap_part){.object_bytes = 64 * KB,
        .flow = cap / filled_s,
        .to_s = filled_s,
        .every_s = every_s,
        .irregular = prng_between(d->r, .3, .8)};
}

const struct family strangers[] = {
    {"leak_accelerating", true, false, false, 1, leak_accelerating},
    {"leak_by_day", true, false, false, 1, leak_by_day},
    {"leak_list", true, false, false, 1, leak_list},
    {"doubling_table", false, false, false, 1, doubling_table},
    {"backlog", false, false, false, 1, backlog},
    {"daily_cache", false, false, false, 1, daily_cache},
    {"reloads", false, false, false, 1, reloads},
    {"pool_to_cap", false, false, false, 1, pool_to_cap},
};
const int stranger_count = sizeof strangers / sizeof *strangers;

/* ---- programs ---- */

static void begin_case(struct family_case *c, struct prng *r, double minutes)
{
    memset(c, 0, sizeof *c);
    c->plan.duration_s = minutes * MIN;
    c->plan.interval_s = 60;
    c->plan.gc_s = prng_scale(r, .2, 110);
}

void family_build(const struct family *family, enum family_ranges ranges, double minutes,
    struct prng *r, struct family_case *c)
{
    struct family_draw draw = {.r = r, .size_shift = 1, .time_shift = 1};
    if (ranges == FAMILY_RANGES_SHIFTED) {
        draw.size_shift = prng_scale(r, .6, 2.5);
        draw.time_shift = prng_scale(r, .6, 1.25);
    }
    begin_case(c, r, minutes);
    family->build(c, &draw);
}

void family_build_haystack_site(int site, int sites, double total_bytes, double leak_rate_,
    double minutes, struct prng *r, struct family_case *c)
{
    struct family_draw draw = {.r = r, .size_shift = 1, .time_shift = 1};
    begin_case(c, r, minutes);
    c->plan.attach_s = 240 * MIN;
    wander(c, &draw, .05, .2);
    if (site == 0) {
        add_leak(c, &draw, leak_rate_);
        return;
    }
    double level = total_bytes / sites * prng_between(r, .3, 1.7), life_s = time_s(&draw, .2, 15);
    add(c, &draw,
        &(struct heap_part){
            .flow = level / life_s, .load_share = 1, .life = HEAP_EXPONENTIAL, .life_s = life_s});
}

void family_build_quiet_leak(
    double leak_rate_, double age_s, double minutes, struct prng *r, struct family_case *c)
{
    struct family_draw draw = {.r = r, .size_shift = 1, .time_shift = 1};
    begin_case(c, r, minutes);
    c->plan.attach_s = age_s;
    wander(c, &draw, .05, .2);
    add_base(c, &draw, 1 * MB, 20 * MB);
    c->leak_start_s = 0;
    add_leak(c, &draw, leak_rate_);
}
