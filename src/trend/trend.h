/* The trend engine for one series of a Go heap: an allocation site, a type, or a target's total.
 * Pure functions over bounded memory: no clock, no I/O, no knowledge of profiles or targets. Time
 * comes in with each point, in seconds of any one timeline (the daemon uses Unix time).
 *
 * A series keeps its past in rings of blocks, each level twice as coarse as the one before, judges
 * its newest window whenever a block closes, and says what it sees as a class together with the
 * gates that led there. ARCHITECTURE.md tells the design; each formula's source stands at its
 * function. */
#ifndef LW_TREND_TREND_H
#define LW_TREND_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/strbuf.h"

/* Times are in seconds, sizes in bytes. Every time scales with base_s: a test or a demo that wants
 * an hour to be a minute sets base_s to 1 and changes nothing else. */
struct trend_config {
    double base_s;         /* the base block, 60 */
    double confirm_s;      /* shortest window that may convict, 60 base blocks */
    double young_s;        /* the same of growth that began in view or in youth, 96 base blocks */
    double age_s;          /* how long a process is young, 60 base blocks */
    double lifetime_max_s; /* longest mean lifetime the load model may assume, 90 base blocks */
    double gap_s;          /* a hole longer than this begins a new epoch, 24 base blocks */
    double settle_s; /* a quiet class that replaces another is heard so long, 90 base blocks */
    double min_growth_bytes; /* less growth than this is not looked at, 4 MiB */
    double noise_z;          /* growth must be this many sampling deviations, 4.5 */
    double turnover_z;       /* … and this many of sampling and turnover together, 3.5 */
    double young_turnover_z; /* … which in a young process, where much grows, are 4.3 */
    double urgent_bytes;     /* the urgent path: growth over 20 base blocks, 14 MiB */
    double urgent_z;         /* … in deviations of sampling and turnover, 4.5 */
    /* … the dimensionless gates follow, each documented where it is declared … */
    double max_share; /* largest single step of 7 over the growth: a step is not a leak, .34 */
    double still_min; /* growth of the last step, and of the last two, over an even share, .45 */
    double curve_min; /* slope at 5/6 of the window over slope at 1/6: saturation, .55 */
    double young_curve_z;   /* … and straighter than a warm-up by this over its deviations, 1.4 */
    double old_curve_z;     /* … the same where the process was not young, 1 */
    double late_max;        /* growth of the second half over the first: began late, wait, 1.9 */
    double older_max;       /* older rate over the window's: slowing down, 1.5 */
    double new_high_min;    /* last floor above every earlier floor, over the growth, .3 */
    double load_growth_max; /* growth over what is left of it without load, 1.4 */
    double churn_growth_max; /* what is freed, second half over first: rising load, 1.4 */
    double load_r2;          /* load explaining this much excuses the raw shape, .43 */
};

/* The defaults, scaled to a base block of base_s seconds. */
void trend_config_init(struct trend_config *config, double base_s);

struct trend_point {
    double t_s;
    double inuse_bytes;
    double alloc_bytes; /* cumulative since the process started */
    double noise_bytes; /* sampling variance of inuse per byte of it (profile_site.noise_bytes) */
    bool same_process;  /* known to be the process of the point before: then alloc going down only
                         * says that what the series sums has changed */
};

/* What a series is, in the order of how much it should worry. X(name, word) */
#define TREND_CLASSES(X) \
    X(TREND_WARMING, "warming")           /* not enough seen yet to say anything */ \
    X(TREND_HEALTHY, "healthy")           /* no growth that the gates take seriously */ \
    X(TREND_CHURN, "churn")               /* … while much is allocated and freed again */ \
    X(TREND_UNRESOLVABLE, "unresolvable") /* … as far as can be told: few objects were sampled */ \
    X(TREND_LOAD_COUPLED, "load-coupled") /* goes up and down with the allocation rate */ \
    X(TREND_SAWTOOTH, "sawtooth")         /* rises and is let go of, again and again */ \
    X(TREND_STEP, "step")                 /* rose once, and has stayed there */ \
    X(TREND_SATURATING, "saturating") /* grows, but ever more slowly: a cache or pool filling */ \
    X(TREND_GROWING, "growing")       /* grows like a leak, for too short a time to say so */ \
    X(TREND_LEAK, "leak")             /* every gate passed, and not acquitted since */

enum trend_class {
#define TREND_CLASS_ENUM(name, word) name,
    TREND_CLASSES(TREND_CLASS_ENUM)
#undef TREND_CLASS_ENUM
        TREND_CLASS_COUNT
};

const char *trend_class_word(enum trend_class c);

/* Why a series is not (or no longer) a leak, or why it is: one gate each. X(name, word, text)
 * Passed gates speak for a leak; value and limit are in the unit the text names. A gate stops when
 * it was judged and not passed. A series becomes a leak when no gate up to TREND_GATE_AGE stops, is
 * growing when none before that does, and stays a leak until it is acquitted. */
#define TREND_GATES(X) \
    X(TREND_GATE_WINDOW, "window_s", "seconds of history in the window judged") \
    X(TREND_GATE_GROWTH, "growth_bytes", "bytes grown over the window") \
    X(TREND_GATE_NOISE, "noise_sigma", "growth in standard deviations of Go's sampling") \
    X(TREND_GATE_TURNOVER, "turnover_sigma", "the same, of sampling and of turnover together") \
    X(TREND_GATE_SHARE, "largest_step", "largest of seven steps as a share of the growth") \
    X(TREND_GATE_RISING, "rising_steps", "steps of seven that went up") \
    X(TREND_GATE_STILL, "still_growing", \
        "growth of the last step, or of the last two, over an even share") \
    X(TREND_GATE_LATE, "late_growth", "growth of the second half over the first") \
    X(TREND_GATE_CURVE, "curve", "slope at the end of the window over slope at its start") \
    X(TREND_GATE_OLDER, "older_rate", "rate before the window over the rate in it") \
    X(TREND_GATE_HIGH, "new_high", "last floor above every earlier one over the growth") \
    X(TREND_GATE_LOAD_GROWTH, "load_growth", "growth over what is left of it without load") \
    X(TREND_GATE_CHURN_GROWTH, "churn_growth", \
        "what is freed again, in the second half of the window over the first") \
    X(TREND_GATE_AGE, "age_window_s", "seconds of window asked of a series of this age") \
    /* these two hold a series that is a leak already: failing one acquits it */ \
    X(TREND_GATE_KEPT, "kept", "growth that is still in use over the growth convicted for") \
    X(TREND_GATE_GOING_ON, "going_on", "rate over the whole ring over the rate convicted for") \
    /* these name what is no leak; SAMPLES does by not being passed, the others by being */ \
    X(TREND_GATE_SAMPLES, "sampled_objects", "sampled objects that stand for what is in use") \
    X(TREND_GATE_SWING, "swing_sigma", "largest less smallest block in deviations of sampling") \
    X(TREND_GATE_LOAD, "load_r2", "share of the variation that the allocation rate explains") \
    X(TREND_GATE_FALLS, "falls", "times that more than half of the swing was let go of") \
    X(TREND_GATE_STEP, "step_share", "largest of seven steps over all ups and downs") \
    X(TREND_GATE_CHURN, "mean_age_s", "seconds that what is in use lives on average") \
    /* the urgent path, by the newest 20 base blocks: passing all of these raises `provisional` */ \
    X(TREND_GATE_URGENT_GROWTH, "urgent_growth_bytes", "bytes grown over 20 base blocks") \
    X(TREND_GATE_URGENT_NOISE, "urgent_sigma", "the same in deviations of sampling and turnover") \
    X(TREND_GATE_URGENT_STEADY, "urgent_steady", "least step over what is asked of each") \
    X(TREND_GATE_URGENT_LOAD, "urgent_load", "growth over what more churn explains") \
    X(TREND_GATE_URGENT_EARLIER, "urgent_earlier", \
        "rate just before over the rate: it has lasted") \
    X(TREND_GATE_URGENT_HIGH, "urgent_high", "height above all before over the growth") \
    X(TREND_GATE_URGENT_AGE, "urgent_age_s", "seconds the process has lived, an estimate")

enum trend_gate_id {
#define TREND_GATE_ENUM(name, word, text) name,
    TREND_GATES(TREND_GATE_ENUM)
#undef TREND_GATE_ENUM
        TREND_GATE_COUNT
};

struct trend_gate {
    double value;
    double limit;
    bool at_most; /* passed when value <= limit; otherwise when value >= limit */
    bool judged;  /* false: an earlier gate or missing history made it pointless */
    bool passed;  /* never true where it was not judged */
};

const char *trend_gate_word(enum trend_gate_id id);
const char *trend_gate_text(enum trend_gate_id id);

/* The state of a series as others see it. Rates are of in-use bytes per second. */
struct trend_verdict {
    enum trend_class class;
    double class_since_s; /* when it became that */
    double rate;          /* Theil-Sen slope of the newest window; 0 while warming */
    double rate_lo;       /* 95 % interval; -inf..inf while warming */
    double rate_hi;
    double growth_bytes; /* over that window */
    double window_start_s;
    double window_end_s;
    double growing_since_s; /* when the growth began, as far as is known; 0 if there is none */
    double retention; /* Δin-use / Δalloc over the window, 0..1; NAN when nothing was allocated */
    double alloc_rate; /* bytes allocated per second over the window */
    double load_r2;    /* share of the variation that allocation rate explains */
    double mean_age_s; /* in-use over alloc_rate (Little's law); NAN when nothing was allocated */
    double resolvable_rate; /* least growth, bytes/s, that this window could have told from noise; 0
                             * while warming */
    int level;              /* which ring convicted; -1 none */
    int restarts;           /* epochs before this one */
    bool recurring;         /* it was a leak before the last restart and has not been acquitted */
    bool provisional; /* growing so fast and so clearly that waiting may cost too much: to be taken
                       * for a leak before the gates that need time were heard */
};

struct trend_series; /* about 6 KiB, fixed; nothing is allocated after trend_series_new */

struct trend_series *trend_series_new(void);
void trend_series_free(struct trend_series **series);

/* One observation. Points must come in order of time; one that does not is dropped. alloc going
 * down begins a new epoch (the process restarted) unless the point says otherwise, as does a gap
 * longer than config->gap_s. Returns true when the class changed. */
bool trend_series_push(struct trend_series *series, const struct trend_config *config,
    const struct trend_point *point);

/* The process behind the series restarted: history is let go, a leak is remembered as recurring. */
void trend_series_restart(struct trend_series *series);

/* The clock that told the times was set back by so many seconds: all of the past moves with it, or
 * no point would be in order before the clock has caught up. A whole number, so that none of the
 * times is rounded. */
void trend_series_set_back(struct trend_series *series, int64_t seconds);

const struct trend_verdict *trend_series_verdict(const struct trend_series *series);

/* What helps an unresolvable series: the MemProfileRate, a power of two, at which what is looked at
 * at all has sampled objects enough, and growth by min_growth_bytes stands out of their noise. NAN
 * for any other series, and for one that is sampled as often already. */
double trend_series_period_bytes(
    const struct trend_series *series, const struct trend_config *config);

/* The gates of the newest evaluation of the level that speaks for the verdict: the coarsest that
 * finds a leak, else the finest that finds what the class says. Computed anew: `config` is to be
 * that of the last push. */
void trend_series_gates(const struct trend_series *series, const struct trend_config *config,
    struct trend_gate gates[TREND_GATE_COUNT]);

struct trend_block {
    double start_s, end_s;
    double inuse_mean_bytes, inuse_min_bytes;
    double alloc_bytes; /* cumulative, at end_s */
};

/* The past, oldest first, without overlap: coarse blocks where only those are left, fine ones near
 * now. At most `max` blocks (the newest). Returns their number. */
size_t trend_series_blocks(
    const struct trend_series *series, struct trend_block *blocks, size_t max);
#define TREND_BLOCKS_MAX 256

/* For the store: appends a versioned little-endian image; decode gives NULL and LW_CORRUPT for
 * anything it did not write (every value is checked; nothing in the bytes is trusted). */
void trend_series_encode(const struct trend_series *series, struct lw_strbuf *out);
struct trend_series *trend_series_decode(struct lw_cursor *in, struct lw_err *err) LW_MUST_CHECK;

#endif
