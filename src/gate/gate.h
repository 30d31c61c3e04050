/* The gate for rollouts: is a new build of a job as good as the stable one, as far as memory goes?
 * Pure: numbers in, an answer with its reasons out. */
#ifndef LW_GATE_GATE_H
#define LW_GATE_GATE_H

#include <stddef.h>
#include <stdint.h>

/* What is measured of a build, in the order of its stored image: new ones come last.
 * X(name, word, unit) */
#define GATE_MEASURES(X) \
    X(GATE_INUSE, "inuse", "bytes") \
    X(GATE_RESIDENT, "resident", "bytes") \
    X(GATE_GC, "gc_cpu", "millionths of the CPU") \
    X(GATE_GC_FREQUENCY, "gc_frequency", "GCs a minute")

enum gate_measure {
#define GATE_MEASURE_ENUM(name, word, unit) name,
    GATE_MEASURES(GATE_MEASURE_ENUM)
#undef GATE_MEASURE_ENUM
        GATE_MEASURE_COUNT
};

enum gate_result {
    GATE_PASS,
    GATE_FAIL,
    GATE_NOT_ENOUGH_DATA,
    GATE_NOT_KNOWN, /* of one check: it is not known well enough, and does not count */
};

const char *gate_measure_word(enum gate_measure measure);
const char *gate_result_word(enum gate_result result);

struct gate_limits {
    double percent[GATE_MEASURE_COUNT]; /* of the stable build's p95 that the new one's may be */
    double slack[GATE_MEASURE_COUNT];   /* less than that above it is no reason */
    uint64_t min_samples;
    uint64_t min_baseline_samples;
    int64_t min_age_ns;
};

/* What was seen of a build over a week. p95 is NAN where samples is 0. */
struct gate_side {
    uint64_t samples[GATE_MEASURE_COUNT];
    double p95[GATE_MEASURE_COUNT];
    int64_t age_ns; /* from when it was first seen to when it was last */
};

struct gate_input {
    struct gate_limits limits;
    struct gate_side build;
    struct gate_side baseline;
    size_t new_leaks; /* that the new build has and the stable one has not */
};

/* The collector's share of the CPU of an idle service is a millionth or three: a hundredth of the
 * CPU more is the least that is worth a word. */
#define GATE_GC_SLACK 10000

/* An idle service has one cycle every two minutes, and whether a look falls before or after one is
 * chance. */
#define GATE_GC_FREQUENCY_SLACK 2

#define GATE_TEXT_BYTES 256

struct gate_check {
    const char *name; /* static: a measure's word, or "leaks" */
    enum gate_result result;
    double value;
    double baseline;
    double limit;
    char text[GATE_TEXT_BYTES]; /* for people */
};

#define GATE_CHECKS (GATE_MEASURE_COUNT + 1)

struct gate_answer {
    enum gate_result result; /* one of the first three */
    struct gate_check checks[GATE_CHECKS];
};

/* One check that fails makes the answer fail, whatever is not known of the others: a leak is one
 * after an hour as after a week. In-use must be known, or the answer is that there is not enough
 * data. The other measures are looked at more rarely, and not of every target: they count where
 * there are samples enough of both builds. */
void gate_judge(const struct gate_input *input, struct gate_answer *answer);

#endif
