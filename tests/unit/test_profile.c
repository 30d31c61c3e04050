#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "profile_sketch.h"

static struct sketch sketch; /* most tests bend it; large, so not on the stack */

/* ---- helpers ---- */

static struct profile *decode_ok(const struct sketch *s)
{
    struct lw_err err = {0};
    struct profile *profile = sketch_decode(s, &err);
    if (!profile)
        fail_msg("%s: %s", lw_code_word(err.code), err.msg);
    return profile;
}

static void assert_values(struct profile_values got, int64_t alloc_objects, int64_t alloc_bytes,
    int64_t inuse_objects, int64_t inuse_bytes)
{
    assert_int_equal(got.alloc_objects, alloc_objects);
    assert_int_equal(got.alloc_bytes, alloc_bytes);
    assert_int_equal(got.inuse_objects, inuse_objects);
    assert_int_equal(got.inuse_bytes, inuse_bytes);
}

static const struct profile_site *find_site(const struct profile *profile, uint64_t leaf_address)
{
    for (size_t i = 0; i < profile->site_count; i++) {
        if (profile->sites[i].leaf_address == leaf_address)
            return &profile->sites[i];
    }
    fail_msg("no site at 0x%llx", (unsigned long long)leaf_address);
    return NULL;
}

/* The only site of a sketch. */
static struct profile_site site_of(const struct sketch *s)
{
    struct profile *profile = decode_ok(s);
    assert_int_equal(profile->site_count, 1);
    struct profile_site site = profile->sites[0];
    profile_free(&profile);
    return site; /* its pointers are gone, its numbers are not */
}

/* ---- real profiles ---- */

/* Totals and the build id as `go tool pprof -raw` of Go 1.26 tells them, the largest function and
 * its flat in-use bytes as `-top -sample_index=inuse_space` does. */
static const struct {
    const char *name;
    struct profile_values total;
    size_t samples;
    const char *binary;
    const char *build_id;
    const char *top_function;
    int64_t top_inuse_bytes;
} real[] = {
    {"node-exporter-2.pb.gz", {754295, 65157773, 38205, 4142881}, 94,
        "/usr/bin/prometheus-node-exporter", "a716f34137cb795cb9fedd7d0b62954ad8843db0",
        "compress/flate.(*compressor).initDeflate", 1119753},
    {"nats-2.pb.gz", {7834776, 4076000095, 35208, 3681520}, 51, "/usr/sbin/nats-server",
        "3a488ec80144e1417577bd414a90498ef8357319", "unicode.init", 1053578},
    {"pushgateway-2.pb.gz", {211046, 25751653, 50602, 3720937}, 35,
        "/usr/bin/prometheus-pushgateway", "554a1da800a6c2509321d2f3a7047b7d4e964e6c",
        "runtime.procresize", 1053334},
    {"blackbox-2.pb.gz", {129118, 22603615, 34280, 3951959}, 29,
        "/usr/bin/prometheus-blackbox-exporter", "f22ced213dfc290bb0709900843c60047934702d",
        "compress/flate.NewWriter", 1848496},
};

static int64_t inuse_of_function(const struct profile *profile, const char *function)
{
    int64_t sum = 0;
    for (size_t i = 0; i < profile->site_count; i++) {
        if (strcmp(profile->sites[i].frames[0]->function, function) == 0)
            sum += profile->sites[i].values.inuse_bytes;
    }
    return sum;
}

static void assert_well_formed(const struct profile *profile)
{
    for (size_t i = 0; i < profile->site_count; i++) {
        const struct profile_site *site = &profile->sites[i];
        assert_in_range(site->frame_count, 1, PROFILE_FRAMES_MAX);
        assert_true(site->leaf < site->frame_count && site->responsible < site->frame_count);
        int64_t sum = 0;
        for (size_t k = 0; k < site->size_count; k++) {
            assert_true(k == 0 || site->sizes[k - 1].object_bytes < site->sizes[k].object_bytes);
            sum += site->sizes[k].values.inuse_bytes;
        }
        assert_int_equal(sum, site->values.inuse_bytes);
        assert_true(site->noise_bytes >= 0 && site->noise_bytes <= (double)profile->period_bytes);
        if (i > 0)
            assert_true(site[-1].values.inuse_bytes >= site->values.inuse_bytes);
    }
}

static void real_profiles_have_the_totals_of_pprof(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof real / sizeof *real; i++) {
        struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
        struct lw_err err = {0};
        size_t len;
        char *data = sketch_read_file(real[i].name, &len);
        struct profile *profile = profile_decode(data, len, &limits, &err);
        if (!profile)
            fail_msg("%s: %s", real[i].name, err.msg);
        const struct profile_values *want = &real[i].total;
        assert_values(profile->total, want->alloc_objects, want->alloc_bytes, want->inuse_objects,
            want->inuse_bytes);
        assert_int_equal(profile->sample_count, real[i].samples);
        assert_int_equal(profile->period_bytes, 524288);
        assert_string_equal(profile->mappings[0].file, real[i].binary);
        assert_string_equal(profile->mappings[0].build_id, real[i].build_id);
        assert_int_equal(inuse_of_function(profile, real[i].top_function), real[i].top_inuse_bytes);
        assert_well_formed(profile);
        profile_free(&profile);
        free(data);
    }
}

/* ---- sums ---- */

static void rows_of_one_stack_are_summed_by_size(void **state)
{
    (void)state;
    sketch_program(&sketch);
    sketch_add_sample(&sketch, sketch_stack_1_3, (struct profile_values){10, 1000, 1, 100}, 100);
    sketch_add_sample(&sketch, sketch_stack_2_3, (struct profile_values){5, 80, 5, 80}, 16);
    sketch_add_sample(&sketch, sketch_stack_1_3, (struct profile_values){2, 16, 1, 8}, 8);
    sketch_add_sample(&sketch, sketch_stack_1_3, (struct profile_values){3, 300, 2, 200}, 100);
    sketch_add_sample(&sketch, sketch_stack_1_3, (struct profile_values){1, 1, 0, 0}, 0);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 2);
    assert_int_equal(profile->sample_count, 5);
    assert_values(profile->total, 21, 1397, 9, 388);
    const struct profile_site *site = &profile->sites[0];
    assert_int_equal(site->leaf_address, 0x401000);
    assert_values(site->values, 16, 1317, 4, 308);
    assert_int_equal(site->size_count, 3);
    assert_int_equal(site->sizes[0].object_bytes, 0);
    assert_values(site->sizes[0].values, 1, 1, 0, 0);
    assert_int_equal(site->sizes[1].object_bytes, 8);
    assert_values(site->sizes[1].values, 2, 16, 1, 8);
    assert_int_equal(site->sizes[2].object_bytes, 100);
    assert_values(site->sizes[2].values, 13, 1300, 3, 300);
    profile_free(&profile);
}

static void sites_without_any_value_are_left_out(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch_add_sample(&sketch, sketch_stack_2_3, (struct profile_values){0}, 32);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 1);
    assert_int_equal(profile->sample_count, 2);
    profile_free(&profile);
}

static void a_profile_without_samples_is_empty(void **state)
{
    (void)state;
    sketch_program(&sketch);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 0);
    assert_values(profile->total, 0, 0, 0, 0);
    assert_int_equal(profile->taken.ns, 1700000000000000000);
    profile_free(&profile);
    assert_null(profile);
    profile_free(&profile);
}

static void sums_stop_at_the_largest_number(void **state)
{
    (void)state;
    sketch_program(&sketch);
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(1, INT64_MAX - 1), 16);
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(1, 5), 8);
    sketch_add_sample(&sketch, sketch_stack_2_3, sketch_inuse(1, 5), 8);
    struct profile *profile = decode_ok(&sketch);
    assert_values(profile->total, 3, INT64_MAX, 3, INT64_MAX);
    assert_values(profile->sites[0].values, 2, INT64_MAX, 2, INT64_MAX);
    profile_free(&profile);
}

/* Re = s / (exp(s / period) - 1): what s (1 - p) / p comes to. */
static void noise_follows_the_sizes_in_use(void **state)
{
    (void)state;
    const double r = 524288, small = 64 / (exp(64 / r) - 1), even = r / (exp(1) - 1);
    sketch_program(&sketch);
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(16, 1024), 64);
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(2, 1048576), 524288);
    sketch_add_sample(
        &sketch, sketch_stack_2_3, sketch_inuse(4, 4 * 524288), 0); /* size from the mean */
    struct profile *profile = decode_ok(&sketch);
    double want = (1024 * small + 1048576 * even) / (1024 + 1048576);
    assert_true(fabs(find_site(profile, 0x401000)->noise_bytes - want) < 1e-3);
    assert_true(fabs(find_site(profile, 0x401010)->noise_bytes - even) < 1e-3);
    profile_free(&profile);
    sketch.profile.period = 1;
    profile = decode_ok(&sketch);
    assert_true(profile->sites[0].noise_bytes == 0);
    profile_free(&profile);
}

/* ---- the wire ---- */

/* Where the top-level field at `at` ends, and its number. Fields of a profile are varints or bytes.
 */
static size_t field_end(const unsigned char *bytes, size_t at, unsigned *number)
{
    unsigned tag = bytes[at++];
    *number = tag >> 3;
    uint64_t v = 0;
    unsigned shift = 0;
    do {
        v |= (uint64_t)(bytes[at] & 0x7f) << shift;
        shift += 7;
    } while (bytes[at++] & 0x80);
    return (tag & 7) == 2 ? at + (size_t)v : at;
}

/* The same message with its fields in the opposite order of their numbers. */
static unsigned char *reversed(const unsigned char *bytes, size_t len)
{
    unsigned char *out = lw_new(len, 1);
    size_t out_len = 0;
    for (unsigned want = 15; want >= 1; want--) {
        for (size_t at = 0, end; at < len; at = end) {
            unsigned number;
            end = field_end(bytes, at, &number);
            if (number == want) {
                memcpy(out + out_len, bytes + at, end - at);
                out_len += end - at;
            }
        }
    }
    assert_int_equal(out_len, len);
    return out;
}

static void fields_may_come_in_any_order(void **state)
{
    (void)state;
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    sketch_one_site(&sketch);
    uint64_t id = site_of(&sketch).id;
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    unsigned char *other = reversed(bytes, len);
    assert_memory_not_equal(bytes, other, len);
    struct profile *profile = profile_decode(other, len, &limits, NULL);
    assert_non_null(profile);
    assert_int_equal(profile->sites[0].id, id);
    assert_values(profile->total, 10, 640, 10, 640);
    profile_free(&profile);
    free(bytes);
    free(other);
}

/* Go packs repeated numbers only when there are more than two. */
static void numbers_may_be_unpacked(void **state)
{
    (void)state;
    static const unsigned char sample[] = {
        0x12, 12, 0x08, 1, 0x08, 3, 0x10, 1, 0x10, 2, 0x10, 3, 0x10, 4};
    struct profile_limits limits = profile_limits_for(SKETCH_PLENTY);
    sketch_one_site(&sketch);
    size_t len;
    unsigned char *bytes = sketch_pack(&sketch, &len);
    bytes = lw_renew(bytes, len + sizeof sample, 1);
    memcpy(bytes + len, sample, sizeof sample);
    struct profile *profile = profile_decode(bytes, len + sizeof sample, &limits, NULL);
    assert_non_null(profile);
    assert_int_equal(profile->site_count, 1);
    assert_values(profile->total, 11, 642, 13, 644);
    profile_free(&profile);
    free(bytes);
}

static void sample_types_are_found_by_name(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch_add_type(&sketch, "other", "things");
    Leakwatch__Pprof__ValueType *last = sketch.type_list[4];
    sketch.type_list[4] = sketch.type_list[0];
    sketch.type_list[0] = last;
    int64_t values[] = {7, 2, 3, 4, 1};
    sketch.samples[0].value = values;
    sketch.samples[0].n_value = 5;
    assert_values(site_of(&sketch).values, 1, 2, 3, 4);
}

static void ids_may_be_any_numbers(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    uint64_t id = site_of(&sketch).id;
    sketch.mappings[0].id = UINT64_MAX;
    static const uint64_t location_ids[] = {UINT64_MAX - 1, 1, (uint64_t)1 << 40};
    for (size_t i = 0; i < 3; i++) {
        sketch.locations[i].id = location_ids[i];
        sketch.locations[i].mapping_id = UINT64_MAX;
    }
    sketch.stacks[0][0] = location_ids[0];
    sketch.stacks[0][1] = location_ids[2];
    sketch.functions[0].id = 1 << 20;
    sketch.lines[0].function_id = sketch.lines[2].function_id = 1 << 20;
    assert_int_equal(site_of(&sketch).id, id);
}

/* ---- identity ---- */

/* Ids are stored and stand in URLs: when these change, every stored series begins anew. */
static void ids_are_the_same_in_every_release(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    struct profile_site site = site_of(&sketch);
    assert_int_equal(site.id, 0x29a9568fdfc3e3b8u);
    assert_int_equal(site.lineage, 0xbacc072edc219c2du);
}

static void an_id_survives_another_load_address(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    struct profile_site before = site_of(&sketch);
    sketch.mappings[0].memory_start += 0x55550000;
    for (size_t i = 0; i < 3; i++)
        sketch.locations[i].address += 0x55550000;
    struct profile_site after = site_of(&sketch);
    assert_int_equal(after.leaf_address, before.leaf_address + 0x55550000);
    assert_int_equal(after.id, before.id);
    sketch.mappings[0].memory_start += 0x1000; /* a mapping that begins later in the same file */
    sketch.mappings[0].file_offset += 0x1000;
    assert_int_equal(site_of(&sketch).id, before.id);
}

static void an_id_does_not_depend_on_the_rest_of_the_profile(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    uint64_t id = site_of(&sketch).id;
    sketch_program(&sketch);
    uint64_t f = sketch_add_function(&sketch, "main.other", "/src/app/x.go", 1);
    uint64_t other[] = {sketch_add_location(&sketch, 0x403000, f, 3), 0};
    sketch_add_sample(&sketch, other, sketch_inuse(100, 100000), 1000);
    sketch_add_sample(&sketch, sketch_stack_1_3, sketch_inuse(1, 32), 32);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 2);
    assert_int_equal(find_site(profile, 0x401000)->id, id);
    profile_free(&profile);
}

static void two_calls_on_one_line_are_two_sites_of_one_lineage(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch_add_sample(&sketch, sketch_stack_2_3, sketch_inuse(1, 1), 1);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 2);
    assert_true(profile->sites[0].id != profile->sites[1].id);
    assert_int_equal(profile->sites[0].lineage, profile->sites[1].lineage);
    profile_free(&profile);
}

static void a_lineage_survives_a_rebuild_elsewhere(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    struct profile_site before = site_of(&sketch);
    sketch.functions[0].start_line += 40; /* lines were put in above the function */
    sketch.lines[0].line += 40;
    sketch.locations[0].address += 0x80;
    struct profile_site after = site_of(&sketch);
    assert_int_equal(after.lineage, before.lineage);
    assert_true(after.id != before.id);
    sketch.lines[0].line++; /* and now within it */
    assert_true(site_of(&sketch).lineage != before.lineage);
}

static void without_a_mapping_the_address_stands_for_itself(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.profile.n_mapping = 0;
    for (size_t i = 0; i < 3; i++)
        sketch.locations[i].mapping_id = 0;
    struct profile_site before = site_of(&sketch);
    assert_int_equal(before.leaf_address, 0x401000);
    sketch.locations[0].address++;
    assert_true(site_of(&sketch).id != before.id);
}

static void code_without_symbols_is_named_by_its_address(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.locations[0].n_line = 0;
    struct profile *profile = decode_ok(&sketch);
    assert_string_equal(profile->sites[0].frames[0]->function, "0x1000");
    assert_string_equal(profile->sites[0].frames[0]->file, "/bin/app");
    assert_string_equal(profile->sites[0].frames[1]->function, "main.main");
    profile_free(&profile);
}

static void a_sample_without_a_stack_is_a_site(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    sketch.samples[0].n_location_id = 0;
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->sites[0].frame_count, 1);
    assert_string_equal(profile->sites[0].frames[0]->function, "[no stack]");
    assert_int_equal(profile->sites[0].leaf_address, 0);
    profile_free(&profile);
}

static void inlined_calls_are_frames(void **state)
{
    (void)state;
    sketch_program(&sketch);
    sketch_add_location(&sketch, 0x404000, 1, 13);
    sketch_add_caller(&sketch, 2, 8);
    sketch_add_sample(&sketch, (const uint64_t[]){4, 3, 0}, sketch_inuse(1, 8), 8);
    struct profile *profile = decode_ok(&sketch);
    const struct profile_site *site = &profile->sites[0];
    assert_int_equal(site->frame_count, 3);
    assert_string_equal(site->frames[0]->function, "main.leak");
    assert_int_equal(site->frames[0]->line, 13);
    assert_int_equal(site->frames[0]->start_line, 10);
    assert_string_equal(site->frames[1]->function, "main.main");
    assert_int_equal(site->frames[1]->line, 8);
    assert_int_equal(site->frames[2]->line, 7);
    profile_free(&profile);
}

static void addresses_are_one_a_location(void **state)
{
    (void)state;
    sketch_program(&sketch);
    uint64_t outer = sketch_add_function(&sketch, "main.outer", "/src/app/leak.go", 20);
    uint64_t stack[] = {sketch_add_location(&sketch, 0x401100, 1, 12), 3, 0};
    sketch_add_caller(&sketch, outer, 21);
    sketch_add_sample(&sketch, stack, sketch_inuse(1, 8), 8);
    struct profile *profile = decode_ok(&sketch);
    const struct profile_site *site = &profile->sites[0];
    assert_int_equal(site->frame_count, 3);
    assert_int_equal(site->address_count, 2);
    assert_int_equal(site->addresses[0], 0x401100);
    assert_int_equal(site->addresses[1], 0x402000);
    profile_free(&profile);
}

static void the_leaf_has_its_address_behind_the_runtimes(void **state)
{
    (void)state;
    sketch_program(&sketch);
    uint64_t maps =
        sketch_add_function(&sketch, "internal/runtime/maps.newGroups", "/go/src/g.go", 20);
    uint64_t grow = sketch_add_function(&sketch, "internal/runtime/maps.grow", "/go/src/t.go", 30);
    uint64_t runtime = sketch_add_location(&sketch, 0x401100, maps, 12);
    sketch_add_caller(&sketch, grow, 31); /* two frames at one address */
    uint64_t leaf = sketch_add_location(&sketch, 0x401200, 1, 13);
    uint64_t stack[] = {runtime, leaf, 3, 0};
    sketch_add_sample(&sketch, stack, sketch_inuse(1, 8), 8);
    struct profile *profile = decode_ok(&sketch);
    const struct profile_site *site = &profile->sites[0];
    assert_int_equal(site->leaf, 2);
    assert_int_equal(site->leaf_location, 1);
    assert_int_equal(site->addresses[site->leaf_location], 0x401200);
    profile_free(&profile);
}

/* They are one site, but which of the two calls it was must not be made up. */
static void addresses_are_cut_where_two_calls_share_a_line(void **state)
{
    (void)state;
    sketch_one_site(&sketch);
    uint64_t stack[] = {1, sketch_add_location(&sketch, 0x402010, 2, 7), 0};
    sketch_add_sample(&sketch, stack, sketch_inuse(1, 64), 64);
    struct profile *profile = decode_ok(&sketch);
    assert_int_equal(profile->site_count, 1);
    assert_int_equal(profile->sites[0].frame_count, 2);
    assert_int_equal(profile->sites[0].address_count, 1);
    assert_int_equal(profile->sites[0].addresses[0], 0x401000);
    profile_free(&profile);
}

static void deep_stacks_are_cut_at_the_root(void **state)
{
    (void)state;
    static uint64_t stack[SKETCH_DEPTH_MAX];
    stack[0] = 1;
    for (size_t i = 1; i < PROFILE_FRAMES_MAX; i++)
        stack[i] = 3;
    sketch_program(&sketch);
    sketch_add_sample(&sketch, stack, sketch_inuse(1, 8), 8);
    struct profile_site exact = site_of(&sketch);
    assert_int_equal(exact.frame_count, PROFILE_FRAMES_MAX);
    stack[PROFILE_FRAMES_MAX] = 2;
    sketch_program(&sketch);
    sketch_add_sample(&sketch, stack, sketch_inuse(1, 8), 8);
    struct profile_site cut = site_of(&sketch);
    assert_int_equal(cut.frame_count, PROFILE_FRAMES_MAX);
    assert_int_equal(cut.id, exact.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_profiles_have_the_totals_of_pprof),
        cmocka_unit_test(rows_of_one_stack_are_summed_by_size),
        cmocka_unit_test(sites_without_any_value_are_left_out),
        cmocka_unit_test(a_profile_without_samples_is_empty),
        cmocka_unit_test(sums_stop_at_the_largest_number),
        cmocka_unit_test(noise_follows_the_sizes_in_use),
        cmocka_unit_test(fields_may_come_in_any_order),
        cmocka_unit_test(numbers_may_be_unpacked),
        cmocka_unit_test(sample_types_are_found_by_name),
        cmocka_unit_test(ids_may_be_any_numbers),
        cmocka_unit_test(ids_are_the_same_in_every_release),
        cmocka_unit_test(an_id_survives_another_load_address),
        cmocka_unit_test(an_id_does_not_depend_on_the_rest_of_the_profile),
        cmocka_unit_test(two_calls_on_one_line_are_two_sites_of_one_lineage),
        cmocka_unit_test(a_lineage_survives_a_rebuild_elsewhere),
        cmocka_unit_test(without_a_mapping_the_address_stands_for_itself),
        cmocka_unit_test(code_without_symbols_is_named_by_its_address),
        cmocka_unit_test(a_sample_without_a_stack_is_a_site),
        cmocka_unit_test(inlined_calls_are_frames),
        cmocka_unit_test(addresses_are_one_a_location),
        cmocka_unit_test(the_leaf_has_its_address_behind_the_runtimes),
        cmocka_unit_test(addresses_are_cut_where_two_calls_share_a_line),
        cmocka_unit_test(deep_stacks_are_cut_at_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
