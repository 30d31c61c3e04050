#include "gate/gate.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static const char *const words[] = {
#define GATE_MEASURE_WORD(name, word, unit) [name] = word,
    GATE_MEASURES(GATE_MEASURE_WORD)
#undef GATE_MEASURE_WORD
};

static const char *const units[] = {
#define GATE_MEASURE_UNIT(name, word, unit) [name] = unit,
    GATE_MEASURES(GATE_MEASURE_UNIT)
#undef GATE_MEASURE_UNIT
};

const char *gate_measure_word(enum gate_measure measure)
{
    return words[measure];
}

const char *gate_result_word(enum gate_result result)
{
    static const char *const results[] = {"pass", "fail", "not_enough_data", "not_known"};
    return results[result];
}

/* What is missing to judge a measure; false when nothing is. */
static bool lacks_data(const struct gate_input *in, enum gate_measure m, struct gate_check *check)
{
    const struct gate_limits *limits = &in->limits;
    unsigned long long now = in->build.samples[m], before = in->baseline.samples[m];
    if (now < limits->min_samples)
        snprintf(check->text, GATE_TEXT_BYTES, "%llu samples of %s of the new build, %llu wanted",
            now, words[m], (unsigned long long)limits->min_samples);
    else if (before < limits->min_baseline_samples)
        snprintf(check->text, GATE_TEXT_BYTES,
            "%llu samples of %s of the stable build, %llu wanted", before, words[m],
            (unsigned long long)limits->min_baseline_samples);
    else if (in->build.age_ns < limits->min_age_ns)
        snprintf(check->text, GATE_TEXT_BYTES, "the new build was seen for %.0f s, %.0f wanted",
            (double)in->build.age_ns / 1e9, (double)limits->min_age_ns / 1e9);
    else
        return false;
    return true;
}

static void judge_measure(
    const struct gate_input *in, enum gate_measure m, struct gate_check *check)
{
    double value = in->build.p95[m], baseline = in->baseline.p95[m];
    *check = (struct gate_check){.name = words[m],
        .value = value,
        .baseline = baseline,
        .limit = fmax(baseline * in->limits.percent[m] / 100, baseline + in->limits.slack[m])};
    if (lacks_data(in, m, check)) {
        check->result = m == GATE_INUSE ? GATE_NOT_ENOUGH_DATA : GATE_NOT_KNOWN;
        return;
    }
    check->result = value > check->limit ? GATE_FAIL : GATE_PASS;
    int digits = check->limit < 1000; /* of a few cycles a minute the tenths matter */
    char share[32] = "";              /* of nothing there is none */
    if (baseline > 0)
        snprintf(share, sizeof share, "%.0f %% of ", 100 * value / baseline);
    snprintf(check->text, GATE_TEXT_BYTES,
        "p95 of %s is %.*f %s, %sthe stable build's %.*f; the limit is %.*f", words[m], digits,
        value, units[m], share, digits, baseline, digits, check->limit);
}

static void judge_leaks(size_t new_leaks, struct gate_check *check)
{
    *check = (struct gate_check){
        .name = "leaks", .result = new_leaks ? GATE_FAIL : GATE_PASS, .value = (double)new_leaks};
    if (new_leaks)
        snprintf(check->text, GATE_TEXT_BYTES,
            "%zu leaks in the new build that the stable one does not have", new_leaks);
    else
        snprintf(check->text, GATE_TEXT_BYTES, "no leak that the stable build does not have");
}

void gate_judge(const struct gate_input *input, struct gate_answer *answer)
{
    for (int m = 0; m < GATE_MEASURE_COUNT; m++)
        judge_measure(input, (enum gate_measure)m, &answer->checks[m]);
    judge_leaks(input->new_leaks, &answer->checks[GATE_MEASURE_COUNT]);
    answer->result = GATE_PASS;
    for (int i = 0; i < GATE_CHECKS; i++) {
        enum gate_result result = answer->checks[i].result;
        if (result == GATE_FAIL)
            answer->result = GATE_FAIL;
        else if (result == GATE_NOT_ENOUGH_DATA && answer->result == GATE_PASS)
            answer->result = GATE_NOT_ENOUGH_DATA;
    }
}
