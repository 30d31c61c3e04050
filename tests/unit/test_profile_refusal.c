#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "profile_sketch.h"

static struct sketch sketch; /* most tests bend it; large, so not on the stack */

/* ---- helpers ---- */

/* The sketch must be refused with this code, and the message must hold this text. */
static void assert_refused(const struct sketch *s, enum lw_code code, const char *text)
{
    struct lw_err err = {0};
    struct profile *profile = sketch_decode(s, &err);
    assert_null(profile);
    assert_string_equal(lw_code_word(err.code), lw_code_word(code));
    if (!strstr(err.msg, text))
        fail_msg("\"%s\" is not in \"%s\"", text, err.msg);
}

static enum lw_code code_of(const void *body, size_t len, size_t body_size_limit)
{
    struct profile_limits limits = profile_limits_for(body_size_limit);
    struct lw_err err = {0};
    struct profile *profile = profile_decode(body, len, &limits, &err);
    enum lw_code code = profile ? LW_OK : err.code;
    profile_free(&profile);
    return code;
}

/* Appends one gzip member to out, which must have room; returns the new length. */
static size_t gzip(const void *bytes, size_t len, unsigned char *out, size_t at, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)bytes;
    z.avail_in = (uInt)len;
    z.next_out = out + at;
    z.avail_out = (uInt)(room - at);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    at = room - z.avail_out;
    deflateEnd(&z);
    return at;
}

/* ---- what is refused ---- */

static void invalid_references_are_refused(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.stacks[0][1] = 99;
    assert_refused(&sketch, LW_NOT_PROFILE, "sample 0 refers to location 99");
    sketch_one_site(&sketch);
    sketch.stacks[0][1] = 0;
    assert_refused(&sketch, LW_NOT_PROFILE, "sample 0 refers to location 0");
    sketch_one_site(&sketch);
    sketch.lines[0].function_id = 3;
    assert_refused(&sketch, LW_NOT_PROFILE, "location 1 refers to function 3");
    sketch_one_site(&sketch);
    sketch.locations[1].mapping_id = 2;
    assert_refused(&sketch, LW_NOT_PROFILE, "location 2 refers to mapping 2");
    sketch_one_site(&sketch);
    sketch.functions[1].name = 1000;
    assert_refused(&sketch, LW_NOT_PROFILE, "function 2 refers to string 1000");
    sketch_one_site(&sketch);
    sketch.functions[1].filename = -1;
    assert_refused(&sketch, LW_NOT_PROFILE, "function 2 refers to string -1");
    sketch_one_site(&sketch);
    sketch.mappings[0].build_id = INT64_MAX;
    assert_refused(&sketch, LW_NOT_PROFILE, "mapping 1 refers to string");
    sketch_one_site(&sketch);
    sketch.labels[0].key = INT64_MIN;
    assert_refused(&sketch, LW_NOT_PROFILE, "a label of sample 0 refers to string");
    sketch_one_site(&sketch);
    sketch.types[2].unit = (int64_t)sketch.profile.n_string_table;
    assert_refused(&sketch, LW_NOT_PROFILE, "sample type 2 refers to string");
}

static void invalid_tables_are_refused(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.locations[1].id = 0;
    assert_refused(&sketch, LW_NOT_PROFILE, "location 1 of the profile has the id 0");
    sketch_one_site(&sketch);
    sketch.locations[1].id = 3;
    assert_refused(&sketch, LW_NOT_PROFILE, "location id 3 twice");
    sketch_one_site(&sketch);
    sketch.functions[1].id = 1;
    assert_refused(&sketch, LW_NOT_PROFILE, "function id 1 twice");
    sketch_one_site(&sketch);
    sketch.mappings[0].id = 0;
    assert_refused(&sketch, LW_NOT_PROFILE, "mapping 0 of the profile has the id 0");
    sketch_one_site(&sketch);
    sketch.samples[0].n_value = 3;
    assert_refused(&sketch, LW_NOT_PROFILE, "sample 0 has 3 values for 4 sample types");
    sketch_one_site(&sketch);
    sketch.strings[0] = sketch.strings[1];
    assert_refused(&sketch, LW_NOT_PROFILE, "string table");
    sketch_one_site(&sketch);
    sketch.profile.n_string_table = 0;
    assert_refused(&sketch, LW_NOT_PROFILE, "string table");
    sketch_one_site(&sketch);
    sketch.profile.period = -1;
    assert_refused(&sketch, LW_NOT_PROFILE, "period");
}

static void profiles_of_something_else_are_refused(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.types[3].type = sketch_string(&sketch, "wall");
    assert_refused(&sketch, LW_NOT_HEAP, "inuse_objects/count, wall/bytes;");
    sketch_one_site(&sketch);
    sketch.types[3].unit = sketch_string(&sketch, "kilobytes");
    assert_refused(&sketch, LW_NOT_HEAP, "inuse_space/kilobytes");
    sketch_one_site(&sketch);
    sketch.values[0][2] = -910;
    assert_refused(&sketch, LW_NOT_HEAP, "leave seconds= out of the path");
    sketch_one_site(&sketch); /* more and longer types than a message can show */
    static char name[1000];
    memset(name, 'x', sizeof name - 1);
    sketch.types[0].type = sketch_string(&sketch, name);
    for (int i = 0; i < 8; i++)
        sketch_add_type(&sketch, name, "things");
    assert_refused(&sketch, LW_NOT_HEAP, "xxx/things, ...; is the path");
}

static void what_is_not_a_profile_is_described(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *text;
    } cases[] = {
        {"", "empty"},
        {"<!DOCTYPE html><title>Login</title>", "an HTML page"},
        {"\n  {\"error\":\"no\"}", "JSON"},
        {"heap profile: 1: 2 [3: 4] @ heap/1048576", "text form (leave debug=1 out"},
        {"404 page not found\n", "begins \"404 page not found\\x0a\""},
        {"Z\x01\x02\xff\"", "binary data; it begins \"Z\\x01\\x02\\xff\\x22\""},
        {"\x5a", "text"},
    };
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lw_err err = {0};
        assert_null(profile_decode(cases[i].body, strlen(cases[i].body), &limits, &err));
        assert_string_equal(lw_code_word(err.code), "not_gzip");
        if (!strstr(err.msg, cases[i].text))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].text, err.msg);
    }
}

/* ---- gzip ---- */

static void a_gzip_stream_may_break_off_anywhere(void **state)
{
    (void)state;
    size_t len;
    char *data = sketch_read_file("nats-2.pb.gz", &len);
    for (size_t cut = 0; cut < len; cut++) {
        char *head = lw_new(cut + 1, 1);
        memcpy(head, data, cut);
        head = lw_renew(head, cut ? cut : 1, 1); /* so that ASan sees a read past the end */
        assert_int_equal(code_of(head, cut, SKETCH_PLENTY), cut < 2 ? LW_NOT_GZIP : LW_TRUNCATED);
        free(head);
    }
    assert_int_equal(code_of(data, len, SKETCH_PLENTY), LW_OK);
    free(data);
}

static void a_bare_profile_may_break_off_anywhere(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    assert_int_equal(code_of(bytes, len, SKETCH_PLENTY), LW_OK);
    for (size_t cut = 0; cut < len; cut++) {
        unsigned char *head = lw_new(cut ? cut : 1, 1);
        memcpy(head, bytes, cut);
        enum lw_code code = code_of(head, cut, SKETCH_PLENTY);
        /* Cut after the string table, only the period and the time are missing. */
        assert_true(code == LW_NOT_GZIP || code == LW_NOT_PROFILE || code == LW_OK);
        free(head);
    }
    assert_int_equal(code_of(bytes, len / 2, SKETCH_PLENTY), LW_NOT_GZIP);
    free(bytes);
}

static void gzip_comes_in_members_and_twice(void **state)
{
    (void)state;
    static unsigned char once[4096], twice[4096], thrice[4096];
    sketch_one_site(&sketch);
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    size_t n = gzip(bytes, 10, once, 0, sizeof once);
    assert_int_equal(
        code_of(once, n, SKETCH_PLENTY), LW_NOT_PROFILE); /* whole gzip, half a profile */
    n = gzip(bytes + 10, len - 10, once, n, sizeof once);
    assert_int_equal(code_of(once, n, SKETCH_PLENTY), LW_OK);
    size_t n2 = gzip(once, n, twice, 0, sizeof twice);
    assert_int_equal(code_of(twice, n2, SKETCH_PLENTY), LW_OK);
    size_t n3 = gzip(twice, n2, thrice, 0, sizeof thrice);
    assert_int_equal(code_of(thrice, n3, SKETCH_PLENTY), LW_NOT_PROFILE);
    n2 = gzip(once, n - 9, twice, 0, sizeof twice);
    assert_int_equal(code_of(twice, n2, SKETCH_PLENTY), LW_TRUNCATED);
    free(bytes);
}

static void spoilt_gzip_is_refused(void **state)
{
    (void)state;
    size_t len;
    char *data = sketch_read_file("nats-2.pb.gz", &len);
    data = lw_renew(data, len + 1, 1);
    data[len] = 'x';
    assert_int_equal(code_of(data, len + 1, SKETCH_PLENTY), LW_NOT_GZIP);
    data[len - 8] ^= 1; /* the checksum */
    assert_int_equal(code_of(data, len, SKETCH_PLENTY), LW_NOT_GZIP);
    free(data);
}

/* ---- limits ---- */

static void exactly_the_inflated_limit_is_taken(void **state)
{
    (void)state;
    static unsigned char body[4096], body2[4096];
    sketch_one_site(&sketch);
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    size_t n = gzip(bytes, len, body, 0, sizeof body);
    size_t n2 = gzip(body, n, body2, 0, sizeof body2);
    assert_int_equal(code_of(bytes, len, len), LW_OK);
    assert_int_equal(code_of(bytes, len, len - 1), LW_INFLATED_TOO_LARGE);
    assert_int_equal(code_of(body, n, len), LW_OK);
    assert_int_equal(code_of(body, n, len - 1), LW_INFLATED_TOO_LARGE);
    assert_int_equal(code_of(body2, n2, len), LW_OK);
    assert_int_equal(code_of(body2, n2, len - 1), LW_INFLATED_TOO_LARGE);
    free(bytes);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    size_t len = (size_t)8 << 20, room = 65536;
    unsigned char *zeros = lw_new(len, 1), *bomb = lw_new(room, 1);
    size_t n = gzip(zeros, len, bomb, 0, room);
    assert_int_equal(code_of(bomb, n, 65536), LW_INFLATED_TOO_LARGE);
    free(zeros);
    free(bomb);
}

static void exactly_as_many_sites_as_allowed_are_taken(void **state)
{
    (void)state;
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    sketch_one_site(&sketch);
    sketch_add_sample(&sketch, sketch_stack_2_3, sketch_inuse(1, 1), 1);
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    limits.sites = 2;
    struct profile *profile = profile_decode(bytes, len, &limits, NULL);
    assert_non_null(profile);
    profile_free(&profile);
    limits.sites = 1;
    struct lw_err err = {0};
    assert_null(profile_decode(bytes, len, &limits, &err));
    assert_string_equal(lw_code_word(err.code), "inflated_too_large");
    free(bytes);
}

/* Whatever allocation the limit cuts off, the answer is the same, and nothing is left behind. */
static void decoding_stays_within_its_memory(void **state)
{
    (void)state;
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    sketch_one_site(&sketch);
    size_t len, refused = 0;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    for (limits.decode_bytes = 0;; limits.decode_bytes += 48) {
        struct lw_err err = {0};
        struct profile *profile = profile_decode(bytes, len, &limits, &err);
        if (profile) {
            profile_free(&profile);
            break;
        }
        assert_string_equal(lw_code_word(err.code), "inflated_too_large");
        refused++;
    }
    assert_in_range(refused, 10, 10000);
    free(bytes);
}

static void limits_follow_the_body_size_limit(void **state)
{
    (void)state;
    struct profile_limits limits = profile_limits_for(1000);
    assert_int_equal(limits.inflated_bytes, 1000);
    assert_int_equal(limits.decode_bytes, 16000 + (1 << 20));
    assert_int_equal(limits.sites, 200000);
    assert_true(profile_limits_for(SIZE_MAX).decode_bytes == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_references_are_refused),
        cmocka_unit_test(invalid_tables_are_refused),
        cmocka_unit_test(profiles_of_something_else_are_refused),
        cmocka_unit_test(what_is_not_a_profile_is_described),
        cmocka_unit_test(a_gzip_stream_may_break_off_anywhere),
        cmocka_unit_test(a_bare_profile_may_break_off_anywhere),
        cmocka_unit_test(gzip_comes_in_members_and_twice),
        cmocka_unit_test(spoilt_gzip_is_refused),
        cmocka_unit_test(exactly_the_inflated_limit_is_taken),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(exactly_as_many_sites_as_allowed_are_taken),
        cmocka_unit_test(decoding_stays_within_its_memory),
        cmocka_unit_test(limits_follow_the_body_size_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
