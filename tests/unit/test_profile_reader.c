/* The fast way through a profile: what it takes, that it says what profile_decode() says, and that
 * it leaves nothing behind from one profile to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/reader.h"
#include "profile/reader_priv.h"
#include "profile_same.h"
#include "profile_sketch.h"

static const char *const files[] = {
    "blackbox-2.pb.gz", "nats-2.pb.gz", "node-exporter-2.pb.gz", "pushgateway-2.pb.gz"};
#define FILES (sizeof files / sizeof *files)

/* Reads by both ways and compares; whether the fast one took it. */
static bool read_both(struct profile_reader *reader, const void *body, size_t len,
    const struct profile_limits *limits)
{
    struct lw_err err = {0}, expected = {0};
    struct profile *profile = profile_decode(body, len, limits, &expected);
    const struct profile *read = profile_reader_decode(reader, body, len, limits, &err);
    assert_int_equal(read == NULL, profile == NULL);
    if (read) {
        const char *difference = profile_difference(read, profile);
        if (difference)
            fail_msg("the two ways differ in %s", difference);
    } else {
        assert_int_equal(err.code, expected.code);
        assert_string_equal(err.msg, expected.msg);
    }
    profile_free(&profile);
    return profile_reader_was_fast(reader);
}

static bool read_plenty(struct profile_reader *reader, const void *body, size_t len)
{
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    return read_both(reader, body, len, &limits);
}

static bool read_sketch(struct profile_reader *reader, const struct sketch *s)
{
    size_t len;
    unsigned char *bytes = sketch_pack(s, &len);
    bool fast = read_plenty(reader, bytes, len);
    free(bytes);
    return fast;
}

static void read_files(struct profile_reader *reader)
{
    for (size_t i = 0; i < FILES; i++) {
        size_t len;
        char *body = sketch_read_file(files[i], &len);
        assert_true(read_plenty(reader, body, len));
        free(body);
    }
}

static void test_profiles_of_go(void **state)
{
    read_files(*state);
}

static void test_nothing_grows_the_second_time(void **state)
{
    read_files(*state);
    size_t bytes = profile_reader_bytes(*state);
    read_files(*state);
    assert_int_equal(profile_reader_bytes(*state), bytes);
}

/* Cut anywhere, and with something behind it: the same error as ever. */
static void test_broken_streams(void **state)
{
    size_t len;
    char *body = sketch_read_file(files[0], &len);
    for (size_t cut = 0; cut < len; cut += cut < 32 || cut > len - 32 ? 1 : 997)
        assert_false(read_plenty(*state, body, cut));
    char *longer = malloc(len + 1);
    assert_non_null(longer);
    memcpy(longer, body, len);
    longer[len] = 'x';
    assert_false(read_plenty(*state, longer, len + 1));
    longer[len - 5] ^= 1; /* in the CRC */
    assert_false(read_plenty(*state, longer, len));
    free(longer);
    free(body);
}

static void test_small_limits(void **state)
{
    size_t len;
    char *body = sketch_read_file(files[0], &len);
    struct lw_err err;
    struct profile_limits plenty = profile_limits_for(SKETCH_PLENTY), limits = plenty;
    const struct profile *profile = profile_reader_decode(*state, body, len, &plenty, &err);
    assert_non_null(profile);
    size_t raw_bytes = profile->raw_bytes, sites = profile->site_count;
    limits.inflated_bytes = raw_bytes;
    assert_true(read_both(*state, body, len, &limits));
    limits.inflated_bytes = raw_bytes - 1;
    assert_false(read_both(*state, body, len, &limits));
    limits = plenty;
    limits.sites = sites - 1;
    assert_false(read_both(*state, body, len, &limits));
    struct profile_reader *fresh = profile_reader_new(true);
    limits = plenty;
    limits.decode_bytes = raw_bytes;
    assert_false(read_both(fresh, body, len, &limits));
    profile_reader_free(&fresh);
    free(body);
}

/* A stack is made when it is asked for, and then stays. */
static void test_stacks_are_made_when_asked_for(void **state)
{
    size_t len;
    char *body = sketch_read_file(files[0], &len);
    struct lw_err err;
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    const struct profile *profile = profile_reader_decode(*state, body, len, &limits, &err);
    assert_non_null(profile);
    const struct profile_site *last = &profile->sites[profile->site_count - 1];
    assert_null(last->frames);
    assert_ptr_equal(profile_site_whole(profile, last), last);
    assert_non_null(last->frames);
    assert_null(profile->sites[0].frames);
    const struct profile_frame *const *frames = last->frames;
    for (size_t i = 0; i < profile->site_count; i++)
        assert_non_null(profile_site_whole(profile, &profile->sites[i]));
    assert_ptr_equal(profile_site_whole(profile, last)->frames, frames);
    free(body);
}

/* Where limits leave room for the sums and not for stacks, there is none, and nothing else ends. */
static void test_no_room_for_stacks(void **state)
{
    size_t len;
    char *body = sketch_read_file(files[0], &len);
    struct lw_err err;
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    assert_non_null(profile_reader_decode(*state, body, len, &limits, &err));
    limits.decode_bytes = 1; /* the tables have grown already */
    const struct profile *profile = profile_reader_decode(*state, body, len, &limits, &err);
    assert_true(profile_reader_was_fast(*state));
    assert_true(profile->site_count > 1);
    assert_null(profile_site_whole(profile, &profile->sites[0]));
    assert_null(profile_site_whole(profile, &profile->sites[1]));
    free(body);
}

/* Stacks that begin and end alike, are the same, or part of one another: what a row shares with the
 * one before is not kept twice. */
static void test_stacks_that_share_their_end(void **state)
{
    struct sketch s;
    sketch_one_site(&s);
    static const uint64_t *const stacks[] = {
        sketch_stack_1_3, sketch_stack_2_3, sketch_stack_2_3, sketch_stack_1_3};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        sketch_add_sample(
            &s, stacks[i], sketch_inuse(1, 16 * (int64_t)(i + 1)), 16 * (int64_t)(i + 1));
    assert_true(read_sketch(*state, &s));
}

#define ROWS 1000

/* The bytes of a profile of so many rows, of two stacks that end alike, in turns of `turn` rows;
 * the caller frees them. */
static unsigned char *pack_rows(size_t turn, size_t *len)
{
    struct sketch s;
    sketch_one_site(&s);
    static uint64_t stacks[2][2] = {{1, 3}, {2, 3}};
    static Leakwatch__Pprof__Sample samples[ROWS], *list[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        samples[i] = s.samples[0];
        samples[i].n_location_id = 2;
        samples[i].location_id = stacks[i / turn % 2];
        list[i] = &samples[i];
    }
    s.profile.sample = list;
    s.profile.n_sample = ROWS;
    return sketch_pack(&s, len);
}

/* However many rows have the same stack, or its end: to make one takes a look at few of them. */
static void test_stacks_are_gathered_from_few_rows(void **state)
{
    static const size_t turns[] = {1, 7, ROWS};
    for (size_t t = 0; t < sizeof turns / sizeof *turns; t++) {
        size_t len, since_whole = 0;
        unsigned char *bytes = pack_rows(turns[t], &len);
        assert_true(read_plenty(*state, bytes, len));
        free(bytes);
        const struct profile_reader *r = *state;
        const struct reader_row *rows = r->rows.items;
        assert_int_equal(r->rows.count, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            since_whole = rows[i].shared ? since_whole + 1 : 0;
            assert_true(since_whole < READER_WHOLE_EVERY);
        }
    }
}

/* The ids of a stack may come in several fields, but none of them in two. */
static void test_id_is_not_cut_in_two(void **state)
{
    static const uint64_t stack[] = {1, 2, 3, 0};
    static const unsigned char whole[] = {0x0a, 3, 1, 2, 3}, cut[] = {0x0a, 1, 0x81, 0x08, 0};
    struct sketch s;
    sketch_program(&s);
    sketch_add_sample(&s, stack, sketch_inuse(10, 640), 64);
    size_t len;
    unsigned char *bytes = sketch_pack(&s, &len);
    assert_true(read_plenty(*state, bytes, len));
    unsigned char *ids = memmem(bytes, len, whole, sizeof whole);
    assert_non_null(ids);
    memcpy(ids, cut, sizeof cut);
    assert_false(read_plenty(*state, bytes, len));
    free(bytes);
}

#define MANY 80000

/* The bytes of a profile of MANY sites, each of one call of main.leak; the caller frees them. */
static unsigned char *pack_many(size_t *len)
{
    struct sketch s;
    sketch_one_site(&s);
    Leakwatch__Pprof__Location *locations = calloc(MANY, sizeof *locations);
    Leakwatch__Pprof__Location **location_list = calloc(MANY, sizeof(void *));
    Leakwatch__Pprof__Sample *samples = calloc(MANY, sizeof *samples);
    Leakwatch__Pprof__Sample **sample_list = calloc(MANY, sizeof(void *));
    assert_true(locations && location_list && samples && sample_list);
    for (size_t i = 0; i < MANY; i++) {
        locations[i] = s.locations[0];
        locations[i].id = i + 1;
        locations[i].address = 0x400000 + i;
        location_list[i] = &locations[i];
        samples[i] = s.samples[0];
        samples[i].n_location_id = 1;
        samples[i].location_id = &locations[i].id;
        sample_list[i] = &samples[i];
    }
    s.profile.location = location_list;
    s.profile.sample = sample_list;
    s.profile.n_location = s.profile.n_sample = MANY;
    unsigned char *bytes = sketch_pack(&s, len);
    free(locations);
    free(location_list);
    free(samples);
    free(sample_list);
    return bytes;
}

/* A target with a huge profile has cost its memory once, and not for as long as the daemon runs. */
static void test_what_was_large_is_let_go(void **state)
{
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    size_t len;
    unsigned char *bytes = pack_many(&len);
    assert_true(read_both(*state, bytes, len, &limits));
    assert_true(profile_reader_bytes(*state) > PROFILE_READER_KEPT_BYTES);
    profile_reader_rest(*state);
    assert_int_equal(profile_reader_bytes(*state), 0);
    limits.sites = MANY - 1;
    assert_false(read_both(*state, bytes, len, &limits));
    free(bytes);
}

/* What the fast way refuses for good is not read a second time, in ten times as much memory. */
static void test_too_many_sites_are_counted_once(void **state)
{
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    struct lw_err err = {0};
    size_t len;
    unsigned char *bytes = pack_many(&len);
    limits.sites = MANY - 1;
    limits.decode_bytes = 3 * len + ((size_t)16 << 20); /* too little for profile_decode() */
    assert_null(profile_reader_decode(*state, bytes, len, &limits, &err));
    assert_int_equal(err.code, LW_INFLATED_TOO_LARGE);
    assert_string_equal(
        err.msg, "the profile has 80000 allocation sites; more than 79999 are not taken");
    assert_null(profile_decode(bytes, len, &limits, &err));
    assert_non_null(strstr(err.msg, "takes more than the limit"));
    free(bytes);
}

static void test_program(void **state)
{
    struct sketch s;
    sketch_one_site(&s);
    assert_true(read_sketch(*state, &s));
    sketch_add_sample(&s, sketch_stack_2_3, sketch_inuse(3, 96), 32);
    sketch_add_sample(&s, sketch_stack_1_3, sketch_inuse(1, 32), 32);
    assert_true(read_sketch(*state, &s));
    s.profile.sample[0]->value[0] = INT64_MAX;
    s.profile.sample[1]->value[0] = INT64_MAX;
    assert_true(read_sketch(*state, &s));
}

/* Valid, but not as Go writes it: the slow way takes it. */
static void test_other_shapes(void **state)
{
    struct sketch s;
    sketch_one_site(&s);
    s.profile.location[0]->id = 70;
    s.profile.sample[0]->location_id[0] = 70;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.location[0]->n_line = 0;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.sample[0]->n_location_id = 0;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    sketch_add_type(&s, "more", "count");
    s.profile.sample[0]->n_value++;
    assert_false(read_sketch(*state, &s));
}

/* What a profile refers to and does not have. */
static void test_references(void **state)
{
    struct sketch s;
    sketch_one_site(&s);
    s.profile.sample[0]->location_id[0] = 9;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.location[0]->mapping_id = 2;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.location[0]->line[0]->function_id = 9;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.function[0]->filename = 999;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.sample[0]->label[0]->key = -1;
    assert_false(read_sketch(*state, &s));
    sketch_one_site(&s);
    s.profile.sample[0]->value[3] = -1;
    assert_false(read_sketch(*state, &s));
}

static int open_isal(void **state)
{
    *state = profile_reader_new(true);
    return *state ? 0 : -1;
}

static int open_zlib(void **state)
{
    *state = profile_reader_new(false);
    return *state ? 0 : -1;
}

static int close_reader(void **state)
{
    struct profile_reader *reader = *state;
    profile_reader_free(&reader);
    return 0;
}

#define BY_BOTH(test) \
    cmocka_unit_test_setup_teardown(test, open_isal, close_reader), \
    { \
#test " (zlib)", test, open_zlib, close_reader, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BY_BOTH(test_profiles_of_go),
        BY_BOTH(test_nothing_grows_the_second_time),
        BY_BOTH(test_broken_streams),
        BY_BOTH(test_small_limits),
        BY_BOTH(test_stacks_are_made_when_asked_for),
        BY_BOTH(test_no_room_for_stacks),
        BY_BOTH(test_stacks_that_share_their_end),
        BY_BOTH(test_stacks_are_gathered_from_few_rows),
        BY_BOTH(test_id_is_not_cut_in_two),
        BY_BOTH(test_what_was_large_is_let_go),
        BY_BOTH(test_too_many_sites_are_counted_once),
        BY_BOTH(test_program),
        BY_BOTH(test_other_shapes),
        BY_BOTH(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
