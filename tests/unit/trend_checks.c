#include "trend_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static bool stops(const struct trend_gate *gate)
{
    return gate->judged && !gate->passed;
}

int trend_check_first_stop(const struct trend_gate gates[TREND_GATE_COUNT])
{
    for (int id = 0; id < TREND_GATE_SAMPLES; id++) {
        if (stops(&gates[id]))
            return id;
    }
    return TREND_GATE_COUNT;
}

void trend_check_gates(const struct trend_series *series, const struct trend_config *config)
{
    struct trend_gate gates[TREND_GATE_COUNT];
    trend_series_gates(series, config, gates);
    for (int id = 0; id < TREND_GATE_COUNT; id++) {
        const struct trend_gate *gate = &gates[id];
        assert_true(isfinite(gate->value) && isfinite(gate->limit));
        bool meets = gate->at_most ? gate->value <= gate->limit : gate->value >= gate->limit;
        assert_int_equal(gate->passed, gate->judged && meets);
    }
    int stop = trend_check_first_stop(gates);
    bool held = gates[TREND_GATE_KEPT].passed && !stops(&gates[TREND_GATE_GOING_ON]);
    /* A class may be held for a while after the gates speak for another, a worse one never. */
    const struct trend_verdict *v = trend_series_verdict(series);
    if (v->class == TREND_WARMING)
        assert_int_equal(stop, TREND_GATE_WINDOW);
    else if (v->class < TREND_GROWING)
        assert_in_range(stop, TREND_GATE_GROWTH, TREND_GATE_CHURN_GROWTH);
    else if (v->class == TREND_GROWING)
        assert_true(v->provisional || stop > TREND_GATE_WINDOW);
    else
        assert_true(stop >= TREND_GATE_KEPT || held);
}

void trend_check_verdict(const struct trend_verdict *v)
{
    assert_true(isfinite(v->rate) && v->rate_lo <= v->rate && v->rate <= v->rate_hi);
    assert_true(isfinite(v->growth_bytes) && isfinite(v->alloc_rate) && v->alloc_rate >= 0);
    assert_true(isnan(v->retention) || (v->retention >= 0 && v->retention <= 1));
    assert_true(v->load_r2 >= 0 && v->load_r2 <= 1);
    assert_true(isfinite(v->rate_hi - v->rate_lo) == (v->class != TREND_WARMING));
    assert_int_equal(v->level >= 0, v->class == TREND_LEAK);
    assert_int_equal(v->growing_since_s > 0, v->class >= TREND_SATURATING);
    assert_true(v->growing_since_s <= v->window_end_s);
}

void trend_check_blocks(const struct trend_series *series, double first_s, double last_s)
{
    struct trend_block blocks[TREND_BLOCKS_MAX];
    size_t count = trend_series_blocks(series, blocks, TREND_BLOCKS_MAX);
    assert_in_range(count, 1, TREND_BLOCKS_MAX - 1); /* none was left out */
    assert_true(blocks[0].start_s >= first_s);
    for (size_t i = 0; i < count; i++) {
        assert_true(blocks[i].start_s < blocks[i].end_s || (count == 1 && i == 0));
        if (i > 0)
            assert_true(blocks[i].start_s == blocks[i - 1].end_s);
    }
    assert_true(fabs(blocks[count - 1].end_s - last_s) < 1);
}
