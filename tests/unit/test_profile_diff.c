/* Differences of profiles, and writing them down for pprof. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "profile/diff.h"
#include "profile/encode.h"
#include "profile/gunzip.h"
#include "profile_sketch.h"

#define KIB ((int64_t)1024)

/* Locations 1 and 2 are calls on one line, with that much in use. */
static struct profile *heap(uint64_t shift, int64_t first, int64_t second)
{
    static struct sketch s;
    sketch_program(&s);
    for (size_t i = 0; i < s.profile.n_location; i++)
        s.locations[i].address += shift;
    if (first)
        sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(first / 64, first), 64);
    if (second)
        sketch_add_sample(&s, sketch_stack_2_3, sketch_inuse(second / 64, second), 64);
    struct lw_err err;
    struct profile *profile = sketch_decode(&s, &err);
    assert_non_null(profile);
    return profile;
}

static void test_sites_are_matched_by_id(void **state)
{
    (void)state;
    struct profile *base = heap(0, 4 * KIB, 8 * KIB), *to = heap(0, 64 * KIB, 6 * KIB);
    struct profile_diff *diff = profile_diff_new(base, to, PROFILE_INUSE_SPACE);
    assert_int_equal(diff->count, 2);
    assert_int_equal(profile_change_of(&diff->rows[0], PROFILE_INUSE_SPACE), 60 * KIB);
    assert_int_equal(profile_change_of(&diff->rows[1], PROFILE_INUSE_SPACE), -2 * KIB);
    assert_int_equal(profile_change_of(&diff->rows[1], PROFILE_INUSE_OBJECTS), -32);
    assert_false(diff->rows[0].by_lineage);
    assert_int_equal(diff->base.inuse_bytes, 12 * KIB);
    assert_int_equal(diff->to.inuse_bytes, 70 * KIB);
    profile_diff_free(&diff);
    profile_free(&base);
    profile_free(&to);
}

static void test_a_rebuild_is_matched_by_lineage(void **state)
{
    (void)state;
    struct profile *base = heap(0, 4 * KIB, 8 * KIB), *to = heap(0x100, 64 * KIB, 6 * KIB);
    struct profile_diff *diff = profile_diff_new(base, to, PROFILE_INUSE_SPACE);
    assert_int_equal(diff->count, 1); /* both calls of the line */
    assert_true(diff->rows[0].by_lineage);
    assert_int_equal(diff->rows[0].base.inuse_bytes, 12 * KIB);
    assert_int_equal(diff->rows[0].to.inuse_bytes, 70 * KIB);
    profile_diff_free(&diff);
    profile_free(&base);
    profile_free(&to);
}

static void test_new_and_gone(void **state)
{
    (void)state;
    struct profile *base = heap(0, 4 * KIB, 0), *to = heap(0, 4 * KIB, 6 * KIB);
    struct profile_diff *diff = profile_diff_new(base, to, PROFILE_INUSE_SPACE);
    assert_int_equal(diff->rows[0].base.inuse_bytes, 0);
    assert_int_equal(diff->rows[0].to.inuse_bytes, 6 * KIB);
    profile_diff_free(&diff);
    diff = profile_diff_new(to, base, PROFILE_INUSE_SPACE);
    assert_int_equal(profile_change_of(&diff->rows[0], PROFILE_INUSE_SPACE), -6 * KIB);
    profile_diff_free(&diff);
    diff = profile_diff_new(NULL, to, PROFILE_INUSE_SPACE);
    assert_int_equal(diff->base.inuse_bytes, 0);
    assert_int_equal(diff->rows[0].to.inuse_bytes, 6 * KIB);
    profile_diff_free(&diff);
    profile_free(&base);
    profile_free(&to);
}

static void test_nothing_against_nothing(void **state)
{
    (void)state;
    struct profile *none = heap(0, 0, 0);
    struct profile_diff *diff = profile_diff_new(none, none, PROFILE_ALLOC_SPACE);
    assert_int_equal(diff->count, 0);
    struct lw_strbuf out;
    struct lw_err err;
    lw_strbuf_init(&out, 1 << 20);
    assert_int_equal(profile_encode_diff(diff, none, &out, &err), 0);
    assert_true(out.len > 0);
    lw_strbuf_fini(&out);
    profile_diff_free(&diff);
    profile_diff_free(&diff);
    profile_free(&none);
}

/* The message in a gzip'd profile; the caller frees it. */
static Leakwatch__Pprof__Profile *unpack(const struct lw_strbuf *gz)
{
    struct lw_strbuf raw;
    struct lw_err err;
    assert_int_equal(profile_gunzip(gz->data, gz->len, 1 << 20, &raw, &err), 0);
    Leakwatch__Pprof__Profile *message =
        leakwatch__pprof__profile__unpack(NULL, raw.len, (const uint8_t *)raw.data);
    assert_non_null(message);
    lw_strbuf_fini(&raw);
    return message;
}

static void test_what_was_written_can_be_read(void **state)
{
    (void)state;
    struct profile *base = heap(0, 64, 0), *to = heap(0, 64 * KIB, 6 * KIB);
    struct profile_diff *diff = profile_diff_new(NULL, to, PROFILE_INUSE_SPACE);
    struct lw_strbuf out;
    struct lw_err err;
    lw_strbuf_init(&out, 1 << 20);
    assert_int_equal(profile_encode_diff(diff, to, &out, &err), 0);
    struct profile_limits limits = profile_limits_for(1 << 20);
    struct profile *again = profile_decode(out.data, out.len, &limits, &err);
    assert_non_null(again);
    assert_int_equal(again->total.inuse_bytes, 70 * KIB);
    assert_int_equal(again->period_bytes, to->period_bytes);
    assert_string_equal(again->sites[0].frames[0]->function, "main.leak");
    assert_string_equal(again->mappings[0].build_id, "abcd");
    lw_strbuf_fini(&out);
    profile_free(&again);
    profile_diff_free(&diff);
    profile_free(&base);
    profile_free(&to);
}

static void test_a_difference_may_be_negative(void **state)
{
    (void)state;
    struct profile *base = heap(0, 64 * KIB, 8 * KIB), *to = heap(0, 4 * KIB, 8 * KIB);
    struct profile_diff *diff = profile_diff_new(base, to, PROFILE_INUSE_SPACE);
    struct lw_strbuf out;
    struct lw_err err;
    lw_strbuf_init(&out, 1 << 20);
    assert_int_equal(profile_encode_diff(diff, to, &out, &err), 0);
    Leakwatch__Pprof__Profile *message = unpack(&out);
    assert_int_equal(message->n_sample, 1); /* the other one did not change */
    assert_int_equal(message->sample[0]->n_value, 4);
    assert_int_equal(message->sample[0]->value[3], -60 * KIB);
    assert_int_equal(message->sample[0]->n_location_id, 2);
    assert_string_equal(message->string_table[message->sample_type[3]->type], "inuse_space");
    assert_string_equal(message->string_table[0], "");
    leakwatch__pprof__profile__free_unpacked(message, NULL);
    lw_strbuf_fini(&out);
    profile_diff_free(&diff);
    profile_free(&base);
    profile_free(&to);
}

static void test_no_room_is_said(void **state)
{
    (void)state;
    struct profile *to = heap(0, 64, 64);
    struct profile_diff *diff = profile_diff_new(NULL, to, PROFILE_INUSE_SPACE);
    struct lw_strbuf out;
    struct lw_err err;
    lw_strbuf_init(&out, 10);
    assert_int_equal(profile_encode_diff(diff, to, &out, &err), -1);
    assert_int_equal(err.code, LW_TOO_LARGE);
    lw_strbuf_fini(&out);
    profile_diff_free(&diff);
    profile_free(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites_are_matched_by_id),
        cmocka_unit_test(test_a_rebuild_is_matched_by_lineage),
        cmocka_unit_test(test_new_and_gone),
        cmocka_unit_test(test_nothing_against_nothing),
        cmocka_unit_test(test_what_was_written_can_be_read),
        cmocka_unit_test(test_a_difference_may_be_negative),
        cmocka_unit_test(test_no_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
